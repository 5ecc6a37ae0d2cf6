//! A leaf: the smallest thing that has points.

use ids::{LeafCode, MeasureName};
use rust_decimal::Decimal;

use crate::definition::{Rounding, round};
use crate::expression::{Expression, FULL, Surroundings, Type};
use crate::rule::{Outcome, Rule};
use crate::score::{LeafScore, NoScore};
use crate::text::Name;
use crate::value::{Inputs, Value};

/// Where a leaf's figures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// From dossiers and the registry, by itself.
    Measured,
    /// Reported by units or other systems.
    Reported,
    /// Claimed by the unit, confirmed by appraisers.
    Appraised,
    /// From a survey; never scored by the unit itself.
    Surveyed,
}

pub(crate) const SOURCES: [(&str, Source); 4] = [
    ("measured", Source::Measured),
    ("reported", Source::Reported),
    ("appraised", Source::Appraised),
    ("surveyed", Source::Surveyed),
];

impl Source {
    /// The word for it in definitions.
    pub fn word(self) -> &'static str {
        SOURCES
            .iter()
            .find(|(_, source)| *source == self)
            .map_or("", |(word, _)| word)
    }
}

/// A leaf of a definition, with its rule compiled.
#[derive(Debug, Clone)]
pub struct Leaf {
    pub(crate) code: LeafCode,
    pub(crate) number: String,
    pub(crate) name: Name,
    pub(crate) max: Decimal,
    pub(crate) note: String,
    pub(crate) source: Source,
    pub(crate) parent: Option<LeafCode>,
    pub(crate) weight: Option<Decimal>,
    pub(crate) applies: Option<Expression>,
    pub(crate) rule: Rule,
    /// Sorted by name; `names` are the same.
    pub(crate) inputs: Vec<(MeasureName, Type)>,
    pub(crate) names: Vec<String>,
    pub(crate) rounding: Rounding,
}

impl Leaf {
    /// Unique among the definition's components and leaves.
    pub fn code(&self) -> &LeafCode {
        &self.code
    }

    /// Number in the legal text; empty where it has none.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The most points it can give; 0 for a leaf that only informs.
    pub fn max(&self) -> Decimal {
        self.max
    }

    /// Remark of the definition's author; empty where there is none.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Where its figures come from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// The component that it belongs to; none at the top.
    pub fn component(&self) -> Option<&LeafCode> {
        self.parent.as_ref()
    }

    /// The inputs that its rule and its condition name, sorted.
    pub fn inputs(&self) -> impl Iterator<Item = &MeasureName> {
        self.inputs.iter().map(|(name, _)| name)
    }

    /// The rule as a formula over the names of inputs, e.g. `6 × active_electronic_result / active`.
    pub fn rule(&self) -> String {
        self.rule.formula(self.max, false, |_| None)
    }

    /// The rule with the figures of `score` in it, and what it came to: `6 × 433356 / 597918 = 4.35`.
    pub fn calculation(&self, score: &LeafScore) -> String {
        let exceeds = score.value.is_some_and(|value| value > Decimal::ONE);
        let formula = self.rule.formula(self.max, exceeds, |name| {
            if name == FULL {
                return Some(self.max.to_string());
            }
            score.inputs.get(name).map(ToString::to_string)
        });
        match (score.points.or(score.value), &score.no_score) {
            (Some(figure), None | Some(NoScore::Information)) => {
                let result = round(figure, self.rounding.digits);
                format!("{formula} {} {result}", self.rule.sign())
            }
            (_, Some(why)) => format!("{formula}: {why}"),
            (None, None) => formula,
        }
    }

    /// The score for `inputs`; those that the leaf does not name are ignored.
    pub fn score(&self, inputs: &Inputs) -> LeafScore {
        let mut score = LeafScore {
            points: None,
            exact: None,
            max: self.max,
            value: None,
            no_score: None,
            inputs: self.taken(inputs),
        };
        match self.outcome(inputs) {
            Ok(Outcome {
                points: Some(exact),
                value,
            }) => {
                score.exact = Some(exact);
                score.points = Some(self.counted(exact));
                score.value = value;
            }
            Ok(Outcome {
                points: None,
                value,
            }) => {
                score.value = value;
                score.no_score = Some(NoScore::Information);
            }
            Err(why) => {
                if matches!(why, NoScore::NotApplicable(_)) {
                    score.max = Decimal::ZERO;
                }
                score.no_score = Some(why);
            }
        }
        score
    }

    /// The score that a person decided on, within 0 to the maximum.
    ///
    /// # Errors
    /// Points outside that.
    pub fn decided(&self, points: Decimal) -> Result<LeafScore, NoScore> {
        let exact = self.within_range(points)?;
        let points = Some(self.counted(exact));
        Ok(LeafScore {
            exact: Some(exact),
            ..LeafScore::told(points, self.max, "")
        })
    }

    fn counted(&self, exact: Decimal) -> Decimal {
        if self.rounding.leaves {
            round(exact, self.rounding.digits)
        } else {
            exact
        }
    }

    fn taken(&self, inputs: &Inputs) -> std::collections::BTreeMap<String, Value> {
        let value = |name: &String| inputs.get(name).map(|value| (name.clone(), value.clone()));
        self.names.iter().filter_map(value).collect()
    }

    fn outcome(&self, inputs: &Inputs) -> Result<Outcome, NoScore> {
        let with = Surroundings::new(inputs, &self.names, self.max);
        if let Some(applies) = &self.applies {
            self.check(inputs, |name| applies.names().contains(name))?;
            if !applies.answer(&with)? {
                return Err(NoScore::NotApplicable(format!("not {}", applies.source())));
            }
        }
        self.check(inputs, |_| true)?;
        let outcome = self.rule.apply(&with, self.max)?;
        if let Some(points) = outcome.points {
            self.within_range(points)?;
        }
        Ok(outcome)
    }

    fn within_range(&self, points: Decimal) -> Result<Decimal, NoScore> {
        if (Decimal::ZERO..=self.max).contains(&points) {
            Ok(points)
        } else {
            Err(NoScore::OutOfRange {
                points,
                max: self.max,
            })
        }
    }

    /// Whether the inputs that `needed` accepts are there, with values of their types.
    fn check(&self, inputs: &Inputs, needed: impl Fn(&str) -> bool) -> Result<(), NoScore> {
        let mut missing = Vec::new();
        for (name, kind) in self.inputs.iter().filter(|(name, _)| needed(name.as_str())) {
            match inputs.get(name.as_str()) {
                None => match inputs.why_withheld(name.as_str()) {
                    Some(reason) => return Err(NoScore::Withheld(reason.to_owned())),
                    None => missing.push(name.to_string()),
                },
                Some(value) => check_type(name.as_str(), value, kind)?,
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(NoScore::Missing(missing))
        }
    }
}

fn check_type(name: &str, value: &Value, kind: &Type) -> Result<(), NoScore> {
    match (kind, value) {
        (Type::Number, Value::Number(_)) | (Type::YesNo, Value::YesNo(_)) => return Ok(()),
        (Type::State(states), Value::State(state)) if states.contains(state) => return Ok(()),
        _ => {}
    }
    Err(NoScore::WrongType {
        input: name.to_owned(),
        value: value.clone(),
        expected: kind.expected(),
    })
}
