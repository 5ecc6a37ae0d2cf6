//! What is asked, and which answers fit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use ids::{IndexCode, LeafCode, MeasureName};
use rust_decimal::Decimal;

use crate::answer::Answer;
use crate::{Code, Fault};

/// A number in whole hundredths, from -1,000,000.00 to 1,000,000.00: small enough that the squares of a million of them
/// add up exactly in 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hundredths(i64);

impl Hundredths {
    /// The greatest magnitude, in hundredths.
    const MAX: i64 = 100_000_000;

    /// That many hundredths; none beyond the limit.
    pub fn new(count: i64) -> Option<Self> {
        (count.abs() <= Self::MAX).then_some(Self(count))
    }

    /// That many whole units; a smaller type than the limit, so it always fits.
    pub fn whole(units: i16) -> Self {
        Self(i64::from(units) * 100)
    }

    /// The number of hundredths.
    pub fn count(self) -> i64 {
        self.0
    }
}

impl FromStr for Hundredths {
    type Err = ();

    /// Reads a plain decimal with at most two digits behind the point.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !plain || digits.len() > 12 || !digits.bytes().any(|b| b.is_ascii_digit()) {
            return Err(());
        }
        let value = Decimal::from_str_exact(text).map_err(|_| ())?.normalize();
        let hundredths = value * Decimal::ONE_HUNDRED;
        let count = i64::try_from(hundredths).map_err(|_| ())?;
        let exact = Decimal::from(count) == hundredths;
        (exact && count.abs() <= Self::MAX)
            .then_some(Self(count))
            .ok_or(())
    }
}

impl fmt::Display for Hundredths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::new(self.0, 2).normalize().fmt(f)
    }
}

/// One option of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What an answer names.
    pub code: Code,
    /// What respondents read.
    pub label: String,
    /// What it counts, such as 60 for "B counts 60 %"; without, the question has shares but no mean.
    pub weight: Option<Hundredths>,
}

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A whole number between two ends, such as 1 to 10; at most 101 of them.
    Scale {
        /// The least answer.
        min: i16,
        /// The greatest answer.
        max: i16,
    },
    /// Agreement or satisfaction, 1 to `points`.
    Likert {
        /// The greatest answer, 2 to 10.
        points: i16,
        /// Answers from here on count as satisfied; 0 when the share of the satisfied is not asked for.
        satisfied_from: i16,
    },
    /// One of 2 to 50 options.
    Choice(Vec<Choice>),
    /// Yes counts 1, no counts 0.
    YesNo,
    /// A number between two ends with at most two digits behind the point.
    Number {
        /// The least answer.
        min: Hundredths,
        /// The greatest answer.
        max: Hundredths,
    },
}

/// A leaf or indicator of an index that a question's figure feeds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feed {
    /// The index, e.g. `par-departments` or `papi`.
    pub index: IndexCode,
    /// The leaf of it, for PAPI the indicator.
    pub leaf: LeafCode,
    /// The inputs of its rule that count answers, by the answer as it is written; may be none.
    pub inputs: BTreeMap<String, MeasureName>,
    /// The inputs that are the share of some answers among all, 0 to 1, by weight.
    pub shares: BTreeMap<MeasureName, BTreeSet<String>>,
    /// The inputs that are the mean of what the answers count, by weight.
    pub means: BTreeSet<MeasureName>,
}

/// What of the answers to a question is an input of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken<'a> {
    /// How often some answers were given; those to several questions are added up.
    Count,
    /// The share of these answers.
    Share(&'a BTreeSet<String>),
    /// The mean.
    Mean,
}

impl Feed {
    /// Every input that it gives, once each.
    pub fn taken(&self) -> BTreeMap<&MeasureName, Taken<'_>> {
        let counts = self.inputs.values().map(|input| (input, Taken::Count));
        let shares = self.shares.iter();
        let shares = shares.map(|(input, answers)| (input, Taken::Share(answers)));
        let means = self.means.iter().map(|input| (input, Taken::Mean));
        counts.chain(shares).chain(means).collect()
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Unique within the edition.
    pub code: Code,
    /// What respondents read, 1 to 500 characters.
    pub text: String,
    /// How it is answered.
    pub kind: Kind,
    /// Whether a ballot without an answer to it is refused.
    pub required: bool,
    /// Who is asked; empty: every group.
    pub groups: BTreeSet<Code>,
    /// Where its figure goes; may be nowhere.
    pub feeds: BTreeSet<Feed>,
}

/// Most answers that a scale may have.
const SCALE_STEPS: i32 = 101;
/// Most options of a choice.
const OPTIONS: usize = 50;
/// Most characters of a question and of an option's label.
pub(crate) const TEXT: usize = 500;

impl Question {
    /// Whether a group is asked.
    pub fn asks(&self, group: &Code) -> bool {
        self.groups.is_empty() || self.groups.contains(group)
    }

