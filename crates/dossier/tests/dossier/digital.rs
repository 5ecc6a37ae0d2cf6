//! Digitisation, electronic results, and what citizens say.

use decider::Decider;
use decider::spec::given;
use dossier::{Action, Fact, Rating, Reason, SyncTarget};

use crate::asking::{
    after, ask, dossier, event, filed, history, local, receive, refuse, refused, register, vietnam,
};

fn issue(byte: u8) -> Action {
    Action::IssueElectronicResult { sha256: [byte; 32] }
}

fn sign() -> Action {
    Action::SignResult {
        signer: "chi".to_owned(),
    }
}

#[test]
fn only_an_electronic_result_is_signed() {
    let received = dossier([("03-02 10:00", receive())]);
    assert_eq!(
        refused(&received, "03-03 10:00", sign()),
        Reason::NoElectronicResult
    );

    let signed = || {
        [
            ("03-02 10:00", receive()),
            ("03-03 10:00", issue(1)),
            ("03-03 11:00", sign()),
        ]
    };
    assert_eq!(filed(&dossier(signed())).signer.as_deref(), Some("chi"));
    // The same file again is a retry; another one is unsigned.
    after(signed()).when(ask("03-04 10:00", issue(1))).then([]);
    let mut replaced = dossier(signed());
    let events = replaced
        .decide(ask("03-04 10:00", issue(2)))
        .expect("accepted");
    events.iter().for_each(|event| replaced.evolve(event));
    assert_eq!(filed(&replaced).signer, None);
}

#[test]
fn components_are_counted_together() {
    let digitise = |digitised, reused| Action::DigitiseComponents { digitised, reused };
    let twice = dossier([
        ("03-02 09:00", register()),
        ("03-02 10:00", digitise(3, 1)),
        ("03-02 11:00", digitise(3, 1)),
    ]);
    assert_eq!((filed(&twice).digitised, filed(&twice).reused), (6, 2));
    assert_eq!(twice.decide(ask("03-02 11:00", digitise(3, 1))), Ok(vec![]));
    assert_eq!(
        refused(&twice, "03-02 12:00", digitise(0, 0)),
        Reason::NothingDigitised
    );
}

#[test]
fn a_store_has_the_data_once() {
    let synchronise = |target| Action::SynchroniseDossier { target };
    let portal = || {
        [
            ("03-02 09:00", register()),
            ("03-02 09:01", synchronise(SyncTarget::NationalPortal)),
        ]
    };
    after(portal())
        .when(ask("03-02 09:05", synchronise(SyncTarget::NationalPortal)))
        .then([]);
    after(portal())
        .when(ask("03-02 09:05", synchronise(SyncTarget::PersonalStore)))
        .then([event(
            "03-02 09:05",
            Fact::Synchronised {
                target: SyncTarget::PersonalStore,
            },
        )]);
}

#[test]
fn handling_is_rated_once_and_after_its_end() {
    let rate = |rating| Action::RateDossier { rating };
    let received = dossier([("03-02 10:00", receive())]);
    let reason = refused(&received, "03-03 10:00", rate(Rating::Satisfied));
    assert!(matches!(reason, Reason::Status { .. }));

    let turned_away = history([("03-02 09:00", register()), ("03-02 10:00", refuse())]);
    given::<dossier::Dossier>(turned_away)
        .when(ask("03-02 11:00", rate(Rating::Dissatisfied)))
        .then([event(
            "03-02 11:00",
            Fact::Rated {
                rating: Rating::Dissatisfied,
            },
        )]);

    let rated = dossier([
        ("03-02 10:00", receive()),
        ("03-03 10:00", Action::CompleteDossier),
        ("03-03 11:00", rate(Rating::Satisfied)),
    ]);
    let reason = refused(&rated, "03-04 10:00", rate(Rating::Neutral));
    assert_eq!(
        reason,
        Reason::AlreadyRated {
            rating: Rating::Satisfied
        }
    );
}

#[test]
fn petitions_are_answered_once_each_by_their_own_limit() {
    let file = || Action::FilePetition {
        limit: calendar::Limit::Days(15),
        calendar: vietnam(),
    };
    let answer = |petition, satisfied| Action::AnswerPetition {
        petition,
        satisfied,
    };
    // Fifteen working days after Tuesday 3 March is Tuesday 24 March.
    let due_at = local("03-24 10:00");
    after([("03-02 10:00", receive())])
        .when(ask("03-03 10:00", file()))
        .then([event(
            "03-03 10:00",
            Fact::PetitionFiled {
                petition: 1,
                due_at,
            },
        )]);

    let filed_twice = || {
        [
            ("03-02 10:00", receive()),
            ("03-03 10:00", file()),
            ("03-04 10:00", file()),
        ]
    };
    for (at, on_time) in [("03-24 10:00", true), ("03-24 10:01", false)] {
        let answered = Fact::PetitionAnswered {
            petition: 1,
            on_time,
            satisfied: true,
        };
        after(filed_twice())
            .when(ask(at, answer(1, true)))
            .then([event(at, answered)]);
    }
    let unknown = refused(&dossier(filed_twice()), "03-05 10:00", answer(3, true));
    assert_eq!(unknown, Reason::UnknownPetition { petition: 3 });

    let mut one_answered = dossier(filed_twice());
    let events = one_answered
        .decide(ask("03-05 10:00", answer(1, true)))
        .expect("accepted");
    events.iter().for_each(|event| one_answered.evolve(event));
    let again = refused(&one_answered, "03-06 10:00", answer(1, false));
    assert_eq!(
        again,
        Reason::PetitionAnswered {
            petition: 1,
            at: local("03-05 10:00")
        }
    );
    let events = one_answered
        .decide(ask("03-06 10:00", answer(2, false)))
        .expect("accepted");
    events.iter().for_each(|event| one_answered.evolve(event));
    assert_eq!(
        refused(&one_answered, "03-07 10:00", answer(2, true)),
        Reason::NoOpenPetition
    );
}
