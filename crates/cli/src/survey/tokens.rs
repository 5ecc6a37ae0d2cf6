//! Tokens of a wave: issued into a file that only its owner reads, and shown nowhere else.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use contracts::assessments::v1 as pb;
use contracts::log::v1::CommandContext;
use uuid::Uuid;

use crate::{Failure, Service, Services};

/// What is to be issued.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Code of the wave.
    pub wave: String,
    /// Code of the unit that is asked about.
    pub unit: String,
    /// Code of the group that is asked.
    pub group: String,
    /// How many, 1 to 10,000.
    pub count: i32,
    /// Id of the request: under the same id the same tokens are issued again.
    pub request_id: Uuid,
}

/// Issues tokens into a new file, one a line. What is answered has none in it. The file is made before anything is issued,
/// and taken away when nothing is.
///
/// # Errors
/// That the file is there already or cannot be written, what the service refuses, or that it does not answer.
pub async fn issue(
    services: &Services,
    wanted: &Wanted,
    path: &Path,
) -> Result<pb::IssueTokensResponse, Failure> {
    let mut file = new_file(path)?;
    let request = pb::IssueTokensRequest {
        context: Some(CommandContext {
            request_id: wanted.request_id.to_string(),
            ..CommandContext::default()
        }),
        wave: wanted.wave.clone(),
        unit: wanted.unit.clone(),
        group: wanted.group.clone(),
        count: wanted.count,
    };
    let mut surveys = services.surveys.clone();
    let call = async move |request| surveys.issue_tokens(request).await;
    let issued = services.call(Service::Assessments, request, call).await;
    let written = issued.and_then(|mut answer| {
        let tokens = std::mem::take(&mut answer.tokens);
        write(&mut file, &tokens).map_err(|error| Failure::file(path, error))?;
        Ok(answer)
    });
    written.map_err(|failure| {
        // An empty or half a file would be taken for what was issued; that it cannot be taken away says nothing more.
        let _ = std::fs::remove_file(path);
        let id = wanted.request_id;
        let hint =
            "to get the same tokens, should they have been issued meanwhile, add --request-id";
        Failure::new(failure.exit, format!("{}\n  {hint} {id}", failure.message))
    })
}

/// A file that was not there before and that nobody but its owner reads.
fn new_file(path: &Path) -> Result<File, Failure> {
    let mut options = File::options();
    let made = options.write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::file(
            path,
            "is there already; name a new file, so that no token is lost",
        ),
        _ => Failure::file(path, error),
    })
}

fn write(file: &mut File, tokens: &[String]) -> std::io::Result<()> {
    for token in tokens {
        writeln!(file, "{token}")?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn tokens_are_lines_of_a_new_file_of_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokens.txt");
        let mut file = new_file(&path).expect("a new file");
        let tokens = ["ABCD-1".to_owned(), "EFGH-2".to_owned()];
        write(&mut file, &tokens).expect("written");
        let written = std::fs::read_to_string(&path).expect("read");
        assert_eq!(written, "ABCD-1\nEFGH-2\n");
        let mode = path.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = new_file(&path).expect_err("it is there");
        assert!(again.message.contains("name a new file"), "{again}");
        let kept = std::fs::read_to_string(&path).expect("read");
        assert_eq!(kept, written);
    }
}
