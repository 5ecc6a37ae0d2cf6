//! The campaign that documents are about: two departments, and a set of two leaves.

use cli::Services;
use contracts::assessments::v1 as pb;
use contracts::wire;
use identity::Role;
use jiff::SignedDuration;
use pb::CampaignStage;
use system_tests::{Province, given};

pub(crate) const CAMPAIGN: &str = "par-2024";
pub(crate) const UNIT: &str = given::DEPARTMENT;
const OTHER: &str = given::OTHER_DEPARTMENT;

const SET: &str = r#"
code: par-departments
edition: "2024"
name: { vi: Bộ tiêu chí mẫu, en: Model set }
source: a model, not a decision
groups: [department]
in_force: { from: 2024-01-01 }
rounding: { digits: 2, at: [leaf] }
missing: withhold
value: percent
total: { max: 7 }
ranking: { ties: standard, on: unrounded }
bands:
  at_cut: higher
  list:
    - { code: a, name: { vi: Tốt, en: Good }, from: 80, until: 100 }
    - { code: b, name: { vi: Khá, en: Fair }, from: 0, until: 80 }
inputs:
  done: { kind: appraised, vi: Đã xong, en: done }
  planned: { kind: appraised, vi: Được giao, en: planned }
components:
  - code: C1
    number: "1"
    name: { vi: Chỉ đạo, en: Direction }
    max: 7
    leaves:
      - code: plan
        number: "1.1"
        name: { vi: Kế hoạch cải cách hành chính, en: Plan }
        max: 2
        source: appraised
        inputs: { issued: [on_time, late, none] }
        rule: { state: { of: issued, points: { on_time: full, late: 1, none: 0 } } }
        examples: [{ inputs: { issued: late }, points: 1 }]
      - code: tasks
        number: "1.2"
        name: { vi: Nhiệm vụ được giao, en: Tasks }
        max: 5
        source: appraised
        rule: { ratio: { of: done, to: planned } }
        examples: [{ inputs: { done: 4, planned: 10 }, points: 2 }]
"#;

/// Clients of the people who play.
struct People {
    organiser: Services,
    /// Of both units.
    mai: Services,
    /// Appraises them, and is of a third one.
    binh: Services,
    /// Of the council.
    hoa: Services,
}

fn mark(points: &str) -> Option<pb::Mark> {
    Some(pb::Mark {
        points: points.to_owned(),
        not_applicable: false,
    })
}

fn figure(name: &str, value: pb::figure::Value) -> pb::Figure {
    pb::Figure {
        name: name.to_owned(),
        value: Some(value),
    }
}

/// The campaign from its plan to its approval.
pub(crate) async fn to_approval(province: &Province) {
    given::definition(&province.services, SET).await;
    let people = People {
        organiser: province.as_caller("anh", &[Role::Administrator], &[OTHER]),
        mai: province.as_caller("mai", &[Role::Assessor], &[UNIT, OTHER]),
        binh: province.as_caller("binh", &[Role::Appraiser], &[given::QUIET_DEPARTMENT]),
        hoa: province.as_caller("hoa", &[Role::Council], &[]),
    };
    let People {
        organiser,
        mai,
        binh,
        hoa,
    } = &people;
    planned_and_open(organiser, CAMPAIGN).await;
    for (unit, done) in [(UNIT, "9"), (OTHER, "3")] {
        claimed(mai, CAMPAIGN, unit, done).await;
        submitted(mai, CAMPAIGN, unit).await;
    }
    closed(organiser, CAMPAIGN, CampaignStage::SelfAssessment).await;
    appraised(binh).await;
    closed(organiser, CAMPAIGN, CampaignStage::FirstAppraisal).await;
    closed(organiser, CAMPAIGN, CampaignStage::Explanation).await;
    closed(organiser, CAMPAIGN, CampaignStage::SecondAppraisal).await;
    contested(&people).await;
    closed(organiser, CAMPAIGN, CampaignStage::Council).await;
    let approve = pb::ApproveCampaignRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        document: "12/BB-HĐ".to_owned(),
    };
    let mut campaigns = hoa.campaigns.clone();
    campaigns.approve_campaign(approve).await.expect("approved");
}

