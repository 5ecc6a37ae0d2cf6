//! Words that requests, resources and events share, between the wire and the domain.

use assessment::campaign::{Outcome, Phase, Stage};
use assessment::sheet::{Evidence, Flag, Mark, NoteKind};
use contracts::assessments::v1 as pb;
use contracts::wire;
use ids::{CodeError, UnitCode};
use index::{Inputs, Value};
use jiff::Timestamp;
use jiff::civil::Date;
use prost_types::Timestamp as WireTimestamp;
use rust_decimal::Decimal;

/// Most digits of a figure, before and behind the point: what a decimal holds with room to compute.
const DIGITS_MAX: usize = 18;
/// What is wrong with a value, for whoever sent it.
pub(crate) type Why = String;

/// A stage for the wire.
pub(super) fn stage_to_wire(stage: Stage) -> i32 {
    let stage = match stage {
        Stage::SelfAssessment => pb::CampaignStage::SelfAssessment,
        Stage::FirstAppraisal => pb::CampaignStage::FirstAppraisal,
        Stage::Explanation => pb::CampaignStage::Explanation,
        Stage::SecondAppraisal => pb::CampaignStage::SecondAppraisal,
        Stage::Council => pb::CampaignStage::Council,
    };
    stage.into()
}

/// A stage.
pub(super) fn stage(stage: i32) -> Result<Stage, Why> {
    match pb::CampaignStage::try_from(stage) {
        Ok(pb::CampaignStage::SelfAssessment) => Ok(Stage::SelfAssessment),
        Ok(pb::CampaignStage::FirstAppraisal) => Ok(Stage::FirstAppraisal),
        Ok(pb::CampaignStage::Explanation) => Ok(Stage::Explanation),
        Ok(pb::CampaignStage::SecondAppraisal) => Ok(Stage::SecondAppraisal),
        Ok(pb::CampaignStage::Council) => Ok(Stage::Council),
        Ok(pb::CampaignStage::Unspecified) | Err(_) => Err("is no stage; name one".to_owned()),
    }
}

/// A phase for the wire, with the stage of a running campaign.
pub(super) fn phase_to_wire(phase: Phase) -> (i32, i32) {
    let (phase, stage) = match phase {
        Phase::Absent => (pb::CampaignPhase::Unspecified, None),
        Phase::Planned => (pb::CampaignPhase::Planned, None),
        Phase::In(stage) => (pb::CampaignPhase::Running, Some(stage)),
        Phase::Reviewed => (pb::CampaignPhase::Reviewed, None),
        Phase::Approved => (pb::CampaignPhase::Approved, None),
        Phase::Published => (pb::CampaignPhase::Published, None),
    };
    (phase.into(), stage.map_or(0, stage_to_wire))
}

/// A moment for the wire.
pub(crate) fn moment_to_wire(at: Timestamp) -> Option<WireTimestamp> {
    Some(wire::timestamp(at))
}

/// A moment.
pub(crate) fn moment(at: Option<&WireTimestamp>) -> Result<Timestamp, Why> {
    at.and_then(wire::instant)
        .ok_or_else(|| "needs a moment in the years 0 to 9999".to_owned())
}

/// A date.
pub(crate) fn date(text: &str) -> Result<Date, Why> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    match text.parse() {
        Ok(date) if plain => Ok(date),
        _ => Err(format!("{text:?} is not a date: write one as 2024-12-31")),
    }
}

/// A decimal of at least 0.
pub(super) fn decimal(text: &str) -> Result<Decimal, Why> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match Decimal::from_str_exact(text) {
        Ok(value) if plain && digits <= DIGITS_MAX => Ok(value.normalize()),
        _ => Err(format!(
            "{text:?} is not a decimal of at least 0 with at most {DIGITS_MAX} digits"
        )),
    }
}

/// A decimal as it was stored.
pub(super) fn stored_decimal(text: &str) -> Result<Decimal, Why> {
    Decimal::from_str_exact(text).map_err(|_| format!("{text:?} is not a decimal"))
}

/// A decimal that may be absent, as it was stored.
pub(crate) fn stored_decimal_or_none(text: &str) -> Result<Option<Decimal>, Why> {
    (!text.is_empty()).then(|| stored_decimal(text)).transpose()
}

