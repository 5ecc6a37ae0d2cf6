use decider::spec::given;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::text::Text;

fn code(text: &str) -> UnitCode {
    text.parse().expect("a unit code")
}

fn name(vi: &str) -> Name {
    Name {
        vi: Text::filled(vi).expect("a text"),
        en: Text::default(),
    }
}

fn in_province() -> Place {
    Place {
        group: Group::Department,
        parent: Some(code("H40")),
    }
}

fn finance(vi: &str, valid_from: Date) -> Founding {
    Founding {
        code: code("H40.14"),
        other_codes: [code("000.00.14.H40")].into(),
        name: name(vi),
        place: in_province(),
        valid_from,
    }
}

fn founded() -> UnitEvent {
    UnitEvent::Founded(finance("Sở Tài chính", date(1997, 1, 1)))
}

fn merged_into(successor: &str, valid_until: Date) -> Succession {
    Succession {
        kind: SuccessionKind::Merged,
        successors: [code(successor)].into(),
        valid_until,
    }
}

#[test]
fn a_unit_is_founded_when_it_is_put_first() {
    given::<Unit>([])
        .when(UnitCommand::Put(finance("Sở Tài chính", date(1997, 1, 1))))
        .then([founded()]);
}

#[test]
fn putting_what_holds_already_changes_nothing_also_on_a_later_day() {
    for day in [date(1997, 1, 1), date(2024, 5, 1)] {
        given::<Unit>([founded()])
            .when(UnitCommand::Put(finance("Sở Tài chính", day)))
            .then([]);
    }
}

#[test]
fn only_what_differs_becomes_an_event() {
    let mut wanted = finance("Sở Tài chính và Đầu tư", date(2025, 3, 1));
    wanted.other_codes.insert(code("H40.014"));
    given::<Unit>([founded()])
        .when(UnitCommand::Put(wanted))
        .then([
            UnitEvent::CodeAdded {
                code: code("H40.014"),
            },
            UnitEvent::Renamed {
                name: name("Sở Tài chính và Đầu tư"),
                valid_from: date(2025, 3, 1),
            },
        ]);
}

#[test]
fn a_catalog_of_the_past_applies_again_after_a_renaming() {
    let renamed = UnitEvent::Renamed {
        name: name("Sở khác"),
        valid_from: date(2025, 3, 1),
    };
    given::<Unit>([founded(), renamed])
        .when(UnitCommand::Put(finance("Sở Tài chính", date(1997, 1, 1))))
        .then([]);
}

#[test]
fn a_move_keeps_the_name() {
    let mut wanted = finance("Sở Tài chính", date(2020, 1, 1));
    wanted.place = Place {
        group: Group::CentralAgency,
        parent: Some(code("G12")),
    };
    let place = wanted.place.clone();
    given::<Unit>([founded()])
        .when(UnitCommand::Put(wanted))
        .then([UnitEvent::Moved {
            place,
            valid_from: date(2020, 1, 1),
        }]);
}

#[test]
fn a_change_before_the_founding_or_after_the_end_is_refused() {
    given::<Unit>([founded()])
        .when(UnitCommand::Put(finance(
            "Sở Tài chính",
            date(1996, 12, 31),
        )))
        .then_refused(&UnitRefusal::BeforeFounding {
            founded: date(1997, 1, 1),
            asked: date(1996, 12, 31),
        });
    let ended = UnitEvent::Succeeded(merged_into("H40.7", date(2025, 3, 1)));
    given::<Unit>([founded(), ended])
        .when(UnitCommand::Put(finance("Sở Tài chính", date(2025, 3, 1))))
        .then_refused(&UnitRefusal::Ended {
            valid_until: date(2025, 3, 1),
            asked: date(2025, 3, 1),
        });
}

#[test]
fn a_unit_ends_once() {
    let end = merged_into("H40.7", date(2025, 3, 1));
    given::<Unit>([founded()])
        .when(UnitCommand::Succeed(end.clone()))
        .then([UnitEvent::Succeeded(end.clone())]);
    given::<Unit>([founded(), UnitEvent::Succeeded(end.clone())])
        .when(UnitCommand::Succeed(end.clone()))
        .then([]);
    given::<Unit>([founded(), UnitEvent::Succeeded(end)])
        .when(UnitCommand::Succeed(merged_into("H40.8", date(2025, 3, 1))))
        .then_refused(&UnitRefusal::EndsOtherwise {
            valid_until: date(2025, 3, 1),
        });
}

