//! Between requests, stored messages and the domain.

use std::collections::BTreeSet;

use ::index::Fault;
use assessment::{DefinitionRefusal, Edition, Figure, FigureError, ReportRefusal, Scope};
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use ids::{CodeError, IndexCode, MeasureName, Month, Period, UnitCode};
use sha2::{Digest as _, Sha256};

/// Longest document, in bytes: twenty times the largest real set.
const DOCUMENT_MAX: usize = 512 * 1024;
/// Longest name of an edition, in characters.
const EDITION_MAX: usize = 64;
/// Longest reason, in characters.
const REASON_MAX: usize = 1_000;
/// Longest source, in characters.
const SOURCE_MAX: usize = 200;
/// Faults that an answer names at most; the rest shows when those are mended.
const FAULTS_MAX: usize = 50;

/// A document of the log as an edition.
pub(crate) fn edition(document: String) -> Result<Edition, Vec<Fault>> {
    let definition = ::index::Definition::parse(&document, "document")?;
    Ok(as_edition(&definition, document))
}

fn as_edition(definition: &::index::Definition, document: String) -> Edition {
    Edition {
        index: definition.code().clone(),
        name: definition.edition().to_owned(),
        sha256: Sha256::digest(&document).into(),
        scope: Scope {
            groups: definition
                .groups()
                .iter()
                .map(|group| (*group).to_owned())
                .collect::<BTreeSet<_>>(),
            from: Month::of(definition.in_force_from()),
            until: definition.in_force_until().map(Month::of),
        },
        document,
    }
}

/// The document of a request, not too long to be read.
pub(crate) fn sized(text: String) -> Result<String, Problem> {
    if text.is_empty() || text.len() > DOCUMENT_MAX {
        let why = format!(
            "has {} bytes; send a definition in YAML of at most 512 KiB",
            text.len()
        );
        return Err(Problem::invalid("document", why));
    }
    Ok(text)
}

/// The document of a request, checked in whole.
pub(crate) fn document(text: String) -> Result<Edition, Problem> {
    let document = sized(text)?;
    let checked = ::index::Definition::check(&document, "document");
    let checked = checked.map(|definition| as_edition(&definition, document));
    checked.map_err(|faults| {
        let mut faults = faults.into_iter();
        let first = faults
            .next()
            .map(|fault| fault.to_string())
            .unwrap_or_default();
        let rest = faults.take(FAULTS_MAX - 1);
        rest.fold(Problem::invalid("document", first), |problem, fault| {
            problem.and("document", fault.to_string())
        })
    })
}

/// What is reported.
pub(crate) struct Stated {
    pub(crate) unit: UnitCode,
    pub(crate) month: Month,
    pub(crate) measure: MeasureName,
    pub(crate) figure: Figure,
    pub(crate) source: String,
}

/// A report, with every fault named at once.
pub(crate) fn stated(request: &pb::ReportMeasureRequest) -> Result<Stated, Problem> {
    let mut faults: Vec<(&str, String)> = Vec::new();
    let unit = noted(&mut faults, "unit", unit(&request.unit));
    let month = noted(&mut faults, "month", month(&request.month));
    let measure = request
        .measure
        .parse()
        .map_err(|error: CodeError| error.to_string());
    let measure = noted(&mut faults, "measure", measure);
    let figure = request
        .value
        .parse()
        .map_err(|error: FigureError| error.to_string());
    let figure = noted(&mut faults, "value", figure);
    if !(1..=SOURCE_MAX).contains(&request.source.chars().count())
        || request.source.chars().any(char::is_control)
    {
        let why = "needs 1 to 200 characters that say where the figure is from, such as a document's number";
        faults.push(("source", why.to_owned()));
    }
    let mut faults = faults.into_iter();
    if let Some((field, why)) = faults.next() {
        let problem = Problem::invalid(field, why);
        return Err(faults.fold(problem, |problem, (field, why)| problem.and(field, why)));
    }
    match (unit, month, measure, figure) {
        (Some(unit), Some(month), Some(measure), Some(figure)) => Ok(Stated {
            unit,
            month,
            measure,
            figure,
            source: request.source.clone(),
        }),
        _ => Err(Problem::internal("a field without a value has no fault")),
    }
}

fn noted<T>(
    faults: &mut Vec<(&'static str, String)>,
    field: &'static str,
    parsed: Result<T, String>,
) -> Option<T> {
    parsed.map_err(|why| faults.push((field, why))).ok()
}

/// A unit's code.
pub(crate) fn unit(text: &str) -> Result<UnitCode, String> {
    text.parse().map_err(|error: CodeError| error.to_string())
}

/// A month.
pub(crate) fn month(text: &str) -> Result<Month, String> {
    match text.parse() {
        Ok(Period::Month(month)) => Ok(month),
        _ => Err(format!("{text:?} is not a month: write one as 2024-03")),
    }
}

/// Code of an index.
pub(crate) fn index(text: &str) -> Result<IndexCode, String> {
    text.parse().map_err(|error: CodeError| error.to_string())
}

/// Name of an edition.
pub(crate) fn edition_name(text: &str) -> Result<String, String> {
    let sound = text == text.trim() && !text.chars().any(char::is_control);
    if !sound || !(1..=EDITION_MAX).contains(&text.chars().count()) {
        return Err("needs 1 to 64 characters, such as 2025".to_owned());
    }
    Ok(text.to_owned())
}

/// Why something ends.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if !(1..=REASON_MAX).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        return Err("needs 1 to 1,000 characters that say why".to_owned());
    }
    Ok(text.to_owned())
}

/// Why a definition refuses.
pub(crate) fn definition_refused(refusal: DefinitionRefusal) -> Problem {
    let message = refusal.to_string();
    let of = |reason, edition| Problem::refused(reason, message.clone()).with("edition", edition);
    match refusal {
        DefinitionRefusal::Immutable(edition) => of("EDITION_IMMUTABLE", edition),
        DefinitionRefusal::Overlap {
            edition,
            other,
            group,
            ..
        } => of("EDITIONS_OVERLAP", edition)
            .with("other", other)
            .with("group", group),
        DefinitionRefusal::Drafted(edition) => of("EDITION_DRAFTED", edition),
        DefinitionRefusal::NoDraft(edition) => of("NO_DRAFT", edition),
        DefinitionRefusal::DraftMoved(edition) => of("DRAFT_MOVED", edition),
        DefinitionRefusal::NoEdition(edition) => of("NO_EDITION", edition),
        DefinitionRefusal::NotInForce { edition, group, .. } => {
            of("EDITION_NOT_IN_FORCE", edition).with("group", group)
        }
        DefinitionRefusal::InUse { edition, campaigns } => {
            let problem = of("EDITION_IN_USE", edition);
            campaigns.into_iter().fold(problem, |problem, campaign| {
                problem.with("campaign", campaign.to_string())
            })
        }
        DefinitionRefusal::Ended { edition, .. } => of("EDITION_ENDED", edition),
    }
}

/// What is reported of a month, without saying of what.
pub(crate) fn reported(stated: &assessment::Stated, source: &str) -> pb::ReportedMeasure {
    let (value, per, withheld_reason) = crate::codec::written(stated);
    pb::ReportedMeasure {
        value,
        per,
        withheld_reason,
        source: source.to_owned(),
        ..Default::default()
    }
}

/// A report refuses nothing.
pub(crate) fn report_refused(refusal: ReportRefusal) -> Problem {
    let message = refusal.to_string();
    match refusal {
        ReportRefusal::Surveyed(wave) => {
            Problem::refused("FIGURE_SURVEYED", message).with("wave", wave)
        }
    }
}
