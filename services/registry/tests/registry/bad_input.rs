//! Malformed requests: each names its field, and none reaches the log.

use contracts::log::v1::CommandContext;
use contracts::registry::v1 as pb;
use tonic::Code;

use crate::harness::{
    Registry, calendar, department, merged, name, policy, procedure, violated_field,
};

/// Changes one thing of a sound request.
fn but<T>(mut request: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut request);
    request
}

#[tokio::test]
async fn a_malformed_unit_names_its_field() {
    let mut registry = Registry::with_units().await;
    let position = registry.position().await;
    let unit = || department("H40.40");
    let long = "ệ".repeat(201);
    for (field, request) in [
        ("code", but(unit(), |it| it.code.clear())),
        ("code", but(unit(), |it| it.code = "h40.40".into())),
        ("code", but(unit(), |it| it.code = "H40\0".into())),
        (
            "other_codes[1]",
            but(unit(), |it| it.other_codes.push("x".into())),
        ),
        (
            "other_codes[1]",
            but(unit(), |it| it.other_codes.push("000.00.40.H40".into())),
        ),
        (
            "other_codes",
            but(unit(), |it| it.other_codes = vec!["A".into(); 501]),
        ),
        ("name", but(unit(), |it| it.name = None)),
        ("name.vi", but(unit(), |it| it.name = name(""))),
        ("name.vi", but(unit(), |it| it.name = name(&long))),
        ("name.vi", but(unit(), |it| it.name = name("Sở\0"))),
        (
            "name.en",
            but(unit(), |it| it.name.as_mut().unwrap().en = " x".into()),
        ),
        ("group", but(unit(), |it| it.group = 0)),
        ("group", but(unit(), |it| it.group = i32::MIN)),
        ("parent", but(unit(), |it| it.parent.clear())),
        ("parent", but(unit(), |it| it.parent = "H40.40".into())),
        (
            "parent",
            but(unit(), |it| it.group = pb::UnitGroup::Province.into()),
        ),
        ("valid_from", but(unit(), |it| it.valid_from.clear())),
        (
            "valid_from",
            but(unit(), |it| it.valid_from = "2024-02-30".into()),
        ),
        (
            "valid_from",
            but(unit(), |it| it.valid_from = "20240229".into()),
        ),
        (
            "valid_from",
            but(unit(), |it| it.valid_from = "1899-12-31".into()),
        ),
        (
            "valid_from",
            but(unit(), |it| it.valid_from = "-002024-02-01".into()),
        ),
        (
            "context.request_id",
            but(unit(), |it| {
                it.context = Some(CommandContext {
                    request_id: "7".into(),
                    ..CommandContext::default()
                });
            }),
        ),
    ] {
        let refused = registry.client.put_unit(request).await.unwrap_err();
        assert_eq!(violated_field(&refused), field, "{refused:?}");
    }
    let end = || merged("H40.15", "H40.14", "2025-03-01");
    for (field, request) in [
        ("code", but(end(), |it| it.code.clear())),
        ("kind", but(end(), |it| it.kind = 0)),
        ("kind", but(end(), |it| it.kind = 99)),
        ("successors", but(end(), |it| it.successors.clear())),
        (
            "successors",
            but(end(), |it| it.successors = vec!["H40.15".into()]),
        ),
        (
            "successors",
            but(end(), |it| it.kind = pb::SuccessionKind::Split.into()),
        ),
        (
            "successors[0]",
            but(end(), |it| it.successors = vec!["?".into()]),
        ),
        (
            "valid_until",
            but(end(), |it| it.valid_until = "soon".into()),
        ),
    ] {
        let refused = registry.client.succeed_unit(request).await.unwrap_err();
        assert_eq!(violated_field(&refused), field, "{refused:?}");
    }
    assert_eq!(registry.position().await, position);
}

#[tokio::test]
async fn a_malformed_procedure_names_its_field() {
    let mut registry = Registry::with_units().await;
    let position = registry.position().await;
    let sound = || procedure("2.000488");
    let limit = |limit| Some(pb::TimeLimit { limit });
    use pb::time_limit::Limit;
    for (field, request) in [
        ("code", but(sound(), |it| it.code = "2.488".into())),
        ("name", but(sound(), |it| it.name = None)),
        ("sector", but(sound(), |it| it.sector.clear())),
        ("sector", but(sound(), |it| it.sector = "x".repeat(201))),
        ("limit", but(sound(), |it| it.limit = limit(None))),
        (
            "limit.working_days",
            but(sound(), |it| it.limit = limit(Some(Limit::WorkingDays(-1)))),
        ),
        (
            "limit.working_days",
            but(sound(), |it| {
                it.limit = limit(Some(Limit::WorkingDays(1_001)));
            }),
        ),
        (
            "limit.working_hours",
            but(sound(), |it| it.limit = limit(Some(Limit::WorkingHours(0)))),
        ),
        ("online", but(sound(), |it| it.online = 0)),
        ("online", but(sound(), |it| it.online = 9)),
        (
            "payment_integrated",
            but(sound(), |it| it.payment_integrated = true),
        ),
        ("authority", but(sound(), |it| it.authority = 0)),
        ("units[0]", but(sound(), |it| it.units = vec!["?".into()])),
        (
            "valid_from",
            but(sound(), |it| it.valid_from = "2024-1-1".into()),
        ),
    ] {
        let refused = registry.client.put_procedure(request).await.unwrap_err();
        assert_eq!(violated_field(&refused), field, "{refused:?}");
    }
    assert_eq!(registry.position().await, position);
}

