//! Campaigns and sheets for the wire.

use assessment::sheet::{Column, Decision, Ground, Lack, Note, withheld};
use assessment::{Campaign, Sheet};
use contracts::assessments::v1 as pb;
use eventlog::Version;
use ids::{CampaignCode, LeafCode};
use index::{IndexResult, Inputs, Leaf, LeafScore};
use jiff::Timestamp;

use super::codec::{deadlines_to_wire, participants_to_wire, rules_to_wire};
use super::terms::{
    decimal_to_wire, evidence_to_wire, figures_to_wire, flag_to_wire, mark_to_wire, moment_to_wire,
    note_kind_to_wire, outcome_to_wire, phase_to_wire, stage_to_wire,
};

/// A campaign as it is at a moment.
pub(super) fn campaign(
    code: &str,
    campaign: &Campaign,
    version: Version,
    at: Timestamp,
) -> pb::Campaign {
    let (phase, stage) = phase_to_wire(campaign.phase_at(at));
    let windows = campaign
        .windows()
        .iter()
        .map(|(unit, window)| pb::UnitWindow {
            unit: unit.to_string(),
            stage: stage_to_wire(window.stage),
            deadline: moment_to_wire(window.until),
        });
    let assignments = campaign.assignments().iter();
    let assignments = assignments.map(|(appraiser, it)| pb::AppraiserAssignment {
        appraiser: appraiser.clone(),
        own_unit: it.own.to_string(),
        units: it.units.iter().map(ToString::to_string).collect(),
        components: it.components.iter().map(ToString::to_string).collect(),
    });
    let told = pb::Campaign {
        code: code.to_owned(),
        phase,
        stage,
        windows: windows.collect(),
        assignments: assignments.collect(),
        outcomes: campaign.outcomes().iter().map(outcome_to_wire).collect(),
        version,
        ..pb::Campaign::default()
    };
    match campaign.plan() {
        None => told,
        Some(plan) => pb::Campaign {
            title: plan.title.clone(),
            period: plan.period.to_string(),
            as_of: plan.as_of.to_string(),
            deadlines: deadlines_to_wire(plan),
            rules: rules_to_wire(plan),
            participants: participants_to_wire(plan),
            ..told
        },
    }
}

/// A campaign without what is long in it.
pub(super) fn in_list(campaign: pb::Campaign) -> pb::Campaign {
    pb::Campaign {
        participants: Vec::new(),
        windows: Vec::new(),
        assignments: Vec::new(),
        outcomes: Vec::new(),
        ..campaign
    }
}

/// What is known of a sheet at a moment.
pub(super) struct Seen<'a> {
    pub(super) code: &'a CampaignCode,
    pub(super) ground: &'a Ground,
    pub(super) sheet: &'a Sheet,
    pub(super) version: Version,
    pub(super) position: i64,
}

