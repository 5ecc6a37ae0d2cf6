//! Weighted sums of answers, exactly, and what follows of their mean.

use rust_decimal::{Decimal, MathematicalOps as _};

use crate::answer::Weight;
use crate::question::Hundredths;

/// Digits behind the point of a hundredth, and of a hundredth of a hundredth.
const ONCE: u32 = 2;
const TWICE: u32 = 4;

/// Sums over answers `x` with weights `w`, both in hundredths. Exact for up to a thousand million answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moments {
    count: u64,
    /// Σ w.
    weight: i128,
    /// Σ w².
    weight_squares: i128,
    /// Σ w x.
    sum: i128,
    /// Σ w² x.
    pulls: i128,
    /// Σ w² x².
    squares: i128,
}

/// A mean as the two sums that it is made of, so that means of several months and units add up exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mean {
    /// The sum of the answers, each times its weight.
    pub sum: Decimal,
    /// The sum of the weights, above 0.
    pub of: Decimal,
}

impl Mean {
    /// The mean to 28 digits.
    pub fn value(self) -> Option<Decimal> {
        self.sum.checked_div(self.of)
    }
}

impl Moments {
    /// Adds an answer.
    pub(crate) fn add(&mut self, value: Hundredths, weight: Weight) {
        let (x, w) = (i128::from(value.count()), i128::from(weight.count()));
        self.count += 1;
        self.weight += w;
        self.weight_squares += w * w;
        self.sum += w * x;
        self.pulls += w * w * x;
        self.squares += w * w * x * x;
    }

    /// Adds the answers of others.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.weight += other.weight;
        self.weight_squares += other.weight_squares;
        self.sum += other.sum;
        self.pulls += other.pulls;
        self.squares += other.squares;
    }

    /// The same answers, all of them 0.
    pub(crate) fn of_nothing(self) -> Self {
        Self {
            sum: 0,
            pulls: 0,
            squares: 0,
            ..self
        }
    }

    /// How many answers there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean by weight; none of no answer.
    pub fn mean(&self) -> Option<Mean> {
        let sum = Decimal::try_from_i128_with_scale(self.sum, TWICE).ok()?;
        let of = Decimal::try_from_i128_with_scale(self.weight, ONCE).ok()?;
        (!of.is_zero()).then(|| Mean {
            sum: sum.normalize(),
            of: of.normalize(),
        })
    }

    /// The standard error of the mean `m`, as if drawn from an unlimited population: √(n / (n − 1) × Σ w² (x − m)²) /
    /// Σ w. Where all weigh the same it is the sample's standard deviation over √n. None of fewer than two answers.
    pub fn standard_error(&self) -> Option<Decimal> {
        if self.count < 2 {
            return None;
        }
        // About the whole hundredth below the mean, so that nothing is lost where sums are large and differences small.
        let centre = self.sum.div_euclid(self.weight);
        let about = self.squares - 2 * centre * self.pulls + centre * centre * self.weight_squares;
        let pulls = self.pulls - centre * self.weight_squares;
        let rest = self.over(self.sum - centre * self.weight)?;
        let spread = self.over(about)? - Decimal::TWO * rest * self.over(pulls)?
            + rest * rest * self.over(self.weight_squares)?;
        let count = Decimal::from(self.count);
        let variance = spread / whole(self.weight)? * count / (count - Decimal::ONE);
        // What digits behind the 28th took off.
        let error = variance.max(Decimal::ZERO).sqrt()?;
        Some(error / Decimal::ONE_HUNDRED)
    }

    /// A sum over the sum of the weights.
    fn over(&self, sum: i128) -> Option<Decimal> {
        match whole(sum) {
            Some(sum) => sum.checked_div(whole(self.weight)?),
            // 96 bits are not enough: what a whole division drops is below the 18th digit.
            None => whole(sum / self.weight),
        }
    }
}

fn whole(number: i128) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(number, 0).ok()
}
