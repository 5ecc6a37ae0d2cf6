//! Between requests, resources, stored messages and the domain.

use assessment::Initiative;
use assessment::initiative::{Level, Recognition};
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use ids::{CodeError, InitiativeNumber};
use jiff::civil::Date;

use crate::campaigns::{Faults, code, some_words};

/// Longest title, in characters: real ones are whole sentences.
const TITLE_MAX: usize = 500;
/// Longest number of a document, in characters.
const DOCUMENT_MAX: usize = 200;
/// Longest reason, in characters.
const REASON_MAX: usize = 1_000;

/// A level for the wire.
pub(super) fn level_to_wire(level: Level) -> i32 {
    let level = match level {
        Level::Unit => pb::InitiativeLevel::Unit,
        Level::Province => pb::InitiativeLevel::Province,
        Level::Nation => pb::InitiativeLevel::Nation,
    };
    level.into()
}

/// A level.
pub(super) fn level(level: i32) -> Result<Level, String> {
    match pb::InitiativeLevel::try_from(level) {
        Ok(pb::InitiativeLevel::Unit) => Ok(Level::Unit),
        Ok(pb::InitiativeLevel::Province) => Ok(Level::Province),
        Ok(pb::InitiativeLevel::Nation) => Ok(Level::Nation),
        Ok(pb::InitiativeLevel::Unspecified) | Err(_) => Err("is no level; name one".to_owned()),
    }
}

/// A number.
pub(super) fn number(text: &str) -> Result<InitiativeNumber, String> {
    text.parse().map_err(|error: CodeError| error.to_string())
}

/// A date.
pub(super) fn date(text: &str) -> Result<Date, String> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    match text.parse() {
        Ok(date) if plain => Ok(date),
        _ => Err(format!("{text:?} is not a date: write one as 2024-12-31")),
    }
}

/// A recognition, with every fault named at once.
pub(super) fn recognition(
    request: &pb::RecogniseInitiativeRequest,
) -> Result<Recognition, Problem> {
    let mut faults = Faults::default();
    let number = faults.take("number", number(&request.number));
    let date = faults.take("date", date(&request.date));
    let level = faults.take("level", level(request.level));
    let unit = faults.take("unit", code(&request.unit));
    let title = faults.take("title", some_words(&request.title, TITLE_MAX));
    let document = faults.take("document", some_words(&request.document, DOCUMENT_MAX));
    let whole = (|| {
        Some(Recognition {
            number: number?,
            date: date?,
            level: level?,
            unit: unit?,
            title: title?,
            document: document?,
        })
    })();
    faults.or(whole)
}

/// A revocation: the number and the reason.
pub(super) fn revocation(
    request: &pb::RevokeInitiativeRequest,
) -> Result<(InitiativeNumber, String), Problem> {
    let mut faults = Faults::default();
    let number = faults.take("number", number(&request.number));
    let reason = faults.take("reason", some_words(&request.reason, REASON_MAX));
    faults.or(number.zip(reason))
}

/// An initiative for the wire.
pub(super) fn initiative(initiative: &Initiative, version: i64, position: i64) -> pb::Initiative {
    let told = pb::Initiative {
        revoked_reason: initiative.revoked().unwrap_or_default().to_owned(),
        version,
        position,
        ..pb::Initiative::default()
    };
    match initiative.recognition() {
        None => told,
        Some(it) => pb::Initiative {
            number: it.number.to_string(),
            date: it.date.to_string(),
            level: level_to_wire(it.level),
            unit: it.unit.to_string(),
            title: it.title.clone(),
            document: it.document.clone(),
            ..told
        },
    }
}
