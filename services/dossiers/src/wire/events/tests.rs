use std::collections::BTreeSet;

use dossier::{Channel, ClockPolicy, PaymentMethod, Rating, SyncTarget, Timeliness};

use super::*;

fn moment() -> Timestamp {
    "2025-03-03T02:00:00.123456789Z".parse().unwrap()
}

fn text() -> String {
    "thiếu giấy tờ".into()
}

fn filing() -> Filing {
    Filing {
        code: "000.00.12.H40-250303-0001".parse().unwrap(),
        procedure: "1.005129".parse().unwrap(),
        receiving_unit: "H40.12".parse().unwrap(),
        unit: "H40.13".parse().unwrap(),
        channel: Channel::Online,
        applicant: Some([7; 32]),
        identity_verified: true,
        source: Some("legacy".into()),
    }
}

fn receipts() -> Vec<Fact> {
    let receipt = Receipt {
        filing: filing(),
        due_at: Some(moment()),
        limit: Some(Limit::Days(5)),
        clock_policy: ClockPolicy::Subtract,
        payment_duty: true,
        calendar: Some(CalendarVersion {
            name: "office".into(),
            version: 3,
        }),
    };
    let with = |limit| {
        Fact::Received(Receipt {
            limit,
            ..receipt.clone()
        })
    };
    let given = Receipt {
        due_at: None,
        calendar: None,
        ..receipt.clone()
    };
    let unknown = Filing {
        applicant: None,
        source: None,
        ..filing()
    };
    vec![
        with(Some(Limit::Days(5))),
        with(Some(Limit::Days(0))),
        with(Some(Limit::Minutes(90))),
        with(None),
        Fact::Received(given),
        Fact::Registered(filing()),
        Fact::Registered(unknown),
    ]
}

fn handling() -> Vec<Fact> {
    let (due_at, reason, officer) = (moment(), text(), "CB01".to_owned());
    let (step, unit, timeliness) = (2, filing().unit, Timeliness::Late);
    let calendar = CalendarVersion {
        name: "office".into(),
        version: 3,
    };
    vec![
        Fact::ReceptionRefused { reason: text() },
        Fact::ProcessingStarted {
            officer: officer.clone(),
        },
        Fact::ActivityNoted {
            activity: text(),
            officer,
        },
        Fact::SupplementRequested {
            reason: text(),
            ordinal: 1,
            due_at: None,
        },
        Fact::SupplementCompleted {
            due_before: Some(due_at),
            due_at: Some(due_at),
            requested_at: due_at,
            waited_minutes: 960,
        },
        Fact::PaymentRequested {
            amount_dong: 1_000_000_000_000,
            fee: text(),
        },
        Fact::PaymentRecorded {
            amount_dong: 1,
            method: PaymentMethod::OnlineLocal,
            reference: text(),
        },
        Fact::DueDateExtended {
            due_before: due_at,
            due_at,
            reason: text(),
        },
        Fact::DueDateRecomputed {
            due_before: due_at,
            due_at,
            reason: text(),
            calendar,
        },
        Fact::HandedOver {
            from_unit: unit.clone(),
            to_unit: unit.clone(),
            reason: text(),
        },
        Fact::StepStarted {
            step,
            unit: unit.clone(),
            name: text(),
            due_at: None,
        },
        Fact::StepHandedOver {
            step,
            from_unit: unit.clone(),
            to_unit: unit,
            reason: text(),
        },
        Fact::StepCompleted { step, timeliness },
        Fact::HandlingStopped {
            reason: text(),
            timeliness,
        },
        Fact::Withdrawn { reason, timeliness },
        Fact::Completed {
            timeliness: Timeliness::OnTime,
            due_at: Some(due_at),
        },
        Fact::BecameOverdue { due_at },
    ]
}

fn afterwards() -> Vec<Fact> {
    vec![
        Fact::ResultCorrected { reason: text() },
        Fact::ResultDelivered,
        Fact::ComponentsDigitised {
            digitised: 2,
            reused: 0,
        },
        Fact::ElectronicResultIssued { sha256: [9; 32] },
        Fact::ResultSigned { signer: text() },
        Fact::Synchronised {
            target: SyncTarget::PersonalStore,
        },
        Fact::Rated {
            rating: Rating::Dissatisfied,
        },
        Fact::PetitionFiled {
            petition: 1,
            due_at: moment(),
        },
        Fact::PetitionAnswered {
            petition: 1,
            on_time: true,
            satisfied: false,
        },
    ]
}

#[test]
fn every_fact_comes_back_as_it_was_stored() {
    for fact in receipts().into_iter().chain(handling()).chain(afterwards()) {
        let (kind, payload) = encode(&Event {
            at: moment(),
            fact: fact.clone(),
        });
        assert_eq!(decode(kind, &payload).unwrap(), fact, "{kind}");
    }
}

#[test]
fn every_event_of_the_contract_is_a_fact() {
    let facts = receipts().into_iter().chain(handling()).chain(afterwards());
    let stored: BTreeSet<String> = facts
        .map(|fact| encode(&Event { at: moment(), fact }).0.to_owned())
        .collect();
    let files = prost_types::FileDescriptorSet::decode(contracts::FILE_DESCRIPTOR_SET).unwrap();
    let file = files
        .file
        .iter()
        .find(|file| file.name() == "chiso/dossiers/v1/events.proto");
    let messages = &file.unwrap().message_type;
    let contract: BTreeSet<String> = messages
        .iter()
        .map(|message| format!("{}.{}", "chiso.dossiers.v1", message.name()))
        .collect();
    assert_eq!(stored, contract);
}

#[test]
fn what_was_never_written_is_not_read() {
    assert!(matches!(
        decode("chiso.dossiers.v1.Unheard", b""),
        Err(DecodeError::UnknownKind(_))
    ));
    let kind = "chiso.dossiers.v1.DossierRated";
    assert!(matches!(
        decode(kind, b"\xff"),
        Err(DecodeError::Malformed { .. })
    ));
    assert!(matches!(
        decode(kind, b""),
        Err(DecodeError::Invalid { .. })
    ));
}
