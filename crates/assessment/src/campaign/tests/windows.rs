//! Deadlines that are put off, and stages that open again.

use super::*;

#[test]
fn a_unit_has_its_own_window_and_a_new_submission_ends_it() {
    let reopened = Fact::UnitReopened {
        unit: unit("H40.12"),
        stage: Stage::SelfAssessment,
        until: at(18),
        reason: "a flood".to_owned(),
    };
    let action = Action::Reopen {
        unit: unit("H40.12"),
        stage: Stage::SelfAssessment,
        until: at(18),
        reason: "a flood".to_owned(),
    };
    given::<Campaign>(opened())
        .when(organiser(12, action))
        .then([event(12, reopened.clone())]);
    let mut events = opened();
    events.push(event(12, reopened));
    let campaign: Campaign = decider::fold(&events);
    let phase = |code, hour, submitted: Option<i64>| {
        campaign
            .standing(&unit(code), at(hour), submitted.map(at))
            .phase
    };
    let (own, next) = (
        Phase::In(Stage::SelfAssessment),
        Phase::In(Stage::FirstAppraisal),
    );
    assert_eq!(phase("H40.12", 13, None), own);
    assert_eq!(phase("H40.12", 13, Some(9)), own, "submitted before it");
    assert_eq!(phase("H40.12", 14, Some(13)), next, "submitted in it");
    assert_eq!(phase("H40.12", 18, None), next, "locked");
    assert_eq!(phase("H40.13", 13, None), next, "another unit");
    given::<Campaign>(events)
        .when(by_clock(18))
        .then([timer(18, locked(Stage::SelfAssessment, 10))]);
}

#[test]
fn deadlines_only_move_later_and_never_into_the_next_stage() {
    let extend = |unit: Option<&str>, hour, until| {
        let action = Action::Extend {
            unit: unit.map(self::unit),
            stage: Stage::SelfAssessment,
            until: at(until),
            reason: "a storm".to_owned(),
        };
        given::<Campaign>(opened()).when(organiser(hour, action))
    };
    extend(None, 2, 15).then([event(
        2,
        Fact::StageExtended {
            stage: Stage::SelfAssessment,
            until: at(15),
            reason: "a storm".to_owned(),
        },
    )]);
    extend(None, 2, 10).then([]);
    extend(None, 2, 9).then_refused(&Refusal::NotLater(at(10)));
    extend(None, 2, 20).then_refused(&Refusal::IntoNext(at(20)));
    extend(None, 11, 15).then_refused(&Refusal::Phase {
        phase: Phase::In(Stage::FirstAppraisal),
        possible: "a stage that is over can be reopened for single units",
    });
    extend(Some("H40.12"), 2, 25).then([event(
        2,
        Fact::UnitExtended {
            unit: unit("H40.12"),
            stage: Stage::SelfAssessment,
            until: at(25),
            reason: "a storm".to_owned(),
        },
    )]);
    extend(Some("H40.12"), 11, 25).then_refused(&Refusal::NotOpen {
        unit: unit("H40.12"),
        stage: Stage::SelfAssessment,
    });
    extend(Some("H40.99"), 2, 25).then_refused(&Refusal::NoPart(unit("H40.99")));
}

#[test]
fn nothing_is_approved_while_a_unit_has_a_window() {
    let mut events = opened();
    events.push(event(
        48,
        Fact::UnitReopened {
            unit: unit("H40.12"),
            stage: Stage::Explanation,
            until: at(60),
            reason: "an error".to_owned(),
        },
    ));
    given::<Campaign>(events.clone())
        .when(approve(50, vec![]))
        .then_refused(&Refusal::WindowOpen {
            unit: unit("H40.12"),
            stage: Stage::Explanation,
            until: at(60),
        });
    let campaign: Campaign = decider::fold(&events);
    assert_eq!(campaign.next_lock(), Some(at(10)));
}
