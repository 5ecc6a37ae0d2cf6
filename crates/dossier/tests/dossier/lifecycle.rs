//! From filing to result.

use decider::Decider;
use decider::spec::given;
use dossier::{
    Action, CalendarVersion, ClockPolicy, Dossier, Event, Fact, PaymentMethod, Promise, Reason,
    Receipt, Status, Timeliness,
};

use crate::asking::{
    LIMIT, after, ask, ask_fee, ask_supplement, correct, dossier, event, filed, filing, history,
    local, receive, receive_without_limit, refuse, refused, register, start, status, stop, vietnam,
    withdraw,
};

fn receipt() -> Receipt {
    Receipt {
        filing: filing(),
        due_at: Some(local("03-09 10:00")),
        limit: Some(LIMIT),
        clock_policy: ClockPolicy::Pause,
        payment_duty: false,
        calendar: Some(CalendarVersion {
            name: "vietnam".to_owned(),
            version: 7,
        }),
    }
}

#[test]
fn an_applicant_registers_a_dossier() {
    given::<Dossier>([])
        .when(ask("03-02 09:00", register()))
        .then([event("03-02 09:00", Fact::Registered(filing()))]);
}

#[test]
fn a_dossier_is_received_with_the_date_that_the_limit_gives() {
    after([("03-02 09:00", register())])
        .when(ask("03-02 10:00", receive()))
        .then([event("03-02 10:00", Fact::Received(receipt()))]);
}

#[test]
fn a_dossier_filed_at_the_counter_is_received_at_once() {
    given::<Dossier>([])
        .when(ask("03-02 10:00", receive()))
        .then([event("03-02 10:00", Fact::Received(receipt()))]);
}

#[test]
fn a_reception_without_content_needs_a_registration() {
    let bare = || Action::ReceiveDossier {
        filing: None,
        promise: Promise::Given(local("03-20 17:00")),
        clock_policy: ClockPolicy::Restart,
        payment_duty: true,
    };
    assert_eq!(
        refused(&Dossier::default(), "03-02 10:00", bare()),
        Reason::NothingFiled
    );

    let received = dossier([("03-02 09:00", register()), ("03-02 10:00", bare())]);
    let received = filed(&received);
    assert_eq!(received.filing, filing());
    assert_eq!(received.registered_at, Some(local("03-02 09:00")));
    assert_eq!(received.received_at(), Some(local("03-02 10:00")));
    assert_eq!(received.due_at(), Some(local("03-20 17:00")));
    assert!(
        received
            .reception
            .as_ref()
            .is_some_and(|r| r.payment_duty && r.calendar.is_none())
    );
}

#[test]
fn the_reception_may_correct_what_was_registered_but_not_the_code() {
    let registered = dossier([("03-02 09:00", register())]);
    let receive = |filing| Action::ReceiveDossier {
        filing: Some(filing),
        promise: Promise::Unlimited,
        clock_policy: ClockPolicy::Pause,
        payment_duty: false,
    };
    let mut corrected = filing();
    corrected.unit = "H40.13".parse().expect("a code");
    let received = dossier([
        ("03-02 09:00", register()),
        ("03-02 10:00", receive(corrected.clone())),
    ]);
    assert_eq!(filed(&received).filing, corrected);

    corrected.code = "another".parse().expect("a code");
    let reason = refused(&registered, "03-02 10:00", receive(corrected));
    assert_eq!(
        reason,
        Reason::OtherCode {
            code: "another".to_owned()
        }
    );
}

#[test]
fn a_dossier_is_received_once() {
    let received = dossier([("03-02 10:00", receive())]);
    let reason = refused(&received, "03-03 10:00", receive());
    assert_eq!(
        reason,
        Reason::AlreadyReceived {
            received_at: local("03-02 10:00")
        }
    );
    // The same reception again is a retry.
    assert_eq!(received.decide(ask("03-02 10:00", receive())), Ok(vec![]));
}

