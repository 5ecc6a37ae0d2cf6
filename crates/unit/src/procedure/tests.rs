use decider::spec::given;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn code() -> ProcedureCode {
    "1.001193".parse().expect("a procedure code")
}

fn within(days: u16) -> Statement {
    Statement {
        name: Name {
            vi: Text::filled("Đăng ký khai sinh").expect("a text"),
            en: Text::default(),
        },
        sector: Text::new("Hộ tịch").expect("a text"),
        limit: Some(TimeLimit::WorkingDays(days)),
        online: OnlineLevel::Full,
        payment_duty: false,
        payment_integrated: false,
        result_paper: true,
        identity_connected: true,
        authority: Group::District,
        units: BTreeSet::new(),
    }
}

fn put(days: u16, valid_from: Date) -> ProcedureCommand {
    ProcedureCommand::Put {
        code: code(),
        statement: within(days),
        valid_from,
    }
}

fn published(days: u16, valid_from: Date) -> ProcedureEvent {
    ProcedureEvent::Published {
        code: code(),
        statement: within(days),
        valid_from,
    }
}

const JANUARY: Date = date(2024, 1, 1);
const JUNE: Date = date(2024, 6, 1);

#[test]
fn a_procedure_is_published_whole_and_only_when_it_differs() {
    given::<Procedure>([])
        .when(put(5, JANUARY))
        .then([published(5, JANUARY)]);
    given::<Procedure>([published(5, JANUARY)])
        .when(put(5, JUNE))
        .then([]);
    given::<Procedure>([published(5, JANUARY)])
        .when(put(3, JUNE))
        .then([published(3, JUNE)]);
    given::<Procedure>([published(5, JANUARY), published(3, JUNE)])
        .when(put(5, JANUARY))
        .then([]);
}

#[test]
fn a_dossier_finds_the_rules_of_its_day() {
    let procedure: Procedure = decider::fold(&[
        published(5, JANUARY),
        published(3, JUNE),
        ProcedureEvent::Withdrawn {
            valid_until: date(2025, 1, 1),
        },
    ]);
    let limit = |day| procedure.as_of(day).and_then(|holds| holds.statement.limit);
    assert_eq!(limit(date(2023, 12, 31)), None);
    assert_eq!(limit(date(2024, 5, 31)), Some(TimeLimit::WorkingDays(5)));
    assert_eq!(limit(JUNE), Some(TimeLimit::WorkingDays(3)));
    assert_eq!(limit(date(2025, 1, 1)), None);
    let last = procedure.nearest(date(2026, 1, 1)).expect("it existed");
    assert_eq!(
        (last.valid_from, last.valid_until),
        (JUNE, Some(date(2025, 1, 1)))
    );
    assert_eq!(
        procedure
            .nearest(date(2000, 1, 1))
            .map(|first| first.valid_from),
        Some(JANUARY)
    );
}

#[test]
fn a_withdrawal_takes_back_what_was_announced_for_later() {
    given::<Procedure>([published(5, JANUARY), published(3, JUNE)])
        .when(ProcedureCommand::Withdraw {
            valid_until: date(2024, 3, 1),
        })
        .then([ProcedureEvent::Withdrawn {
            valid_until: date(2024, 3, 1),
        }]);
    let withdrawn = ProcedureEvent::Withdrawn {
        valid_until: date(2024, 3, 1),
    };
    given::<Procedure>([published(5, JANUARY), published(3, JUNE), withdrawn])
        .when(ProcedureCommand::Withdraw { valid_until: JUNE })
        .then([]);
}

#[test]
fn a_withdrawn_procedure_may_come_back() {
    given::<Procedure>([
        published(5, JANUARY),
        ProcedureEvent::Withdrawn { valid_until: JUNE },
    ])
    .when(put(5, date(2024, 9, 1)))
    .then([published(5, date(2024, 9, 1))]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    given::<Procedure>([])
        .when(ProcedureCommand::Withdraw { valid_until: JUNE })
        .then_refused(&ProcedureRefusal::NotPublished);
    given::<Procedure>([published(5, JANUARY)])
        .when(ProcedureCommand::Withdraw {
            valid_until: JANUARY,
        })
        .then_refused(&ProcedureRefusal::BeforePublication {
            published: JANUARY,
            asked: JANUARY,
        });
    given::<Procedure>([])
        .when(put(1_001, JANUARY))
        .then_refused(&ProcedureRefusal::LimitOutOfRange);
    let statement = Statement {
        payment_integrated: true,
        ..within(5)
    };
    given::<Procedure>([])
        .when(ProcedureCommand::Put {
            code: code(),
            statement,
            valid_from: JANUARY,
        })
        .then_refused(&ProcedureRefusal::NothingToPay);
}

fn commands() -> impl Strategy<Value = ProcedureCommand> {
    let day = || (1i8..7).prop_map(|month| date(2024, month, 1));
    prop_oneof![
        3 => (0u16..3, day()).prop_map(|(days, day)| put(days, day)),
        1 => day().prop_map(|valid_until| ProcedureCommand::Withdraw { valid_until }),
    ]
}

proptest! {
    #[test]
    fn deciding_again_decides_nothing(
        history in prop::collection::vec(commands(), 0..12),
        command in commands(),
    ) {
        let mut procedure = Procedure::default();
        for earlier in history {
            for event in procedure.decide(earlier).unwrap_or_default() {
                procedure.evolve(&event);
            }
        }
        if let Ok(events) = procedure.decide(command.clone()) {
            events.iter().for_each(|event| procedure.evolve(event));
            prop_assert_eq!(procedure.decide(command), Ok(vec![]));
        }
    }
}
