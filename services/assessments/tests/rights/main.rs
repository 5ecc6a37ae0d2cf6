//! What the table of rights says of stages, assignments and other persons is what the aggregates decide.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod asked;
mod campaign;

use std::collections::BTreeSet;

use assessment::Role;
use assessment::sheet::{Action as OfSheet, Mark, Refusal as SheetRefusal, Verdict};
use identity::table::{Access, Proviso, Stage, rule, table};

use asked::{Answer, asked, methods};
use campaign::{
    APPRAISER, CLAIMANT, OTHER_UNIT, UNIT, appraisal, claimed_by, corrected_by, person,
    published_by, remark, sheet,
};

fn stages(method: &str) -> &'static [Stage] {
    rule(&format!("/chiso.assessments.v1.{method}"))
        .unwrap()
        .stages
}

#[test]
fn whatever_the_table_binds_to_stages_is_asked_here() {
    let bound = table().filter(|rule| !rule.stages.is_empty());
    let bound: BTreeSet<String> = bound
        .flat_map(|rule| rule.methods.iter().map(|method| (rule.service, method)))
        .map(|(service, method)| {
            let (_, service) = service.rsplit_once('.').unwrap();
            format!("{service}/{method}")
        })
        .collect();
    let asked: BTreeSet<String> = methods().iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(bound, asked);
}

#[test]
fn commands_change_something_in_the_stages_of_the_table_and_in_no_other() {
    for method in methods() {
        let stages = stages(method);
        for stage in Stage::ALL {
            let answer = asked(method, stage);
            let cell = format!("{method} of a campaign that is {stage}: {answer:?}");
            match answer {
                // Said again it is nothing new.
                Answer::Nothing => {}
                Answer::Changed | Answer::RefusedOtherwise => {
                    assert!(stages.contains(&stage), "{cell}");
                }
                Answer::NotNow => assert!(!stages.contains(&stage), "{cell}"),
            }
        }
    }
}

/// Whether the table says it of the role that the call is for.
fn says(method: &str, proviso: Proviso) -> bool {
    let path = format!("/chiso.assessments.v1.{method}");
    let Some(Access::To(grants)) = rule(&path).map(|rule| rule.access) else {
        return false;
    };
    grants.iter().any(|grant| grant.provisos.contains(&proviso))
}

#[test]
fn appraisers_are_assigned_and_appraise_what_others_claimed() {
    let appraise = |by: &str, claimant: &str| {
        let by = person(by, Role::Appraiser, OTHER_UNIT);
        let sheet = claimed_by(claimant);
        campaign::to_sheet(&sheet, Stage::FirstAppraisal, by, appraisal())
    };
    assert!(appraise(APPRAISER, CLAIMANT).is_ok());
    let unassigned = appraise("somebody", CLAIMANT).unwrap_err();
    let refused = matches!(unassigned, SheetRefusal::NotAssigned { .. });
    assert!(refused && says("CampaignsService/AppraiseLeaf", Proviso::Assigned));
    let claimant = appraise(APPRAISER, APPRAISER).unwrap_err();
    let refused = matches!(claimant, SheetRefusal::ClaimedByYou(_));
    assert!(refused && says("CampaignsService/AppraiseLeaf", Proviso::NotClaimant));
    // All at once: what an appraiser may not appraise is left, and not refused.
    let all = |by: &str, claimant: &str| {
        let by = person(by, Role::Appraiser, OTHER_UNIT);
        let sheet = claimed_by(claimant);
        campaign::to_sheet(&sheet, Stage::FirstAppraisal, by, OfSheet::AcceptAll).unwrap()
    };
    assert_ne!(all(APPRAISER, CLAIMANT), vec![]);
    assert_eq!(all("somebody", CLAIMANT), vec![]);
    assert_eq!(all(APPRAISER, APPRAISER), vec![]);
    for proviso in [Proviso::Assigned, Proviso::NotClaimant] {
        assert!(says("CampaignsService/AcceptLeaves", proviso));
    }
}

#[test]
fn the_council_changes_points_of_other_units_that_others_claimed() {
    let zero = Some(Mark::Points(0.into()));
    let decide = |by: &str, unit: &str, mark| {
        let by = person(by, Role::Council, unit);
        let sheet = claimed_by(CLAIMANT);
        campaign::to_sheet(&sheet, Stage::Council, by, remark(mark))
    };
    assert!(decide("lan", OTHER_UNIT, zero).is_ok());
    assert!(decide("lan", UNIT, None).is_ok(), "a remark alone");
    let own = decide("lan", UNIT, zero).unwrap_err();
    assert!(matches!(own, SheetRefusal::OwnUnit(_)), "{own:?}");
    let claimant = decide(CLAIMANT, OTHER_UNIT, zero).unwrap_err();
    assert!(
        matches!(claimant, SheetRefusal::ClaimedByYou(_)),
        "{claimant:?}"
    );
    for proviso in [Proviso::ForOtherUnits, Proviso::NotClaimant] {
        assert!(says("CampaignsService/RemarkOnLeaf", proviso));
    }
}

#[test]
fn nobody_publishes_what_it_approved_or_decided() {
    use assessment::campaign::Refusal;
    for (refusal, method) in [
        (
            published_by("lan", "lan"),
            "CampaignsService/PublishCampaign",
        ),
        (
            corrected_by("lan", "lan"),
            "PublicationsService/CorrectPublication",
        ),
    ] {
        assert_eq!(refusal, Some(Refusal::ApprovedByYou("lan".to_owned())));
        assert!(says(method, Proviso::NotApprover), "{method}");
    }
    for refusal in [published_by("lan", "minh"), corrected_by("lan", "minh")] {
        assert_ne!(refusal, Some(Refusal::ApprovedByYou("minh".to_owned())));
    }
}

#[test]
fn a_verdict_needs_the_stage_also_where_nothing_was_claimed() {
    let by = person(APPRAISER, Role::Appraiser, OTHER_UNIT);
    let accept = OfSheet::Appraise {
        leaf: campaign::leaf(),
        expected: 0,
        verdict: Verdict::Accept,
    };
    let refused = campaign::to_sheet(&sheet(), Stage::SelfAssessment, by, accept);
    assert!(
        matches!(refused, Err(SheetRefusal::Stage { .. })),
        "{refused:?}"
    );
}