    /// Everything that is wrong with it; `field` is where it stands.
    pub(crate) fn faults(&self, field: &str, groups: &BTreeSet<&Code>, faults: &mut Vec<Fault>) {
        let mut fault = |part: &str, why: String| {
            faults.push(Fault {
                field: format!("{field}.{part}"),
                why,
            });
        };
        if !sound_text(&self.text) {
            fault("text", "needs 1 to 500 printable characters".into());
        }
        for group in &self.groups {
            if !groups.contains(group) {
                fault(
                    "groups",
                    format!("{group} is not a group of this instrument; add it or ask another"),
                );
            }
        }
        let possible = self.possible();
        let counted = self.feeds.iter().flat_map(|feed| &feed.inputs);
        let shares = self.feeds.iter().flat_map(|feed| &feed.shares);
        let shares =
            shares.flat_map(|(input, answers)| answers.iter().map(move |answer| (answer, input)));
        let counted = counted.chain(shares);
        for (answer, input) in counted.filter(|(answer, _)| !possible.contains(*answer)) {
            let answer: String = answer.chars().take(40).collect();
            fault(
                "feeds",
                format!(
                    "{input} counts {answer:?}, which no answer is; numbers are not counted one by one"
                ),
            );
        }
        if !self.has_mean() {
            for input in self.feeds.iter().flat_map(|feed| &feed.means) {
                let why = format!("{input} is a mean, and the options have no weights; give them");
                fault("feeds", why);
            }
        }
        match &self.kind {
            Kind::Scale { min, max } => {
                let steps = i32::from(*max) - i32::from(*min) + 1;
                if !(2..=SCALE_STEPS).contains(&steps) {
                    fault("scale", "needs 2 to 101 answers from min to max".into());
                }
            }
            Kind::Likert {
                points,
                satisfied_from,
            } => {
                if !(2..=10).contains(points) {
                    fault("likert.points", "must be 2 to 10".into());
                }
                if !(0..=*points).contains(satisfied_from) {
                    fault(
                        "likert.satisfied_from",
                        "must be an answer, or 0 for none".into(),
                    );
                }
            }
            Kind::Choice(options) => {
                let codes: BTreeSet<&Code> = options.iter().map(|option| &option.code).collect();
                if !(2..=OPTIONS).contains(&options.len()) || codes.len() != options.len() {
                    fault(
                        "choice",
                        "needs 2 to 50 options with different codes".into(),
                    );
                }
                if options.iter().any(|option| !sound_text(&option.label)) {
                    fault(
                        "choice",
                        "needs labels of 1 to 500 printable characters".into(),
                    );
                }
                let weighted = options.iter().filter(|option| option.weight.is_some());
                let weighted = weighted.count();
                if weighted != 0 && weighted != options.len() {
                    fault(
                        "choice",
                        "gives weights to some options; give all or none".into(),
                    );
                }
            }
            Kind::YesNo => {}
            Kind::Number { min, max } => {
                if min >= max {
                    fault("number", "needs a min below its max".into());
                }
            }
        }
    }

    fn has_mean(&self) -> bool {
        match &self.kind {
            Kind::Choice(options) => options.iter().all(|option| option.weight.is_some()),
            Kind::Scale { .. } | Kind::Likert { .. } | Kind::YesNo | Kind::Number { .. } => true,
        }
    }

    /// Reads an answer as a respondent wrote it.
    ///
    /// # Errors
    /// Says which answers fit, and never repeats the one that does not: a ballot is nobody else's business.
    pub fn read(&self, text: &str) -> Result<Answer, String> {
        let text = text.trim();
        let whole = |min: i16, max: i16| match text.parse::<i16>() {
            Ok(value) if (min..=max).contains(&value) && text == value.to_string() => {
                Ok(Answer::Number(Hundredths::whole(value)))
            }
            _ => Err(format!("needs a whole number from {min} to {max}")),
        };
        match &self.kind {
            Kind::Scale { min, max } => whole(*min, *max),
            Kind::Likert { points, .. } => whole(1, *points),
            Kind::YesNo => match text {
                "yes" => Ok(Answer::Number(Hundredths::whole(1))),
                "no" => Ok(Answer::Number(Hundredths::whole(0))),
                _ => Err("needs yes or no".to_owned()),
            },
            Kind::Choice(options) => options
                .iter()
                .find(|option| option.code.as_str() == text)
                .map(|option| Answer::Choice(option.code.clone()))
                .ok_or_else(|| "needs the code of one of the options".to_owned()),
            Kind::Number { min, max } => match text.parse::<Hundredths>() {
                Ok(value) if (*min..=*max).contains(&value) => Ok(Answer::Number(value)),
                _ => Err(format!(
                    "needs a decimal from {min} to {max} with at most 2 digits behind the point"
                )),
            },
        }
    }

    /// How an answer is written: what [`read`](Self::read) reads.
    pub fn write(&self, answer: &Answer) -> String {
        match (&self.kind, answer) {
            (_, Answer::Choice(code)) => code.to_string(),
            (Kind::YesNo, Answer::Number(value)) => {
                if value.count() == 0 { "no" } else { "yes" }.to_owned()
            }
            (_, Answer::Number(value)) => value.to_string(),
        }
    }

    /// What an answer counts; none for an option without a weight.
    pub(crate) fn value(&self, answer: &Answer) -> Option<Hundredths> {
        match (&self.kind, answer) {
            (_, Answer::Number(value)) => Some(*value),
            (Kind::Choice(options), Answer::Choice(code)) => {
                let option = options.iter().find(|option| option.code == *code)?;
                option.weight
            }
            (_, Answer::Choice(_)) => None,
        }
    }

    /// The answers that are counted one by one, in order; none for numbers, which are too many.
    pub fn possible(&self) -> Vec<String> {
        let whole = |min: i16, max: i16| (min..=max).map(|value| value.to_string()).collect();
        match &self.kind {
            Kind::Scale { min, max } => whole(*min, *max),
            Kind::Likert { points, .. } => whole(1, *points),
            Kind::YesNo => vec!["yes".into(), "no".into()],
            Kind::Choice(options) => options.iter().map(|o| o.code.to_string()).collect(),
            Kind::Number { .. } => vec![],
        }
    }
}

/// Whether a text may be shown to respondents.
pub(crate) fn sound_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= TEXT && !text.chars().any(char::is_control)
}
