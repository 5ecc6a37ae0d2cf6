//! Counting answers exactly, and the figures that follow.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, MathematicalOps as _, RoundingStrategy};

use crate::answer::Answer;
use crate::question::{Kind, Question};

/// Digits behind the point of means, errors, shares and ends of intervals, rounded half up.
pub const DIGITS: u32 = 6;

/// How sure an interval is to hold the true mean, by the normal approximation. Factors have three digits, as official
/// tables print them (PAPI: 1.645).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// 90 %: 1.645 standard errors to each side.
    P90,
    /// 95 %: 1.960.
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
    valued: u64,
    /// Their sum, in hundredths.
    sum: i128,
    /// The sum of their squares, in hundredths of hundredths.
    squares: i128,
    /// How often each answer was given, for questions with a few possible answers.
    answers: BTreeMap<String, u64>,
}

/// What a sample says of a mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The mean of the answers.
    pub mean: Decimal,
    /// Its standard error: the sample's standard deviation (n − 1) over √n, as if drawn from an unlimited population.
    pub standard_error: Decimal,
    /// Lower end of the interval.
    pub low: Decimal,
    /// Upper end of the interval.
    pub high: Decimal,
}

impl Tally {
    /// Counts one answer to `question`.
    pub(crate) fn add(&mut self, question: &Question, answer: &Answer) {
        self.answered += 1;
        if let Some(value) = question.value(answer) {
            let value = i128::from(value.count());
            self.valued += 1;
            self.sum += value;
            self.squares += value * value;
        }
        if !matches!(question.kind, Kind::Number { .. }) {
            *self.answers.entry(question.write(answer)).or_default() += 1;
        }
    }

    /// Adds the answers that another tally of the same question counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.answered += other.answered;
        self.valued += other.valued;
        self.sum += other.sum;
        self.squares += other.squares;
        for (answer, count) in &other.answers {
            *self.answers.entry(answer.clone()).or_default() += count;
        }
    }

    /// All answers.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// How often an answer was given.
    pub fn given(&self, answer: &str) -> u64 {
        self.answers.get(answer).copied().unwrap_or_default()
    }

    /// Mean, standard error and interval; none of fewer than two answers that count something.
    pub fn estimate(&self, level: Level) -> Option<Estimate> {
        if self.valued < 2 {
            return None;
        }
        let count = i128::from(self.valued);
        let n = Decimal::from(self.valued);
        let mean = Decimal::try_from_i128_with_scale(self.sum, 2).ok()? / n;
        // n²(n − 1) times the mean's variance, exactly.
        let spread = count * self.squares - self.sum * self.sum;
        let (spread, rest) = match Decimal::try_from_i128_with_scale(spread, 0) {
            Ok(spread) => (spread / n, n),
            // 96 bits are not enough: what a whole division drops is below the 18th digit.
            Err(_) => (
                Decimal::try_from_i128_with_scale(spread / count, 0).ok()?,
                n,
            ),
        };
        let variance = spread / rest / (n - Decimal::ONE);
        let error = variance.sqrt()? / Decimal::ONE_HUNDRED;
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

fn rounded(value: Decimal) -> Decimal {
    let mut value = value.round_dp_with_strategy(DIGITS, RoundingStrategy::MidpointAwayFromZero);
    value.rescale(DIGITS);
    value
}
