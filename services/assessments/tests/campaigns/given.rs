//! What a campaign starts from, and the requests of its people.

use contracts::assessments::v1 as pb;
use contracts::log::v1::CommandContext;
use contracts::registry::v1 as registry;
use contracts::wire;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::World;

/// When the campaign is planned, and the last moment of each stage.
pub(crate) const PLANNED: &str = "2025-01-10T02:00:00Z";
pub(crate) const DEADLINES: [&str; 5] = [
    "2025-01-20T10:00:00Z",
    "2025-01-30T10:00:00Z",
    "2025-02-10T10:00:00Z",
    "2025-02-20T10:00:00Z",
    "2025-02-28T10:00:00Z",
];
pub(crate) const CAMPAIGN: &str = "par-2024";
/// Home Affairs, whose people appraise the others.
pub(crate) const HOME: &str = "H40.01";
pub(crate) const HEALTH: &str = "H40.02";
pub(crate) const TRADE: &str = "H40.03";
pub(crate) const DISTRICT: &str = "H40.31";

/// A set of four leaves; `{CODE}` and `{GROUP}` are filled in.
const DOCUMENT: &str = r#"
code: {CODE}
edition: "2024"
name: { vi: Bộ mẫu, en: Model set }
source: a model, not a decision
groups: [{GROUP}]
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
  published: { kind: reported, vi: Công bố, en: published }
  satisfied: { kind: surveyed, vi: Hài lòng, en: satisfied }
components:
  - code: C1
    name: { vi: Chỉ đạo, en: Direction }
    max: 7
    leaves:
      - code: plan
        name: { vi: Kế hoạch, en: Plan }
        max: 2
        source: appraised
        inputs: { issued: [on_time, late, none] }
        rule: { state: { of: issued, points: { on_time: full, late: 1, none: 0 } } }
        examples: [{ inputs: { issued: late }, points: 1 }]
      - code: tasks
        name: { vi: Nhiệm vụ, en: Tasks }
        max: 5
        source: appraised
        rule: { ratio: { of: done, to: planned } }
        examples: [{ inputs: { done: 4, planned: 10 }, points: 2 }]
  - code: C2
    name: { vi: Kết quả, en: Results }
    max: 3
    leaves:
      - code: speed
        name: { vi: Công bố, en: Publication }
        max: 1
        source: measured
        rule: { ratio: { of: published, to: "10" } }
        examples: [{ inputs: { published: 5 }, points: 0.5 }]
      - code: survey
        name: { vi: Khảo sát, en: Survey }
        max: 2
        source: surveyed
        rule: { given: satisfied }
        examples: [{ inputs: { satisfied: 1 }, points: 1 }]
"#;

fn document(code: &str, group: &str) -> String {
    DOCUMENT.replace("{CODE}", code).replace("{GROUP}", group)
}

/// Three departments, a district, a department founded after the campaign's day, and two sets in force.
pub(crate) async fn province(world: &World) {
    use registry::UnitGroup::{Department, District, Province};
    for (code, group, since) in [
        ("H40", Province, "2020-01-01"),
        (HOME, Department, "2020-01-01"),
        (HEALTH, Department, "2020-01-01"),
        (TRADE, Department, "2020-01-01"),
        ("H40.09", Department, "2025-01-01"),
        (DISTRICT, District, "2020-01-01"),
    ] {
        let request = registry::PutUnitRequest {
            code: code.into(),
            name: Some(registry::Name {
                vi: format!("Đơn vị {code}"),
                en: String::new(),
            }),
            group: group.into(),
            parent: if code == "H40" { "" } else { "H40" }.into(),
            valid_from: since.into(),
            ..Default::default()
        };
        crate::world::eventually("the registry takes a unit", async || {
            world.registry.clone().put_unit(request.clone()).await.ok()
        })
        .await;
    }
    for (code, group) in [
        ("par-departments", "department"),
        ("par-districts", "district"),
    ] {
        let request = pb::PutDefinitionInForceRequest {
            context: None,
            document: document(code, group),
            ..pb::PutDefinitionInForceRequest::default()
        };
        let mut assessments = world.assessments.clone();
        assessments.put_definition_in_force(request).await.unwrap();
    }
}

/// The context of somebody's command.
pub(crate) fn by(actor: &str, unit: &str) -> Option<CommandContext> {
    Some(CommandContext {
        actor: actor.to_owned(),
        unit: unit.to_owned(),
        ..CommandContext::default()
    })
}

/// A moment for the wire.
pub(crate) fn at(moment: &str) -> Option<prost_types::Timestamp> {
    Some(wire::timestamp(moment.parse().unwrap()))
}

/// The campaign's plan, by the organiser.
pub(crate) fn plan() -> pb::PlanCampaignRequest {
    let rules = |group: &str, index: &str| pb::GroupRules {
        group: group.to_owned(),
        index: index.to_owned(),
        edition: "2024".to_owned(),
        sha256: vec![],
    };
    pb::PlanCampaignRequest {
        context: by("anh", HOME),
        code: CAMPAIGN.to_owned(),
        title: "Chỉ số CCHC 2024".to_owned(),
        period: "2024".to_owned(),
        as_of: "2024-12-31".to_owned(),
        rules: vec![
            rules("department", "par-departments"),
            rules("district", "par-districts"),
        ],
        deadlines: (1..)
            .zip(DEADLINES)
            .map(|(stage, deadline)| pb::StageDeadline {
                stage,
                deadline: at(deadline),
            })
            .collect(),
        units: vec![],
    }
}

