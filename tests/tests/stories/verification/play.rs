//! A campaign of two departments with figures of every kind, from its dossiers to its publication.

use cli::{Services, survey};
use contracts::assessments::v1 as pb;
use contracts::wire;
use identity::Role;
use jiff::SignedDuration;
use pb::CampaignStage;
use system_tests::{Province, eventually, given};

pub(super) const CAMPAIGN: &str = "par-now";
pub(super) const UNIT: &str = given::DEPARTMENT;
pub(super) const OTHER: &str = given::OTHER_DEPARTMENT;
const WAVE: &str = "sipas-now";
/// More than the fewest answers that a figure may rest on.
const BALLOTS: usize = 20;

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
total: { max: 10 }
ranking: { ties: standard, on: unrounded }
bands:
  at_cut: higher
  list:
    - { code: a, name: { vi: Tốt, en: Good }, from: 80, until: 100 }
    - { code: b, name: { vi: Khá, en: Fair }, from: 0, until: 80 }
inputs:
  done: { kind: appraised, vi: Đã xong, en: done }
  planned: { kind: appraised, vi: Được giao, en: planned }
  handled: { kind: flow, vi: Đã giải quyết, en: handled }
  handled_on_time: { kind: flow, vi: Đúng hạn, en: handled on time }
  in_process: { kind: stock, vi: Đang giải quyết, en: in process }
  procedures: { kind: registry, vi: Thủ tục, en: procedures }
  news: { kind: reported, vi: Tin đã đăng, en: news }
  news_on_time: { kind: reported, vi: Tin đăng đúng hạn, en: news on time }
  satisfied: { kind: surveyed, vi: Hài lòng, en: satisfied }
  other: { kind: surveyed, vi: Trả lời khác, en: other answers }
components:
  - code: C1
    name: { vi: Chỉ đạo, en: Direction }
    max: 2
    leaves:
      - code: tasks
        name: { vi: Nhiệm vụ được giao, en: Tasks }
        max: 2
        source: appraised
        rule: { ratio: { of: done, to: planned } }
        examples: [{ inputs: { done: 4, planned: 10 }, points: 0.8 }]
  - code: C2
    name: { vi: Kết quả, en: Results }
    max: 8
    leaves:
      - code: speed
        name: { vi: Giải quyết đúng hạn, en: Speed }
        max: 2
        source: measured
        rule: { ratio: { of: handled_on_time, to: handled } }
        examples: [{ inputs: { handled_on_time: 1, handled: 2 }, points: 1 }]
      - code: load
        name: { vi: Hồ sơ trên thủ tục, en: Load }
        max: 2
        source: measured
        rule: { ratio: { of: procedures, to: procedures + in_process } }
        examples: [{ inputs: { procedures: 1, in_process: 1 }, points: 1 }]
      - code: news
        name: { vi: Tin đăng đúng hạn, en: News }
        max: 2
        source: measured
        rule: { ratio: { of: news_on_time, to: news } }
        examples: [{ inputs: { news_on_time: 1, news: 2 }, points: 1 }]
      - code: survey
        name: { vi: Hài lòng, en: Satisfaction }
        max: 2
        source: surveyed
        rule: { ratio: { of: satisfied, to: satisfied + other } }
        examples: [{ inputs: { satisfied: 1, other: 1 }, points: 1 }]
"#;

const INSTRUMENT: &str = "\
instrument: sipas
edition: \"1\"
title: Khảo sát mức độ hài lòng
groups:
  - { code: citizen, label: Người dân }
