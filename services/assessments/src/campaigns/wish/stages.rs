//! What is asked of a campaign.

use std::collections::{BTreeMap, BTreeSet};

use assessment::campaign::{Action, Assignment, Stage};
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use ids::{CampaignCode, GROUPS, IndexCode, Period, UnitCode};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Faults, NAME_MAX, REASON_MAX, TITLE_MAX, code, some_words};
use crate::campaigns::terms::{self, Why};

/// Most units that a request names.
const UNITS_MAX: usize = 1_000;
/// Most components that an assignment names.
const COMPONENTS_MAX: usize = 200;

/// A plan as it was asked, before the registry and the definitions in force are looked up.
#[derive(Debug, Clone)]
pub(in crate::campaigns) struct Asked {
    pub(in crate::campaigns) code: CampaignCode,
    pub(in crate::campaigns) title: String,
    pub(in crate::campaigns) period: Period,
    pub(in crate::campaigns) as_of: Date,
    /// Index and edition by group.
    pub(in crate::campaigns) rules: BTreeMap<String, (IndexCode, String)>,
    pub(in crate::campaigns) deadlines: BTreeMap<Stage, Timestamp>,
    /// Only these units; empty: all of the groups.
    pub(in crate::campaigns) units: BTreeSet<UnitCode>,
}

/// A plan.
pub(in crate::campaigns) fn plan(request: &pb::PlanCampaignRequest) -> Result<Asked, Problem> {
    let mut faults = Faults::default();
    let campaign = faults.take("code", code(&request.code));
    let title = faults.take("title", some_words(&request.title, TITLE_MAX));
    let period = faults.take("period", code(&request.period));
    let as_of = faults.take("as_of", terms::date(&request.as_of));
    let rules = faults.take("rules", rules(&request.rules));
    let deadlines = faults.take("deadlines", deadlines(&request.deadlines));
    let units = faults.take("units", codes(&request.units, UNITS_MAX));
    let whole = (|| {
        Some(Asked {
            code: campaign?,
            title: title?,
            period: period?,
            as_of: as_of?,
            rules: rules?,
            deadlines: deadlines?,
            units: units?,
        })
    })();
    faults.or(whole)
}

fn rules(of: &[pb::GroupRules]) -> Result<BTreeMap<String, (IndexCode, String)>, Why> {
    let mut rules = BTreeMap::new();
    for it in of {
        if !GROUPS.contains(&it.group.as_str()) {
            return Err(format!(
                "{:?} is no group: name one of {}",
                it.group,
                GROUPS.join(", ")
            ));
        }
        let by = (code(&it.index)?, it.edition.clone());
        if rules.insert(it.group.clone(), by).is_some() {
            return Err(format!("group {} is there twice", it.group));
        }
    }
    if rules.is_empty() {
        return Err("is empty; name at least one group with its index".to_owned());
    }
    Ok(rules)
}

fn deadlines(of: &[pb::StageDeadline]) -> Result<BTreeMap<Stage, Timestamp>, Why> {
    let mut deadlines = BTreeMap::new();
    for it in of {
        let stage = terms::stage(it.stage)?;
        let until = terms::moment(it.deadline.as_ref())?;
        if deadlines.insert(stage, until).is_some() {
            return Err(format!("{stage} is there twice"));
        }
    }
    Ok(deadlines)
}

fn codes<T: std::str::FromStr + Ord>(texts: &[String], max: usize) -> Result<BTreeSet<T>, Why>
where
    T::Err: std::fmt::Display,
{
    if texts.len() > max {
        return Err(format!("has {} codes; give at most {max}", texts.len()));
    }
    texts.iter().map(|text| code(text)).collect()
}

/// The end of a stage.
pub(in crate::campaigns) fn closing(
    request: &pb::CloseStageRequest,
) -> Result<(CampaignCode, Action), Problem> {
    let mut faults = Faults::default();
    let campaign = faults.take("campaign", code(&request.campaign));
    let stage = faults.take("stage", terms::stage(request.stage));
    let reason = faults.take("reason", some_words(&request.reason, REASON_MAX));
    let whole = (|| {
        let action = Action::CloseStage {
            stage: stage?,
            reason: reason?,
        };
        Some((campaign?, action))
    })();
    faults.or(whole)
}

/// A later deadline.
pub(in crate::campaigns) fn extension(
    request: &pb::ExtendStageRequest,
) -> Result<(CampaignCode, Action), Problem> {
    let mut faults = Faults::default();
    let campaign = faults.take("campaign", code(&request.campaign));
    let unit = match request.unit.as_str() {
        "" => Some(None),
        unit => faults.take("unit", code(unit)).map(Some),
    };
    let stage = faults.take("stage", terms::stage(request.stage));
    let until = faults.take("deadline", terms::moment(request.deadline.as_ref()));
    let reason = faults.take("reason", some_words(&request.reason, REASON_MAX));
    let whole = (|| {
        let action = Action::Extend {
            unit: unit?,
            stage: stage?,
            until: until?,
            reason: reason?,
        };
        Some((campaign?, action))
    })();
    faults.or(whole)
}

/// A stage that opens again.
pub(in crate::campaigns) fn reopening(
    request: &pb::ReopenStageRequest,
) -> Result<(CampaignCode, Action), Problem> {
    let mut faults = Faults::default();
    let campaign = faults.take("campaign", code(&request.campaign));
    let unit = faults.take("unit", code(&request.unit));
    let stage = faults.take("stage", terms::stage(request.stage));
    let until = faults.take("deadline", terms::moment(request.deadline.as_ref()));
    let reason = faults.take("reason", some_words(&request.reason, REASON_MAX));
    let whole = (|| {
        let action = Action::Reopen {
            unit: unit?,
            stage: stage?,
            until: until?,
            reason: reason?,
        };
        Some((campaign?, action))
    })();
    faults.or(whole)
}

/// What an appraiser is to appraise.
pub(in crate::campaigns) fn assignment(
    request: &pb::AssignAppraiserRequest,
) -> Result<(CampaignCode, String, Assignment), Problem> {
    let mut faults = Faults::default();
    let campaign = faults.take("campaign", code(&request.campaign));
    let appraiser = faults.take("appraiser", some_words(&request.appraiser, NAME_MAX));
    let own = faults.take("own_unit", code(&request.own_unit));
    let units = faults.take("units", codes(&request.units, UNITS_MAX));
    let components = faults.take("components", codes(&request.components, COMPONENTS_MAX));
    let whole = (|| {
        let assignment = Assignment {
            own: own?,
            units: units?,
            components: components?,
        };
        Some((campaign?, appraiser?, assignment))
    })();
    faults.or(whole)
}
