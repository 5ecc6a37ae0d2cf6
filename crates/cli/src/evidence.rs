//! `chiso evidence`: files that show that a unit's claims are true.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use comfy_table::Cell;
use contracts::assessments::v1 as pb;
use contracts::log::v1::CommandContext;
use futures::{Stream, stream};
use pb::download_evidence_response::Part as Incoming;
use pb::upload_evidence_request::Part;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use crate::{Exit, Failure, Service, Services, out, show};

const EXAMPLES: &str = "\
Examples:
  chiso evidence upload plan-165.pdf --campaign par-2024 --unit H40.02 --leaf 1.1.1
  chiso evidence list --unit H40.02 --campaign par-2024
  chiso evidence download 9f86d081… --unit H40.02 -o plan-165.pdf";

/// Bytes of a part: the most that the service takes at a time.
const CHUNK: usize = 64 * 1024;
/// Characters of a SHA-256.
const DIGITS: usize = 64;

/// Files that units upload to show that their claims are true.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Upload a file; prints its SHA-256, by which claims name it
    Upload(Upload),
    /// Download a file; it is there once all of it has come and is what was uploaded
    Download(Download),
    /// List a unit's files
    List(List),
}

/// A file to upload, and for what.
#[derive(Debug, Args)]
pub struct Upload {
    /// The file
    pub file: PathBuf,

    /// Code of the campaign
    #[arg(long)]
    pub campaign: String,

    /// Code of the unit whose file it is
    #[arg(long)]
    pub unit: String,

    /// Code of the leaf that it is for
    #[arg(long, default_value = "")]
    pub leaf: String,

    /// Type of the file, such as application/pdf. None: by the end of its name
    #[arg(long = "type", value_name = "TYPE")]
    pub media_type: Option<String>,

    /// Who uploads it, where callers need no token
    #[arg(long, default_value = "")]
    pub actor: String,
}

#[derive(Debug, Args)]
struct Download {
    /// SHA-256 of the file, 64 hexadecimal digits
    sha256: String,

    /// Code of the unit whose file it is
    #[arg(long)]
    unit: String,

    /// Where to write it; what is there is replaced once all has come
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, Args)]
struct List {
    /// Code of the unit
    #[arg(long)]
    unit: String,

    /// Only what was uploaded for this campaign
    #[arg(long, default_value = "")]
    campaign: String,
}

/// Does what is asked.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    match &command.action {
        Action::Upload(wanted) => {
            let file = upload(services, wanted).await?;
            if json {
                out::message(&file);
            } else {
                out::line(show::hex(&file.sha256));
            }
        }
        Action::Download(wanted) => {
            let sha256 = digest(&wanted.sha256)?;
            let file = download(services, &wanted.unit, sha256, &wanted.output).await?;
            if json {
                out::message(&file);
            }
        }
        Action::List(wanted) => {
            let files = list(services, &wanted.unit, &wanted.campaign).await?;
            if json {
                files.iter().for_each(out::message);
            } else {
                out::line(table(&files));
            }
        }
    }
    Ok(Exit::Done)
}

/// Uploads a file.
///
/// # Errors
/// A file that cannot be read, what the service refuses, or that it does not answer.
pub async fn upload(services: &Services, wanted: &Upload) -> Result<pb::EvidenceFile, Failure> {
    let path = &wanted.file;
    let failed = |error: std::io::Error| Failure::file(path, error);
    let media_type = match &wanted.media_type {
        Some(media_type) => media_type.clone(),
        None => media_type(path)?.to_owned(),
    };
    let mut file = File::open(path).await.map_err(failed)?;
    let (sha256, size) = summed(&mut file).await.map_err(failed)?;
    file.rewind().await.map_err(failed)?;
    let name = path.file_name().unwrap_or_default();
    let metadata = pb::EvidenceUpload {
        context: Some(CommandContext {
            actor: wanted.actor.clone(),
            unit: wanted.unit.clone(),
            ..CommandContext::default()
        }),
        campaign: wanted.campaign.clone(),
        unit: wanted.unit.clone(),
        leaf: wanted.leaf.clone(),
        file_name: name.to_string_lossy().into_owned(),
        media_type,
        size,
        sha256,
    };
    let mut evidence = services.evidence.clone();
    let answer = evidence.upload_evidence(parts(metadata, file)).await;
    answer
        .map(tonic::Response::into_inner)
        .map_err(|status| services.failure(Service::Assessments, &status))
}

async fn summed(file: &mut File) -> std::io::Result<(Vec<u8>, i64)> {
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = file.read(&mut buffer).await?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok((hash.finalize().to_vec(), size));
        };
        hash.update(bytes);
        size += i64::try_from(read).unwrap_or_default();
    }
}

/// The messages of an upload. A file that cannot be read to its end ends them early, which the service refuses.
fn parts(
    metadata: pb::EvidenceUpload,
    file: File,
) -> impl Stream<Item = pb::UploadEvidenceRequest> {
    let message = |part| pb::UploadEvidenceRequest { part: Some(part) };
    let next = move |(metadata, mut file): (Option<pb::EvidenceUpload>, File)| async move {
        if let Some(metadata) = metadata {
            return Some((message(Part::Metadata(metadata)), (None, file)));
        }
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await.unwrap_or_default();
        chunk.truncate(read);
        (read > 0).then(|| (message(Part::Chunk(chunk)), (None, file)))
    };
    stream::unfold((Some(metadata), file), next)
}