/// A decimal for the wire; empty when there is none.
pub(crate) fn decimal_to_wire(value: Option<Decimal>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A value for the wire.
pub(super) fn mark_to_wire(mark: Option<Mark>) -> Option<pb::Mark> {
    mark.map(|mark| match mark {
        Mark::Points(points) => pb::Mark {
            points: points.to_string(),
            not_applicable: false,
        },
        Mark::NotApplicable => pb::Mark {
            points: String::new(),
            not_applicable: true,
        },
    })
}

/// A value that somebody gives; none when there is none.
pub(super) fn mark(mark: Option<&pb::Mark>) -> Result<Option<Mark>, Why> {
    match mark {
        None => Ok(None),
        Some(mark) => mark_by(mark, decimal),
    }
}

/// A value as it was stored.
pub(super) fn stored_mark(mark: Option<&pb::Mark>) -> Result<Option<Mark>, Why> {
    match mark {
        None => Ok(None),
        Some(mark) => mark_by(mark, stored_decimal),
    }
}

fn mark_by(
    mark: &pb::Mark,
    decimal: impl Fn(&str) -> Result<Decimal, Why>,
) -> Result<Option<Mark>, Why> {
    match (mark.points.as_str(), mark.not_applicable) {
        ("", true) => Ok(Some(Mark::NotApplicable)),
        ("", false) => Ok(None),
        (points, false) => Ok(Some(Mark::Points(decimal(points)?))),
        (_, true) => Err("has points and does not apply; say one of both".to_owned()),
    }
}

/// Figures for the wire.
pub(super) fn figures_to_wire(figures: &Inputs) -> Vec<pb::Figure> {
    let value = |value: &Value| match value {
        Value::Number(number) => pb::figure::Value::Number(number.to_string()),
        Value::YesNo(answer) => pb::figure::Value::YesNo(*answer),
        Value::State(state) => pb::figure::Value::State(state.clone()),
    };
    let withheld = figures.withheld().map(|(name, reason)| pb::Figure {
        name: name.to_owned(),
        value: Some(pb::figure::Value::Withheld(reason.to_owned())),
    });
    let valued = figures.iter().map(|(name, of)| pb::Figure {
        name: name.to_owned(),
        value: Some(value(of)),
    });
    valued.chain(withheld).collect()
}

/// Figures.
pub(super) fn figures(
    figures: &[pb::Figure],
    decimal: impl Fn(&str) -> Result<Decimal, Why>,
) -> Result<Inputs, Why> {
    let mut inputs = Inputs::new();
    for figure in figures {
        let value = match &figure.value {
            Some(pb::figure::Value::Number(number)) => Value::Number(decimal(number)?),
            Some(pb::figure::Value::YesNo(answer)) => Value::YesNo(*answer),
            Some(pb::figure::Value::State(state)) => Value::State(state.clone()),
            Some(pb::figure::Value::Withheld(reason)) => {
                inputs.withhold(figure.name.clone(), reason.clone());
                continue;
            }
            None => return Err(format!("{:?} has no value", figure.name)),
        };
        if inputs.get(&figure.name).is_some() {
            return Err(format!("{:?} is there twice", figure.name));
        }
        inputs.set(figure.name.clone(), value);
    }
    Ok(inputs)
}

/// Evidence for the wire.
pub(crate) fn evidence_to_wire(evidence: &[Evidence]) -> Vec<pb::Evidence> {
    let item = |it: &Evidence| pb::Evidence {
        title: it.title.clone(),
        number: it.number.clone(),
        date: it.date.map(|date| date.to_string()).unwrap_or_default(),
        issuer: it.issuer.clone(),
        item: it.item.clone(),
        page: it.page.clone(),
        sha256: it.file.map(Vec::from).unwrap_or_default(),
        initiative: it
            .initiative
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    evidence.iter().map(item).collect()
}

/// An item of evidence.
pub(crate) fn evidence(it: &pb::Evidence) -> Result<Evidence, Why> {
    let file = match it.sha256.as_slice() {
        [] => None,
        bytes => Some(bytes.try_into().map_err(|_| {
            let length = bytes.len();
            format!("{:?} has a SHA-256 of {length} bytes; it has 32", it.title)
        })?),
    };
    let initiative = match it.initiative.as_str() {
        "" => None,
        number => Some(
            number
                .parse()
                .map_err(|error: CodeError| error.to_string())?,
        ),
    };
    Ok(Evidence {
        initiative,
        title: it.title.clone(),
        number: it.number.clone(),
        date: (!it.date.is_empty()).then(|| date(&it.date)).transpose()?,
        issuer: it.issuer.clone(),
        item: it.item.clone(),
        page: it.page.clone(),
        file,
    })
}

/// The result of a unit for the wire.
pub(super) fn outcome_to_wire((unit, it): (&UnitCode, &Outcome)) -> pb::UnitOutcome {
    pb::UnitOutcome {
        unit: unit.to_string(),
        total: decimal_to_wire(it.total),
        max: it.max.to_string(),
        percent: decimal_to_wire(it.percent),
        exact_value: decimal_to_wire(it.exact_value),
        band: it.band.clone(),
        rank: it.rank.and_then(|rank| rank.try_into().ok()).unwrap_or(0),
        assessment_version: it.sheet_version,
    }
}

/// The result of a unit as it was stored.
pub(super) fn outcome(it: &pb::UnitOutcome) -> Result<(UnitCode, Outcome), Why> {
    let outcome = Outcome {
        total: stored_decimal_or_none(&it.total)?,
        max: stored_decimal(&it.max)?,
        percent: stored_decimal_or_none(&it.percent)?,
        exact_value: stored_decimal_or_none(&it.exact_value)?,
        band: it.band.clone(),
        rank: u32::try_from(it.rank).ok().filter(|rank| *rank > 0),
        sheet_version: it.assessment_version,
    };
    Ok((crate::wire::unit(&it.unit)?, outcome))
}

/// A flag for the wire.
pub(super) fn flag_to_wire(flag: Flag) -> pb::LeafFlag {
    match flag {
        Flag::NotClaimed => pb::LeafFlag::NotClaimed,
        Flag::ClaimDiffers => pb::LeafFlag::ClaimDiffers,
        Flag::NoEvidence => pb::LeafFlag::NoEvidence,
        Flag::FirstDiffers => pb::LeafFlag::FirstDiffers,
        Flag::SecondDiffers => pb::LeafFlag::SecondDiffers,
        Flag::CouncilDiffers => pb::LeafFlag::CouncilDiffers,
        Flag::Unanswered => pb::LeafFlag::Unanswered,
        Flag::Contested => pb::LeafFlag::Contested,
        Flag::Undecided => pb::LeafFlag::Undecided,
        Flag::EvidenceRevoked => pb::LeafFlag::EvidenceRevoked,
    }
}

/// What kind of note for the wire.
pub(super) fn note_kind_to_wire(kind: NoteKind) -> i32 {
    let kind = match kind {
        NoteKind::Question => pb::LeafNoteKind::Question,
        NoteKind::Explanation => pb::LeafNoteKind::Explanation,
        NoteKind::Contest => pb::LeafNoteKind::Contest,
        NoteKind::Remark => pb::LeafNoteKind::Remark,
    };
    kind.into()
}
