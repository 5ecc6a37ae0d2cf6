//! What the services run on.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;
use runtime::{Nats, Settings};
use stack::Stack;

use crate::Service;

/// Offset of Viet Nam's time from UTC, in minutes: the province's months are counted in it.
const UTC_OFFSET_MINUTES: i32 = 420;
/// Bytes of a drawn applicant key, as many as its digest has.
const KEY_BYTES: usize = 32;

/// How the services are started.
#[derive(Debug, Clone)]
pub struct Options {
    /// PostgreSQL address of each service's own database.
    pub databases: BTreeMap<Service, String>,
    /// How each service gets into NATS.
    pub nats: BTreeMap<Service, Nats>,
    /// Code of the province, the second part of every subject; deployments that share a NATS need different ones.
    pub province: String,
    /// Key under which applicants' identities are hashed and ballot boxes sealed, at least 32 bytes; the key of
    /// publications follows from it.
    pub applicant_key: String,
    /// Folder of the development certificates and keys; none: no TLS, and nobody is asked who calls.
    pub development: Option<PathBuf>,
    /// URL of the store of evidence.
    pub evidence_store: String,
    /// The registry listens on this port of the loopback address, the others on the four after it; none: free ports.
    pub base_port: Option<u16>,
    /// The clock's time at the start, for simulated deployments; none: the system's.
    pub clock_at: Option<Timestamp>,
    /// Local time minus UTC in minutes.
    pub utc_offset_minutes: i32,
    /// How long open calls may go on at the end, in milliseconds.
    pub drain_ms: u64,
}

impl Options {
    /// Runs on a stack, in databases that are made there when they are missing: `prefix` and the service's name. TLS and
    /// tokens of certificates and keys in the stack's folder, free ports, the system's clock, a fresh applicant
    /// key, evidence in the stack's folder.
    ///
    /// # Errors
    /// When a database cannot be made, or the system gives no random bytes.
    pub fn on(stack: &Stack, prefix: &str) -> anyhow::Result<Self> {
        let mut databases = BTreeMap::new();
        for service in Service::ALL {
            let name = format!("{prefix}{service}");
            stack.create_database(&name)?;
            databases.insert(service, stack.postgres_url(&name));
        }
        let defaults = Settings::local("", "");
        let options = Self {
            databases,
            nats: BTreeMap::new(),
            province: String::new(),
            applicant_key: draw_key()?,
            development: Some(stack.folder().join(format!("{prefix}identity"))),
            evidence_store: format!("file://{}/{prefix}evidence", stack.folder().display()),
            base_port: None,
            clock_at: None,
            utc_offset_minutes: UTC_OFFSET_MINUTES,
            drain_ms: defaults.drain_ms,
        };
        options.of_province(stack, &defaults.province)
    }

    /// The same for another province, whose users its NATS is told of.
    ///
    /// # Errors
    /// When its code cannot be part of a subject, or NATS does not take the users.
    pub fn of_province(mut self, stack: &Stack, province: &str) -> anyhow::Result<Self> {
        for service in Service::ALL {
            let access = stack.nats(province, service.name())?;
            let nats = Nats::new(access.url, access.ca, access.credentials);
            self.nats.insert(service, nats);
        }
        province.clone_into(&mut self.province);
        Ok(self)
    }
}

/// A key that nobody knows.
fn draw_key() -> anyhow::Result<String> {
    let mut bytes = [0; KEY_BYTES];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("drawing an applicant key from /dev/urandom; give one with CHISO_APPLICANT_KEY")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