#[tokio::test]
async fn a_malformed_calendar_or_policy_names_its_field() {
    let mut registry = Registry::start().await;
    let interval = |from_minute, to_minute| pb::Interval {
        from_minute,
        to_minute,
    };
    let sound = calendar;
    for (field, request) in [
        ("name", but(sound(), |it| it.name.clear())),
        ("name", but(sound(), |it| it.name = "of\0fice".into())),
        ("name", but(sound(), |it| it.name = "x".repeat(65))),
        (
            "utc_offset_minutes",
            but(sound(), |it| it.utc_offset_minutes = i32::MAX),
        ),
        ("week", but(sound(), |it| it.week.clear())),
        ("week[0].weekday", but(sound(), |it| it.week[0].weekday = 0)),
        ("week[1].weekday", but(sound(), |it| it.week[1].weekday = 1)),
        (
            "week[0].intervals",
            but(sound(), |it| it.week[0].intervals[0] = interval(600, 600)),
        ),
        (
            "week[0].intervals",
            but(sound(), |it| it.week[0].intervals[0] = interval(0, 1_441)),
        ),
        (
            "week[0].intervals",
            but(sound(), |it| it.week[0].intervals[0] = interval(-1, 10)),
        ),
        (
            "week[0].intervals",
            but(sound(), |it| it.week[0].intervals.push(interval(500, 700))),
        ),
        (
            "days[0].date",
            but(sound(), |it| it.days[0].date = "2024-13-01".into()),
        ),
        (
            "days[0].kind",
            but(sound(), |it| it.days[0].kind = "holiday".into()),
        ),
        (
            "days[0].label",
            but(sound(), |it| it.days[0].label = "x".repeat(201)),
        ),
        (
            "days[1]",
            but(sound(), |it| it.days.push(it.days[0].clone())),
        ),
        (
            "days",
            but(sound(), |it| it.days[0].date = "2025-01-01".into()),
        ),
        (
            "days",
            but(sound(), |it| it.days[0].intervals.push(interval(1, 2))),
        ),
        (
            "covers_until",
            but(sound(), |it| it.covers_until = "2023-01-01".into()),
        ),
        (
            "covers_until",
            but(sound(), |it| it.covers_until = "2100-01-01".into()),
        ),
        ("source", but(sound(), |it| it.source = "a\nb".into())),
    ] {
        let refused = registry.client.put_calendar(request).await.unwrap_err();
        assert_eq!(violated_field(&refused), field, "{refused:?}");
    }
    let sound = || policy("restart", "2018-06-21");
    for (field, request) in [
        ("name", but(sound(), |it| it.name = "a\0".into())),
        ("name", but(sound(), |it| it.name = "x".repeat(100_000))),
        ("value", but(sound(), |it| it.value = "stop".into())),
        ("valid_from", but(sound(), |it| it.valid_from.clear())),
        ("source", but(sound(), |it| it.source = "x".repeat(201))),
    ] {
        let refused = registry.client.put_policy(request).await.unwrap_err();
        assert_eq!(violated_field(&refused), field, "{refused:?}");
    }
    assert_eq!(registry.position().await, 0);
}

#[tokio::test]
async fn a_malformed_question_names_its_field() {
    let mut registry = Registry::with_units().await;
    let client = &mut registry.client;
    let refused = client
        .get_unit(pb::GetUnitRequest::default())
        .await
        .unwrap_err();
    assert_eq!(violated_field(&refused), "code");
    let on = || "2024-02-30".to_owned();
    let asked = pb::GetUnitRequest {
        code: "H40".into(),
        on: on(),
    };
    assert_eq!(
        violated_field(&client.get_unit(asked).await.unwrap_err()),
        "on"
    );
    let asked = pb::GetProcedureRequest {
        code: "x".into(),
        on: String::new(),
    };
    assert_eq!(
        violated_field(&client.get_procedure(asked).await.unwrap_err()),
        "code"
    );
    let asked = pb::GetPolicyRequest {
        name: "clock_policy".into(),
        on: on(),
    };
    assert_eq!(
        violated_field(&client.get_policy(asked).await.unwrap_err()),
        "on"
    );
    let asked = pb::GetCalendarRequest {
        name: "office".into(),
        version: -1,
    };
    assert_eq!(
        violated_field(&client.get_calendar(asked).await.unwrap_err()),
        "version"
    );
    let unknown = pb::GetCalendarRequest {
        name: "a\0".repeat(10_000),
        version: i64::MAX,
    };
    assert_eq!(
        client.get_calendar(unknown).await.unwrap_err().code(),
        Code::NotFound
    );

    let sound = pb::ListUnitsRequest::default;
    for (field, request) in [
        ("group", but(sound(), |it| it.group = 99)),
        ("on", but(sound(), |it| it.on = "x".into())),
        ("page_size", but(sound(), |it| it.page_size = -1)),
        ("page_token", but(sound(), |it| it.page_token = "!".into())),
        (
            "page_token",
            but(sound(), |it| it.page_token = "x".repeat(100_000)),
        ),
    ] {
        assert_eq!(
            violated_field(&client.list_units(request).await.unwrap_err()),
            field
        );
    }
    let sound = pb::ListProceduresRequest::default;
    for (field, request) in [
        ("authority", but(sound(), |it| it.authority = -1)),
        ("on", but(sound(), |it| it.on = "x".into())),
        ("page_size", but(sound(), |it| it.page_size = i32::MIN)),
        ("page_token", but(sound(), |it| it.page_token = "AA".into())),
    ] {
        assert_eq!(
            violated_field(&client.list_procedures(request).await.unwrap_err()),
            field
        );
    }
}
