//! The shapes of rules, and what they come to.

mod explain;
mod parse;
mod steps;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::expression::{Expression, Surroundings};
use crate::score::NoScore;
use crate::value::Value;

pub(crate) use parse::{parse, points_of};
pub(crate) use steps::Steps;

/// How a leaf gets its points. `full` below is the leaf's maximum.
#[derive(Debug, Clone)]
pub(crate) enum Rule {
    /// `full × (of / to) / full_at`, at most `full`; nothing below `floor`.
    Ratio {
        share: Share,
        full_at: Decimal,
        floor: Option<Decimal>,
    },
    /// The points of the step that the value lies in.
    Bands { of: Measured, steps: Steps },
    /// From no points at `from` to `full` at `until`, straight; `until` may be the smaller one.
    Linear {
        of: Measured,
        from: Decimal,
        until: Decimal,
    },
    /// Points for each of what is counted, up to a cap.
    Credit {
        each: Vec<(Expression, Decimal)>,
        cap: Decimal,
    },
    /// From `full`, points off for each of what is counted, down to 0.
    Deduct { each: Vec<(Expression, Decimal)> },
    /// The mean weight of answers × `full`.
    Likert {
        weights: Vec<(Expression, Decimal)>,
        at_least: Decimal,
    },
    /// Points by state.
    State {
        of: String,
        points: BTreeMap<String, Decimal>,
    },
    /// `full` if every condition is met, otherwise nothing.
    AllOf { conditions: Vec<Expression> },
    /// The input is the points.
    Given { of: Expression },
    /// `of / out_of × full`.
    Value { of: Expression, out_of: Decimal },
    /// The expression is the points.
    Points { expression: Expression },
    /// No points, a figure to show.
    Info { of: Measured },
}

/// `of / to`, with what happens when `to` is 0.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    pub(crate) of: Expression,
    pub(crate) to: Expression,
    pub(crate) when_zero: WhenZero,
}

/// A figure as it is, or as a share.
#[derive(Debug, Clone)]
pub(crate) enum Measured {
    Figure(Expression),
    Share(Share),
}

/// What a share of nothing gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenZero {
    /// No score.
    NoScore,
    /// These points.
    Points(Decimal),
}

/// What a rule came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// None for a leaf that only informs.
    pub(crate) points: Option<Decimal>,
    pub(crate) value: Option<Decimal>,
}

/// A fraction that is not divided until it has to be, so that cuts are compared exactly.
struct Fraction {
    of: Decimal,
    to: Decimal,
}

/// A fraction, or the points that follow from its base being zero.
enum Taken {
    Fraction(Fraction),
    Settled(Decimal),
}

impl Outcome {
    fn of(points: Decimal) -> Self {
        Self {
            points: Some(points),
            value: None,
        }
    }
}

impl Fraction {
    fn times(&self, factor: Decimal) -> Option<Decimal> {
        self.of.checked_mul(factor)?.checked_div(self.to)
    }
}

impl Measured {
    fn take(&self, with: &Surroundings<'_>) -> Result<Taken, NoScore> {
        match self {
            Self::Figure(of) => Ok(Taken::Fraction(Fraction {
                of: of.figure(with)?,
                to: Decimal::ONE,
            })),
            Self::Share(share) => share.take(with),
        }
    }

    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Figure(of) => vec![of],
            Self::Share(share) => vec![&share.of, &share.to],
        }
    }
}

impl Share {
    fn take(&self, with: &Surroundings<'_>) -> Result<Taken, NoScore> {
        let (of, to) = (self.of.figure(with)?, self.to.figure(with)?);
        for (expression, value) in [(&self.of, of), (&self.to, to)] {
            if value < Decimal::ZERO {
                return Err(NoScore::Negative {
                    what: expression.source().to_owned(),
                    value,
                });
            }
        }
        if !to.is_zero() {
            return Ok(Taken::Fraction(Fraction { of, to }));
        }
        match self.when_zero {
            WhenZero::Points(points) => Ok(Taken::Settled(points)),
            WhenZero::NoScore => Err(NoScore::ZeroBase(self.to.source().to_owned())),
        }
    }
}

