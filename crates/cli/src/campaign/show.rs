//! Campaigns as people read them on a terminal.

use comfy_table::Cell;
use contracts::assessments::v1 as pb;

use super::words;
use crate::document::Language;
use crate::show;

/// All campaigns.
pub(super) fn list(campaigns: &[pb::Campaign]) -> String {
    let mut table = show::table(&["Code", "Period", "State", "Title"]);
    for campaign in campaigns {
        table.add_row(vec![
            Cell::new(&campaign.code),
            Cell::new(&campaign.period),
            Cell::new(state(campaign)),
            Cell::new(&campaign.title),
        ]);
    }
    show::rendered(&table)
}

fn state(campaign: &pb::Campaign) -> &'static str {
    words::state(campaign.phase(), campaign.stage(), Language::En)
}

/// One campaign.
pub(super) fn campaign(campaign: &pb::Campaign) -> String {
    let mut parts = vec![format!(
        "{} {}: {}, {} units as of {}, {}",
        campaign.code,
        campaign.period,
        campaign.title,
        campaign.participants.len(),
        campaign.as_of,
        state(campaign)
    )];
    let mut deadlines = show::table(&["Stage", "Until"]);
    for it in &campaign.deadlines {
        let stage = words::state(pb::CampaignPhase::Running, it.stage(), Language::En);
        deadlines.add_row(vec![stage.to_owned(), show::instant(it.deadline.as_ref())]);
    }
    parts.push(show::rendered(&deadlines));
    let mut rules = show::table(&["Group", "Index", "Edition", "Units"]);
    for it in &campaign.rules {
        let members = campaign.participants.iter();
        let members = members.filter(|unit| unit.group == it.group).count();
        rules.add_row(vec![
            Cell::new(&it.group),
            Cell::new(&it.index),
            Cell::new(&it.edition),
            show::figure(members.to_string()),
        ]);
    }
    parts.push(show::rendered(&rules));
    if !campaign.windows.is_empty() {
        let mut windows = show::table(&["Unit", "Stage of its own", "Until"]);
        for it in &campaign.windows {
            let stage = words::state(pb::CampaignPhase::Running, it.stage(), Language::En);
            let until = show::instant(it.deadline.as_ref());
            windows.add_row(vec![it.unit.clone(), stage.to_owned(), until]);
        }
        parts.push(show::rendered(&windows));
    }
    if !campaign.assignments.is_empty() {
        let mut assignments = show::table(&["Appraiser", "Of", "Units", "Components"]);
        for it in &campaign.assignments {
            let components = match it.components.is_empty() {
                true => "all".to_owned(),
                false => it.components.join(" "),
            };
            let units = it.units.join(" ");
            assignments.add_row([&it.appraiser, &it.own_unit, &units, &components]);
        }
        parts.push(show::rendered(&assignments));
    }
    if !campaign.outcomes.is_empty() {
        parts.push(outcomes(campaign));
    }
    parts.join("\n\n")
}

fn outcomes(campaign: &pb::Campaign) -> String {
    let mut table = show::table(&["Group", "#", "Unit", "Total", "Of", "%", "Band"]);
    let group = |unit: &str| {
        let mut participants = campaign.participants.iter();
        participants
            .find(|it| it.unit == unit)
            .map_or("", |it| it.group.as_str())
    };
    let mut outcomes: Vec<_> = campaign.outcomes.iter().collect();
    outcomes.sort_by_key(|it| (group(&it.unit), it.rank == 0, it.rank, it.unit.as_str()));
    for it in outcomes {
        table.add_row(vec![
            Cell::new(group(&it.unit)),
            show::figure(match it.rank {
                0 => "–".to_owned(),
                rank => rank.to_string(),
            }),
            Cell::new(&it.unit),
            show::figure(show::or_dash(&it.total)),
            show::figure(&it.max),
            show::figure(show::or_dash(&it.percent)),
            Cell::new(&it.band),
        ]);
    }
    show::rendered(&table)
}

/// How far each unit is.
pub(super) fn progress(assessments: &[pb::Assessment]) -> String {
    let mut table = show::table(&[
        "Unit",
        "Group",
        "State",
        "Filled",
        "No evidence",
        "Decided",
        "Days left",
        "Handed in",
    ]);
    for it in assessments {
        let progress = it.progress.unwrap_or_default();
        table.add_row(vec![
            Cell::new(&it.unit),
            Cell::new(&it.group),
            Cell::new(words::state(it.phase(), it.stage(), Language::En)),
            show::figure(format!("{}/{}", progress.filled, progress.leaves)),
            show::figure(progress.evidence_missing.to_string()),
            show::figure(format!("{}/{}", progress.decided, progress.to_decide)),
            show::figure(progress.days_left.to_string()),
            Cell::new(show::instant(it.submitted_at.as_ref())),
        ]);
    }
    show::rendered(&table)
}