/// An appraiser of a unit is assigned to units.
pub(crate) fn assign(appraiser: &str, own: &str, units: &[&str]) -> pb::AssignAppraiserRequest {
    pb::AssignAppraiserRequest {
        context: by("anh", HOME),
        campaign: CAMPAIGN.to_owned(),
        appraiser: appraiser.to_owned(),
        own_unit: own.to_owned(),
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
        components: vec![],
    }
}

/// The campaign is planned and open; `binh` of Home Affairs appraises the others, `chau` of Health appraises Home
/// Affairs.
pub(crate) async fn open_campaign(world: &World) {
    province(world).await;
    let mut campaigns = world.campaigns.clone();
    campaigns.plan_campaign(plan()).await.unwrap();
    let open = pb::OpenCampaignRequest {
        context: by("anh", HOME),
        campaign: CAMPAIGN.to_owned(),
    };
    campaigns.open_campaign(open).await.unwrap();
    let others = assign("binh", HOME, &[HEALTH, TRADE, DISTRICT]);
    campaigns.assign_appraiser(others).await.unwrap();
    let home = assign("chau", HEALTH, &[HOME]);
    campaigns.assign_appraiser(home).await.unwrap();
}

/// Somebody of a unit, by name.
pub(crate) fn assessor(unit: &str) -> String {
    format!("assessor-{unit}")
}

pub(crate) fn number(name: &str, value: &str) -> pb::Figure {
    let value = Some(pb::figure::Value::Number(value.to_owned()));
    let name = name.to_owned();
    pb::Figure { name, value }
}

pub(crate) fn state(name: &str, value: &str) -> pb::Figure {
    let value = Some(pb::figure::Value::State(value.to_owned()));
    let name = name.to_owned();
    pb::Figure { name, value }
}

pub(crate) fn evidence() -> Vec<pb::Evidence> {
    vec![pb::Evidence {
        title: "Kế hoạch CCHC năm 2024".to_owned(),
        number: "165/KH-UBND".to_owned(),
        date: "2024-12-26".to_owned(),
        issuer: "UBND tỉnh".to_owned(),
        item: "II.3".to_owned(),
        page: "4".to_owned(),
        sha256: vec![],
        initiative: String::new(),
    }]
}

/// A unit claims a leaf.
pub(crate) fn claim(
    unit: &str,
    leaf: &str,
    leaf_version: i64,
    figures: Vec<pb::Figure>,
) -> pb::ClaimLeafRequest {
    pb::ClaimLeafRequest {
        context: by(&assessor(unit), unit),
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
        leaf: leaf.to_owned(),
        leaf_version,
        figures,
        claimed: None,
        explanation: String::new(),
        evidence: evidence(),
    }
}

pub(crate) fn submit(unit: &str) -> pb::SubmitAssessmentRequest {
    pb::SubmitAssessmentRequest {
        context: by(&assessor(unit), unit),
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
    }
}

/// A unit claims both of its leaves and hands the sheet in.
pub(crate) async fn filled_in(world: &World, unit: &str, issued: &str, done: &str) {
    let mut campaigns = world.campaigns.clone();
    let plan = claim(unit, "plan", 0, vec![state("issued", issued)]);
    campaigns.claim_leaf(plan).await.unwrap();
    let tasks = vec![number("done", done), number("planned", "10")];
    campaigns
        .claim_leaf(claim(unit, "tasks", 0, tasks))
        .await
        .unwrap();
    campaigns.submit_assessment(submit(unit)).await.unwrap();
}

/// An appraiser says something of a leaf.
pub(crate) fn appraise(
    (actor, of): (&str, &str),
    unit: &str,
    leaf: &str,
    leaf_version: i64,
    verdict: pb::AppraisalVerdict,
    (points, text): (&str, &str),
) -> pb::AppraiseLeafRequest {
    pb::AppraiseLeafRequest {
        context: by(actor, of),
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
        leaf: leaf.to_owned(),
        leaf_version,
        verdict: verdict.into(),
        mark: mark(points),
        text: text.to_owned(),
    }
}

/// A value; none for no points.
pub(crate) fn mark(points: &str) -> Option<pb::Mark> {
    (!points.is_empty()).then(|| pb::Mark {
        points: points.to_owned(),
        not_applicable: false,
    })
}

pub(crate) fn accept(actor: &str, of: &str, unit: &str) -> pb::AcceptLeavesRequest {
    pb::AcceptLeavesRequest {
        context: by(actor, of),
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
    }
}

pub(crate) async fn assessment(world: &World, unit: &str) -> pb::Assessment {
    let request = pb::GetAssessmentRequest {
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
        ..Default::default()
    };
    let answer = world.campaigns.clone().get_assessment(request).await;
    answer.unwrap().into_inner()
}

/// A leaf of a unit's sheet.
pub(crate) async fn leaf(world: &World, unit: &str, leaf: &str) -> pb::LeafAssessment {
    let leaves = assessment(world, unit).await.leaves.into_iter();
    leaves.into_iter().find(|it| it.leaf == leaf).unwrap()
}

pub(crate) async fn campaign(world: &World) -> pb::Campaign {
    let request = pb::GetCampaignRequest {
        code: CAMPAIGN.to_owned(),
        ..Default::default()
    };
    let answer = world.campaigns.clone().get_campaign(request).await;
    answer.unwrap().into_inner()
}

/// The code and the reason of a refusal.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.expect_err("a refusal");
    let info = status.get_details_error_info().expect("a reason");
    (status.code(), info.reason)
}
