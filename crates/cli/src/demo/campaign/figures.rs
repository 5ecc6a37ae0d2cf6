//! What the simulator says of a unit's year, in the words of services and of the engine.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use contracts::assessments::v1 as pb;
use index::{Definition, InputKind, Inputs, Leaf, NoScore, Value};
use rust_decimal::{Decimal, RoundingStrategy};
use simulator::{Figure, Reported, Stated};

/// Figures of a unit's year by name.
pub(super) type Figures = BTreeMap<&'static str, Figure>;

/// Digits behind the point that people write points with.
const DIGITS: u32 = 2;

fn value(said: &Stated) -> Value {
    match said {
        Stated::Number(number) => Value::Number(Decimal::from(*number)),
        Stated::YesNo(answer) => Value::YesNo(*answer),
        Stated::State(state) => Value::State((*state).to_owned()),
    }
}

/// The figures that a unit declares for a leaf.
pub(super) fn declared(leaf: &Leaf, figures: &Figures) -> anyhow::Result<Vec<pb::Figure>> {
    let mut declared = Vec::new();
    for name in leaf.inputs().map(|name| name.as_str()) {
        let value = match &of(figures, name)?.declared {
            Stated::Number(number) => pb::figure::Value::Number(number.to_string()),
            Stated::YesNo(answer) => pb::figure::Value::YesNo(*answer),
            Stated::State(state) => pb::figure::Value::State((*state).to_owned()),
        };
        declared.push(pb::Figure {
            name: name.to_owned(),
            value: Some(value),
        });
    }
    Ok(declared)
}

/// What a leaf comes to by what papers and registers show, to the digits that people write.
pub(super) fn shown(leaf: &Leaf, figures: &Figures) -> anyhow::Result<pb::Mark> {
    let mut inputs = Inputs::new();
    for name in leaf.inputs().map(|name| name.as_str()) {
        inputs.set(name, value(&of(figures, name)?.shown));
    }
    let score = leaf.score(&inputs);
    match (score.points, score.no_score) {
        (Some(points), _) => Ok(mark(points)),
        (None, Some(NoScore::NotApplicable(_))) => Ok(pb::Mark {
            points: String::new(),
            not_applicable: true,
        }),
        (None, why) => bail!("leaf {} has no points: {why:?}", leaf.code()),
    }
}

/// Points as people write them.
pub(super) fn mark(points: Decimal) -> pb::Mark {
    let points = points.round_dp_with_strategy(DIGITS, RoundingStrategy::MidpointAwayFromZero);
    pb::Mark {
        points: points.normalize().to_string(),
        not_applicable: false,
    }
}

/// Points of a mark; none where there are none.
pub(super) fn points(mark: Option<&pb::Mark>) -> Option<Decimal> {
    mark?.points.parse().ok()
}

/// The figures of a leaf that the unit declares and its papers do not show.
pub(super) fn overstated<'a>(
    leaf: &Leaf,
    figures: &'a Figures,
) -> anyhow::Result<Vec<(String, &'a Figure)>> {
    let mut found = Vec::new();
    for name in leaf.inputs().map(|name| name.as_str()) {
        let figure = of(figures, name)?;
        if figure.declared != figure.shown {
            found.push((name.to_owned(), figure));
        }
    }
    Ok(found)
}

/// What others report of a unit and year: what surveys came to, and what other offices count.
pub(super) fn of_others(
    unit: &str,
    definition: &Definition,
    figures: &Figures,
) -> anyhow::Result<Vec<Reported>> {
    let mut reported = Vec::new();
    for input in definition.inputs() {
        let of_others = match input.kind {
            InputKind::Reported | InputKind::Surveyed => true,
            InputKind::Flow | InputKind::Stock | InputKind::Registry | InputKind::Appraised => {
                false
            }
        };
        if !of_others {
            continue;
        }
        let known = figures.get_key_value(input.name.as_str());
        let (measure, figure) = known.with_context(|| unknown(input.name.as_str()))?;
        let Stated::Number(value) = figure.shown else {
            bail!("{measure} is no number");
        };
        reported.push(Reported {
            unit: unit.to_owned(),
            month: 12,
            measure,
            value,
        });
    }
    Ok(reported)
}

/// Whether a leaf rests on dossiers.
pub(super) fn rests_on_dossiers(leaf: &Leaf, definition: &Definition) -> bool {
    let flows = |name| definition.input(name).map(|input| input.kind) == Some(InputKind::Flow);
    leaf.inputs().any(|name| flows(name.as_str()))
}

fn of<'a>(figures: &'a Figures, name: &str) -> anyhow::Result<&'a Figure> {
    figures.get(name).with_context(|| unknown(name))
}

fn unknown(name: &str) -> String {
    format!("the simulator knows no figure {name}")
}
