//! How official results are stored.

use assessment::official::{OfficialEvent, OfficialResults, Publication};
use contracts::assessments::v1 as pb;
use eventlog::command::{Codec, DecodeError};
use ids::CodeError;
use prost::Message as _;
use prost::bytes::Bytes;

use super::wire;

const OFFICIAL_RESULTS_IMPORTED: &str = "chiso.assessments.v1.OfficialResultsImported";

/// What the streams of official results begin with.
pub(super) const PREFIX: &str = "official-";

/// Stream of the results of an index and year.
pub(super) fn stream(index: &str, year: i16) -> String {
    format!("{PREFIX}{index}-{year}")
}

/// Stores official results.
pub(super) struct OfficialCodec;

impl Codec for OfficialCodec {
    type Aggregate = OfficialResults;

    fn encode(event: &OfficialEvent) -> (&'static str, Bytes) {
        let OfficialEvent::Imported {
            publication,
            reason,
        } = event;
        let stored = pb::OfficialResultsImported {
            index: publication.index.to_string(),
            year: publication.year.into(),
            edition: publication.edition.clone(),
            source: publication.source.clone(),
            reason: reason.clone(),
            rows: publication.rows.iter().map(wire::published).collect(),
        };
        (OFFICIAL_RESULTS_IMPORTED, stored.encode_to_vec().into())
    }

    fn decode(kind: &str, payload: &[u8]) -> Result<OfficialEvent, DecodeError> {
        if kind != OFFICIAL_RESULTS_IMPORTED {
            return Err(DecodeError::UnknownKind(kind.to_owned()));
        }
        let stored = pb::OfficialResultsImported::decode(payload).map_err(|source| {
            DecodeError::Malformed {
                kind: kind.to_owned(),
                source,
            }
        })?;
        let invalid = |why: String| DecodeError::Invalid {
            kind: kind.to_owned(),
            why,
        };
        let rows = stored.rows.iter().map(|row| {
            wire::row(row).map_err(|faults| {
                let faults: Vec<_> = faults
                    .into_iter()
                    .map(|(field, why)| format!("{field} {why}"))
                    .collect();
                invalid(faults.join("; "))
            })
        });
        Ok(OfficialEvent::Imported {
            publication: Publication {
                rows: rows.collect::<Result<_, _>>()?,
                index: stored
                    .index
                    .parse()
                    .map_err(|error: CodeError| invalid(error.to_string()))?,
                year: wire::year(stored.year).map_err(invalid)?,
                edition: stored.edition,
                source: stored.source,
            },
            reason: stored.reason,
        })
    }
}
