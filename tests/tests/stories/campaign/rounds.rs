//! What goes to and fro between units, appraisers and the council.

use cli::evidence::{Upload, upload};
use contracts::assessments::v1 as pb;
use pb::AppraisalVerdict as Verdict;
use pb::CampaignStage as Stage;
use rust_decimal::Decimal;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::at;
use super::cast::{CAMPAIGN, Cast, Person};
use super::probes::{DISTRICT_LEAF, LEAF};
use super::sheets::{Sheet, evidence, mark, value};

/// The unit that contests, up to the council.
pub(super) const CONTESTING: &str = "H40.06";
/// The unit that shows files, is asked, and explains.
pub(super) const ASKED: &str = "H40.08";
/// The unit whose self-assessment is opened again.
pub(super) const REOPENED: &str = "H40.25";

/// What an appraiser wants to know, and what the unit answers.
const QUESTION: &str = "on which page is the date of issue?";
const EXPLANATION: &str = "on the last one, under the seal";

/// The unit uploads a file; its SHA-256.
pub(super) async fn uploaded(cast: &Cast<'_>, name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, format!("%PDF-1.7\n{name} of {ASKED}")).expect("written");
    let wanted = Upload {
        file,
        campaign: CAMPAIGN.to_owned(),
        unit: ASKED.to_owned(),
        leaf: LEAF.to_owned(),
        media_type: None,
        actor: String::new(),
    };
    let kept = upload(&cast.services_of_assessor(ASKED), &wanted).await;
    kept.expect("kept").sha256
}

/// A claim shows a file of the unit, and no other.
pub(super) async fn shows_a_file(cast: &Cast<'_>, sheet: &mut Sheet) {
    let kept = uploaded(cast, "plan.pdf").await;
    let claim = |sha256: Vec<u8>| pb::ClaimLeafRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: ASKED.to_owned(),
        leaf: LEAF.to_owned(),
        explanation: "see the plan".to_owned(),
        evidence: vec![evidence(sha256)],
        ..pb::ClaimLeafRequest::default()
    };
    let refused = cast.assessor(ASKED).claim_leaf(claim(vec![7; 32])).await;
    let status = refused.expect_err("nobody uploaded it");
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    let lacks = status.get_details_precondition_failure().expect("what");
    let mut lacks = lacks.violations.iter();
    assert!(lacks.any(|lack| lack.subject == "evidence[0].sha256"));
    sheet.shows.insert(LEAF.to_owned(), kept);
}

/// The unit states its leaf anew, as the organiser opened the self-assessment again; until it is handed in, nobody
/// appraises it.
pub(super) async fn reopened(cast: &Cast<'_>, sheet: &mut Sheet) {
    let request = pb::ReopenStageRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: REOPENED.to_owned(),
        stage: Stage::SelfAssessment.into(),
        deadline: at("2025-01-26T10:00:00Z"),
        reason: "the plan was issued on another day than the sheet says".to_owned(),
    };
    let mut organiser = cast.campaigns(Person::Organiser);
    let campaign = organiser.reopen_stage(request).await.expect("reopened");
    let windows = campaign.into_inner().windows;
    assert!(windows.iter().any(|window| window.unit == REOPENED));
    let mut appraiser = cast.campaigns(Person::Appraiser);
    let leaf = sheet.leaf(&mut appraiser, DISTRICT_LEAF).await;
    let early = sheet.appraisal(&leaf, Verdict::Accept, None, "");
    let early = appraiser.appraise_leaf(early).await;
    let status = early.expect_err("the unit is at it");
    let details = status.get_details_error_info().expect("a reason");
    assert_eq!(details.reason, "STAGE_NOT_OPEN", "{status:?}");
    let before = sheet.decided[DISTRICT_LEAF];
    let mut assessor = cast.assessor(REOPENED);
    sheet.claimed_anew(&mut assessor, &leaf).await;
    assert_ne!(
        sheet.decided[DISTRICT_LEAF], before,
        "it says something else"
    );
    sheet.submitted(&mut assessor).await;
    let now = sheet.leaf(&mut appraiser, DISTRICT_LEAF).await;
    assert_eq!(
        value(now.claimed.as_ref()),
        Some(sheet.decided[DISTRICT_LEAF])
    );
}

/// An appraiser asks instead of deciding.
pub(super) async fn asked(cast: &Cast<'_>, sheet: &mut Sheet) {
    let mut appraiser = cast.campaigns(Person::Appraiser);
    let leaf = sheet.leaf(&mut appraiser, LEAF).await;
    let question = sheet.appraisal(&leaf, Verdict::Ask, None, QUESTION);
    let leaf = appraiser.appraise_leaf(question).await.expect("asked");
    let leaf = leaf.into_inner();
    assert!(leaf.first.is_none() && leaf.decided.is_none(), "{leaf:?}");
    assert!(leaf.flags.contains(&pb::LeafFlag::Unanswered.into()));
    sheet.asked.insert(LEAF.to_owned());
}

