//! The arithmetic of shapes: nothing is divided before the end, and what overflows is nothing.

use rust_decimal::Decimal;

use super::Outcome;
use crate::expression::{Expression, Surroundings};
use crate::score::NoScore;

/// A fraction that is not divided until it has to be, so that cuts are compared exactly.
pub(super) struct Fraction {
    pub(super) of: Decimal,
    pub(super) to: Decimal,
}

impl Fraction {
    pub(super) fn times(&self, factor: Decimal) -> Option<Decimal> {
        self.of.checked_mul(factor)?.checked_div(self.to)
    }
}

pub(super) fn too_large(of: &Expression) -> NoScore {
    NoScore::NotComputable(of.source().to_owned())
}

pub(super) fn ratio(
    share: &Fraction,
    full: Decimal,
    full_at: Decimal,
    floor: Option<Decimal>,
) -> Option<Outcome> {
    let value = share.times(Decimal::ONE)?;
    let enough = full_at.checked_mul(share.to)?;
    let below = match floor {
        Some(floor) => share.of < floor.checked_mul(share.to)?,
        None => false,
    };
    let points = if below {
        Decimal::ZERO
    } else if share.of >= enough {
        full
    } else {
        share.of.checked_mul(full)?.checked_div(enough)?
    };
    Some(Outcome {
        points: Some(points),
        value: Some(value),
    })
}

pub(super) fn linear(
    figure: &Fraction,
    full: Decimal,
    from: Decimal,
    until: Decimal,
) -> Option<Outcome> {
    let value = figure.times(Decimal::ONE)?;
    // Both ends times the base, so that nothing is divided before the end.
    let way = until.checked_sub(from)?.checked_mul(figure.to)?;
    let gone = figure.of.checked_sub(from.checked_mul(figure.to)?)?;
    let (gone, way) = if way < Decimal::ZERO {
        (-gone, -way)
    } else {
        (gone, way)
    };
    let points = gone
        .clamp(Decimal::ZERO, way)
        .checked_mul(full)?
        .checked_div(way)?;
    Some(Outcome {
        points: Some(points),
        value: Some(value),
    })
}

/// The weighted sum and the plain sum of what is counted.
pub(super) fn weigh(
    counted: &[(Expression, Decimal)],
    with: &Surroundings<'_>,
) -> Result<(Decimal, Decimal), NoScore> {
    let (mut weighted, mut total) = (Decimal::ZERO, Decimal::ZERO);
    for (of, weight) in counted {
        let count = of.figure(with)?;
        if count < Decimal::ZERO {
            return Err(NoScore::Negative {
                what: of.source().to_owned(),
                value: count,
            });
        }
        let sum = count
            .checked_mul(*weight)
            .and_then(|points| weighted.checked_add(points));
        weighted = sum.ok_or_else(|| too_large(of))?;
        total = total.checked_add(count).ok_or_else(|| too_large(of))?;
    }
    Ok((weighted, total))
}

pub(super) fn likert(
    weights: &[(Expression, Decimal)],
    at_least: Decimal,
    full: Decimal,
    with: &Surroundings<'_>,
) -> Result<Outcome, NoScore> {
    let (weighted, answers) = weigh(weights, with)?;
    if answers < at_least || answers.is_zero() {
        return Err(NoScore::TooFew {
            have: answers,
            need: at_least.max(Decimal::ONE),
        });
    }
    let mean = Fraction {
        of: weighted,
        to: answers,
    };
    let outcome = mean.times(full).map(|points| Outcome {
        points: Some(points),
        value: mean.times(Decimal::ONE),
    });
    outcome.ok_or_else(|| too_large(&weights[0].0))
}
