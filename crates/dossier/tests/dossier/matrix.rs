//! Every command in every state, and the moves between statuses that come of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use calendar::{Calendar, Limit};
use decider::Decider;
use dossier::{
    Action, ClockPolicy, Command, CommandName, Dossier, PaymentMethod, Promise, Rating, SyncTarget,
};
use jiff::{SignedDuration, Timestamp};

use crate::asking::{
    ask_fee, ask_supplement, correct, dossier, filing, local, receive, refuse, register, start,
    stop, supplemented, vietnam, withdraw,
};

/// The moves of the national portal's table; 0 is a dossier not filed yet.
const MOVES: [(u8, u8); 26] = [
    (0, 1),
    (0, 2),
    (1, 2),
    (1, 3),
    (1, 5),
    (1, 7),
    (2, 4),
    (2, 5),
    (2, 7),
    (2, 9),
    (4, 5),
    (4, 6),
    (4, 7),
    (4, 8),
    (4, 9),
    (5, 4),
    (5, 2),
    (5, 7),
    (5, 8),
    (6, 4),
    (6, 7),
    (6, 8),
    (6, 9),
    (8, 10),
    (9, 10),
    (9, 4),
];

/// A command of that name with arguments that are sound in this state, saying something new.
pub(crate) fn sound(dossier: &Dossier, name: CommandName, at: Timestamp) -> Command {
    let filed = dossier.filed();
    let due_at = filed.and_then(dossier::Filed::due_at);
    let fresh = at.to_string();
    let calendar: Arc<Calendar> = vietnam();
    let at = match (name, due_at) {
        (CommandName::ExtendDueDate, Some(due_at)) => due_at - SignedDuration::from_hours(48),
        _ => at,
    };
    let action = match name {
        CommandName::RegisterDossier => register(),
        CommandName::ReceiveDossier => Action::ReceiveDossier {
            filing: Some(filing()),
            promise: Promise::Computed {
                limit: Limit::Days(5),
                calendar,
            },
            clock_policy: ClockPolicy::Subtract,
            payment_duty: true,
        },
        CommandName::RefuseReception => Action::RefuseReception { reason: fresh },
        CommandName::StartProcessing => Action::StartProcessing { officer: fresh },
        CommandName::NoteActivity => Action::NoteActivity {
            activity: fresh,
            officer: String::new(),
        },
        CommandName::RequestSupplement => Action::RequestSupplement { reason: fresh },
        CommandName::CompleteSupplement => Action::CompleteSupplement { calendar },
        CommandName::RequestPayment => Action::RequestPayment {
            amount_dong: 1,
            fee: fresh,
        },
        CommandName::RecordPayment => Action::RecordPayment {
            amount_dong: 1,
            method: PaymentMethod::OnlineLocal,
            reference: fresh,
        },
        CommandName::ExtendDueDate => Action::ExtendDueDate {
            due_at: due_at.unwrap_or(at) + SignedDuration::from_hours(24),
            reason: fresh,
            calendar,
        },
        CommandName::RecomputeDueDate => Action::RecomputeDueDate {
            reason: fresh,
            calendar,
        },
        CommandName::HandOverDossier => {
            let here = filed.is_some_and(|filed| filed.filing.unit.as_str() == "H40.13");
            let to_unit = if here { "H40.14" } else { "H40.13" }
                .parse()
                .expect("a code");
            Action::HandOverDossier {
                to_unit,
                reason: fresh,
            }
        }
        CommandName::StartStep => Action::StartStep {
            step: filed.map_or(1, |filed| {
                u32::try_from(filed.steps.len()).expect("few") + 1
            }),
            unit: "H40.14".parse().expect("a code"),
            name: fresh,
            limit: Some((Limit::hours(4), calendar)),
        },
        CommandName::CompleteStep => Action::CompleteStep {
            step: filed
                .and_then(|filed| {
                    filed
                        .steps
                        .iter()
                        .find(|(_, step)| step.completed_at.is_none())
                })
                .map_or(1, |(number, _)| *number),
        },
        CommandName::StopHandling => Action::StopHandling { reason: fresh },
        CommandName::WithdrawDossier => Action::WithdrawDossier { reason: fresh },
        CommandName::CompleteDossier => Action::CompleteDossier,
        CommandName::CorrectResult => Action::CorrectResult { reason: fresh },
        CommandName::DeliverResult => Action::DeliverResult,
        CommandName::DigitiseComponents => Action::DigitiseComponents {
            digitised: 1,
            reused: 1,
        },
        CommandName::IssueElectronicResult => {
            let mut sha256 = [0; 32];
            sha256[..8].copy_from_slice(&at.as_microsecond().to_be_bytes());
            Action::IssueElectronicResult { sha256 }
        }
        CommandName::SignResult => Action::SignResult { signer: fresh },
        CommandName::SynchroniseDossier => Action::SynchroniseDossier {
            target: SyncTarget::NationalPortal,
        },
        CommandName::RateDossier => Action::RateDossier {
            rating: Rating::Satisfied,
        },
        CommandName::FilePetition => Action::FilePetition {
            limit: Limit::Days(15),
            calendar,
        },
        CommandName::AnswerPetition => Action::AnswerPetition {
            petition: filed
                .and_then(|filed| filed.petitions.iter().find(|(_, it)| it.answer.is_none()))
                .map_or(1, |(number, _)| *number),
            satisfied: true,
        },
        CommandName::MarkOverdue => Action::MarkOverdue,
    };
    Command { at, action }
}

