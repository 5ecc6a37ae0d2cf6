//! What holds in every history, also in ones that no decision ever made.

use calendar::Limit;
use decider::Decider;
use dossier::{
    CalendarVersion, Channel, ClockPolicy, CommandName, Dossier, Event, Fact, PaymentMethod,
    Rating, Receipt, Status, SyncTarget, Timeliness,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

use crate::asking::{filing, local};
use crate::matrix::sound;

fn names() -> impl Strategy<Value = CommandName> {
    prop_oneof![
        20 => select(CommandName::CALLABLE.to_vec()),
        // So that most histories come past the reception.
        3 => Just(CommandName::ReceiveDossier),
        3 => Just(CommandName::CompleteSupplement),
        1 => Just(CommandName::MarkOverdue),
    ]
}

/// Commands and the minutes between them: two weeks at most.
fn wishes() -> impl Strategy<Value = Vec<(CommandName, i64)>> {
    proptest::collection::vec((names(), 1_i64..20_000), 1..40)
}

fn moments() -> impl Strategy<Value = Timestamp> {
    let around = (-5_000_i64..5_000)
        .prop_map(|minutes| local("03-02 10:00") + SignedDuration::from_mins(minutes));
    prop_oneof![20 => around, 1 => Just(Timestamp::MIN), 1 => Just(Timestamp::MAX)]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![5 => 0_u32..4, 1 => Just(u32::MAX)]
}

fn judgements() -> impl Strategy<Value = Timeliness> {
    select(vec![
        Timeliness::Within,
        Timeliness::Overdue,
        Timeliness::OnTime,
        Timeliness::Late,
    ])
}

fn receipts() -> impl Strategy<Value = Receipt> {
    let policies = select(vec![
        ClockPolicy::Restart,
        ClockPolicy::Pause,
        ClockPolicy::Subtract,
    ]);
    let limits = proptest::option::of(prop_oneof![
        number().prop_map(Limit::Days),
        number().prop_map(Limit::Minutes)
    ]);
    (
        proptest::option::of(moments()),
        limits,
        policies,
        any::<bool>(),
    )
        .prop_map(|(due_at, limit, clock_policy, payment_duty)| Receipt {
            filing: filing(),
            due_at,
            limit,
            clock_policy,
            payment_duty,
            calendar: None,
        })
}

fn clock_facts() -> impl Strategy<Value = Fact> {
    let maybe = || proptest::option::of(moments());
    prop_oneof![
        (number(), maybe()).prop_map(|(ordinal, due_at)| Fact::SupplementRequested {
            reason: String::new(),
            ordinal,
            due_at,
        }),
        (maybe(), maybe(), moments(), any::<i64>()).prop_map(
            |(due_before, due_at, requested_at, waited_minutes)| Fact::SupplementCompleted {
                due_before,
                due_at,
                requested_at,
                waited_minutes,
            }
        ),
        (moments(), moments()).prop_map(|(due_before, due_at)| Fact::DueDateExtended {
            due_before,
            due_at,
            reason: String::new(),
        }),
        (moments(), moments()).prop_map(|(due_before, due_at)| Fact::DueDateRecomputed {
            due_before,
            due_at,
            reason: String::new(),
            calendar: CalendarVersion {
                name: String::new(),
                version: 0
            },
        }),
        moments().prop_map(|due_at| Fact::BecameOverdue { due_at }),
    ]
}

fn handling_facts() -> impl Strategy<Value = Fact> {
    let text = String::new;
    prop_oneof![
        Just(Fact::Registered(filing())),
        receipts().prop_map(Fact::Received),
        receipts().prop_map(Fact::Received),
        Just(Fact::ReceptionRefused { reason: text() }),
        Just(Fact::ProcessingStarted { officer: text() }),
        Just(Fact::ActivityNoted {
            activity: text(),
            officer: text()
        }),
        any::<u64>().prop_map(|amount_dong| Fact::PaymentRequested {
            amount_dong,
            fee: String::new()
        }),
        any::<u64>().prop_map(|amount_dong| Fact::PaymentRecorded {
            amount_dong,
            method: PaymentMethod::Cash,
            reference: String::new(),
        }),
        Just(Fact::HandedOver {
            from_unit: filing().unit,
            to_unit: filing().unit,
            reason: text(),
        }),
        (number(), proptest::option::of(moments())).prop_map(|(step, due_at)| Fact::StepStarted {
            step,
            unit: filing().unit,
            name: String::new(),
            due_at,
        }),
        number().prop_map(|step| Fact::StepHandedOver {
            step,
            from_unit: filing().unit,
            to_unit: filing().unit,
            reason: String::new(),
        }),
        (number(), judgements())
            .prop_map(|(step, timeliness)| Fact::StepCompleted { step, timeliness }),
    ]
}

fn closing_facts() -> impl Strategy<Value = Fact> {
    let text = String::new;
    prop_oneof![
        judgements().prop_map(|timeliness| Fact::HandlingStopped {
            reason: String::new(),
            timeliness
        }),
        judgements().prop_map(|timeliness| Fact::Withdrawn {
            reason: String::new(),
            timeliness
        }),
        judgements().prop_map(|timeliness| Fact::Completed {
            timeliness,
            due_at: None
        }),
        Just(Fact::ResultCorrected { reason: text() }),
        Just(Fact::ResultDelivered),
        (number(), number())
            .prop_map(|(digitised, reused)| Fact::ComponentsDigitised { digitised, reused }),
        Just(Fact::ElectronicResultIssued { sha256: [1; 32] }),
        Just(Fact::ResultSigned { signer: text() }),
        Just(Fact::Synchronised {
            target: SyncTarget::NationalPortal
        }),
        Just(Fact::Rated {
            rating: Rating::Neutral
        }),
        (number(), moments())
            .prop_map(|(petition, due_at)| Fact::PetitionFiled { petition, due_at }),
        (number(), any::<bool>(), any::<bool>()).prop_map(|(petition, on_time, satisfied)| {
            Fact::PetitionAnswered {
                petition,
                on_time,
                satisfied,
            }
        }),
    ]
}

/// Events in any order, whether or not any decision could have made them.
fn strange_histories() -> impl Strategy<Value = Vec<Event>> {
    let facts = prop_oneof![clock_facts(), handling_facts(), closing_facts()];
    let event = (moments(), facts).prop_map(|(at, fact)| Event { at, fact });
    proptest::collection::vec(event, 0..30)
}

proptest! {
    #[test]
    fn a_sound_command_is_accepted_exactly_if_it_is_possible_and_deciding_again_decides_nothing(
        wishes in wishes(),
    ) {
        let mut dossier = Dossier::default();
        let mut at = local("03-02 10:00");
        for (name, minutes) in wishes {
            at += SignedDuration::from_mins(minutes);
            let command = sound(&dossier, name, at);
            let possible = dossier.possible().contains(&name.as_str());
            match dossier.decide(command.clone()) {
                Ok(events) => {
                    // What holds already, and the timer's command, are accepted unlisted.
                    let timer = name == CommandName::MarkOverdue;
                    prop_assert!(possible || timer || events.is_empty());
                    events.iter().for_each(|event| dossier.evolve(event));
                    prop_assert_eq!(dossier.decide(command), Ok(vec![]));
                }
                Err(refusal) => {
                    prop_assert!(!possible, "{}", refusal);
                    prop_assert_eq!(refusal.possible, dossier.possible());
                }
            }
        }
    }

    #[test]
    fn accepted_histories_keep_their_promises(wishes in wishes()) {
        let mut dossier = Dossier::default();
        let mut at = local("03-02 10:00");
        for (name, minutes) in wishes {
            at += SignedDuration::from_mins(minutes);
            let before = dossier.clone();
            for event in dossier.decide(sound(&dossier, name, at)).unwrap_or_default() {
                dossier.evolve(&event);
            }
            let Some(filed) = dossier.filed() else { continue };
            prop_assert_eq!(filed.end.is_some(), filed.status.is_ended());
            prop_assert_eq!(filed.waiting.is_some(), filed.status == Status::SupplementRequested);
            prop_assert_eq!(filed.fee_due.is_some(), filed.status == Status::PaymentRequested);
            if let (Some(end), Some(received)) = (filed.ended_at(), filed.received_at()) {
                prop_assert!(end >= received);
            }
            // Only a recomputation may bring a due date forward.
            if let Some(due_before) = before.filed().and_then(dossier::Filed::due_at)
                && name != CommandName::RecomputeDueDate
            {
                prop_assert!(filed.due_at() >= Some(due_before));
            }
        }
    }

    #[test]
    fn any_events_at_all_are_folded_and_questions_are_answered(history in strange_histories()) {
        let mut dossier = Dossier::default();
        for event in &history {
            dossier.evolve(event);
        }
        let now = local("03-05 15:00");
        for name in CommandName::CALLABLE.into_iter().chain([CommandName::MarkOverdue]) {
            if let Err(refusal) = dossier.decide(sound_in_time(&dossier, name, now)) {
                prop_assert!(!refusal.to_string().is_empty());
            }
        }
        if let Some(filed) = dossier.filed() {
            filed.timeliness_at(now);
            filed.overdue_after();
            prop_assert_eq!(filed.filing.channel, Channel::Online);
        }
    }
}

/// As `sound`, but for states whose dates leave no room to compute with.
fn sound_in_time(dossier: &Dossier, name: CommandName, now: Timestamp) -> dossier::Command {
    let extreme = [Some(Timestamp::MIN), Some(Timestamp::MAX)];
    let due_at = dossier.filed().and_then(dossier::Filed::due_at);
    if name == CommandName::ExtendDueDate && extreme.contains(&due_at) {
        return sound(&Dossier::default(), name, now);
    }
    sound(dossier, name, now)
}
