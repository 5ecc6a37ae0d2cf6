//! `chiso publication`: what campaigns published, and the proof that it follows from the logs.

mod show;

use std::path::{Path, PathBuf};

use assessments::publication::{Document, Finding, Logs, Reading, Verdict, verify_and_tell};
use clap::{Args, Subcommand};
use contracts::assessments::v1::get_publication_response::Part;
use contracts::assessments::v1::{
    GetPublicationRequest, ListPublicationsRequest, Publication, PublicationHead, PublishedResult,
};
use serde_json::json;
use tonic::{Code, Request};

use crate::progress::Progress;
use crate::{Exit, Failure, Service, Services, out};

/// Findings that are printed; one altered event may change every figure of its unit.
const PRINTED: usize = 50;

const EXAMPLES: &str = "\
Examples:
  chiso publication show
  chiso publication show par-2024
  chiso publication get par-2024 > par-2024.json
  chiso publication verify par-2024.json
  chiso publication verify par-2024.json --key 1f5c…

A file is JSON: the result, its SHA-256, its signature and the public key. Signed is the canonical JSON of the result (RFC
8785) with Ed25519, so any program can check it.";

/// Show published results, write them into files, and prove that a file follows from the logs
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List what was published, or show the results of a campaign
    Show {
        /// Code of the campaign
        campaign: Option<String>,

        /// Number of the publication; none: the newest
        #[arg(
            long,
            value_name = "NUMBER",
            requires = "campaign",
            default_value_t = 0
        )]
        number: i32,
    },
    /// Print a publication as a file that anybody can verify
    Get {
        /// Code of the campaign
        campaign: String,

        /// Number of the publication; none: the newest
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        number: i32,
    },
    /// Compute every figure of a file again from the logs: exit code 1 and what differs when it is not what they say
    Verify {
        /// The file
        file: PathBuf,

        /// The public key, in hexadecimal digits; none: the one that the service published with
        #[arg(long, value_name = "KEY", value_parser = key)]
        key: Option<Key>,
    },
}

/// A public key.
type Key = [u8; 32];

fn key(text: &str) -> Result<Key, String> {
    let place = |at: usize| text.get(2 * at..2 * at + 2);
    let mut key = Key::default();
    for (at, byte) in key.iter_mut().enumerate() {
        let digits = place(at).ok_or("has fewer than 64 hexadecimal digits")?;
        *byte = u8::from_str_radix(digits, 16).map_err(|error| error.to_string())?;
    }
    if text.len() == 64 {
        Ok(key)
    } else {
        Err("has more than 64 hexadecimal digits".to_owned())
    }
}

/// Shows, gets or verifies.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    match &command.action {
        Action::Show { campaign: None, .. } => {
            let listed = list(services, "").await?;
            if json {
                listed.iter().for_each(out::message);
            } else {
                out::line(show::list(&listed));
            }
        }
        Action::Show {
            campaign: Some(campaign),
            number,
        } => {
            let (publication, document) = get(services, campaign, *number).await?;
            if json {
                out::message(&document.result);
            } else {
                out::line(show::result(&publication, &document.result));
            }
        }
        Action::Get { campaign, number } => {
            let (_, document) = get(services, campaign, *number).await?;
            out::text(&document.to_file());
        }
        Action::Verify { file, key } => {
            let document = read(file)?;
            let mut progress = Progress::new("events", 0);
            let verdict = check_and_tell(services, &document, *key, |reading| {
                progress.at(
                    reading.position.unsigned_abs(),
                    reading.until.unsigned_abs(),
                );
            });
            let verdict = verdict.await;
            progress.end();
            let verdict = verdict?;
            return Ok(told(file, &document, &verdict, json));
        }
    }
    Ok(Exit::Done)
}

/// What was published, of one campaign or of all.
///
/// # Errors
/// That the service does not answer.
pub async fn list(services: &Services, campaign: &str) -> Result<Vec<Publication>, Failure> {
    let mut request = ListPublicationsRequest {
        campaign: campaign.to_owned(),
        ..ListPublicationsRequest::default()
    };
    let mut listed = Vec::new();
    loop {
        let mut publications = services.publications.clone();
        let call = async move |request| publications.list_publications(request).await;
        let page = services
            .call(Service::Assessments, request.clone(), call)
            .await?;
        listed.extend(page.publications);
        if page.next_page_token.is_empty() {
            return Ok(listed);
        }
        request.page_token = page.next_page_token;
    }
}