#[test]
fn a_succession_that_makes_no_sense_is_refused() {
    given::<Unit>([])
        .when(UnitCommand::Succeed(merged_into("H40.7", date(2025, 3, 1))))
        .then_refused(&UnitRefusal::NotFounded);
    given::<Unit>([founded()])
        .when(UnitCommand::Succeed(merged_into(
            "H40.14",
            date(2025, 3, 1),
        )))
        .then_refused(&UnitRefusal::OwnSuccessor);
    given::<Unit>([founded()])
        .when(UnitCommand::Succeed(merged_into("H40.7", date(1997, 1, 1))))
        .then_refused(&UnitRefusal::EndsBeforeItsStatements {
            begins: date(1997, 1, 1),
            asked: date(1997, 1, 1),
        });
    let split = Succession {
        kind: SuccessionKind::Split,
        ..merged_into("H40.7", date(2025, 3, 1))
    };
    given::<Unit>([founded()])
        .when(UnitCommand::Succeed(split))
        .then_refused(&UnitRefusal::SuccessorCount {
            expected: "a split unit has two successors or more",
            actual: 1,
        });
}

#[test]
fn only_the_province_has_no_parent() {
    let mut orphan = finance("Sở Tài chính", date(1997, 1, 1));
    orphan.place.parent = None;
    given::<Unit>([])
        .when(UnitCommand::Put(orphan))
        .then_refused(&UnitRefusal::ParentDoesNotFitGroup);
    let mut own = finance("Sở Tài chính", date(1997, 1, 1));
    own.place.parent = Some(own.code.clone());
    given::<Unit>([])
        .when(UnitCommand::Put(own))
        .then_refused(&UnitRefusal::OwnParent);
}

#[test]
fn a_unit_is_asked_as_of_a_day() {
    let unit: Unit = decider::fold(&[
        founded(),
        UnitEvent::Renamed {
            name: name("Sở khác"),
            valid_from: date(2020, 1, 1),
        },
        UnitEvent::Succeeded(merged_into("H40.7", date(2025, 3, 1))),
    ]);
    let named = |day| unit.as_of(day).map(|unit| unit.name.vi.to_string());
    assert_eq!(named(date(1996, 12, 31)), None);
    assert_eq!(named(date(2019, 12, 31)).as_deref(), Some("Sở Tài chính"));
    assert_eq!(named(date(2025, 2, 28)).as_deref(), Some("Sở khác"));
    assert_eq!(named(date(2025, 3, 1)), None);
    let nearest = |day| unit.nearest(day).map(|unit| unit.name.vi.to_string());
    assert_eq!(nearest(date(1990, 1, 1)).as_deref(), Some("Sở Tài chính"));
    assert_eq!(nearest(date(2026, 1, 1)).as_deref(), Some("Sở khác"));
}

fn commands() -> impl Strategy<Value = UnitCommand> {
    let day = || (2000i16..2004, 1i8..4).prop_map(|(year, month)| date(year, month, 1));
    let put = (0..3, 0..3, day(), any::<bool>()).prop_map(|(vi, other, valid_from, moved)| {
        let parent = if moved { "G12" } else { "H40" };
        UnitCommand::Put(Founding {
            code: code("H40.14"),
            other_codes: [code(&format!("X{other}"))].into(),
            name: name(&format!("Sở {vi}")),
            place: Place {
                group: Group::Department,
                parent: Some(code(parent)),
            },
            valid_from,
        })
    });
    let succeed = (0..3, day())
        .prop_map(|(to, day)| UnitCommand::Succeed(merged_into(&format!("H40.{}", to + 13), day)));
    prop_oneof![4 => put, 1 => succeed]
}

proptest! {
    #[test]
    fn deciding_again_decides_nothing(
        history in prop::collection::vec(commands(), 0..12),
        command in commands(),
    ) {
        let mut unit = Unit::default();
        for earlier in history {
            for event in unit.decide(earlier).unwrap_or_default() {
                unit.evolve(&event);
            }
        }
        if let Ok(events) = unit.decide(command.clone()) {
            events.iter().for_each(|event| unit.evolve(event));
            prop_assert_eq!(unit.decide(command), Ok(vec![]));
        }
    }
}
