//! Tasks of the units that end, which their successors go on with.

use cli::improvement::hand_over;
use contracts::assessments::v1 as pb;
use pb::task_origin::Origin;
use system_tests::Province;

use super::scene::{DISTRICT, NGHIA_HUNG, RANG_DONG, TOWN, Y_YEN};

/// Two tasks of the district and one of the town.
const TASKS: [(&str, &str); 3] = [("nh-1", DISTRICT), ("nh-2", DISTRICT), ("lam-1", TOWN)];

async fn unit_of(province: &Province, code: &str) -> String {
    let request = pb::GetTaskRequest {
        code: code.to_owned(),
        ..Default::default()
    };
    let answer = province
        .services
        .improvements
        .clone()
        .get_task(request)
        .await;
    answer.expect("a task").into_inner().unit
}

/// Before the units end.
pub(super) async fn assigned(province: &Province) {
    let due = runtime::Clock::system().now() + jiff::SignedDuration::from_hours(24);
    for (code, unit) in TASKS {
        let item = Origin::YearlyPlan(pb::YearlyPlanOrigin {
            document: "165/KH-UBND".to_owned(),
            item: "II.3".to_owned(),
        });
        let request = pb::AssignTaskRequest {
            code: code.to_owned(),
            title: "Số hóa hồ sơ tồn".to_owned(),
            origin: Some(pb::TaskOrigin { origin: Some(item) }),
            unit: unit.to_owned(),
            due_at: Some(contracts::wire::timestamp(due)),
            ..Default::default()
        };
        let mut client = province.services.improvements.clone();
        client.assign_task(request).await.expect("assigned");
    }
}

/// After they ended: each task goes over to a successor of its unit, and to no other.
pub(super) async fn handed_over(province: &Province) {
    let request = |unit: &str, to_unit: &str, codes: &[&str]| pb::HandOverTasksRequest {
        unit: unit.to_owned(),
        to_unit: to_unit.to_owned(),
        reason: "Sắp xếp đơn vị hành chính".to_owned(),
        codes: codes.iter().map(|code| (*code).to_owned()).collect(),
        ..Default::default()
    };
    let services = &province.services;
    let refused = hand_over(services, request(DISTRICT, Y_YEN, &[])).await;
    let refused = refused.expect_err("it succeeds others");
    assert!(refused.message.contains("does not succeed"), "{refused}");
    for (wanted, went, remaining) in [
        (request(DISTRICT, NGHIA_HUNG, &["nh-1"]), "nh-1", 1),
        (request(DISTRICT, RANG_DONG, &[]), "nh-2", 0),
        (request(TOWN, Y_YEN, &[]), "lam-1", 0),
    ] {
        let answers = hand_over(services, wanted).await.expect("handed over");
        assert_eq!(answers[0].codes, [went]);
        assert_eq!(answers.last().map(|it| it.remaining), Some(remaining));
    }
    for (code, unit) in [("nh-1", NGHIA_HUNG), ("nh-2", RANG_DONG), ("lam-1", Y_YEN)] {
        assert_eq!(unit_of(province, code).await, unit);
    }
}
