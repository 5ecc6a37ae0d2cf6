//! Answers, and ballots of them.

use std::collections::BTreeMap;

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

/// What one respondent answered, by question. It says nothing of who, when or under which token.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ballot(BTreeMap<Code, Answer>);

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
            Ok(Self(ballot))
        } else {
            Err(faults)
        }
    }

    /// The answers by question.
    pub fn answers(&self) -> impl Iterator<Item = (&Code, &Answer)> {
        self.0.iter()
    }
}

impl FromIterator<(Code, Answer)> for Ballot {
    fn from_iter<I: IntoIterator<Item = (Code, Answer)>>(answers: I) -> Self {
        Self(answers.into_iter().collect())
    }
}
