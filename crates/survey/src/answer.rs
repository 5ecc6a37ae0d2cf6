//! Answers, and ballots of them.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::question::Hundredths;
use crate::{Code, Edition};

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// A number; for yes and no 1 and 0.
    Number(Hundredths),
    /// An option.
    Choice(Code),
}

/// How much a ballot counts beside an average one: 0.01 to 100.00, in whole hundredths. So coarse that it tells nobody
/// apart by itself, and small enough that all sums stay exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(u16);

impl Weight {
    /// The greatest weight, in hundredths.
    const MAX: u16 = 10_000;

    /// That many hundredths; none of a weight that is too small or too great.
    pub fn new(hundredths: u16) -> Option<Self> {
        (1..=Self::MAX)
            .contains(&hundredths)
            .then_some(Self(hundredths))
    }

    /// The number of hundredths.
    pub fn count(self) -> u16 {
        self.0
    }
}

impl Default for Weight {
    /// That of an average ballot, 1.
    fn default() -> Self {
        Self(100)
    }
}

impl FromStr for Weight {
    type Err = ();

    /// Reads a plain decimal with at most two digits behind the point.
    fn from_str(text: &str) -> Result<Self, ()> {
        let hundredths: Hundredths = text.parse()?;
        let hundredths = u16::try_from(hundredths.count()).map_err(|_| ())?;
        Self::new(hundredths).ok_or(())
    }
}

/// What one respondent answered, by question, and how much that counts. It says nothing of who, when or under which
/// token.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ballot {
    answers: BTreeMap<Code, Answer>,
    weight: Weight,
}

/// Something wrong in what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct Fault {
    /// Where it stands.
    pub field: String,
    /// What is wrong and what would be right.
    pub why: String,
}

impl Ballot {
    /// Reads answers of a respondent of `group`, as question and text. A blank text is no answer.
    ///
    /// # Errors
    /// Everything that is wrong, at once. Faults name the question, never the answer's owner.
    pub fn read<'a>(
        edition: &Edition,
        group: &Code,
        answers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<Fault>> {
        let mut ballot = BTreeMap::new();
        let mut faults = Vec::new();
        let mut fault = |question: &str, why: String| {
            let question: String = question.chars().take(Code::CHARS).collect();
            faults.push(Fault {
                field: format!("answers[{question}]"),
                why,
            });
        };
        for (code, text) in answers {
            let question = edition.questions.iter().find(|q| q.code.as_str() == code);
            let Some(question) = question.filter(|question| question.asks(group)) else {
                fault(code, format!("is not asked of {group}; leave it out"));
                continue;
            };
            if text.trim().is_empty() {
                continue;
            }
            match question.read(text) {
                Ok(answer) => {
                    if ballot.insert(question.code.clone(), answer).is_some() {
                        fault(code, "is answered twice; answer it once".into());
                    }
                }
                Err(why) => fault(code, why),
            }
        }
        for question in &edition.questions {
            if question.required && question.asks(group) && !ballot.contains_key(&question.code) {
                fault(question.code.as_str(), "needs an answer".into());
            }
        }
        if faults.is_empty() && ballot.is_empty() {
            faults.push(Fault {
                field: "answers".into(),
                why: "are missing; answer at least one question".into(),
            });
        }
        if faults.is_empty() {
            Ok(ballot.into_iter().collect())
        } else {
            Err(faults)
        }
    }

    /// The answers by question.
    pub fn answers(&self) -> impl Iterator<Item = (&Code, &Answer)> {
        self.answers.iter()
    }

    /// How much it counts.
    pub fn weight(&self) -> Weight {
        self.weight
    }

    /// The same answers with another weight.
    #[must_use]
    pub fn weighing(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }
}

impl FromIterator<(Code, Answer)> for Ballot {
    fn from_iter<I: IntoIterator<Item = (Code, Answer)>>(answers: I) -> Self {
        Self {
            answers: answers.into_iter().collect(),
            weight: Weight::default(),
        }
    }
}
