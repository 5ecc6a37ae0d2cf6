//! Linked procedures.

use dossier::{Action, Fact, Reason, Timeliness};

use crate::asking::{after, ask, dossier, event, filed, local, receive, refused, vietnam};

#[test]
fn linked_steps_have_their_own_units_and_due_dates() {
    let step = |step, limit| Action::StartStep {
        step,
        unit: "H40.14".parse().expect("a code"),
        name: "tax".to_owned(),
        limit,
    };
    let limited = || step(1, Some((calendar::Limit::hours(4), vietnam())));
    let begun = || [("03-02 10:00", receive()), ("03-02 14:00", limited())];
    let linked = dossier(begun());
    assert_eq!(filed(&linked).steps[&1].due_at, Some(local("03-03 08:00")));

    let other = Action::StartStep {
        step: 1,
        unit: "H40.15".parse().expect("a code"),
        name: "land".to_owned(),
        limit: None,
    };
    assert_eq!(
        refused(&linked, "03-02 15:00", other),
        Reason::StepTaken { step: 1 }
    );
    let unknown = Action::CompleteStep { step: 2 };
    assert_eq!(
        refused(&linked, "03-02 15:00", unknown),
        Reason::UnknownStep { step: 2 }
    );

    let done = |timeliness| Fact::StepCompleted {
        step: 1,
        timeliness,
    };
    for (at, timeliness) in [
        ("03-03 08:00", Timeliness::OnTime),
        ("03-03 08:01", Timeliness::Late),
    ] {
        after(begun())
            .when(ask(at, Action::CompleteStep { step: 1 }))
            .then([event(at, done(timeliness))]);
    }
    let unlimited = dossier([
        ("03-02 10:00", receive()),
        ("03-02 14:00", step(1, None)),
        ("03-09 14:00", Action::CompleteStep { step: 1 }),
    ]);
    let reason = refused(&unlimited, "03-10 14:00", Action::CompleteStep { step: 1 });
    assert_eq!(reason, Reason::NoOpenStep);
}

#[test]
fn what_a_unit_that_ended_has_of_it_goes_to_its_successor_with_the_due_dates() {
    let step = |step, unit: &str, limit| Action::StartStep {
        step,
        unit: unit.parse().expect("a code"),
        name: "tax".to_owned(),
        limit,
    };
    let limited = Some((calendar::Limit::hours(4), vietnam()));
    let begun = || {
        [
            ("03-02 10:00", receive()),
            ("03-02 14:00", step(1, "H40.12", limited.clone())),
            ("03-02 14:00", step(2, "H40.14", None)),
            ("03-02 14:00", step(3, "H40.12", None)),
            ("03-02 15:00", step(4, "H40.14", None)),
            ("03-02 16:00", Action::CompleteStep { step: 3 }),
        ]
    };
    let leave = |from: &str, to: &str| Action::LeaveUnit {
        from_unit: from.parse().expect("a code"),
        to_unit: to.parse().expect("a code"),
        reason: "merger".to_owned(),
    };
    let handed_over = |step, from: &str| Fact::StepHandedOver {
        step,
        from_unit: from.parse().expect("a code"),
        to_unit: "H40.13".parse().expect("a code"),
        reason: "merger".to_owned(),
    };
    // It resolves the dossier: what is done stays, and so do the steps of others.
    let at = "03-03 09:00";
    let whole = Fact::HandedOver {
        from_unit: "H40.12".parse().expect("a code"),
        to_unit: "H40.13".parse().expect("a code"),
        reason: "merger".to_owned(),
    };
    after(begun())
        .when(ask(at, leave("H40.12", "H40.13")))
        .then([event(at, whole), event(at, handed_over(1, "H40.12"))]);
    // Another one does: its open steps go alone.
    after(begun())
        .when(ask(at, leave("H40.14", "H40.13")))
        .then([2, 4].map(|step| event(at, handed_over(step, "H40.14"))));
    // It has nothing to do with it, or does so no more.
    for (from, to) in [("H40.15", "H40.13"), ("H40.12", "H40.12")] {
        after(begun()).when(ask(at, leave(from, to))).then([]);
    }
    let and_then = |at, action| {
        let [a, b, c, d, e, f] = begun();
        [a, b, c, d, e, f, (at, action)]
    };
    let moved = || and_then(at, leave("H40.12", "H40.13"));
    after(moved())
        .when(ask(at, leave("H40.12", "H40.13")))
        .then([]);
    let state = dossier(moved());
    let (first, third) = (&filed(&state).steps[&1], &filed(&state).steps[&3]);
    assert_eq!(first.unit.as_str(), "H40.13");
    assert_eq!(first.due_at, filed(&dossier(begun())).steps[&1].due_at);
    assert_eq!(third.unit.as_str(), "H40.12");

    let ended = and_then("03-03 08:00", Action::CompleteDossier);
    let reason = refused(&dossier(ended), at, leave("H40.12", "H40.13"));
    assert!(matches!(reason, Reason::Status { .. }), "{reason:?}");
}