#[test]
fn a_refusal_at_reception_ends_it() {
    let refused_dossier = dossier([("03-02 09:00", register()), ("03-02 11:00", refuse())]);
    assert_eq!(status(&refused_dossier), Status::Refused);
    assert_eq!(
        filed(&refused_dossier).ended_at(),
        Some(local("03-02 11:00"))
    );
    let reason = refused(&refused_dossier, "03-03 09:00", start());
    assert!(matches!(reason, Reason::Status { .. }));
}

#[test]
fn a_supplement_slip_may_come_before_the_reception() {
    let asked = dossier([
        ("03-02 09:00", register()),
        ("03-02 10:00", ask_supplement()),
    ]);
    assert_eq!(status(&asked), Status::SupplementRequested);
    // What was missing comes with the reception, which starts the clock.
    let complete = Action::CompleteSupplement {
        calendar: vietnam(),
    };
    assert_eq!(
        refused(&asked, "03-03 10:00", complete),
        Reason::NotReceived
    );
    let received = dossier([
        ("03-02 09:00", register()),
        ("03-02 10:00", ask_supplement()),
        ("03-03 10:00", receive()),
    ]);
    assert_eq!(status(&received), Status::Received);
    assert_eq!(filed(&received).waiting, None);
    assert_eq!(filed(&received).due_at(), Some(local("03-10 10:00")));
}

#[test]
fn another_officer_may_take_it_over() {
    let started = || [("03-02 10:00", receive()), ("03-02 14:00", start())];
    after(started()).when(ask("03-03 09:00", start())).then([]);
    let officer = || Action::StartProcessing {
        officer: "binh".to_owned(),
    };
    after(started())
        .when(ask("03-03 09:00", officer()))
        .then([event(
            "03-03 09:00",
            Fact::ProcessingStarted {
                officer: "binh".to_owned(),
            },
        )]);
}

#[test]
fn activities_are_noted_before_the_reception_and_after_the_end() {
    let note = || Action::NoteActivity {
        activity: "T02".to_owned(),
        officer: "an".to_owned(),
    };
    let registered = dossier([("03-02 09:00", register())]);
    assert_eq!(
        registered
            .decide(ask("03-01 09:00", note()))
            .map(|events| events.len()),
        Ok(1)
    );
    let ended = dossier([
        ("03-02 10:00", receive()),
        ("03-02 11:00", Action::CompleteDossier),
    ]);
    assert_eq!(
        ended
            .decide(ask("03-05 09:00", note()))
            .map(|events| events.len()),
        Ok(1)
    );
    assert_eq!(
        refused(&Dossier::default(), "03-01 09:00", note()),
        Reason::NotFiled
    );
}

#[test]
fn a_fee_is_asked_for_and_paid() {
    let pay = || Action::RecordPayment {
        amount_dong: 150_000,
        method: PaymentMethod::OnlinePortal,
        reference: "VN-1".to_owned(),
    };
    let asked = || {
        [
            ("03-02 10:00", receive()),
            ("03-02 14:00", start()),
            ("03-03 09:00", ask_fee()),
        ]
    };
    let waiting = dossier(asked());
    assert_eq!(status(&waiting), Status::PaymentRequested);

    let mut paid: Dossier = decider::fold(&history(asked()));
    let events = paid.decide(ask("03-03 15:00", pay())).expect("accepted");
    events.iter().for_each(|event| paid.evolve(event));
    assert_eq!(status(&paid), Status::InProcess);
    assert!(filed(&paid).paid_online);
    assert_eq!(filed(&paid).fee_due, None);
}

#[test]
fn a_fee_may_be_paid_unasked_and_changes_no_status() {
    let pay = Action::RecordPayment {
        amount_dong: 20_000,
        method: PaymentMethod::Cash,
        reference: String::new(),
    };
    let paid = dossier([("03-02 10:00", receive()), ("03-02 10:05", pay)]);
    assert_eq!(status(&paid), Status::Received);
    assert!(!filed(&paid).paid_online);
}

