//! Counting answers exactly, and the figures that follow.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::{Decimal, RoundingStrategy};

use crate::answer::{Answer, Weight};
use crate::moments::Moments;
use crate::question::{Hundredths, Kind, Question};

/// Digits behind the point of means, errors, shares and ends of intervals, rounded half up.
pub const DIGITS: u32 = 6;

/// How sure an interval is to hold the true mean, by the normal approximation. Factors have three digits, as official
/// tables print them (PAPI: 1.645).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Level {
    /// 90 %: 1.645 standard errors to each side.
    P90,
    /// 95 %: 1.960.
    #[default]
    P95,
    /// 99 %: 2.576.
    P99,
}

impl Level {
    /// Standard errors to each side of the mean.
    pub fn factor(self) -> Decimal {
        match self {
            Self::P90 => Decimal::new(1_645, 3),
            Self::P95 => Decimal::new(1_960, 3),
            Self::P99 => Decimal::new(2_576, 3),
        }
    }
}

/// The answers to one question, counted. Exact for up to a thousand million answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All answers.
    answered: u64,
    /// Answers that count something.
    valued: Moments,
    /// How often each answer was given, for questions with a few possible answers.
    answers: BTreeMap<String, Given>,
}

/// How often an answer was given, and with which weight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Given {
    count: u64,
    /// Of one each.
    moments: Moments,
}

/// What a sample says of a mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The mean of the answers, by weight.
    pub mean: Decimal,
    /// Its standard error, as if drawn from an unlimited population ([`Moments::standard_error`]).
    pub standard_error: Decimal,
    /// Lower end of the interval.
    pub low: Decimal,
    /// Upper end of the interval.
    pub high: Decimal,
}

impl Tally {
    /// Counts one answer to `question`.
    pub(crate) fn add(&mut self, question: &Question, answer: &Answer, weight: Weight) {
        self.answered += 1;
        if let Some(value) = question.value(answer) {
            self.valued.add(value, weight);
        }
        if !matches!(question.kind, Kind::Number { .. }) {
            let given = self.answers.entry(question.write(answer)).or_default();
            given.count += 1;
            given.moments.add(Hundredths::whole(1), weight);
        }
    }

    /// Adds the answers that another tally of the same question counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.answered += other.answered;
        self.valued.merge(&other.valued);
        for (answer, other) in &other.answers {
            let given = self.answers.entry(answer.clone()).or_default();
            given.count += other.count;
            given.moments.merge(&other.moments);
        }
    }

    /// All answers.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// How often an answer was given.
    pub fn given(&self, answer: &str) -> u64 {
        self.answers.get(answer).map_or(0, |given| given.count)
    }

    /// What the answers count.
    pub fn valued(&self) -> &Moments {
        &self.valued
    }

    /// Some answers among all, each of the former counting 1 and of the others 0.
    pub fn share(&self, of: &BTreeSet<String>) -> Moments {
        let mut moments = Moments::default();
        for (answer, given) in &self.answers {
            moments.merge(&match of.contains(answer) {
                true => given.moments,
                false => given.moments.of_nothing(),
            });
        }
        moments
    }

    /// Mean, standard error and interval; none of fewer than two answers that count something.
    pub fn estimate(&self, level: Level) -> Option<Estimate> {
        let (mean, error) = (self.valued.mean()?.value()?, self.valued.standard_error()?);
        let reach = level.factor() * error;
        Some(Estimate {
            mean: rounded(mean),
            standard_error: rounded(error),
            low: rounded(mean - reach),
            high: rounded(mean + reach),
        })
    }

    /// The share of answers from the question's `satisfied_from` on, 0 to 1; none when it is not asked for or there are
    /// no answers.
    pub fn satisfied(&self, question: &Question) -> Option<Decimal> {
        let Kind::Likert {
            points,
            satisfied_from,
        } = question.kind
        else {
            return None;
        };
        if satisfied_from == 0 || self.answered == 0 {
            return None;
        }
        let satisfied: u64 = (satisfied_from..=points)
            .map(|value| self.given(&value.to_string()))
            .sum();
        Some(rounded(
            Decimal::from(satisfied) / Decimal::from(self.answered),
        ))
    }
}

/// Rounds half up to [`DIGITS`].
pub fn rounded(value: Decimal) -> Decimal {
    let mut value = value.round_dp_with_strategy(DIGITS, RoundingStrategy::MidpointAwayFromZero);
    value.rescale(DIGITS);
    value
}
