//! Ballots that were cast elsewhere, from a table to the box.

use std::path::Path;

use contracts::assessments::v1 as pb;
use csv::StringRecord;
use futures::stream;
use tonic::Request;

use crate::{Exit, Failure, Service, Services};

/// Rows of a call: what the service takes.
const ROWS: usize = 10_000;
/// Columns that are no question and have to be there.
const PLACES: [&str; 3] = ["id", "unit", "group"];
/// The column of weights, which is no question either and may be missing.
const WEIGHT: &str = "weight";

/// Reads a table of ballots.
///
/// # Errors
/// That the file cannot be read, or what is wrong with it as a table. What is wrong with a ballot the service says.
pub fn read(
    path: &Path,
    wave: &str,
    source: &str,
) -> Result<Vec<pb::ImportBallotsRequest>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    rows(&text, wave, source)
        .map_err(|fault| Failure::new(Exit::Data, format!("{}: {fault}", path.display())))
}

pub(super) fn rows(
    text: &str,
    wave: &str,
    source: &str,
) -> Result<Vec<pb::ImportBallotsRequest>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let place = |name: &str| headers.iter().position(|header| header.trim() == name);
    let places = PLACES.map(|name| place(name).ok_or(name));
    if let Some(name) = places.iter().find_map(|place| place.err()) {
        return Err(format!(
            "has no column {name:?}; it needs id, unit and group"
        ));
    }
    let cell = |record: &StringRecord, name: &str| {
        let cell = place(name).and_then(|place| record.get(place));
        cell.unwrap_or_default().trim().to_owned()
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let questions = headers.iter().zip(&record);
        let answers = questions
            .map(|(question, value)| (question.trim(), value.trim()))
            .filter(|(question, value)| {
                !PLACES.contains(question) && *question != WEIGHT && !value.is_empty()
            })
            .map(|(question, value)| pb::SurveyAnswer {
                question: question.to_owned(),
                value: value.to_owned(),
            });
        rows.push(pb::ImportBallotsRequest {
            source: source.to_owned(),
            source_row_id: cell(&record, "id"),
            wave: wave.to_owned(),
            unit: cell(&record, "unit"),
            group: cell(&record, "group"),
            answers: answers.collect(),
            weight: cell(&record, WEIGHT),
        });
    }
    Ok(rows)
}

/// Takes in ballots, as many calls as it takes; rows count through all of them, from 1.
///
/// # Errors
/// What the service refuses as a whole, or that it does not answer. What is in is known by then, so that the same table
/// may simply be imported again.
pub async fn import(
    services: &Services,
    rows: Vec<pb::ImportBallotsRequest>,
) -> Result<pb::ImportBallotsResponse, Failure> {
    let mut sum = pb::ImportBallotsResponse::default();
    let mut before = 0;
    for rows in rows.chunks(ROWS) {
        let mut request = Request::new(stream::iter(rows.to_vec()));
        request.set_timeout(services.timeout);
        let mut surveys = services.surveys.clone();
        let answer = surveys.import_ballots(request).await;
        let answer = answer
            .map_err(|status| services.failure(Service::Assessments, &status))?
            .into_inner();
        sum.accepted += answer.accepted;
        sum.repeated += answer.repeated;
        sum.refused += answer.refused;
        let refusals = answer.refusals.into_iter();
        sum.refusals
            .extend(refusals.map(|refusal| pb::RefusedBallot {
                row: refusal.row + before,
                ..refusal
            }));
        before += i64::try_from(rows.len()).unwrap_or(i64::MAX);
    }
    Ok(sum)
}
