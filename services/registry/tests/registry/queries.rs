//! Asking: by any code, as of a day, page by page.

use contracts::registry::v1 as pb;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::harness::{
    Registry, calendar, department, district, merged, name, policy, procedure, reason,
    violated_field,
};

fn unit_on(code: &str, on: &str) -> pb::GetUnitRequest {
    pb::GetUnitRequest {
        code: code.into(),
        on: on.into(),
    }
}

#[tokio::test]
async fn a_unit_is_asked_by_either_code_and_as_of_a_day() {
    let mut registry = Registry::with_units().await;
    let renamed = pb::PutUnitRequest {
        name: name("Sở khác"),
        valid_from: "2020-01-01".into(),
        ..department("H40.15")
    };
    registry.client.put_unit(renamed).await.unwrap();
    registry
        .client
        .succeed_unit(merged("H40.15", "H40.14", "2025-03-01"))
        .await
        .unwrap();

    let mut called = async |code: &str, on: &str| {
        let unit = registry
            .client
            .get_unit(unit_on(code, on))
            .await
            .map(|it| it.into_inner());
        unit.map(|unit| unit.name.unwrap_or_default().vi)
    };
    assert_eq!(
        called("000.00.15.H40", "2019-12-31").await.unwrap(),
        "Sở 15"
    );
    assert_eq!(called("H40.15", "2025-02-28").await.unwrap(), "Sở khác");
    assert_eq!(
        called("H40.15", "").await.unwrap(),
        "Sở khác",
        "now: as it was last"
    );
    let gone = called("H40.15", "2025-03-01").await.unwrap_err();
    assert_eq!(
        (gone.code(), reason(&gone).as_str()),
        (Code::NotFound, "UNIT_NOT_IN_FORCE")
    );
    let info = gone.get_details_error_info().unwrap();
    assert_eq!(
        info.metadata.get("successors").map(String::as_str),
        Some("H40.14")
    );
    let early = called("H40.15", "2009-12-31").await.unwrap_err();
    assert_eq!(reason(&early), "UNIT_NOT_IN_FORCE");
    assert_eq!(
        reason(&called("H40.99", "").await.unwrap_err()),
        "UNIT_NOT_FOUND"
    );

    let unit = registry
        .client
        .get_unit(unit_on("H40.15", ""))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (unit.valid_from.as_str(), unit.valid_until.as_str()),
        ("2010-01-01", "2025-03-01")
    );
    assert_eq!(unit.successors, ["H40.14"]);
    assert_eq!((unit.version, unit.position), (3, 6));
}

#[tokio::test]
async fn a_merger_moves_a_day_from_one_list_to_the_next() {
    let mut registry = Registry::with_units().await;
    registry
        .client
        .succeed_unit(merged("H40.15", "H40.14", "2025-03-01"))
        .await
        .unwrap();
    let mut departments = async |on: &str| {
        let group = pb::UnitGroup::Department.into();
        let request = pb::ListUnitsRequest {
            group,
            on: on.into(),
            ..Default::default()
        };
        let units = registry
            .client
            .list_units(request)
            .await
            .unwrap()
            .into_inner()
            .units;
        units.into_iter().map(|unit| unit.code).collect::<Vec<_>>()
    };
    assert_eq!(departments("2025-02-28").await, ["H40.14", "H40.15"]);
    assert_eq!(departments("2025-03-01").await, ["H40.14"]);
    assert_eq!(
        departments("").await,
        ["H40.14", "H40.15"],
        "every unit that ever was"
    );
    assert!(departments("2009-12-31").await.is_empty());
}