impl Seen<'_> {
    fn figures(&self) -> Inputs {
        let measured = self.ground.measured.as_deref();
        measured.cloned().unwrap_or_default()
    }

    /// One leaf; the default for a leaf that the definition does not have.
    pub(super) fn leaf(&self, code: &LeafCode) -> pb::LeafAssessment {
        let figures = self.figures();
        let lacks = self.sheet.lacks(&self.ground.definition, &figures);
        let leaf = self.ground.definition.leaf(code);
        leaf.map(|leaf| self.entry(leaf, &figures, &lacks))
            .unwrap_or_default()
    }

    /// The whole sheet.
    pub(super) fn assessment(&self, now: Timestamp) -> pb::Assessment {
        let Ground {
            unit,
            campaign,
            definition,
            ..
        } = self.ground;
        let submitted = self
            .sheet
            .submitted()
            .filter(|(at, _)| campaign.counts(unit, *at));
        let standing = campaign.standing(unit, now, self.sheet.submitted().map(|(at, _)| at));
        let (phase, stage) = phase_to_wire(standing.phase);
        let figures = self.figures();
        let lacks = self.sheet.lacks(definition, &figures);
        let leaves = definition.leaves().iter();
        let plan = campaign.plan();
        pb::Assessment {
            campaign: self.code.to_string(),
            unit: unit.to_string(),
            group: plan
                .and_then(|plan| plan.participants.get(unit))
                .cloned()
                .unwrap_or_default(),
            index: definition.code().to_string(),
            edition: definition.edition().to_owned(),
            phase,
            stage,
            deadline: standing.deadline.and_then(moment_to_wire),
            submitted_at: submitted.and_then(|(at, _)| moment_to_wire(at)),
            submitted_by: submitted.map(|(_, by)| by.to_owned()).unwrap_or_default(),
            progress: Some(self.progress(standing.deadline, now)),
            leaves: leaves
                .map(|leaf| self.entry(leaf, &figures, &lacks))
                .collect(),
            measured: self.ground.measured.is_some(),
            version: self.version,
            position: self.position,
        }
    }

    fn progress(&self, deadline: Option<Timestamp>, now: Timestamp) -> pb::AssessmentProgress {
        let progress = self
            .sheet
            .progress(&self.ground.definition, &self.figures());
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let left = deadline.map_or(0, |deadline| deadline.duration_since(now).as_hours() / 24);
        pb::AssessmentProgress {
            leaves: count(progress.leaves),
            filled: count(progress.filled),
            evidence_missing: count(progress.evidence_missing),
            to_decide: count(progress.to_decide),
            decided: count(progress.decided),
            days_left: i32::try_from(left).unwrap_or(i32::MAX).max(0),
        }
    }

    fn entry(
        &self,
        leaf: &Leaf,
        figures: &Inputs,
        lacks: &[(LeafCode, Lack)],
    ) -> pb::LeafAssessment {
        let marks = self.sheet.marks(leaf, figures);
        let flags = self.sheet.flags(leaf, figures, &self.ground.revoked);
        let of_leaf = lacks.iter().filter(|(code, _)| code == leaf.code());
        let told = pb::LeafAssessment {
            leaf: leaf.code().to_string(),
            number: leaf.number().to_owned(),
            name_vi: leaf.name().vi.clone(),
            name_en: leaf.name().en.clone(),
            source: leaf.source().word().to_owned(),
            max: leaf.max().to_string(),
            claimed: mark_to_wire(marks.own),
            measured: mark_to_wire(marks.measured),
            decided: mark_to_wire(marks.last),
            flags: flags
                .into_iter()
                .map(|it| flag_to_wire(it).into())
                .collect(),
            lacks: of_leaf.map(|(_, lack)| in_words(lack)).collect(),
            withheld_reason: withheld(leaf, figures)
                .as_ref()
                .and_then(LeafScore::withheld)
                .unwrap_or_default()
                .to_owned(),
            version: self.version,
            position: self.position,
            ..pb::LeafAssessment::default()
        };
        let Some(entry) = self.sheet.entry(leaf.code()) else {
            return told;
        };
        let claimed = entry.claimed.as_ref();
        let claim = claimed.map(|claimed| &claimed.claim);
        pb::LeafAssessment {
            leaf_version: i64::try_from(entry.version()).unwrap_or(i64::MAX),
            figures: claim
                .map(|it| figures_to_wire(&it.figures))
                .unwrap_or_default(),
            explanation: claim.map(|it| it.explanation.clone()).unwrap_or_default(),
            evidence: claim
                .map(|it| evidence_to_wire(&it.evidence))
                .unwrap_or_default(),
            claimed_by: claimed.map(|it| it.by.clone()).unwrap_or_default(),
            claimed_at: claimed.and_then(|it| moment_to_wire(it.at)),
            first: entry.first.as_ref().map(decision),
            second: entry.second.as_ref().map(decision),
            council: entry.council.as_ref().map(decision),
            notes: entry.notes.iter().map(note).collect(),
            ..told
        }
    }

    /// The leaves that somebody has just accepted.
    pub(super) fn accepted(&self, by: &str, at: Timestamp) -> pb::AcceptLeavesResponse {
        let leaves = self.ground.definition.leaves().iter().map(Leaf::code);
        let newest = |leaf: &&LeafCode| {
            let entry = self.sheet.entry(leaf);
            let change = entry.and_then(|entry| entry.changed());
            change.is_some_and(|change| change.by == by && change.at == at)
        };
        pb::AcceptLeavesResponse {
            leaves: leaves.filter(newest).map(ToString::to_string).collect(),
            version: self.version,
            position: self.position,
        }
    }

    /// The whole index by each of the values.
    pub(super) fn preview(&self) -> pb::PreviewAssessmentResponse {
        let figures = self.figures();
        let by = |column| Some(self.index(column, &figures));
        pb::PreviewAssessmentResponse {
            claimed: by(Column::Own),
            first: by(Column::First),
            second: by(Column::Second),
            decided: by(Column::Last),
            measured: self.ground.measured.is_some(),
            version: self.version,
            position: self.position,
        }
    }

    fn index(&self, column: Column, figures: &Inputs) -> pb::IndexPreview {
        index_to_wire(self.sheet.index(&self.ground.definition, column, figures))
    }
}

/// The whole index by one of the values.
pub(super) fn index_to_wire(result: IndexResult) -> pb::IndexPreview {
    let component = |it: &index::ComponentScore| pb::ComponentPreview {
        component: it.code.to_string(),
        points: decimal_to_wire(it.points),
        max: it.max.to_string(),
        percent: decimal_to_wire(it.percent),
    };
    pb::IndexPreview {
        total: decimal_to_wire(result.total),
        max: result.max.to_string(),
        percent: decimal_to_wire(result.percent),
        band: result.band.unwrap_or_default(),
        components: result.components.iter().map(component).collect(),
        unscored: result.unscored.iter().map(ToString::to_string).collect(),
        reason: result.reason,
    }
}

/// What somebody decided.
pub(super) fn decision(it: &Decision) -> pb::LeafDecision {
    pb::LeafDecision {
        mark: mark_to_wire(Some(it.mark)),
        reason: it.reason.clone(),
        by: it.by.clone(),
        at: moment_to_wire(it.at),
    }
}

fn note(it: &Note) -> pb::LeafNote {
    pb::LeafNote {
        kind: note_kind_to_wire(it.kind),
        text: it.text.clone(),
        evidence: evidence_to_wire(&it.evidence),
        wanted: mark_to_wire(it.wanted),
        by: it.by.clone(),
        at: moment_to_wire(it.at),
    }
}

/// What a leaf lacks, in words that the contract lists.
fn in_words(lack: &Lack) -> String {
    match lack {
        Lack::Claim => "claim".to_owned(),
        Lack::Figures(names) => format!("figures: {}", names.join(", ")),
        Lack::Evidence => "evidence".to_owned(),
        Lack::Contradiction { input, other } => format!("contradicts {other} in {input}"),
    }
}
