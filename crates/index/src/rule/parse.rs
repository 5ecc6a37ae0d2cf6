//! Rules as they are written.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::steps::{Interval, Steps};
use super::{Measured, Rule, Share, WhenZero};
use crate::expression::{Expression, Names, Type};
use crate::read::{Cursor, Fields, decimal};

/// The keys of rules, one of which a rule has.
const SHAPES: [&str; 13] = [
    "ratio",
    "bands",
    "linear",
    "credit",
    "deduct",
    "likert",
    "state",
    "yes_no",
    "all_of",
    "given",
    "value",
    "expression",
    "info",
];

/// What a rule is read with.
struct Reading<'n> {
    names: &'n Names,
    full: Decimal,
}

/// Reads a rule of a leaf whose maximum is `full`: a mapping with one shape, or an expression for the points.
pub(crate) fn parse(cursor: &Cursor<'_>, names: &Names, full: Decimal) -> Option<Rule> {
    let reading = Reading { names, full };
    let rule = if cursor.is_scalar() {
        Rule::Points {
            expression: reading.number(cursor)?,
        }
    } else {
        let fields = cursor.clone().fields(&SHAPES)?;
        let mut shapes = fields.keys().filter(|key| SHAPES.contains(key));
        let (Some(shape), None) = (shapes.next(), shapes.next()) else {
            cursor.fault(format!("a rule has one shape: {}", SHAPES.join(", ")));
            return None;
        };
        reading.shape(shape, fields.need(shape)?)?
    };
    if matches!(rule, Rule::Info { .. }) != full.is_zero() {
        cursor.fault("a leaf with max 0 has the rule info, and only such a leaf");
        return None;
    }
    Some(rule)
}

/// Reads points: `0.5`, `50%` of `full`, or `full`; from 0 to `full`.
pub(crate) fn points_of(cursor: &Cursor<'_>, full: Decimal) -> Option<Decimal> {
    let text = cursor.text()?;
    let points = match (text, text.strip_suffix('%')) {
        ("full", _) => Some(full),
        (_, Some(_)) => decimal(text).and_then(|share| share.checked_mul(full)),
        _ => decimal(text),
    };
    match points {
        Some(points) if (Decimal::ZERO..=full).contains(&points) => Some(points),
        Some(points) => {
            cursor.fault(format!("{points} points lie outside 0 to {full}"));
            None
        }
        None => {
            cursor.fault(format!(
                "{text:?} is not points: write a number, a share such as 50%, or full"
            ));
            None
        }
    }
}