/// A campaign is planned and open, and has an appraiser.
pub(crate) async fn planned_and_open(services: &Services, campaign: &str) {
    let now = runtime::Clock::system().now();
    let deadline = |stage: i32| pb::StageDeadline {
        stage,
        deadline: Some(wire::timestamp(
            now + SignedDuration::from_hours(24 * i64::from(stage)),
        )),
    };
    let plan = pb::PlanCampaignRequest {
        context: None,
        code: campaign.to_owned(),
        title: "Chỉ số cải cách hành chính năm 2024".to_owned(),
        period: "2024".to_owned(),
        as_of: "2024-12-31".to_owned(),
        rules: vec![pb::GroupRules {
            group: "department".to_owned(),
            index: "par-departments".to_owned(),
            edition: "2024".to_owned(),
            sha256: vec![],
        }],
        deadlines: (1..=5).map(deadline).collect(),
        units: vec![UNIT.to_owned(), OTHER.to_owned()],
    };
    let mut campaigns = services.campaigns.clone();
    campaigns.plan_campaign(plan).await.expect("planned");
    let open = pb::OpenCampaignRequest {
        context: None,
        campaign: campaign.to_owned(),
    };
    campaigns.open_campaign(open).await.expect("open");
    let assign = pb::AssignAppraiserRequest {
        context: None,
        campaign: campaign.to_owned(),
        appraiser: "binh".to_owned(),
        own_unit: given::QUIET_DEPARTMENT.to_owned(),
        units: vec![UNIT.to_owned(), OTHER.to_owned()],
        components: vec![],
    };
    campaigns.assign_appraiser(assign).await.expect("assigned");
}

/// A unit claims both leaves.
pub(crate) async fn claimed(services: &Services, campaign: &str, unit: &str, done: &str) {
    use pb::figure::Value::{Number, State};
    let evidence = pb::Evidence {
        title: "Kế hoạch CCHC năm 2024".to_owned(),
        number: "165/KH-UBND".to_owned(),
        date: "2024-12-26".to_owned(),
        issuer: "UBND tỉnh".to_owned(),
        item: "II.3".to_owned(),
        page: "4".to_owned(),
        ..pb::Evidence::default()
    };
    let claim = |leaf: &str, figures: Vec<pb::Figure>, explanation: &str| pb::ClaimLeafRequest {
        context: None,
        campaign: campaign.to_owned(),
        unit: unit.to_owned(),
        leaf: leaf.to_owned(),
        figures,
        explanation: explanation.to_owned(),
        evidence: vec![evidence.clone()],
        ..pb::ClaimLeafRequest::default()
    };
    let mut campaigns = services.campaigns.clone();
    let plan = vec![figure("issued", State("on_time".to_owned()))];
    let plan = claim("plan", plan, "=1+1 là công thức giả");
    campaigns.claim_leaf(plan).await.expect("claimed");
    let tasks = vec![
        figure("done", Number(done.to_owned())),
        figure("planned", Number("10".to_owned())),
    ];
    let tasks = claim("tasks", tasks, "");
    campaigns.claim_leaf(tasks).await.expect("claimed");
}

async fn submitted(services: &Services, campaign: &str, unit: &str) {
    let mut campaigns = services.campaigns.clone();
    let submit = pb::SubmitAssessmentRequest {
        context: None,
        campaign: campaign.to_owned(),
        unit: unit.to_owned(),
    };
    campaigns.submit_assessment(submit).await.expect("whole");
}

async fn appraised(services: &Services) {
    let mut campaigns = services.campaigns.clone();
    let change = pb::AppraiseLeafRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: UNIT.to_owned(),
        leaf: "tasks".to_owned(),
        leaf_version: 1,
        verdict: pb::AppraisalVerdict::Change.into(),
        mark: mark("4"),
        text: "một nhiệm vụ chưa hoàn thành".to_owned(),
    };
    campaigns.appraise_leaf(change).await.expect("changed");
    for unit in [UNIT, OTHER] {
        let accept = pb::AcceptLeavesRequest {
            context: None,
            campaign: CAMPAIGN.to_owned(),
            unit: unit.to_owned(),
        };
        campaigns.accept_leaves(accept).await.expect("accepted");
    }
}

async fn contested(people: &People) {
    let mut campaigns = people.mai.campaigns.clone();
    let contest = pb::ContestLeafRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: UNIT.to_owned(),
        leaf: "tasks".to_owned(),
        leaf_version: 2,
        wanted: mark("4.5"),
        reason: "cả chín nhiệm vụ đã xong".to_owned(),
    };
    campaigns.contest_leaf(contest).await.expect("contested");
    let mut campaigns = people.hoa.campaigns.clone();
    let remark = pb::RemarkOnLeafRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: UNIT.to_owned(),
        leaf: "tasks".to_owned(),
        leaf_version: 3,
        mark: mark("4.25"),
        remark: "đã làm được một nửa".to_owned(),
    };
    campaigns.remark_on_leaf(remark).await.expect("decided");
}

/// A stage is over.
pub(crate) async fn closed(services: &Services, campaign: &str, stage: CampaignStage) {
    let close = pb::CloseStageRequest {
        context: None,
        campaign: campaign.to_owned(),
        stage: stage.into(),
        reason: "everybody is done".to_owned(),
    };
    let mut campaigns = services.campaigns.clone();
    campaigns.close_stage(close).await.expect("closed");
}