/// A dossier in every status that there is, some on more than one way.
fn everywhere() -> Vec<Dossier> {
    let received = || ("03-02 10:00", receive());
    let started = || ("03-02 14:00", start());
    let completed = || ("03-04 10:00", Action::CompleteDossier);
    vec![
        Dossier::default(),
        dossier([("03-02 09:00", register())]),
        dossier([
            ("03-02 09:00", register()),
            ("03-02 09:30", ask_supplement()),
        ]),
        dossier([("03-02 09:00", register()), ("03-02 09:30", refuse())]),
        dossier([("03-02 09:00", register()), ("03-02 09:30", withdraw())]),
        dossier([received()]),
        dossier([received(), started()]),
        dossier([received(), started(), ("03-03 10:00", ask_supplement())]),
        dossier([
            received(),
            ("03-03 10:00", ask_supplement()),
            ("03-03 11:00", supplemented()),
        ]),
        dossier([received(), started(), ("03-03 10:00", ask_fee())]),
        dossier([received(), started(), ("03-03 10:00", stop())]),
        dossier([received(), started(), ("03-03 10:00", withdraw())]),
        dossier([received(), completed()]),
        dossier([received(), completed(), ("03-05 10:00", correct())]),
        dossier([
            received(),
            completed(),
            ("03-05 10:00", Action::DeliverResult),
        ]),
    ]
}

#[test]
fn what_is_possible_is_accepted_and_nothing_else() {
    for dossier in everywhere() {
        let possible = dossier.possible();
        for name in CommandName::CALLABLE {
            let decided = dossier.decide(sound(&dossier, name, local("03-05 15:00")));
            let listed = possible.contains(&name.as_str());
            match decided {
                Ok(_) => assert!(listed, "{name} was accepted: {dossier:?}"),
                Err(refusal) => {
                    assert!(!listed, "{refusal}");
                    assert_eq!(refusal.possible, possible);
                    assert_eq!(refusal.command, name);
                }
            }
        }
    }
}

#[test]
fn the_moves_between_statuses_are_those_of_the_portal() {
    let code = |dossier: &Dossier| dossier.status().map_or(0, dossier::Status::code);
    let mut moves = BTreeSet::new();
    for dossier in everywhere() {
        for name in CommandName::CALLABLE {
            let command = sound(&dossier, name, local("03-05 15:00"));
            let mut after = dossier.clone();
            for event in dossier.decide(command).unwrap_or_default() {
                after.evolve(&event);
            }
            if code(&after) != code(&dossier) {
                moves.insert((code(&dossier), code(&after)));
            }
        }
    }
    assert_eq!(moves, BTreeSet::from(MOVES));
}
