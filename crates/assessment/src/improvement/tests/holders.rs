//! Who has a task.

use decider::{Decider as _, fold};

use super::super::*;
use super::{
    DUE, ask, assigned, by, by_successor, given, holder, note, organiser, overdue, person,
    reported, unit,
};
use crate::person::Role;

#[test]
fn it_goes_to_somebody_else_or_to_a_successor() {
    let reassign = |code, person| Action::Reassign {
        holder: holder(code, person),
        reason: "đi học".to_owned(),
    };
    let reassigned = by(
        1,
        "anh",
        Fact::Reassigned {
            holder: holder("H40.02", "mai"),
            reason: "đi học".to_owned(),
        },
    );
    given([assigned()])
        .when(organiser(1, reassign("H40.02", "mai")))
        .then([reassigned.clone()]);
    given([assigned(), reassigned])
        .when(organiser(2, reassign("H40.02", "mai")))
        .then([]);
    let hand_over = |from| Action::HandOver {
        from: unit(from),
        holder: holder("H40.31", ""),
        reason: "sáp nhập".to_owned(),
    };
    for past in [vec![assigned()], vec![assigned(), reported(3)]] {
        given(past)
            .when(organiser(4, hand_over("H40.02")))
            .then([by_successor(4)]);
    }
    given([assigned(), by_successor(4)])
        .when(organiser(5, hand_over("H40.02")))
        .then([]);
    given([assigned()])
        .when(organiser(4, hand_over("H40.03")))
        .then_refused(&Refusal::Elsewhere(unit("H40.03")));
    let successor = person("sen", Role::Assessor, &["H40.31"]);
    let mut task: Task = fold(&[assigned(), by_successor(4)]);
    assert!(task.decide(ask(5, successor, note(10))).is_ok());
    task.evolve(&overdue(DUE, "timer"));
    assert_eq!(
        task.standing().expect("assigned").holder.unit,
        unit("H40.31")
    );
}