impl Rule {
    /// The points for what `with` holds; `full` is the leaf's maximum. Inputs have been checked.
    pub(crate) fn apply(&self, with: &Surroundings<'_>, full: Decimal) -> Result<Outcome, NoScore> {
        match self {
            Self::Ratio {
                share,
                full_at,
                floor,
            } => match share.take(with)? {
                Taken::Settled(points) => Ok(Outcome::of(points)),
                Taken::Fraction(fraction) => {
                    ratio(&fraction, full, *full_at, *floor).ok_or_else(|| too_large(&share.of))
                }
            },
            Self::Bands { of, steps } => match of.take(with)? {
                Taken::Settled(points) => Ok(Outcome::of(points)),
                Taken::Fraction(fraction) => steps
                    .points(fraction.of, fraction.to)
                    .map(|points| Outcome {
                        points: Some(points),
                        value: fraction.times(Decimal::ONE),
                    })
                    .ok_or_else(|| too_large(of.expressions()[0])),
            },
            Self::Linear { of, from, until } => match of.take(with)? {
                Taken::Settled(points) => Ok(Outcome::of(points)),
                Taken::Fraction(fraction) => linear(&fraction, full, *from, *until)
                    .ok_or_else(|| too_large(of.expressions()[0])),
            },
            Self::Credit { each, cap } => {
                let earned = weigh(each, with)?.0;
                Ok(Outcome {
                    points: Some(earned.min(*cap)),
                    value: Some(earned),
                })
            }
            Self::Deduct { each } => {
                let lost = weigh(each, with)?.0;
                Ok(Outcome {
                    points: Some((full - lost).max(Decimal::ZERO)),
                    value: Some(lost),
                })
            }
            Self::Likert { weights, at_least } => likert(weights, *at_least, full, with),
            Self::State { of, points } => match with.inputs().get(of) {
                Some(Value::State(state)) if points.contains_key(state) => {
                    Ok(Outcome::of(points[state]))
                }
                _ => Err(NoScore::NotComputable(of.clone())),
            },
            Self::AllOf { conditions } => {
                let mut met = true;
                for condition in conditions {
                    met &= condition.answer(with)?;
                }
                Ok(Outcome::of(if met { full } else { Decimal::ZERO }))
            }
            Self::Given { of } => Ok(Outcome::of(of.figure(with)?)),
            Self::Value { of, out_of } => {
                let value = of.figure(with)?;
                let points = Fraction {
                    of: value,
                    to: *out_of,
                }
                .times(full);
                Ok(Outcome {
                    points: Some(points.ok_or_else(|| too_large(of))?),
                    value: Some(value),
                })
            }
            Self::Points { expression } => Ok(Outcome::of(expression.figure(with)?)),
            Self::Info { of } => match of.take(with)? {
                Taken::Settled(_) => Ok(Outcome {
                    points: None,
                    value: None,
                }),
                Taken::Fraction(fraction) => Ok(Outcome {
                    points: None,
                    value: fraction.times(Decimal::ONE),
                }),
            },
        }
    }

    /// Every expression in it.
    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Ratio { share, .. } => vec![&share.of, &share.to],
            Self::Bands { of, .. } | Self::Linear { of, .. } | Self::Info { of } => {
                of.expressions()
            }
            Self::Credit { each, .. } | Self::Deduct { each } => {
                each.iter().map(|(of, _)| of).collect()
            }
            Self::Likert { weights, .. } => weights.iter().map(|(of, _)| of).collect(),
            Self::State { .. } => Vec::new(),
            Self::AllOf { conditions } => conditions.iter().collect(),
            Self::Given { of } | Self::Value { of, .. } | Self::Points { expression: of } => {
                vec![of]
            }
        }
    }

    /// The input whose state it asks for.
    pub(crate) fn state(&self) -> Option<&str> {
        match self {
            Self::State { of, .. } => Some(of),
            _ => None,
        }
    }
}

fn too_large(of: &Expression) -> NoScore {
    NoScore::NotComputable(of.source().to_owned())
}

fn ratio(
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

fn linear(figure: &Fraction, full: Decimal, from: Decimal, until: Decimal) -> Option<Outcome> {
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
fn weigh(
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

fn likert(
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