#[tokio::test]
async fn lists_come_in_pages_that_hold_everything_once() {
    let mut registry = Registry::with_units().await;
    for number in 50..73 {
        registry
            .client
            .put_unit(district(&format!("H40.{number}")))
            .await
            .unwrap();
    }
    let (mut codes, mut pages, mut page_token) = (Vec::new(), 0, String::new());
    loop {
        let group = pb::UnitGroup::District.into();
        let request = pb::ListUnitsRequest {
            group,
            page_size: 10,
            page_token,
            on: String::new(),
        };
        let page = registry
            .client
            .list_units(request)
            .await
            .unwrap()
            .into_inner();
        codes.extend(page.units.into_iter().map(|unit| unit.code));
        pages += 1;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!((codes.len(), pages), (24, 3));
    assert!(codes.is_sorted());

    let first = pb::ListUnitsRequest {
        page_size: 1,
        ..Default::default()
    };
    let token = registry
        .client
        .list_units(first)
        .await
        .unwrap()
        .into_inner()
        .next_page_token;
    let other_list = pb::ListUnitsRequest {
        group: pb::UnitGroup::District.into(),
        page_token: token,
        ..Default::default()
    };
    let refused = registry.client.list_units(other_list).await.unwrap_err();
    assert_eq!(violated_field(&refused), "page_token");
}

#[tokio::test]
async fn a_procedure_is_asked_as_of_a_day() {
    let mut registry = Registry::with_units().await;
    registry
        .client
        .put_procedure(procedure("2.000488"))
        .await
        .unwrap();
    let shorter = pb::PutProcedureRequest {
        limit: Some(pb::TimeLimit {
            limit: Some(pb::time_limit::Limit::WorkingHours(4)),
        }),
        valid_from: "2024-06-01".into(),
        ..procedure("2.000488")
    };
    registry.client.put_procedure(shorter).await.unwrap();
    let withdrawn = pb::WithdrawProcedureRequest {
        code: "2.000488".into(),
        valid_until: "2025-01-01".into(),
        ..Default::default()
    };
    let answer = registry
        .client
        .withdraw_procedure(withdrawn)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (answer.valid_until.as_str(), answer.version),
        ("2025-01-01", 3)
    );

    let mut limit = async |on: &str| {
        let request = pb::GetProcedureRequest {
            code: "2.000488".into(),
            on: on.into(),
        };
        let procedure = registry
            .client
            .get_procedure(request)
            .await
            .map(|it| it.into_inner());
        procedure.map(|procedure| procedure.limit.and_then(|limit| limit.limit))
    };
    use pb::time_limit::Limit;
    assert_eq!(
        limit("2024-05-31").await.unwrap(),
        Some(Limit::WorkingDays(10))
    );
    assert_eq!(
        limit("2024-06-01").await.unwrap(),
        Some(Limit::WorkingHours(4))
    );
    assert_eq!(
        limit("").await.unwrap(),
        Some(Limit::WorkingHours(4)),
        "now: as it was last"
    );
    assert_eq!(
        reason(&limit("2025-01-01").await.unwrap_err()),
        "PROCEDURE_NOT_IN_FORCE"
    );

    let mut count = async |on: &str| {
        let request = pb::ListProceduresRequest {
            on: on.into(),
            ..Default::default()
        };
        let page = registry
            .client
            .list_procedures(request)
            .await
            .unwrap()
            .into_inner();
        page.procedures.len()
    };
    assert_eq!(
        (
            count("2024-06-01").await,
            count("2025-01-01").await,
            count("").await
        ),
        (1, 0, 1)
    );
}

#[tokio::test]
async fn every_version_of_a_calendar_and_every_day_of_a_policy_stays() {
    let mut registry = Registry::start().await;
    registry.client.put_calendar(calendar()).await.unwrap();
    let longer = pb::PutCalendarRequest {
        covers_until: "2025-12-31".into(),
        ..calendar()
    };
    let second = registry
        .client
        .put_calendar(longer)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(second.version, 2);
    let mut get = async |version| {
        let request = pb::GetCalendarRequest {
            name: "office".into(),
            version,
        };
        registry
            .client
            .get_calendar(request)
            .await
            .map(|it| it.into_inner())
    };
    assert_eq!(get(0).await.unwrap(), second);
    let first = get(1).await.unwrap();
    assert_eq!(
        (first.version, first.covers_until.as_str()),
        (1, "2024-12-31")
    );
    assert_eq!((first.week.len(), first.days.len()), (5, 1));
    assert_eq!(
        reason(&get(3).await.unwrap_err()),
        "CALENDAR_VERSION_NOT_FOUND"
    );

    registry
        .client
        .put_policy(policy("restart", "2018-06-21"))
        .await
        .unwrap();
    registry
        .client
        .put_policy(policy("pause", "2025-07-01"))
        .await
        .unwrap();
    let mut says = async |on: &str| {
        let request = pb::GetPolicyRequest {
            name: "clock_policy".into(),
            on: on.into(),
        };
        registry
            .client
            .get_policy(request)
            .await
            .map(|policy| policy.into_inner().value)
    };
    assert_eq!(says("2025-06-30").await.unwrap(), "restart");
    assert_eq!(says("2025-07-01").await.unwrap(), "pause");
    assert_eq!(
        reason(&says("2018-06-20").await.unwrap_err()),
        "POLICY_NOT_FOUND"
    );
}
