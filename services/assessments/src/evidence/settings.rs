//! Settings of evidence.

use std::path::PathBuf;
use std::time::Duration;

/// What the service is told of evidence.
#[derive(clap::Args, Clone, Debug)]
pub struct EvidenceSettings {
    /// Where files are kept: a folder, such as file:///var/lib/chiso/evidence, which is made when it is missing, or a
    /// bucket with a prefix, such as s3://evidence/nam-dinh. A bucket's endpoint, region and keys are read from the
    /// environment variables that S3 programs read (AWS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID, …). The same on every
    /// replica, and kept like the database: claims rest on it
    #[arg(
        long,
        env = "CHISO_EVIDENCE_STORE",
        default_value = "file:///var/lib/chiso/evidence",
        value_name = "URL"
    )]
    pub evidence_store: String,

    /// Largest file, in bytes. The default, 50 MiB, is a scanned decision of some hundred pages
    #[arg(
        long,
        env = "CHISO_EVIDENCE_SIZE_MAX",
        default_value_t = SIZE_MAX,
        value_parser = clap::value_parser!(u64).range(1..=SIZE_LIMIT),
        value_name = "BYTES"
    )]
    pub evidence_size_max: u64,

    /// Types of files that are taken, parted by commas. Of those of the default the content is looked at: PDF, PNG, JPEG,
    /// DOCX and XLSX by their first bytes, CSV and plain text by being UTF-8; of others the name is all that is known
    #[arg(
        long,
        env = "CHISO_EVIDENCE_TYPES",
        value_delimiter = ',',
        default_values_t = super::media::DEFAULT.map(str::to_owned),
        value_name = "TYPES"
    )]
    pub evidence_types: Vec<String>,

    /// Folder in which files are while they come in: room for 16 of the largest. None: the system's folder for temporary
    /// files
    #[arg(long, env = "CHISO_EVIDENCE_SPOOL", value_name = "FOLDER")]
    pub evidence_spool: Option<PathBuf>,

    /// Age in hours at which a stored content is deleted that no upload named in the log, as its process was killed in
    /// between. The default, a day, is many times what an upload takes, and longer than clocks differ or a store that is away
    /// is missed; nothing but room depends on it. A bucket needs a rule of its own for parts of uploads that were never
    /// completed
    #[arg(
        long,
        env = "CHISO_EVIDENCE_GRACE_HOURS",
        default_value_t = GRACE_HOURS,
        value_parser = clap::value_parser!(u32).range(2..=8_760),
        value_name = "HOURS"
    )]
    pub evidence_grace_hours: u32,
}

/// The grace when nothing is said, in hours.
const GRACE_HOURS: u32 = 24;

/// Largest file when nothing is said, in bytes.
const SIZE_MAX: u64 = 50 << 20;
/// Largest file that may be allowed, in bytes: an upload has to end within the time that streams have.
const SIZE_LIMIT: u64 = 4 << 30;

impl EvidenceSettings {
    /// The defaults, with files kept at a URL.
    pub fn at(store: impl Into<String>) -> Self {
        Self {
            evidence_store: store.into(),
            evidence_size_max: SIZE_MAX,
            evidence_types: super::media::DEFAULT.map(str::to_owned).to_vec(),
            evidence_spool: None,
            evidence_grace_hours: GRACE_HOURS,
        }
    }

    /// How long a content may wait to be named.
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_hours(self.evidence_grace_hours.into())
    }
}
