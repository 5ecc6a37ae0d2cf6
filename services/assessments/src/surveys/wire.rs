//! Between requests, answers and the rules of surveys.

pub(crate) mod edition;
pub(crate) mod events;

use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use contracts::wire::timestamp;
use eventlog::Version;
use rust_decimal::Decimal;
use survey::{
    Block, Blocked, Code, Edition, Fault, InstrumentRefusal, Item, Level, Plan, Stage, Wave,
    WaveRefusal,
};

use self::events::{count, text};
use super::sampled::Sampled;

/// Faults that an answer names at most; the rest shows when those are mended.
const FAULTS_MAX: usize = 50;
/// Longest reason, in characters.
const REASON_MAX: usize = 500;

/// Everything that is wrong with a request.
pub(crate) fn invalid(faults: Vec<Fault>) -> Problem {
    let mut faults = faults.into_iter().take(FAULTS_MAX);
    match faults.next() {
        None => Problem::internal("a refused request has no fault"),
        Some(first) => faults.fold(
            Problem::invalid(first.field, first.why),
            |problem, fault| problem.and(fault.field, fault.why),
        ),
    }
}

/// A code in a field of a request.
pub(crate) fn code(field: &'static str, text: &str) -> Result<Code, Problem> {
    events::code(text).map_err(|why| Problem::invalid(field, why))
}

/// A reason that somebody gives.
pub(crate) fn reason(text: &str) -> Result<String, Problem> {
    let sound = (1..=REASON_MAX).contains(&text.chars().count())
        && !text.trim().is_empty()
        && !text.chars().any(char::is_control);
    if sound {
        Ok(text.to_owned())
    } else {
        let why = "needs 1 to 500 printable characters that say why";
        Err(Problem::invalid("reason", why))
    }
}

/// Why an instrument refuses.
pub(crate) fn instrument_refused(refusal: InstrumentRefusal) -> Problem {
    let message = refusal.to_string();
    match refusal {
        InstrumentRefusal::Immutable { edition, wave } => {
            Problem::refused("EDITION_IMMUTABLE", message)
                .with("edition", edition.to_string())
                .with("wave", wave.to_string())
        }
        InstrumentRefusal::Changed(edition) => {
            Problem::refused("EDITION_CHANGED", message).with("edition", edition.to_string())
        }
    }
}

/// Why a wave refuses.
pub(crate) fn wave_refused(refusal: WaveRefusal) -> Problem {
    let message = refusal.to_string();
    match refusal {
        WaveRefusal::NotPlanned => Problem::not_found("NO_WAVE", message),
        WaveRefusal::NoCell { unit, group } => Problem::invalid("group", message)
            .with("unit", unit.to_string())
            .with("group", group.to_string()),
        WaveRefusal::NoUnit(unit) => {
            Problem::invalid("unit", message).with("unit", unit.to_string())
        }
        WaveRefusal::TooMany(_) => Problem::invalid("count", message),
        WaveRefusal::Fixed => Problem::refused("PLAN_FIXED", message),
        WaveRefusal::TooEarly(at) => {
            Problem::refused("WAVE_TOO_EARLY", message).with("opens_at", at.to_string())
        }
        WaveRefusal::NotOpen => Problem::refused("WAVE_NOT_OPEN", message),
        WaveRefusal::Closed => Problem::refused("WAVE_CLOSED", message),
        WaveRefusal::NotClosed => Problem::refused("WAVE_NOT_CLOSED", message),
        WaveRefusal::NotWithheld => Problem::refused("NOT_WITHHELD", message),
        WaveRefusal::Alone | WaveRefusal::Miscounted { .. } => Problem::internal(message),
    }
}

/// An edition with the wave that uses it.
pub(crate) fn instrument(
    edition: pb::SurveyEdition,
    used_by: Option<&Code>,
    version: Version,
) -> pb::Instrument {
    pb::Instrument {
        edition: Some(edition),
        used_by: text(used_by),
        version,
        position: 0,
    }
}

fn stage(stage: Option<Stage>) -> pb::WaveStage {
    match stage {
        None => pb::WaveStage::Unspecified,
        Some(Stage::Planned) => pb::WaveStage::Planned,
        Some(Stage::Open) => pb::WaveStage::Open,
        Some(Stage::Closed) => pb::WaveStage::Closed,
        Some(Stage::Counted) => pb::WaveStage::Counted,
    }
}

