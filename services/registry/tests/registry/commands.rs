//! Putting, succeeding, withdrawing: what becomes an event, and what is refused.

use contracts::log::v1::CommandContext;
use contracts::registry::v1 as pb;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{
    Registry, calendar, department, district, merged, name, policy, procedure, province, reason,
    under, violated_field,
};

#[tokio::test]
async fn putting_again_changes_nothing_and_answers_the_same() {
    let mut registry = Registry::with_units().await;
    let first = registry
        .client
        .put_procedure(procedure("2.000488"))
        .await
        .unwrap()
        .into_inner();
    registry.client.put_calendar(calendar()).await.unwrap();
    registry
        .client
        .put_policy(policy("restart", "2018-06-21"))
        .await
        .unwrap();
    let position = registry.position().await;
    assert_eq!(position, 7);

    let again = registry
        .client
        .put_procedure(procedure("2.000488"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
    let by_other_codes = pb::PutProcedureRequest {
        units: vec!["000.00.14.H40".into()],
        ..procedure("2.000488")
    };
    assert_eq!(
        registry
            .client
            .put_procedure(by_other_codes)
            .await
            .unwrap()
            .into_inner(),
        first
    );
    let unit = pb::PutUnitRequest {
        code: "000.00.14.H40".into(),
        parent: "000.00.00.H40".into(),
        ..department("H40.14")
    };
    let unit = registry.client.put_unit(unit).await.unwrap().into_inner();
    assert_eq!((unit.code.as_str(), unit.version), ("H40.14", 1));
    registry.client.put_calendar(calendar()).await.unwrap();
    registry
        .client
        .put_policy(policy("restart", "2024-01-01"))
        .await
        .unwrap();
    assert_eq!(registry.position().await, position);
}

#[tokio::test]
async fn a_repeated_request_gets_its_first_answer_whatever_came_after() {
    let mut registry = Registry::with_units().await;
    let id = Uuid::from_u128(7);
    let request = pb::PutUnitRequest {
        context: under(id),
        ..district("H40.32")
    };
    let first = registry
        .client
        .put_unit(request.clone())
        .await
        .unwrap()
        .into_inner();
    registry
        .client
        .succeed_unit(merged("H40.32", "H40.31", "2010-06-01"))
        .await
        .unwrap();
    let position = registry.position().await;

    // Decided anew it would be answered with the unit's end.
    assert_eq!(
        registry
            .client
            .put_unit(request)
            .await
            .unwrap()
            .into_inner(),
        first
    );
    let other = pb::PutUnitRequest {
        context: under(id),
        ..district("H40.33")
    };
    let refused = registry.client.put_unit(other).await.unwrap_err();
    assert_eq!(violated_field(&refused), "context.request_id");
    assert_eq!(registry.position().await, position);
}

#[tokio::test]
async fn only_what_differs_becomes_an_event() {
    let mut registry = Registry::with_units().await;
    let before = registry.position().await;
    let mut request = department("H40.14");
    request.name = name("Sở Tài chính và Đầu tư");
    request.other_codes.push("H40.014".into());
    request.valid_from = "2025-03-01".into();
    let unit = registry
        .client
        .put_unit(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(unit.version, 3);
    assert_eq!(unit.position, before + 2);
    assert_eq!(unit.name.unwrap().vi, "Sở Tài chính và Đầu tư");
    assert_eq!(unit.other_codes, ["000.00.14.H40", "H40.014"]);
    assert_eq!(unit.valid_from, "2010-01-01");
}

#[tokio::test]
async fn validate_only_decides_and_changes_nothing() {
    let mut registry = Registry::with_units().await;
    let position = registry.position().await;
    let context = Some(CommandContext {
        validate_only: true,
        ..CommandContext::default()
    });
    let request = pb::PutUnitRequest {
        context: context.clone(),
        ..district("H40.32")
    };
    let unit = registry
        .client
        .put_unit(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((unit.code.as_str(), unit.version), ("H40.32", 1));
    let orphan = pb::PutUnitRequest {
        context,
        parent: "H40.77".into(),
        ..district("H40.32")
    };
    let refused = registry.client.put_unit(orphan).await.unwrap_err();
    assert_eq!(reason(&refused), "PARENT_NOT_THERE");
    assert_eq!(registry.position().await, position);
}

#[tokio::test]
async fn a_stale_expected_version_is_a_conflict() {
    let mut registry = Registry::with_units().await;
    let expecting = |version| {
        let expected_version = Some(version);
        let context = Some(CommandContext {
            expected_version,
            ..CommandContext::default()
        });
        pb::PutUnitRequest {
            context,
            name: name("Sở khác"),
            ..department("H40.14")
        }
    };
    let position = registry.position().await;
    let refused = registry.client.put_unit(expecting(0)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted, "{refused:?}");
    assert_eq!(registry.position().await, position);
    assert_eq!(
        registry
            .client
            .put_unit(expecting(1))
            .await
            .unwrap()
            .into_inner()
            .version,
        2
    );
}

#[tokio::test]
async fn what_the_state_forbids_is_refused_and_leaves_the_log_as_it_was() {
    let mut registry = Registry::with_units().await;
    registry.client.put_unit(district("H40.32")).await.unwrap();
    let commune = pb::PutUnitRequest {
        group: pb::UnitGroup::Commune.into(),
        parent: "H40.32".into(),
        ..department("H40.32.01")
    };
    registry.client.put_unit(commune).await.unwrap();
    registry
        .client
        .succeed_unit(merged("H40.15", "H40.14", "2025-03-01"))
        .await
        .unwrap();
    let position = registry.position().await;

    let units = [
        (
            "PARENT_NOT_THERE",
            pb::PutUnitRequest {
                parent: "H40.99".into(),
                ..district("H40.40")
            },
        ),
        (
            "PARENT_NOT_THERE",
            pb::PutUnitRequest {
                parent: "H40.15".into(),
                valid_from: "2025-03-01".into(),
                ..district("H40.40")
            },
        ),
        (
            "PARENT_BELOW",
            pb::PutUnitRequest {
                parent: "H40.32.01".into(),
                valid_from: "2024-01-01".into(),
                ..district("H40.32")
            },
        ),
        (
            "CODE_TAKEN",
            pb::PutUnitRequest {
                other_codes: vec!["000.00.14.H40".into()],
                ..district("H40.40")
            },
        ),
        (
            "PROVINCE_EXISTS",
            pb::PutUnitRequest {
                code: "H36".into(),
                ..province()
            },
        ),
        (
            "BEFORE_FOUNDING",
            pb::PutUnitRequest {
                valid_from: "2009-12-31".into(),
                ..district("H40.31")
            },
        ),
        (
            "UNIT_ENDED",
            pb::PutUnitRequest {
                valid_from: "2025-03-01".into(),
                ..department("H40.15")
            },
        ),
    ];
    for (expected, mut request) in units {
        if expected == "PROVINCE_EXISTS" {
            request.other_codes.clear();
        }
        let refused = registry.client.put_unit(request).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, expected)
        );
    }
    let successions = [
        (
            "SUCCESSOR_NOT_THERE",
            merged("H40.14", "H40.99", "2025-03-01"),
        ),
        (
            "SUCCESSOR_NOT_THERE",
            merged("H40.14", "H40.15", "2025-03-01"),
        ),
        ("IS_SUCCESSOR", merged("H40.14", "H40.31", "2025-03-01")),
        ("HAS_UNITS_UNDER", merged("H40.32", "H40.31", "2025-03-01")),
        (
            "UNIT_ENDS_OTHERWISE",
            merged("H40.15", "H40.14", "2025-07-01"),
        ),
        (
            "ENDS_BEFORE_STATEMENTS",
            merged("H40.31", "H40.32", "2010-01-01"),
        ),
    ];
    for (expected, request) in successions {
        let refused = registry.client.succeed_unit(request).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, expected)
        );
    }
    let of_a_district = pb::PutProcedureRequest {
        units: vec!["H40.31".into()],
        ..procedure("2.000488")
    };
    let refused = registry
        .client
        .put_procedure(of_a_district)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "UNIT_NOT_THERE");
    assert_eq!(registry.position().await, position);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let mut registry = Registry::with_units().await;
    let refused = registry
        .client
        .succeed_unit(merged("H40.99", "H40.14", "2025-03-01"))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    let withdraw = pb::WithdrawProcedureRequest {
        code: "2.000488".into(),
        valid_until: "2025-03-01".into(),
        ..pb::WithdrawProcedureRequest::default()
    };
    let refused = registry
        .client
        .withdraw_procedure(withdraw)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn of_many_who_claim_a_code_at_once_one_gets_it() {
    let registry = Registry::with_units().await;
    let claims = (40..56).map(|number| {
        let mut client = registry.client.clone();
        let request = pb::PutUnitRequest {
            other_codes: vec!["X1".into()],
            ..district(&format!("H40.{number}"))
        };
        tokio::spawn(async move { client.put_unit(request).await })
    });
    let mut won = 0;
    for claim in claims.collect::<Vec<_>>() {
        match claim.await.unwrap() {
            Ok(_) => won += 1,
            Err(refused) => assert_eq!(reason(&refused), "CODE_TAKEN"),
        }
    }
    assert_eq!(won, 1);
}