/// The unit explains, with a further file.
pub(super) async fn explained(cast: &Cast<'_>, sheet: &Sheet) {
    let further = uploaded(cast, "seal.pdf").await;
    let mut assessor = cast.assessor(ASKED);
    let leaf = sheet.leaf(&mut assessor, LEAF).await;
    let request = pb::ExplainLeafRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: ASKED.to_owned(),
        leaf: LEAF.to_owned(),
        leaf_version: leaf.leaf_version,
        text: EXPLANATION.to_owned(),
        evidence: vec![evidence(further.clone())],
    };
    let leaf = assessor.explain_leaf(request).await.expect("explained");
    let leaf = leaf.into_inner();
    let said: Vec<_> = leaf
        .notes
        .iter()
        .map(|note| (note.kind(), note.text.as_str()))
        .collect();
    let asked = (pb::LeafNoteKind::Question, QUESTION);
    let answered = (pb::LeafNoteKind::Explanation, EXPLANATION);
    assert_eq!(said, [asked, answered]);
    assert_eq!(leaf.notes[1].evidence[0].sha256, further);
    assert_eq!(leaf.evidence[0].sha256, sheet.shows[LEAF]);
    assert!(!leaf.flags.contains(&pb::LeafFlag::Unanswered.into()));
}

/// An appraiser refutes what the unit claims.
pub(super) async fn refuted(cast: &Cast<'_>, sheet: &mut Sheet) {
    let mut appraiser = cast.campaigns(Person::Appraiser);
    let leaf = sheet.leaf(&mut appraiser, LEAF).await;
    let refuted = sheet.appraisal(&leaf, Verdict::Change, mark(Decimal::ZERO), "not issued");
    appraiser.appraise_leaf(refuted).await.expect("changed");
    sheet.decided.insert(LEAF.to_owned(), Some(Decimal::ZERO));
}

/// The unit contests what was decided on its leaf.
pub(super) async fn contested(cast: &Cast<'_>, sheet: &Sheet, reason: &str) {
    let mut assessor = cast.assessor(CONTESTING);
    let leaf = sheet.leaf(&mut assessor, LEAF).await;
    let request = pb::ContestLeafRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: CONTESTING.to_owned(),
        leaf: LEAF.to_owned(),
        leaf_version: leaf.leaf_version,
        wanted: leaf.claimed,
        reason: reason.to_owned(),
    };
    let leaf = assessor.contest_leaf(request).await.expect("contested");
    let flags = leaf.into_inner().flags;
    assert!(flags.contains(&pb::LeafFlag::Contested.into()), "{flags:?}");
}

/// What was refuted stays so; what was explained is accepted.
pub(super) async fn second_appraisal(cast: &Cast<'_>, contesting: &Sheet, asked: &Sheet) {
    let mut appraiser = cast.campaigns(Person::Appraiser);
    let leaf = contesting.leaf(&mut appraiser, LEAF).await;
    let kept = contesting.appraisal(&leaf, Verdict::Keep, None, "");
    appraiser.appraise_leaf(kept).await.expect("kept");
    let leaf = asked.leaf(&mut appraiser, LEAF).await;
    let accepted = asked.appraisal(&leaf, Verdict::Accept, None, "");
    let leaf = appraiser.appraise_leaf(accepted).await.expect("accepted");
    let leaf = leaf.into_inner();
    assert!(leaf.first.is_none() && leaf.second.is_some(), "{leaf:?}");
    assert_eq!(value(leaf.decided.as_ref()), Some(asked.decided[LEAF]));
}

/// The council decides the leaf that is contested.
pub(super) async fn council(
    cast: &Cast<'_>,
    sheet: &mut Sheet,
    points: Decimal,
    remark: &str,
) -> pb::LeafAssessment {
    let mut council = cast.campaigns(Person::Council);
    let leaf = sheet.leaf(&mut council, LEAF).await;
    let remark = pb::RemarkOnLeafRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: CONTESTING.to_owned(),
        leaf: LEAF.to_owned(),
        leaf_version: leaf.leaf_version,
        mark: mark(points),
        remark: remark.to_owned(),
    };
    let leaf = council.remark_on_leaf(remark).await.expect("remarked");
    sheet.decided.insert(LEAF.to_owned(), Some(points));
    leaf.into_inner()
}