/// A wave without questions and progress.
pub(crate) fn wave(wave: &Wave, version: Version) -> pb::Wave {
    let Some(plan) = wave.plan() else {
        return pb::Wave::default();
    };
    pb::Wave {
        wave: plan.wave.to_string(),
        title: plan.title.clone(),
        edition: Some(edition::head(&plan.edition)),
        period: plan.period.to_string(),
        opens_at: Some(timestamp(plan.opens_at)),
        closes_at: Some(timestamp(plan.closes_at)),
        minimum: count(plan.minimum),
        stage: stage(wave.stage()).into(),
        progress: vec![],
        destroyed: count(wave.destroyed()),
        withheld_reason: wave.withheld().unwrap_or_default().to_owned(),
        withheld_units: withheld_units(wave),
        version,
        position: 0,
    }
}

/// The withheld units of a wave.
pub(crate) fn withheld_units(wave: &Wave) -> Vec<pb::WithheldUnit> {
    wave.withheld_units()
        .map(|(unit, reason)| pb::WithheldUnit {
            unit: unit.to_string(),
            reason: reason.to_owned(),
        })
        .collect()
}

/// How far a wave is, by unit and group; `ballots` knows how many came in by the number of the cell.
pub(crate) fn progress(
    wave: &Wave,
    plan: &Plan,
    ballots: impl Fn(u16) -> u32,
) -> Vec<pb::WaveProgress> {
    let cells = (0..=u16::MAX).map_while(|number| Some((number, plan.cell_at(number)?)));
    cells
        .map(|(number, (unit, group))| pb::WaveProgress {
            unit: unit.to_string(),
            group: group.to_string(),
            quota: count(plan.quota(unit, group)),
            issued: count(wave.issued(unit, group)),
            ballots: count(ballots(number)),
        })
        .collect()
}

/// A sound edition of a request.
pub(crate) fn sound_edition(edition: Option<pb::SurveyEdition>) -> Result<Edition, Problem> {
    let edition = edition.ok_or_else(|| Problem::invalid("edition", "is missing"))?;
    let within = |faults: Vec<Fault>| {
        let faults = faults.into_iter().map(|fault| Fault {
            field: format!("edition.{}", fault.field),
            ..fault
        });
        invalid(faults.collect())
    };
    let edition = edition::read(edition).map_err(within)?;
    match edition.faults() {
        faults if faults.is_empty() => Ok(edition),
        faults => Err(within(faults)),
    }
}

/// The level of intervals as they are answered: always said.
pub(crate) fn level(level: Level) -> pb::ConfidenceLevel {
    match edition::level_to_wire(level) {
        pb::ConfidenceLevel::Unspecified => pb::ConfidenceLevel::Percent95,
        said => said,
    }
}

/// The results of a part of a wave.
pub(crate) fn block(block: &Block<'_>) -> pb::SurveyBlock {
    pb::SurveyBlock {
        unit: text(block.unit),
        group: text(block.group),
        withheld_reason: block.withheld.unwrap_or_default().to_owned(),
        ballots: long(block.ballots),
        items: block.items.iter().map(item).collect(),
        indices: vec![],
    }
}

/// An index as a wave makes it.
pub(crate) fn index(index: Sampled) -> pb::SurveyIndex {
    let shown = |value: Option<Decimal>| text(value.map(survey::rounded).as_ref());
    let parts = index.parts.into_iter().map(|part| pb::SurveyIndexPart {
        code: part.code,
        points: shown(part.points),
        standard_error: shown(part.error),
        low: shown(part.low),
        high: shown(part.high),
        reason: part.reason,
    });
    pb::SurveyIndex {
        index: index.index,
        edition: index.edition,
        parts: parts.collect(),
    }
}

fn long(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn item(item: &Item<'_>) -> pb::SurveyItem {
    let (question, tally) = (item.question, &item.tally);
    let mut shown = pb::SurveyItem {
        question: question.code.to_string(),
        feeds: edition::feeds(&question.feeds),
        answered: long(tally.answered()),
        ..Default::default()
    };
    match &item.estimate {
        Ok(estimate) => {
            shown.mean = estimate.mean.to_string();
            shown.standard_error = estimate.standard_error.to_string();
            shown.low = estimate.low.to_string();
            shown.high = estimate.high.to_string();
        }
        Err(why) => {
            let code = match why {
                Blocked::TooFew { .. } => "TOO_FEW",
                Blocked::NoValues => "NO_VALUES",
                Blocked::Telling { .. } => "TELLS_OTHERS",
            };
            code.clone_into(&mut shown.no_mean_because);
            shown.no_mean_reason = why.to_string();
        }
    }
    if !item.estimate.is_err_and(Blocked::hides) {
        shown.satisfied = text(tally.satisfied(question).as_ref());
        let shares = question
            .possible()
            .into_iter()
            .map(|answer| pb::SurveyShare {
                count: long(tally.given(&answer)),
                answer,
            });
        shown.shares = shares.collect();
    }
    shown
}
