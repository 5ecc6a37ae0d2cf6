//! Plans of waves as people write them.

use std::path::Path;

use contracts::assessments::v1 as pb;
use contracts::wire;

use crate::Failure;
use crate::yaml::{Fields, Node};

/// Reads the plan of a wave.
///
/// # Errors
/// That the file cannot be read, or everything that is wrong with it, line by line.
pub fn read(path: &Path) -> Result<pb::PlanWaveRequest, Failure> {
    super::document(path, "a wave", plan)
}

pub(super) fn plan(mut fields: Fields<'_>) -> pb::PlanWaveRequest {
    let quotas = fields.list("quotas").iter();
    let quotas = quotas.filter_map(|node| quota(node, &mut fields)).collect();
    let plan = pb::PlanWaveRequest {
        context: None,
        wave: fields.needed("wave"),
        title: fields.needed("title"),
        instrument: fields.needed("instrument"),
        edition: fields.needed("edition"),
        period: fields.needed("period"),
        units: fields.texts("units"),
        quotas,
        opens_at: moment(&mut fields, "opens_at"),
        closes_at: moment(&mut fields, "closes_at"),
        minimum: fields.number("minimum"),
    };
    fields.end();
    plan
}

fn quota(node: &Node, outer: &mut Fields<'_>) -> Option<pb::SurveyQuota> {
    let mut fields = Fields::of("a quota", node, outer.faults())?;
    let quota = pb::SurveyQuota {
        unit: fields.needed("unit"),
        group: fields.needed("group"),
        ballots: fields.number("ballots"),
    };
    fields.end();
    Some(quota)
}

fn moment(fields: &mut Fields<'_>, key: &'static str) -> Option<prost_types::Timestamp> {
    let text = fields.needed(key);
    if text.is_empty() {
        return None;
    }
    match text.parse() {
        Ok(moment) => Some(wire::timestamp(moment)),
        Err(_) => {
            let line = fields.node(key).map_or(fields.line(), |node| node.line);
            let why = format!(
                "{key} is {text:?}; write a moment with its offset, as 2024-10-01T08:00:00+07:00"
            );
            fields.fault(line, why);
            None
        }
    }
}
