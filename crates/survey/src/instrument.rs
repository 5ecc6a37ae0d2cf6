//! Instruments: questionnaires in editions. An edition may be put anew until a wave uses it.

use std::collections::{BTreeMap, BTreeSet};

use decider::Decider;
use ids::MeasureName;

use crate::question::{Feed, Question, Taken, sound_text};
use crate::{Code, Fault, Level};

/// Most questions of an edition: PAPI asks for 120 indicators and more.
const QUESTIONS: usize = 200;
/// Most respondent groups of an edition.
const GROUPS: usize = 10;

/// A group of respondents that is asked and counted apart, such as citizens or officials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Unique within the edition.
    pub code: Code,
    /// What it is called, 1 to 500 characters.
    pub label: String,
}

/// One edition of an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// The instrument.
    pub instrument: Code,
    /// The edition, unique within the instrument.
    pub name: Code,
    /// What it is called, 1 to 500 characters.
    pub title: String,
    /// Who is asked, 1 to 10 groups.
    pub groups: Vec<Group>,
    /// What is asked, 1 to 200 questions.
    pub questions: Vec<Question>,
    /// The intervals of its results, unless others are asked for.
    pub level: Level,
}

impl Edition {
    /// Everything that is wrong with it, with where it stands.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let fault = |field: String, why: &str| Fault {
            field,
            why: why.to_owned(),
        };
        if !sound_text(&self.title) {
            faults.push(fault("title".into(), "needs 1 to 500 printable characters"));
        }
        let groups: BTreeSet<&Code> = self.groups.iter().map(|group| &group.code).collect();
        if !(1..=GROUPS).contains(&self.groups.len()) || groups.len() != self.groups.len() {
            faults.push(fault(
                "groups".into(),
                "needs 1 to 10 groups with different codes",
            ));
        }
        for (at, group) in self.groups.iter().enumerate() {
            if !sound_text(&group.label) {
                faults.push(fault(
                    format!("groups[{at}].label"),
                    "needs 1 to 500 printable characters",
                ));
            }
        }
        let questions: BTreeSet<&Code> = self.questions.iter().map(|q| &q.code).collect();
        if !(1..=QUESTIONS).contains(&self.questions.len())
            || questions.len() != self.questions.len()
        {
            faults.push(fault(
                "questions".into(),
                "needs 1 to 200 questions with different codes",
            ));
        }
        for (at, question) in self.questions.iter().enumerate() {
            question.faults(&format!("questions[{at}]"), &groups, &mut faults);
        }
        self.mixed_inputs(&mut faults);
        faults
    }

    /// Only counts may be added up: a share or a mean is that of one question.
    fn mixed_inputs(&self, faults: &mut Vec<Fault>) {
        let mut known: BTreeMap<&MeasureName, (&Code, Taken<'_>)> = BTreeMap::new();
        for (at, question) in self.questions.iter().enumerate() {
            let taken = question.feeds.iter().flat_map(Feed::taken);
            for (input, taken) in taken {
                let (of, other) = *known.entry(input).or_insert((&question.code, taken));
                let same = taken == other && (taken == Taken::Count || *of == question.code);
                if !same {
                    faults.push(Fault {
                        field: format!("questions[{at}].feeds"),
                        why: format!(
                            "{input} is taken of question {of} in another way; only counts are added up"
                        ),
                    });
                }
            }
        }
    }

    /// A question by its code.
    pub fn question(&self, code: &Code) -> Option<&Question> {
        self.questions
            .iter()
            .find(|question| question.code == *code)
    }

    /// Whether it asks a group.
    pub fn has_group(&self, group: &Code) -> bool {
        self.groups.iter().any(|it| it.code == *group)
    }
}

/// All editions of one instrument.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instrument {
    editions: BTreeMap<Code, (Edition, Option<Code>)>,
    newest: Option<Code>,
}

/// What may be asked of an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstrumentCommand {
    /// Puts a sound edition, in place of an unused one of the same name.
    Put(Edition),
    /// Takes an edition into use for a wave: from then on it is what it is.
    Use {
        /// The edition as the wave read it.
        edition: Edition,
        /// The wave.
        wave: Code,
    },
}

/// What happened to an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstrumentEvent {
    /// An edition is this from now on.
    Put(Edition),
    /// A wave uses an edition: it is immutable.
    Used {
        /// The edition.
        edition: Code,
        /// The first wave that uses it.
        wave: Code,
    },
}

/// Why an instrument refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstrumentRefusal {
    /// Answers were or will be given to what the edition says.
    #[error(
        "edition {edition} is used by wave {wave} and cannot change; put the change as a new edition"
    )]
    Immutable {
        /// The edition.
        edition: Code,
        /// A wave that uses it.
        wave: Code,
    },
    /// The edition is not, or not any more, what the wave was planned with.
    #[error("edition {0} is not what the wave was planned with; plan it again")]
    Changed(Code),
}

impl Instrument {
    /// An edition and the first wave that uses it; without a name the one put last.
    pub fn edition(&self, name: Option<&Code>) -> Option<(&Edition, Option<&Code>)> {
        let name = name.or(self.newest.as_ref())?;
        let (edition, wave) = self.editions.get(name)?;
        Some((edition, wave.as_ref()))
    }

    /// All editions by name, each with the first wave that uses it.
    pub fn editions(&self) -> impl Iterator<Item = (&Edition, Option<&Code>)> {
        self.editions
            .values()
            .map(|(edition, wave)| (edition, wave.as_ref()))
    }
}

impl Decider for Instrument {
    type Command = InstrumentCommand;
    type Event = InstrumentEvent;
    type Refusal = InstrumentRefusal;

    fn decide(
        &self,
        command: InstrumentCommand,
    ) -> Result<Vec<InstrumentEvent>, InstrumentRefusal> {
        match command {
            InstrumentCommand::Put(edition) => match self.editions.get(&edition.name) {
                Some((known, _)) if *known == edition => Ok(vec![]),
                Some((_, Some(wave))) => Err(InstrumentRefusal::Immutable {
                    edition: edition.name,
                    wave: wave.clone(),
                }),
                _ => Ok(vec![InstrumentEvent::Put(edition)]),
            },
            InstrumentCommand::Use { edition, wave } => match self.editions.get(&edition.name) {
                Some((known, used)) if *known == edition => Ok(match used {
                    Some(_) => vec![],
                    None => vec![InstrumentEvent::Used {
                        edition: edition.name,
                        wave,
                    }],
                }),
                _ => Err(InstrumentRefusal::Changed(edition.name)),
            },
        }
    }

    fn evolve(&mut self, event: &InstrumentEvent) {
        match event {
            InstrumentEvent::Put(edition) => {
                self.newest = Some(edition.name.clone());
                self.editions
                    .insert(edition.name.clone(), (edition.clone(), None));
            }
            InstrumentEvent::Used { edition, wave } => {
                if let Some((_, used)) = self.editions.get_mut(edition) {
                    used.get_or_insert_with(|| wave.clone());
                }
            }
        }
    }
}
