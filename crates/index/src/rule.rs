//! The shapes of rules, and what they come to.

mod explain;
mod parse;
mod shapes;
mod steps;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::expression::{Expression, Surroundings};
use crate::score::NoScore;
use crate::value::Value;

use shapes::{Fraction, likert, linear, ratio, too_large, weigh};

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
    /// The leaf does not apply.
    NotApplicable,
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

impl Outcome {
    fn of(points: Decimal) -> Self {
        Self {
            points: Some(points),
            value: None,
        }
    }
}

impl Measured {
    /// What follows from the figure or the share; `follows` answers nothing where a decimal would overflow.
    fn then(
        &self,
        with: &Surroundings<'_>,
        follows: impl FnOnce(&Fraction) -> Option<Outcome>,
    ) -> Result<Outcome, NoScore> {
        match self {
            Self::Share(share) => share.then(with, follows),
            Self::Figure(of) => {
                let figure = Fraction {
                    of: of.figure(with)?,
                    to: Decimal::ONE,
                };
                follows(&figure).ok_or_else(|| too_large(of))
            }
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
    /// What follows from the share, or from its base being zero.
    fn then(
        &self,
        with: &Surroundings<'_>,
        follows: impl FnOnce(&Fraction) -> Option<Outcome>,
    ) -> Result<Outcome, NoScore> {
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
            return follows(&Fraction { of, to }).ok_or_else(|| too_large(&self.of));
        }
        match self.when_zero {
            WhenZero::Points(points) => Ok(Outcome::of(points)),
            WhenZero::NoScore => Err(NoScore::ZeroBase(self.to.source().to_owned())),
            WhenZero::NotApplicable => {
                Err(NoScore::NotApplicable(format!("{} is 0", self.to.source())))
            }
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
            } => share.then(with, |fraction| ratio(fraction, full, *full_at, *floor)),
            Self::Bands { of, steps } => of.then(with, |fraction| {
                let points = steps.points(fraction.of, fraction.to)?;
                Some(Outcome {
                    points: Some(points),
                    value: fraction.times(Decimal::ONE),
                })
            }),
            Self::Linear { of, from, until } => {
                of.then(with, |fraction| linear(fraction, full, *from, *until))
            }
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
            Self::Info { of } => of.then(with, |fraction| {
                Some(Outcome {
                    points: None,
                    value: Some(fraction.times(Decimal::ONE)?),
                })
            }),
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