#[test]
fn a_dossier_is_handed_over_to_another_unit() {
    let hand_over = |to: &str| Action::HandOverDossier {
        to_unit: to.parse().expect("a code"),
        reason: "merger".to_owned(),
    };
    let received = || [("03-02 10:00", receive())];
    after(received())
        .when(ask("03-03 09:00", hand_over("H40.13")))
        .then([event(
            "03-03 09:00",
            Fact::HandedOver {
                from_unit: "H40.12".parse().expect("a code"),
                to_unit: "H40.13".parse().expect("a code"),
                reason: "merger".to_owned(),
            },
        )]);
    after(received())
        .when(ask("03-03 09:00", hand_over("H40.12")))
        .then([]);
}

#[test]
fn a_wrong_result_is_taken_back_only_before_delivery() {
    let completed = [
        ("03-02 10:00", receive()),
        ("03-02 14:00", start()),
        ("03-04 10:00", Action::CompleteDossier),
        ("03-04 16:00", correct()),
    ];
    let corrected = dossier(completed);
    assert_eq!(status(&corrected), Status::InProcess);
    assert_eq!(filed(&corrected).ended_at(), None);
    assert_eq!(
        filed(&corrected).timeliness_at(local("03-20 10:00")),
        Timeliness::Overdue
    );

    let delivered = dossier([
        ("03-02 10:00", receive()),
        ("03-04 10:00", Action::CompleteDossier),
        ("03-05 10:00", Action::DeliverResult),
    ]);
    let reason = refused(&delivered, "03-05 11:00", correct());
    assert_eq!(
        reason,
        Reason::Status {
            allowed: &[Status::Completed]
        }
    );
}

#[test]
fn a_stopped_dossier_is_handed_back() {
    let stopped = [
        ("03-02 10:00", receive()),
        ("03-02 14:00", start()),
        ("03-04 10:00", stop()),
        ("03-05 10:00", Action::DeliverResult),
    ];
    let delivered = dossier(stopped);
    assert_eq!(status(&delivered), Status::Delivered);
    assert_eq!(filed(&delivered).ended_at(), Some(local("03-04 10:00")));
    assert_eq!(filed(&delivered).delivered_at, Some(local("03-05 10:00")));
}

#[test]
fn handling_does_not_end_before_the_reception() {
    let received = dossier([("03-02 10:00", receive()), ("03-02 14:00", start())]);
    for action in [Action::CompleteDossier, stop(), withdraw()] {
        let reason = refused(&received, "03-02 09:59", action);
        assert_eq!(
            reason,
            Reason::BeforeReception {
                received_at: local("03-02 10:00")
            }
        );
    }
    let at_once = received.decide(ask("03-02 10:00", Action::CompleteDossier));
    assert!(at_once.is_ok());
}

#[test]
fn a_refusal_names_the_state_the_reason_and_what_is_possible() {
    let received = dossier([("03-02 10:00", receive_without_limit())]);
    let refusal = received
        .decide(ask("03-02 11:00", Action::DeliverResult))
        .expect_err("there is no result yet");
    assert_eq!(
        refusal.to_string(),
        "the dossier is received (status 2) and refuses DeliverResult: this can be done only while \
         it is stopped or completed; possible now: StartProcessing, NoteActivity, \
         RequestSupplement, RecordPayment, HandOverDossier, StartStep, WithdrawDossier, \
         CompleteDossier, DigitiseComponents, IssueElectronicResult, SynchroniseDossier, \
         FilePetition"
    );
    let unfiled = Dossier::default()
        .decide(ask("03-02 11:00", Action::DeliverResult))
        .expect_err("there is no dossier");
    assert_eq!(
        unfiled.to_string(),
        "the dossier has not been filed and refuses DeliverResult: register or receive it first; \
         possible now: RegisterDossier, ReceiveDossier"
    );
}

#[test]
fn facts_about_a_dossier_never_filed_leave_it_unfiled() {
    let stray = Event {
        at: local("03-02 10:00"),
        fact: Fact::ResultDelivered,
    };
    assert_eq!(decider::fold::<Dossier>([&stray]), Dossier::Unfiled);
}