questions:
  - code: attitude
    text: Ông/bà thấy thái độ phục vụ thế nào?
    likert: { points: 5, satisfied_from: 4 }
    required: true
    feeds:
      - index: par-departments
        leaf: survey
        inputs:
          - { input: satisfied, answers: [\"4\", \"5\"] }
          - { input: other, answers: [\"1\", \"2\", \"3\"] }
";

/// The month and the year that it is now.
fn now() -> (String, String) {
    let month = given::month(Some(&wire::timestamp(runtime::Clock::system().now())));
    (month.clone(), month[..4].to_owned())
}

fn in_hours(hours: i64) -> jiff::Timestamp {
    runtime::Clock::system().now() + SignedDuration::from_hours(hours)
}

/// A figure of this month, by hand.
pub(super) async fn reported(services: &Services, unit: &str, measure: &str, value: &str) {
    eventually("a figure is reported", async || {
        let request = pb::ReportMeasureRequest {
            unit: unit.to_owned(),
            month: now().0,
            measure: measure.to_owned(),
            value: value.to_owned(),
            source: "survey of newspapers".to_owned(),
            ..pb::ReportMeasureRequest::default()
        };
        services.assessments.clone().report_measure(request).await
    })
    .await;
}

fn written(name: &str, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, text).expect("written");
    (folder, file)
}

/// A wave is asked and counted: of 20 ballots for each unit 15 are satisfied.
async fn surveyed(services: &Services) {
    let (_folder, file) = written("instrument.yaml", INSTRUMENT);
    let edition = survey::instrument(&file).expect("an instrument");
    survey::put(services, edition).await.expect("put");
    let (opens, closes, year) = (in_hours(-1), in_hours(24), now().1);
    let plan = format!(
        "wave: {WAVE}\ntitle: Đợt 1\ninstrument: sipas\nedition: \"1\"\nperiod: \"{year}\"\nunits: [{UNIT}, {OTHER}]\n\
         quotas: [{{ unit: {UNIT}, group: citizen, ballots: 30 }}]\nopens_at: {opens}\ncloses_at: {closes}\n"
    );
    let (_folder, file) = written("wave.yaml", &plan);
    let planned = survey::plan(services, survey::read_plan(&file).expect("a plan"));
    planned.await.expect("planned");
    survey::open(services, WAVE).await.expect("open");
    let rows = (0..2 * BALLOTS).map(|row| {
        let unit = if row < BALLOTS { UNIT } else { OTHER };
        let answer = if row % 4 == 0 { 3 } else { 5 };
        format!("{row},{unit},citizen,{answer}\n")
    });
    let table: String = rows.collect();
    let (_folder, file) = written("ballots.csv", &format!("id,unit,group,attitude\n{table}"));
    let rows = survey::ballots(&file, WAVE, "paper-box-1").expect("a table");
    let taken = survey::import(services, rows).await.expect("taken in");
    assert_eq!(taken.accepted, 40);
    survey::close(services, WAVE).await.expect("closed");
}

/// What surveys say has reached scoring.
async fn fed(province: &Province) {
    eventually("the wave is counted and fed", async || {
        let request = contracts::scoring::v1::GetMeasuresRequest {
            period: now().1,
            subject: OTHER.to_owned(),
            ..Default::default()
        };
        let mut scoring = province.services.scoring.clone();
        let answer = scoring.get_measures(request).await;
        let measures = answer
            .map_err(|status| status.to_string())?
            .into_inner()
            .measures;
        let of = |name: &str| measures.iter().find(|it| it.name == name);
        match (of("satisfied"), of("other")) {
            (Some(satisfied), Some(_)) if satisfied.value == "15" => Ok(()),
            _ => Err(format!("{measures:?}")),
        }
    })
    .await;
}

/// Everything up to the publication.
pub(super) async fn published(province: &Province) {
    let services = &province.services;
    given::registry(services).await;
    given::definition(services, SET).await;
    for unit in [UNIT, UNIT, OTHER] {
        let dossier = given::dossier(services, unit).await;
        given::completed(services, &dossier.code).await;
        // Another one stays open.
        given::dossier(services, unit).await;
    }
    for unit in [UNIT, OTHER] {
        reported(services, unit, "news", "9").await;
        reported(services, unit, "news_on_time", "6").await;
    }
    surveyed(services).await;
    fed(province).await;
    province.settled().await;

    let organiser = province.as_caller("anh", &[Role::Administrator], &[OTHER]);
    planned_and_open(&organiser).await;
    let mai = province.as_caller("mai", &[Role::Assessor], &[UNIT, OTHER]);
    for (unit, done) in [(UNIT, "9"), (OTHER, "3")] {
        claimed(&mai, unit, done).await;
    }
    closed(&organiser, CampaignStage::SelfAssessment).await;
    let binh = province.as_caller("binh", &[Role::Appraiser], &[given::QUIET_DEPARTMENT]);
    for unit in [UNIT, OTHER] {
        let accept = pb::AcceptLeavesRequest {
            context: None,
            campaign: CAMPAIGN.to_owned(),
            unit: unit.to_owned(),
        };
        let accepted = binh.campaigns.clone().accept_leaves(accept).await;
        accepted.expect("accepted");
    }
    for stage in [
        CampaignStage::FirstAppraisal,
        CampaignStage::Explanation,
        CampaignStage::SecondAppraisal,
        CampaignStage::Council,
    ] {
        closed(&organiser, stage).await;
    }
    let approve = pb::ApproveCampaignRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        document: "12/BB-HĐ".to_owned(),
    };
    let hoa = province.as_caller("hoa", &[Role::Council], &[]);
    let approved = hoa.campaigns.clone().approve_campaign(approve).await;
    approved.expect("approved");
    let publish = pb::PublishCampaignRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        document: "99/QĐ-UBND".to_owned(),
    };
    let lan = province.as_caller("lan", &[Role::Chair], &[]);
    let published = lan.campaigns.clone().publish_campaign(publish).await;
    published.expect("published");
}

/// The council decides otherwise on what it approved, so that there is something to correct.
pub(super) async fn remarked(province: &Province) {
    let remark = pb::RemarkOnLeafRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: OTHER.to_owned(),
        leaf: "tasks".to_owned(),
        leaf_version: 2,
        mark: Some(pb::Mark {
            points: "1".to_owned(),
            not_applicable: false,
        }),
        remark: "đã làm được một nửa".to_owned(),
    };
    let hoa = province.as_caller("hoa", &[Role::Council], &[]);
    let remarked = hoa.campaigns.clone().remark_on_leaf(remark).await;
    remarked.expect("decided");
}

