//! Editions and drafts for the wire.

use assessment::{Definition, Draft, Edition};
use contracts::assessments::v1 as pb;
use index::{Difference, Fault};
use rust_decimal::Decimal;

/// Faults that an answer names at most; the rest shows when those are mended.
const FAULTS_MAX: usize = 200;

/// An edition as it stands among the others.
pub(super) fn edition(definition: &Definition, edition: &Edition, version: i64) -> pb::Definition {
    let retirement = definition.retirement(&edition.name);
    let state = match retirement {
        Some(_) => pb::DefinitionState::Retired,
        None => pb::DefinitionState::InForce,
    };
    let campaigns = definition.uses(&edition.name);
    pb::Definition {
        code: edition.index.to_string(),
        edition: edition.name.clone(),
        document: edition.document.clone(),
        sha256: edition.sha256.to_vec(),
        version,
        position: 0,
        state: state.into(),
        groups: edition.scope.groups.iter().cloned().collect(),
        from_month: edition.scope.from.to_string(),
        until_month: edition
            .scope
            .until
            .map(|until| until.to_string())
            .unwrap_or_default(),
        copied_from: String::new(),
        retired_reason: retirement
            .map(|retirement| retirement.reason.clone())
            .unwrap_or_default(),
        campaigns: campaigns.map(ToString::to_string).collect(),
        faults: vec![],
    }
}

/// A draft.
pub(super) fn draft(draft: &Draft, version: i64) -> pb::Definition {
    pb::Definition {
        code: draft.index.to_string(),
        edition: draft.name.clone(),
        document: draft.document.clone(),
        sha256: draft.sha256.to_vec(),
        version,
        state: pb::DefinitionState::Draft.into(),
        copied_from: draft.copied_from.clone(),
        ..pb::Definition::default()
    }
}

/// A draft with what is wrong with it, or with what it says of whom and when it judges.
pub(super) fn checked(draft: pb::Definition) -> pb::Definition {
    match check(&draft.document, &draft.code, &draft.edition) {
        Ok(definition) => pb::Definition {
            groups: definition
                .groups()
                .iter()
                .map(|group| (*group).to_owned())
                .collect(),
            from_month: month(definition.in_force_from()),
            until_month: definition.in_force_until().map(month).unwrap_or_default(),
            ..draft
        },
        Err(faults) => pb::Definition { faults, ..draft },
    }
}

fn month(day: jiff::civil::Date) -> String {
    ids::Month::of(day).to_string()
}

/// A document that is to be the edition of an index; or everything that is wrong with it.
pub(super) fn check(
    document: &str,
    code: &str,
    edition: &str,
) -> Result<index::Definition, Vec<pb::DefinitionFault>> {
    let definition = index::Definition::check(document, "document").map_err(faults)?;
    let says = |key: &str, said: &str, wanted: &str| {
        let line = document.lines().position(|line| line.starts_with(key));
        (said != wanted).then(|| pb::DefinitionFault {
            line: line
                .and_then(|line| i32::try_from(line + 1).ok())
                .unwrap_or(1),
            column: 1,
            path: key.to_owned(),
            message: format!("says {said:?}, but the draft is of {wanted:?}"),
        })
    };
    let heads = [
        says("code", definition.code().as_str(), code),
        says("edition", definition.edition(), edition),
    ];
    let heads: Vec<_> = heads.into_iter().flatten().collect();
    if heads.is_empty() {
        Ok(definition)
    } else {
        Err(heads)
    }
}

/// What is wrong with a document.
pub(super) fn faults(faults: Vec<Fault>) -> Vec<pb::DefinitionFault> {
    let place = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let faults = faults.into_iter().take(FAULTS_MAX);
    faults
        .map(|fault| pb::DefinitionFault {
            line: place(fault.line),
            column: place(fault.column),
            path: fault.path,
            message: fault.message,
        })
        .collect()
}

/// What is not the same.
pub(super) fn difference(it: Difference) -> pb::DefinitionDifference {
    let text = |max: Option<Decimal>| {
        max.map(|max| max.normalize().to_string())
            .unwrap_or_default()
    };
    pb::DefinitionDifference {
        part: it.part.word().to_owned(),
        before: text(it.before),
        after: text(it.after),
        points: it.points().normalize().to_string(),
        code: it.code,
        name_vi: it.name.vi,
        name_en: it.name.en,
        changes: it
            .changes
            .into_iter()
            .map(|change| pb::DefinitionChange {
                what: change.what.to_owned(),
                from: change.from,
                to: change.to,
            })
            .collect(),
    }
}