impl Reading<'_> {
    fn shape(&self, shape: &str, cursor: Cursor<'_>) -> Option<Rule> {
        match shape {
            "ratio" => self.ratio(cursor),
            "bands" => self.bands(cursor),
            "linear" => self.linear(cursor),
            "credit" => self.credit(cursor),
            "deduct" => {
                let each = self.each(&cursor.fields(&["each"])?, |cursor| {
                    points_of(cursor, self.full)
                })?;
                Some(Rule::Deduct { each })
            }
            "likert" => self.likert(cursor),
            "state" => self.state(cursor),
            "yes_no" => Some(Rule::AllOf {
                conditions: vec![cursor.condition(self.names)?],
            }),
            "all_of" => {
                let conditions: Vec<_> = cursor
                    .items()?
                    .iter()
                    .map(|item| item.condition(self.names))
                    .collect();
                if conditions.is_empty() {
                    cursor.fault("all_of needs at least one condition");
                    return None;
                }
                Some(Rule::AllOf {
                    conditions: conditions.into_iter().collect::<Option<_>>()?,
                })
            }
            "given" => Some(Rule::Given {
                of: self.number(&cursor)?,
            }),
            "value" => {
                let fields = cursor.fields(&["of", "out_of"])?;
                let (of, out_of) = (fields.need("of"), fields.need("out_of"));
                let (of, out_of) = (
                    of.and_then(|of| self.number(&of)),
                    out_of.and_then(|out_of| above_zero(&out_of)),
                );
                Some(Rule::Value {
                    of: of?,
                    out_of: out_of?,
                })
            }
            "expression" => Some(Rule::Points {
                expression: self.number(&cursor)?,
            }),
            _ => Some(Rule::Info {
                of: self.measured(&cursor.fields(&["of", "to"])?)?,
            }),
        }
    }

    fn number(&self, cursor: &Cursor<'_>) -> Option<Expression> {
        cursor.number(self.names)
    }

    fn share(&self, fields: &Fields<'_>) -> Option<Share> {
        let (of, to) = (fields.need("of"), fields.need("to"));
        let (of, to) = (
            of.and_then(|of| self.number(&of)),
            to.and_then(|to| self.number(&to)),
        );
        let when_zero = match fields.get("when_zero") {
            None => WhenZero::NoScore,
            Some(cursor) if cursor.word() == Some("none") => WhenZero::NoScore,
            Some(cursor) if cursor.word() == Some("not_applicable") => WhenZero::NotApplicable,
            Some(cursor) => WhenZero::Points(points_of(&cursor, self.full)?),
        };
        Some(Share {
            of: of?,
            to: to?,
            when_zero,
        })
    }

    /// A share where `to` is given, a figure otherwise.
    fn measured(&self, fields: &Fields<'_>) -> Option<Measured> {
        if fields.get("to").is_some() {
            return self.share(fields).map(Measured::Share);
        }
        if let Some(cursor) = fields.get("when_zero") {
            cursor.fault("when_zero needs to");
        }
        Some(Measured::Figure(self.number(&fields.need("of")?)?))
    }

    fn ratio(&self, cursor: Cursor<'_>) -> Option<Rule> {
        let fields = cursor.fields(&["of", "to", "full_at", "floor", "when_zero"])?;
        let share = self.share(&fields);
        let full_at = fields
            .get("full_at")
            .map_or(Some(Decimal::ONE), |cursor| above_zero(&cursor));
        let floor = match fields.get("floor") {
            Some(cursor) => Some(above_zero(&cursor)?),
            None => None,
        };
        let full_at = full_at?;
        if floor.is_some_and(|floor| floor > full_at) {
            fields.fault(format!("the floor lies above full_at, {full_at}"));
            return None;
        }
        Some(Rule::Ratio {
            share: share?,
            full_at,
            floor,
        })
    }

    fn bands(&self, cursor: Cursor<'_>) -> Option<Rule> {
        let fields = cursor.fields(&["of", "to", "when_zero", "steps"])?;
        let of = self.measured(&fields);
        let cursor = fields.need("steps")?;
        let mut steps = Vec::new();
        let mut sound = true;
        for (text, points) in cursor.entries()? {
            let step = Interval::parse(text)
                .map_err(|message| points.fault(message))
                .ok();
            match step.zip(points_of(&points, self.full)) {
                Some(step) => steps.push(step),
                None => sound = false,
            }
        }
        if !sound {
            return None;
        }
        Some(Rule::Bands {
            of: of?,
            steps: cursor.sound(Steps::new(steps))?,
        })
    }

    fn linear(&self, cursor: Cursor<'_>) -> Option<Rule> {
        let fields = cursor.fields(&["of", "to", "when_zero", "from", "until"])?;
        let of = self.measured(&fields);
        let (from, until) = (fields.need("from"), fields.need("until"));
        let (from, until) = (
            from.and_then(|from| from.decimal())?,
            until.and_then(|until| until.decimal())?,
        );
        if from == until {
            fields.fault("from and until are the same: a line needs two ends");
            return None;
        }
        Some(Rule::Linear {
            of: of?,
            from,
            until,
        })
    }

    fn credit(&self, cursor: Cursor<'_>) -> Option<Rule> {
        let fields = cursor.fields(&["each", "cap"])?;
        let each = self.each(&fields, |cursor| cursor.points());
        let cap = fields
            .get("cap")
            .map_or(Some(self.full), |cap| points_of(&cap, self.full));
        Some(Rule::Credit {
            each: each?,
            cap: cap?,
        })
    }

    fn likert(&self, cursor: Cursor<'_>) -> Option<Rule> {
        let fields = cursor.fields(&["each", "at_least"])?;
        let weights = self.each(&fields, |cursor| {
            let weight = cursor.decimal()?;
            if (Decimal::ZERO..=Decimal::ONE).contains(&weight) {
                return Some(weight);
            }
            cursor.fault(format!("the weight {weight} lies outside 0 to 1 (100%)"));
            None
        });
        let at_least = fields
            .get("at_least")
            .map_or(Some(Decimal::ONE), |cursor| above_zero(&cursor));
        Some(Rule::Likert {
            weights: weights?,
            at_least: at_least?,
        })
    }

    fn each(
        &self,
        fields: &Fields<'_>,
        read: impl Fn(&Cursor<'_>) -> Option<Decimal>,
    ) -> Option<Vec<(Expression, Decimal)>> {
        let cursor = fields.need("each")?;
        let entries = cursor.entries()?;
        if entries.is_empty() {
            cursor.fault("each needs at least one entry");
            return None;
        }
        let read = entries.into_iter().map(|(counted, weight)| {
            let counted = weight.sound(Expression::number(counted, self.names));
            let weight = read(&weight);
            Some((counted?, weight?))
        });
        // All of them are read, so that all faults are found.
        read.collect::<Vec<_>>().into_iter().collect()
    }

    fn state(&self, cursor: Cursor<'_>) -> Option<Rule> {
        let fields = cursor.fields(&["of", "points"])?;
        let (of, points) = (fields.need("of"), fields.need("points")?);
        let mut by_state = BTreeMap::new();
        for (state, cursor) in points.entries()? {
            by_state.insert(state.to_owned(), points_of(&cursor, self.full));
        }
        let of = of?;
        let Some(Type::State(states)) = of.text().and_then(|name| self.names.get(name)) else {
            of.fault("state needs an input whose type is a list of states");
            return None;
        };
        for state in states.iter().filter(|state| !by_state.contains_key(*state)) {
            points.fault(format!("the state {state:?} has no points"));
        }
        for state in by_state.keys().filter(|state| !states.contains(state)) {
            points.fault(format!(
                "{state:?} is not a state of the input: {}",
                states.join(", ")
            ));
        }
        let by_state = by_state
            .into_iter()
            .map(|(state, points)| Some((state, points?)));
        Some(Rule::State {
            of: of.text()?.to_owned(),
            points: by_state.collect::<Option<_>>()?,
        })
    }
}

fn above_zero(cursor: &Cursor<'_>) -> Option<Decimal> {
    let number = cursor.decimal()?;
    if number > Decimal::ZERO {
        return Some(number);
    }
    cursor.fault(format!("{number} is not above 0"));
    None
}
