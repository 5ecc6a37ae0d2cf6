//! Every command that depends on the stage, as one that would change something.

use std::collections::{BTreeMap, BTreeSet};

use assessment::campaign::{Action, Assignment, Event, Fact, Phase, Refusal};
use assessment::evidence::awaited;
use assessment::sheet::{Action as OfSheet, Mark, Refusal as SheetRefusal};
use assessment::{Campaign, Role};
use decider::Decider as _;
use identity::table::Stage;
use index::Inputs;

use crate::campaign::{
    APPRAISER, CLAIMANT, OTHER_UNIT, UNIT, appraisal, at, campaign, claimed_by, leaf, person, plan,
    remark, to_campaign, to_sheet,
};

/// What came of a command, as far as the stage decides.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Changed,
    Nothing,
    /// It is not done at this stage.
    NotNow,
    /// For another reason, which is looked at only when the stage is right.
    RefusedOtherwise,
}

/// The commands that depend on the stage, each with what makes it one that would change something.
const METHODS: [&str; 17] = [
    "CampaignsService/PlanCampaign",
    "CampaignsService/OpenCampaign",
    "CampaignsService/CloseStage",
    "CampaignsService/ExtendStage",
    "CampaignsService/ReopenStage",
    "CampaignsService/AssignAppraiser",
    "CampaignsService/ClaimLeaf",
    "CampaignsService/SubmitAssessment",
    "CampaignsService/AppraiseLeaf",
    "CampaignsService/AcceptLeaves",
    "CampaignsService/ExplainLeaf",
    "CampaignsService/ContestLeaf",
    "CampaignsService/RemarkOnLeaf",
    "CampaignsService/ApproveCampaign",
    "CampaignsService/PublishCampaign",
    "PublicationsService/CorrectPublication",
    "EvidenceService/UploadEvidence",
];

pub(crate) fn methods() -> &'static [&'static str] {
    &METHODS
}

/// What a campaign at a stage, or the unit's sheet in it, makes of a call.
pub(crate) fn asked(method: &str, stage: Stage) -> Answer {
    if method == "EvidenceService/UploadEvidence" {
        let by = person(CLAIMANT, Role::Assessor, UNIT);
        let campaign = campaign(stage, "hoa");
        return match awaited(&campaign, &UNIT.parse().unwrap(), &by) {
            Ok(()) => Answer::Changed,
            Err(_) => Answer::NotNow,
        };
    }
    if let Some((role, action)) = sheet_action(method) {
        let unit = match role {
            Role::Assessor => UNIT,
            _ => OTHER_UNIT,
        };
        let by = person(APPRAISER, role, unit);
        return match to_sheet(&claimed_by(CLAIMANT), stage, by, action) {
            Ok(events) if events.is_empty() => Answer::Nothing,
            Ok(_) => Answer::Changed,
            Err(SheetRefusal::Stage { .. } | SheetRefusal::NoPart(_)) => Answer::NotNow,
            Err(_) => Answer::RefusedOtherwise,
        };
    }
    let mut campaign = campaign(stage, "hoa");
    if stage == Stage::Reviewed && method == "CampaignsService/ExtendStage" {
        // What is put off after the last stage is a window of the unit's own.
        campaign.evolve(&Event {
            at: at(1),
            by: "anh".to_owned(),
            fact: Fact::UnitReopened {
                unit: UNIT.parse().unwrap(),
                stage: assessment::campaign::Stage::Council,
                until: at(60),
                reason: "flooded archive".to_owned(),
            },
        });
    }
    let (role, action) = campaign_action(method, &campaign);
    let by = person("anh", role, OTHER_UNIT);
    match to_campaign(&campaign, by, action) {
        Ok(events) if events.is_empty() => Answer::Nothing,
        Ok(_) => Answer::Changed,
        Err(Refusal::Phase { .. } | Refusal::Absent | Refusal::NotOpen { .. }) => Answer::NotNow,
        Err(_) => Answer::RefusedOtherwise,
    }
}

fn sheet_action(method: &str) -> Option<(Role, OfSheet)> {
    let leaf = leaf();
    let mark = Some(Mark::Points(1.into()));
    let (text, reason) = ("it was issued".to_owned(), "it was issued".to_owned());
    Some(match method {
        "CampaignsService/ClaimLeaf" => {
            let claim = OfSheet::Claim {
                leaf,
                expected: 1,
                figures: Inputs::new(),
                claimed: None,
                explanation: text,
                evidence: vec![],
            };
            (Role::Assessor, claim)
        }
        "CampaignsService/SubmitAssessment" => (Role::Assessor, OfSheet::Submit),
        "CampaignsService/AppraiseLeaf" => (Role::Appraiser, appraisal()),
        "CampaignsService/AcceptLeaves" => (Role::Appraiser, OfSheet::AcceptAll),
        "CampaignsService/ExplainLeaf" => {
            let explain = OfSheet::Explain {
                leaf,
                expected: 1,
                text,
                evidence: vec![],
            };
            (Role::Assessor, explain)
        }
        "CampaignsService/ContestLeaf" => {
            let contest = OfSheet::Contest {
                leaf,
                expected: 1,
                wanted: mark,
                reason,
            };
            (Role::Assessor, contest)
        }
        "CampaignsService/RemarkOnLeaf" => (Role::Council, remark(mark)),
        _ => return None,
    })
}

fn campaign_action(method: &str, campaign: &Campaign) -> (Role, Action) {
    use assessment::campaign::Stage::{Council, SelfAssessment};
    let current = match campaign.phase() {
        Phase::In(stage) => stage,
        _ => Council,
    };
    let unit = || UNIT.parse().unwrap();
    let reason = "flooded archive".to_owned();
    let document = "1/QĐ".to_owned();
    let (sheets, issue) = (BTreeMap::new(), None);
    match method {
        "CampaignsService/PlanCampaign" => (Role::Organiser, Action::Plan(plan("anew"))),
        "CampaignsService/OpenCampaign" => (Role::Organiser, Action::Open),
        "CampaignsService/CloseStage" => {
            let stage = current;
            (Role::Organiser, Action::CloseStage { stage, reason })
        }
        "CampaignsService/ExtendStage" => {
            let extend = Action::Extend {
                unit: Some(unit()),
                stage: current,
                until: at(70),
                reason,
            };
            (Role::Organiser, extend)
        }
        "CampaignsService/ReopenStage" => {
            let reopen = Action::Reopen {
                unit: unit(),
                stage: SelfAssessment,
                until: at(70),
                reason,
            };
            (Role::Organiser, reopen)
        }
        "CampaignsService/AssignAppraiser" => {
            let assignment = Assignment {
                own: OTHER_UNIT.parse().unwrap(),
                units: BTreeSet::from([unit()]),
                components: BTreeSet::new(),
            };
            let appraiser = "chau".to_owned();
            let assign = Action::Assign {
                appraiser,
                assignment,
            };
            (Role::Organiser, assign)
        }
        "CampaignsService/ApproveCampaign" => (Role::Council, Action::Approve { document, sheets }),
        "CampaignsService/PublishCampaign" => (Role::Chair, Action::Publish { document, issue }),
        "PublicationsService/CorrectPublication" => {
            (Role::Chair, Action::Correct { document, issue })
        }
        other => panic!("{other} depends on the stage; say here how it is asked"),
    }
}
