//! Events of a campaign.

use std::collections::{BTreeMap, BTreeSet};

use assessment::Campaign;
use assessment::campaign::{Assignment, Event, Fact, Plan, Rules, Seal, Stage};
use contracts::assessments::v1 as pb;
use eventlog::Recorded;
use eventlog::command::{Codec, DecodeError};
use jiff::Timestamp;
use prost::Message as _;
use prost::bytes::Bytes;

use super::{envelope, invalid, message, seal, stored};
use crate::campaigns::terms::{
    Why, date, figures, figures_to_wire, moment, moment_to_wire, outcome, outcome_to_wire, stage,
    stage_to_wire, stored_decimal,
};
use crate::wire::unit;

/// Stores campaigns.
pub(crate) struct CampaignCodec;

impl Codec for CampaignCodec {
    type Aggregate = Campaign;

    fn encode(event: &Event) -> (&'static str, Bytes) {
        encode(&event.fact)
    }

    /// Without its envelope an event has neither author nor moment; the log reads it with [`read`](Self::read).
    fn decode(kind: &str, payload: &[u8]) -> Result<Event, DecodeError> {
        Ok(Event {
            at: Timestamp::UNIX_EPOCH,
            by: String::new(),
            fact: decode(kind, payload)?,
        })
    }

    fn read(event: &Recorded) -> Result<Event, DecodeError> {
        let (by, at) = envelope(event);
        let fact = decode(&event.kind, &event.payload)?;
        Ok(Event { at, by, fact })
    }
}

fn encode(fact: &Fact) -> (&'static str, Bytes) {
    match fact {
        Fact::Planned(plan) => stored!(CampaignPlanned {
            title: plan.title.clone(),
            period: plan.period.to_string(),
            as_of: plan.as_of.to_string(),
            rules: rules_to_wire(plan),
            participants: participants_to_wire(plan),
            deadlines: deadlines_to_wire(plan),
        }),
        Fact::Opened => stored!(CampaignOpened {}),
        Fact::StageLocked { stage, deadline } => stored!(CampaignStageLocked {
            stage: stage_to_wire(*stage),
            deadline: moment_to_wire(*deadline),
        }),
        Fact::StageClosed { stage, reason } => stored!(CampaignStageClosed {
            stage: stage_to_wire(*stage),
            reason: reason.clone(),
        }),
        Fact::StageExtended {
            stage,
            until,
            reason,
        } => stored!(CampaignStageExtended {
            stage: stage_to_wire(*stage),
            deadline: moment_to_wire(*until),
            reason: reason.clone(),
        }),
        Fact::UnitExtended {
            unit,
            stage,
            until,
            reason,
        } => stored!(UnitStageExtended {
            unit: unit.to_string(),
            stage: stage_to_wire(*stage),
            deadline: moment_to_wire(*until),
            reason: reason.clone(),
        }),
        Fact::UnitReopened {
            unit,
            stage,
            until,
            reason,
        } => stored!(UnitStageReopened {
            unit: unit.to_string(),
            stage: stage_to_wire(*stage),
            deadline: moment_to_wire(*until),
            reason: reason.clone(),
        }),
        Fact::UnitLocked {
            unit,
            stage,
            deadline,
        } => stored!(UnitStageLocked {
            unit: unit.to_string(),
            stage: stage_to_wire(*stage),
            deadline: moment_to_wire(*deadline),
        }),
        Fact::AppraiserAssigned {
            appraiser,
            assignment,
        } => stored!(AppraiserAssigned {
            appraiser: appraiser.clone(),
            own_unit: assignment.own.to_string(),
            units: assignment.units.iter().map(ToString::to_string).collect(),
            components: assignment
                .components
                .iter()
                .map(ToString::to_string)
                .collect(),
        }),
        Fact::AppraiserReleased { appraiser } => stored!(AppraiserReleased {
            appraiser: appraiser.clone(),
        }),
        Fact::Approved { document, outcomes } => stored!(CampaignApproved {
            document: document.clone(),
            outcomes: outcomes.iter().map(outcome_to_wire).collect(),
        }),
        Fact::FiguresFrozen { unit, figures } => stored!(FiguresFrozen {
            unit: unit.to_string(),
            figures: figures_to_wire(figures),
        }),
        Fact::Published { document, seal } => published(document, seal.as_deref()),
    }
}

fn decode(kind: &str, payload: &[u8]) -> Result<Fact, DecodeError> {
    let name = kind.strip_prefix("chiso.assessments.v1.").unwrap_or(kind);
    let fact = match name {
        "CampaignPlanned" => plan(&message(kind, payload)?).map(Fact::Planned),
        "CampaignOpened" => {
            message::<pb::CampaignOpened>(kind, payload).map(|_| Ok(Fact::Opened))?
        }
        "CampaignStageLocked" => {
            let it: pb::CampaignStageLocked = message(kind, payload)?;
            stage_until(it.stage, it.deadline.as_ref())
                .map(|(stage, deadline)| Fact::StageLocked { stage, deadline })
        }
        "CampaignStageClosed" => {
            let it: pb::CampaignStageClosed = message(kind, payload)?;
            let reason = it.reason;
            stage(it.stage).map(|stage| Fact::StageClosed { stage, reason })
        }
        "CampaignStageExtended" => {
            let it: pb::CampaignStageExtended = message(kind, payload)?;
            let reason = it.reason;
            stage_until(it.stage, it.deadline.as_ref()).map(|(stage, until)| Fact::StageExtended {
                stage,
                until,
                reason,
            })
        }
        "UnitStageExtended" => unit_extended(message(kind, payload)?),
        "UnitStageReopened" => unit_reopened(message(kind, payload)?),
        "UnitStageLocked" => unit_locked(&message(kind, payload)?),
        "AppraiserAssigned" => assigned(message(kind, payload)?),
        "AppraiserReleased" => {
            let it: pb::AppraiserReleased = message(kind, payload)?;
            let appraiser = it.appraiser;
            Ok(Fact::AppraiserReleased { appraiser })
        }
        "CampaignApproved" => approved(message(kind, payload)?),
        "FiguresFrozen" => figures_frozen(&message(kind, payload)?),
        "CampaignPublished" => seal::read(message(kind, payload)?),
        _ => return Err(DecodeError::UnknownKind(kind.to_owned())),
    };
    fact.map_err(invalid(kind))
}

