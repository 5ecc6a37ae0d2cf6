//! A campaign of the departments.

use contracts::assessments::v1 as pb;
use contracts::wire;
use jiff::SignedDuration;
use runtime::Clock;

use super::{DEPARTMENT, OTHER_DEPARTMENT};

/// Its code.
pub const CAMPAIGN: &str = "par-2024";
/// What departments are judged by.
const DEFINITION: &str = include_str!("../../../deploy/catalog/indices/par-departments.yaml");

/// A campaign in its first stage, planned by somebody who may, in which `appraiser` of the other department appraises
/// the first one. Its stages are an hour long each.
pub async fn campaign(by: &cli::Services, appraiser: &str) {
    let mut campaigns = by.campaigns.clone();
    let now = Clock::system().now();
    let deadline = |stage| pb::StageDeadline {
        stage,
        deadline: Some(wire::timestamp(
            now + SignedDuration::from_hours(i64::from(stage)),
        )),
    };
    let plan = pb::PlanCampaignRequest {
        code: CAMPAIGN.to_owned(),
        title: "Chỉ số CCHC 2024".to_owned(),
        period: "2024".to_owned(),
        as_of: "2024-12-31".to_owned(),
        rules: vec![pb::GroupRules {
            group: "department".to_owned(),
            index: "par-departments".to_owned(),
            edition: "2024-model".to_owned(),
            sha256: vec![],
        }],
        deadlines: (1..=5).map(deadline).collect(),
        ..Default::default()
    };
    campaigns.plan_campaign(plan).await.expect("planned");
    let open = pb::OpenCampaignRequest {
        campaign: CAMPAIGN.to_owned(),
        ..Default::default()
    };
    campaigns.open_campaign(open).await.expect("open");
    let assignment = pb::AssignAppraiserRequest {
        campaign: CAMPAIGN.to_owned(),
        appraiser: appraiser.to_owned(),
        own_unit: OTHER_DEPARTMENT.to_owned(),
        units: vec![DEPARTMENT.to_owned()],
        ..Default::default()
    };
    let assigned = campaigns.assign_appraiser(assignment).await;
    assigned.expect("assigned");
}

/// Puts what departments are judged by in force.
pub async fn campaign_rules(services: &cli::Services) {
    super::definition(services, DEFINITION).await;
}