/// The type that the end of a file's name stands for.
fn media_type(path: &Path) -> Result<&'static str, Failure> {
    let end = path.extension().unwrap_or_default().to_string_lossy();
    match end.to_ascii_lowercase().as_str() {
        "pdf" => Ok("application/pdf"),
        "png" => Ok("image/png"),
        "jpg" | "jpeg" => Ok("image/jpeg"),
        "docx" => Ok("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        "xlsx" => Ok("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        "csv" => Ok("text/csv"),
        "txt" => Ok("text/plain"),
        _ => Err(Failure::new(
            Exit::Usage,
            format!("{}: say its type with --type", path.display()),
        )),
    }
}

/// The bytes of a SHA-256.
pub(crate) fn digest(text: &str) -> Result<Vec<u8>, Failure> {
    let pairs = text.as_bytes().chunks(2).map(|pair| {
        let digits = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(digits, 16).ok()
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    let plain = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    bytes.filter(|_| plain).ok_or_else(|| {
        let message = format!("{text:?} is no SHA-256: write its {DIGITS} hexadecimal digits");
        Failure::new(Exit::Usage, message)
    })
}

/// Downloads a file; nothing is at `output` that was not there before, unless it came whole.
///
/// # Errors
/// A file that cannot be written, what the service refuses, that it does not answer, or that what it keeps is damaged.
pub async fn download(
    services: &Services,
    unit: &str,
    sha256: Vec<u8>,
    output: &Path,
) -> Result<pb::EvidenceFile, Failure> {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = output.with_file_name(name);
    let came = come(services, unit, sha256, &beside).await;
    let moved = match came {
        Ok(file) => tokio::fs::rename(&beside, output)
            .await
            .map(|()| file)
            .map_err(|error| Failure::file(output, error)),
        failed => failed,
    };
    if moved.is_err() {
        // It may not be there at all.
        let _ = tokio::fs::remove_file(&beside).await;
    }
    moved
}

async fn come(
    services: &Services,
    unit: &str,
    sha256: Vec<u8>,
    path: &Path,
) -> Result<pb::EvidenceFile, Failure> {
    let failed = |status| services.failure(Service::Assessments, &status);
    let request = pb::DownloadEvidenceRequest {
        unit: unit.to_owned(),
        sha256: sha256.clone(),
    };
    let mut evidence = services.evidence.clone();
    let answer = evidence.download_evidence(request).await.map_err(failed)?;
    let mut parts = answer.into_inner();
    let unwritten = |error: std::io::Error| Failure::file(path, error);
    let mut written = File::create(path).await.map_err(unwritten)?;
    let (mut file, mut hash) = (pb::EvidenceFile::default(), Sha256::new());
    while let Some(part) = parts.message().await.map_err(failed)? {
        match part.part {
            Some(Incoming::File(told)) => file = told,
            Some(Incoming::Chunk(chunk)) => {
                hash.update(&chunk);
                written.write_all(&chunk).await.map_err(unwritten)?;
            }
            None => {}
        }
    }
    written.flush().await.map_err(unwritten)?;
    if hash.finalize().as_slice() != sha256 {
        let message = "what came is not the file that was asked for; download it again";
        return Err(Failure::new(Exit::Failed, message));
    }
    Ok(file)
}

/// A unit's files, of all campaigns or one.
///
/// # Errors
/// What the service refuses, or that it does not answer.
pub async fn list(
    services: &Services,
    unit: &str,
    campaign: &str,
) -> Result<Vec<pb::EvidenceFile>, Failure> {
    let mut request = pb::ListEvidenceRequest {
        unit: unit.to_owned(),
        campaign: campaign.to_owned(),
        ..pb::ListEvidenceRequest::default()
    };
    let mut files = Vec::new();
    loop {
        let mut evidence = services.evidence.clone();
        let call = async move |request| evidence.list_evidence(request).await;
        let page = services
            .call(Service::Assessments, request.clone(), call)
            .await?;
        files.extend(page.files);
        if page.next_page_token.is_empty() {
            return Ok(files);
        }
        request.page_token = page.next_page_token;
    }
}

fn table(files: &[pb::EvidenceFile]) -> String {
    let mut table = show::table(&["SHA-256", "Bytes", "Campaign", "Leaf", "Name", "By", "At"]);
    for file in files {
        for place in &file.places {
            table.add_row(vec![
                Cell::new(show::hex(&file.sha256)),
                show::figure(show::count(file.size)),
                Cell::new(&place.campaign),
                Cell::new(&place.leaf),
                Cell::new(&place.file_name),
                Cell::new(&place.uploaded_by),
                Cell::new(show::instant(place.uploaded_at.as_ref())),
            ]);
        }
    }
    show::rendered(&table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        assert_eq!(digest(&"aB".repeat(32)), Ok(vec![0xab; 32]));
        for text in ["", "ab", &"a".repeat(63), &"+1".repeat(32), &"ở".repeat(32)] {
            assert_eq!(digest(text).unwrap_err().exit, Exit::Usage, "{text}");
        }
    }

    #[test]
    fn the_type_follows_from_the_name_or_is_asked_for() {
        let of = |name: &str| media_type(Path::new(name));
        assert_eq!(of("Kế hoạch.PDF"), Ok("application/pdf"));
        assert_eq!(of("a.b/scan.jpeg"), Ok("image/jpeg"));
        for name in ["plan", "plan.exe", ".pdf"] {
            assert!(of(name).unwrap_err().message.contains("--type"), "{name}");
        }
    }
}