fn published(document: &str, seal: Option<&Seal>) -> (&'static str, Bytes) {
    let published = seal::to_wire(document, seal);
    let kind = "chiso.assessments.v1.CampaignPublished";
    (kind, published.encode_to_vec().into())
}

fn stage_until(of: i32, until: Option<&prost_types::Timestamp>) -> Result<(Stage, Timestamp), Why> {
    Ok((stage(of)?, moment(until)?))
}

fn unit_extended(it: pb::UnitStageExtended) -> Result<Fact, Why> {
    let (stage, until) = stage_until(it.stage, it.deadline.as_ref())?;
    Ok(Fact::UnitExtended {
        unit: unit(&it.unit)?,
        stage,
        until,
        reason: it.reason,
    })
}

fn unit_reopened(it: pb::UnitStageReopened) -> Result<Fact, Why> {
    let (stage, until) = stage_until(it.stage, it.deadline.as_ref())?;
    Ok(Fact::UnitReopened {
        unit: unit(&it.unit)?,
        stage,
        until,
        reason: it.reason,
    })
}

fn unit_locked(it: &pb::UnitStageLocked) -> Result<Fact, Why> {
    let (stage, deadline) = stage_until(it.stage, it.deadline.as_ref())?;
    Ok(Fact::UnitLocked {
        unit: unit(&it.unit)?,
        stage,
        deadline,
    })
}

fn assigned(it: pb::AppraiserAssigned) -> Result<Fact, Why> {
    let leaf = |code: &String| {
        code.parse()
            .map_err(|error: ids::CodeError| error.to_string())
    };
    Ok(Fact::AppraiserAssigned {
        appraiser: it.appraiser,
        assignment: Assignment {
            own: unit(&it.own_unit)?,
            units: it
                .units
                .iter()
                .map(|code| unit(code))
                .collect::<Result<BTreeSet<_>, Why>>()?,
            components: it
                .components
                .iter()
                .map(leaf)
                .collect::<Result<BTreeSet<_>, Why>>()?,
        },
    })
}

fn approved(it: pb::CampaignApproved) -> Result<Fact, Why> {
    let outcomes: Result<BTreeMap<_, _>, Why> = it.outcomes.iter().map(outcome).collect();
    Ok(Fact::Approved {
        document: it.document,
        outcomes: outcomes?,
    })
}

fn figures_frozen(it: &pb::FiguresFrozen) -> Result<Fact, Why> {
    Ok(Fact::FiguresFrozen {
        unit: unit(&it.unit)?,
        figures: figures(&it.figures, stored_decimal)?,
    })
}

fn plan(it: &pb::CampaignPlanned) -> Result<Plan, Why> {
    let mut plan = Plan {
        title: it.title.clone(),
        period: it
            .period
            .parse()
            .map_err(|error: ids::PeriodError| error.to_string())?,
        as_of: date(&it.as_of)?,
        rules: BTreeMap::new(),
        participants: BTreeMap::new(),
        deadlines: BTreeMap::new(),
    };
    for of in &it.rules {
        let rules = Rules {
            index: of
                .index
                .parse()
                .map_err(|error: ids::CodeError| error.to_string())?,
            edition: of.edition.clone(),
            sha256: of
                .sha256
                .as_slice()
                .try_into()
                .map_err(|_| "a SHA-256 has 32 bytes".to_owned())?,
        };
        plan.rules.insert(of.group.clone(), rules);
    }
    for of in &it.participants {
        plan.participants.insert(unit(&of.unit)?, of.group.clone());
    }
    for of in &it.deadlines {
        let (stage, until) = stage_until(of.stage, of.deadline.as_ref())?;
        plan.deadlines.insert(stage, until);
    }
    Ok(plan)
}

/// By which rules each group is judged, for the wire.
pub(crate) fn rules_to_wire(plan: &Plan) -> Vec<pb::GroupRules> {
    let rules = plan.rules.iter().map(|(group, rules)| pb::GroupRules {
        group: group.clone(),
        index: rules.index.to_string(),
        edition: rules.edition.clone(),
        sha256: rules.sha256.to_vec(),
    });
    rules.collect()
}

/// Who takes part, for the wire.
pub(crate) fn participants_to_wire(plan: &Plan) -> Vec<pb::Participant> {
    let units = plan
        .participants
        .iter()
        .map(|(unit, group)| pb::Participant {
            unit: unit.to_string(),
            group: group.clone(),
        });
    units.collect()
}

/// When each stage ends, for the wire.
pub(crate) fn deadlines_to_wire(plan: &Plan) -> Vec<pb::StageDeadline> {
    let deadlines = plan
        .deadlines
        .iter()
        .map(|(stage, until)| pb::StageDeadline {
            stage: stage_to_wire(*stage),
            deadline: moment_to_wire(*until),
        });
    deadlines.collect()
}
