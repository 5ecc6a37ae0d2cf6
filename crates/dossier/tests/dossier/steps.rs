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