async fn planned_and_open(services: &Services) {
    let deadline = |stage: i32| pb::StageDeadline {
        stage,
        deadline: Some(wire::timestamp(in_hours(24 * i64::from(stage)))),
    };
    let (month, year) = now();
    let plan = pb::PlanCampaignRequest {
        context: None,
        code: CAMPAIGN.to_owned(),
        title: "Chỉ số cải cách hành chính".to_owned(),
        period: year,
        as_of: format!("{month}-01"),
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
        campaign: CAMPAIGN.to_owned(),
    };
    campaigns.open_campaign(open).await.expect("open");
    let assign = pb::AssignAppraiserRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        appraiser: "binh".to_owned(),
        own_unit: given::QUIET_DEPARTMENT.to_owned(),
        units: vec![UNIT.to_owned(), OTHER.to_owned()],
        components: vec![],
    };
    campaigns.assign_appraiser(assign).await.expect("assigned");
}

async fn claimed(services: &Services, unit: &str, done: &str) {
    let figure = |name: &str, value: &str| pb::Figure {
        name: name.to_owned(),
        value: Some(pb::figure::Value::Number(value.to_owned())),
    };
    let claim = pb::ClaimLeafRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
        leaf: "tasks".to_owned(),
        figures: vec![figure("done", done), figure("planned", "10")],
        evidence: vec![pb::Evidence {
            title: "Kế hoạch CCHC".to_owned(),
            number: "165/KH-UBND".to_owned(),
            date: "2024-12-26".to_owned(),
            issuer: "UBND tỉnh".to_owned(),
            ..pb::Evidence::default()
        }],
        ..pb::ClaimLeafRequest::default()
    };
    let mut campaigns = services.campaigns.clone();
    campaigns.claim_leaf(claim).await.expect("claimed");
    let submit = pb::SubmitAssessmentRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
    };
    campaigns.submit_assessment(submit).await.expect("whole");
}

async fn closed(services: &Services, stage: CampaignStage) {
    let close = pb::CloseStageRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        stage: stage.into(),
        reason: "everybody is done".to_owned(),
    };
    let mut campaigns = services.campaigns.clone();
    campaigns.close_stage(close).await.expect("closed");
}
