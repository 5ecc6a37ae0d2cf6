use std::collections::BTreeSet;

use decider::spec::given;
use survey::{Instrument, InstrumentCommand, InstrumentEvent, InstrumentRefusal, Kind};

use crate::{code, edition, hundredths, question};

fn used() -> InstrumentEvent {
    InstrumentEvent::Used {
        edition: code("2024"),
        wave: code("sipas-2024"),
    }
}

#[test]
fn an_edition_may_be_put_anew_until_a_wave_uses_it() {
    let mut changed = edition();
    changed.questions.truncate(2);
    given::<Instrument>([InstrumentEvent::Put(edition())])
        .when(InstrumentCommand::Put(changed.clone()))
        .then([InstrumentEvent::Put(changed.clone())]);
    given::<Instrument>([InstrumentEvent::Put(edition()), used()])
        .when(InstrumentCommand::Put(changed))
        .then_refused(&InstrumentRefusal::Immutable {
            edition: code("2024"),
            wave: code("sipas-2024"),
        });
    given::<Instrument>([InstrumentEvent::Put(edition()), used()])
        .when(InstrumentCommand::Put(edition()))
        .then([]);
}

#[test]
fn a_wave_uses_the_edition_that_it_was_planned_with_or_none() {
    let command = |edition| InstrumentCommand::Use {
        edition,
        wave: code("sipas-2024"),
    };
    given::<Instrument>([InstrumentEvent::Put(edition())])
        .when(command(edition()))
        .then([used()]);
    given::<Instrument>([InstrumentEvent::Put(edition()), used()])
        .when(command(edition()))
        .then([]);
    let mut changed = edition();
    changed.questions.truncate(2);
    given::<Instrument>([InstrumentEvent::Put(changed)])
        .when(command(edition()))
        .then_refused(&InstrumentRefusal::Changed(code("2024")));
    given::<Instrument>([])
        .when(command(edition()))
        .then_refused(&InstrumentRefusal::Changed(code("2024")));
}

#[test]
fn every_fault_of_an_edition_is_named_at_once_with_its_place() {
    assert_eq!(edition().faults(), []);
    let mut faulty = edition();
    faulty.title = " ".into();
    faulty.groups.push(faulty.groups[0].clone());
    faulty.questions[0].kind = Kind::Likert {
        points: 11,
        satisfied_from: 12,
    };
    faulty.questions[1].kind = Kind::Scale { min: 1, max: 1 };
    let Kind::Choice(options) = &mut faulty.questions[2].kind else {
        panic!("the third question is a choice")
    };
    options[1].weight = None;
    options[2].code = options[0].code.clone();
    faulty.questions[3].groups = BTreeSet::from([code("nobody")]);
    faulty.questions[4].kind = Kind::Number {
        min: hundredths("5"),
        max: hundredths("5"),
    };
    faulty.questions.push(question("scale", Kind::YesNo));
    let fields: Vec<String> = faulty
        .faults()
        .into_iter()
        .map(|fault| fault.field)
        .collect();
    assert_eq!(
        fields,
        [
            "title",
            "groups",
            "questions",
            "questions[0].likert.points",
            "questions[0].likert.satisfied_from",
            "questions[1].scale",
            "questions[2].choice",
            "questions[2].choice",
            "questions[3].groups",
            "questions[4].number",
        ]
    );
}