/// A publication with its document; number 0 names the newest.
///
/// # Errors
/// That there is none, or that the service does not answer.
pub async fn get(
    services: &Services,
    campaign: &str,
    number: i32,
) -> Result<(Publication, Document), Failure> {
    let failure = |status| services.failure(Service::Assessments, &status);
    let mut request = Request::new(GetPublicationRequest {
        campaign: campaign.to_owned(),
        number,
    });
    request.set_timeout(services.timeout);
    let mut publications = services.publications.clone();
    let answer = publications.get_publication(request).await;
    let mut parts = answer.map_err(failure)?.into_inner();
    let (mut publication, mut result) = (Publication::default(), PublishedResult::default());
    while let Some(answer) = parts.message().await.map_err(failure)? {
        match answer.part {
            Some(Part::Head(PublicationHead {
                publication: seal,
                result: head,
            })) => (publication, result) = (seal.unwrap_or_default(), head.unwrap_or_default()),
            Some(Part::Unit(unit)) => result.units.push(unit),
            None => {}
        }
    }
    let document = Document::new(result, &publication.signature, &publication.public_key);
    Ok((publication, document))
}

/// Verifies a document against the logs, by a key or by the one that the service published with.
///
/// # Errors
/// That a service does not answer, or knows no such publication to take the key of.
pub async fn check(
    services: &Services,
    document: &Document,
    key: Option<[u8; 32]>,
) -> Result<Verdict, Failure> {
    check_and_tell(services, document, key, |_| {}).await
}

/// As [`check`], and tells how far each log was read.
///
/// # Errors
/// As [`check`].
pub async fn check_and_tell(
    services: &Services,
    document: &Document,
    key: Option<[u8; 32]>,
    told: impl FnMut(Reading<'_>),
) -> Result<Verdict, Failure> {
    let key = match key {
        Some(key) => key.to_vec(),
        None => published_key(services, &document.result).await?,
    };
    let logs = Logs {
        registry: services.log(Service::Registry),
        dossiers: services.log(Service::Dossiers),
        assessments: services.log(Service::Assessments),
        scoring: services.log(Service::Scoring),
    };
    let verdict = verify_and_tell(document, &key, &logs, told).await;
    verdict.map_err(|error| {
        let mut services_of = Service::ALL.into_iter();
        let service = services_of.find(|service| service.name() == error.log);
        services.failure(service.unwrap_or(Service::Assessments), &error.status)
    })
}

/// The key that the service published a result with.
async fn published_key(services: &Services, result: &PublishedResult) -> Result<Vec<u8>, Failure> {
    let listed = list(services, &result.campaign).await?;
    let found = listed.into_iter().find(|it| it.number == result.number);
    found.map(|it| it.public_key).ok_or_else(|| {
        let message = format!(
            "the service has no publication {} of campaign {}\n  ask the services of the deployment that published it, or \
             name the key with --key",
            result.number, result.campaign
        );
        let status = tonic::Status::new(Code::NotFound, message);
        services.failure(Service::Assessments, &status)
    })
}

/// Reads a file that `chiso publication get` wrote.
///
/// # Errors
/// A file that cannot be read, or that is no published document.
pub fn read(file: &Path) -> Result<Document, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::file(file, error))?;
    Document::from_file(&text)
        .map_err(|error| Failure::new(Exit::Data, format!("{}: {error}", file.display())))
}

/// Prints what a verification came to.
fn told(file: &Path, document: &Document, verdict: &Verdict, json: bool) -> Exit {
    if json {
        let findings: Vec<_> = verdict.findings.iter().map(finding_json).collect();
        let unproven = verdict.unproven.iter();
        let unproven: Vec<_> = unproven
            .map(|it| json!({ "what": it.what, "why": it.why }))
            .collect();
        out::line(json!({
            "campaign": document.result.campaign,
            "number": document.result.number,
            "events": verdict.events,
            "leaves": verdict.leaves,
            "figures": verdict.figures,
            "surveyed": verdict.surveyed,
            "told": verdict.told,
            "unproven": unproven,
            "findings": findings,
        }));
    } else {
        out::line(show::verdict(file, document, verdict, PRINTED));
    }
    if verdict.findings.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    }
}

fn finding_json(finding: &Finding) -> serde_json::Value {
    match finding {
        Finding::Differs(it) => json!({
            "unit": it.unit,
            "leaf": it.leaf,
            "what": it.what,
            "published": it.published,
            "recomputed": it.recomputed,
        }),
        other => json!({ "what": other.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        assert_eq!(key(&"0a".repeat(32)), Ok([10; 32]));
        for wrong in [
            "",
            "0a",
            &"0g".repeat(32),
            &"0a".repeat(33),
            "ê".repeat(32).as_str(),
        ] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }
}
