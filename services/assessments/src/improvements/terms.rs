//! Origins, readings and states between the wire and the domain.

use assessment::improvement::{Origin, Reading, State};
use contracts::assessments::v1 as pb;
use pb::task_origin::Origin as Told;

use crate::campaigns::code;
use crate::campaigns::terms::{Why, date, decimal_to_wire, stored_decimal_or_none};

/// An origin for the wire.
pub(super) fn origin_to_wire(origin: &Origin) -> Option<pb::TaskOrigin> {
    let told = match origin {
        Origin::Leaf {
            campaign,
            index,
            edition,
            period,
            leaf,
        } => Told::Leaf(pb::LeafOrigin {
            campaign: campaign
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            index: index.to_string(),
            edition: edition.clone(),
            period: period.to_string(),
            leaf: leaf.to_string(),
        }),
        Origin::Backlog { measure, period } => Told::Backlog(pb::BacklogOrigin {
            measure: measure.to_string(),
            period: period.to_string(),
        }),
        Origin::Finding {
            document,
            date,
            text,
        } => Told::Finding(pb::FindingOrigin {
            document: document.clone(),
            date: date.to_string(),
            text: text.clone(),
        }),
        Origin::YearlyPlan { document, item } => Told::YearlyPlan(pb::YearlyPlanOrigin {
            document: document.clone(),
            item: item.clone(),
        }),
    };
    Some(pb::TaskOrigin { origin: Some(told) })
}

/// An origin as it was stored.
pub(super) fn stored_origin(origin: Option<pb::TaskOrigin>) -> Result<Origin, Why> {
    match origin.and_then(|it| it.origin) {
        Some(Told::Leaf(it)) => Ok(Origin::Leaf {
            campaign: (!it.campaign.is_empty())
                .then(|| code(&it.campaign))
                .transpose()?,
            index: code(&it.index)?,
            edition: it.edition,
            period: code(&it.period)?,
            leaf: code(&it.leaf)?,
        }),
        Some(Told::Backlog(it)) => Ok(Origin::Backlog {
            measure: code(&it.measure)?,
            period: code(&it.period)?,
        }),
        Some(Told::Finding(it)) => Ok(Origin::Finding {
            document: it.document,
            date: date(&it.date)?,
            text: it.text,
        }),
        Some(Told::YearlyPlan(it)) => Ok(Origin::YearlyPlan {
            document: it.document,
            item: it.item,
        }),
        None => Err("has no origin".to_owned()),
    }
}

/// A reading for the wire.
pub(super) fn reading_to_wire(reading: &Reading) -> pb::TaskReading {
    pb::TaskReading {
        value: decimal_to_wire(reading.value),
        max: decimal_to_wire(reading.max),
        period: reading.period.to_string(),
        campaign: reading
            .campaign
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        reason: reading.reason.clone(),
    }
}

/// A reading as it was stored, where there is one.
pub(super) fn stored_reading(reading: Option<pb::TaskReading>) -> Result<Option<Reading>, Why> {
    let read = |it: pb::TaskReading| {
        Ok(Reading {
            value: stored_decimal_or_none(&it.value)?,
            max: stored_decimal_or_none(&it.max)?,
            period: code(&it.period)?,
            campaign: (!it.campaign.is_empty())
                .then(|| code(&it.campaign))
                .transpose()?,
            reason: it.reason,
        })
    };
    reading.map(read).transpose()
}

/// A state for the wire.
pub(super) fn state_to_wire(state: State) -> pb::TaskState {
    match state {
        State::Open => pb::TaskState::Open,
        State::Reported => pb::TaskState::Reported,
        State::Confirmed => pb::TaskState::Confirmed,
        State::Cancelled => pb::TaskState::Cancelled,
    }
}
