//! `chiso index test`: the calculator.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use comfy_table::Cell;
use ids::LeafCode;
use index::{Definition, IndexResult, LeafScore};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{inputs, print, sound};
use crate::{Exit, Failure, show};

const EXAMPLES: &str = "\
Examples:
  chiso index test par-departments.yaml --leaf 1.1.3 --inputs plan_tasks_done=9 plan_tasks=10
  chiso index test service-quality-766.yaml --inputs figures.yaml
  chiso index test par-departments.yaml --inputs figures.yaml plan_issued=late --json

Values are written as 12, 0.8, 80%, yes, no, or a state such as on_time. A file has one `name: value` a line; what comes
later on the command line counts. A leaf without its inputs has no score, never zero.

Exit codes: 0 calculated, 64 a value on the command line is wrong, 65 a file has faults, 66 a file cannot be read.";

/// Calculate: inputs in, points out, with every calculation
///
/// Prints each leaf with the rule and the figures in it, the components, and the total with its band. With --json: one
/// object.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Test {
    /// The definition
    file: PathBuf,

    /// Values as NAME=VALUE, or files of them in YAML or JSON
    #[arg(long, num_args = 0.., value_name = "NAME=VALUE|FILE")]
    inputs: Vec<String>,

    /// Only this leaf
    #[arg(long, value_name = "CODE")]
    leaf: Option<String>,
}

pub(super) fn run(test: &Test, json: bool) -> Result<Exit, Failure> {
    let definition = sound(&test.file)?;
    let calculation = calculate(&definition, &test.inputs, test.leaf.as_deref())?;
    print(&[if json {
        calculation.object().to_string()
    } else {
        calculation.text()
    }]);
    Ok(Exit::Done)
}

/// What followed from inputs.
pub(super) struct Calculation<'a> {
    definition: &'a Definition,
    scores: BTreeMap<LeafCode, LeafScore>,
    /// None when one leaf was asked for.
    result: Option<IndexResult>,
}

pub(super) fn calculate<'a>(
    definition: &'a Definition,
    given: &[String],
    leaf: Option<&str>,
) -> Result<Calculation<'a>, Failure> {
    let inputs = inputs::read(definition, given)?;
    let score = |leaf: &index::Leaf| (leaf.code().clone(), leaf.score(&inputs));
    let Some(code) = leaf else {
        let scores: BTreeMap<_, _> = definition.leaves().iter().map(score).collect();
        let result = Some(definition.aggregate(&scores));
        return Ok(Calculation {
            definition,
            scores,
            result,
        });
    };
    let found = code.parse().ok().and_then(|code| definition.leaf(&code));
    let found = found.ok_or_else(|| {
        let message = format!("{} has no leaf {code}", definition.code());
        Failure::new(Exit::Usage, message)
    })?;
    Ok(Calculation {
        definition,
        scores: BTreeMap::from([score(found)]),
        result: None,
    })
}

impl Calculation<'_> {
    fn leaves(&self) -> impl Iterator<Item = (&index::Leaf, &LeafScore)> {
        let leaves = self.definition.leaves().iter();
        leaves.filter_map(|leaf| Some((leaf, self.scores.get(leaf.code())?)))
    }

    fn points(&self, points: Option<Decimal>) -> String {
        points.map_or_else(
            || "–".to_owned(),
            |points| self.definition.round(points).to_string(),
        )
    }

    pub(super) fn text(&self) -> String {
        let mut table = show::table(&["Leaf", "Name", "Points", "Max", "Calculation"]);
        for (leaf, score) in self.leaves() {
            table.add_row(vec![
                Cell::new(leaf.code()),
                Cell::new(&leaf.name().vi),
                show::figure(self.points(score.points)),
                show::figure(score.max.normalize().to_string()),
                Cell::new(leaf.calculation(score)),
            ]);
        }
        let leaves = show::rendered(&table);
        let Some(result) = &self.result else {
            return leaves;
        };
        let mut table = show::table(&["Component", "Name", "Points", "Max", "%"]);
        for (component, score) in self.definition.components().iter().zip(&result.components) {
            table.add_row(vec![
                Cell::new(&component.code),
                Cell::new(&component.name.vi),
                show::figure(self.points(score.points)),
                show::figure(score.max.normalize().to_string()),
                show::figure(self.points(score.percent)),
            ]);
        }
        let components = if result.components.is_empty() {
            String::new()
        } else {
            format!("{}\n\n", show::rendered(&table))
        };
        format!("{leaves}\n\n{components}{}", self.total(result))
    }

    fn total(&self, result: &IndexResult) -> String {
        let (Some(total), Some(percent)) = (result.total, result.percent) else {
            return format!("no total: {}", result.reason);
        };
        let band = result
            .band
            .as_deref()
            .and_then(|code| self.definition.band(code));
        let band = band.map_or_else(String::new, |band| format!(", {}", band.name.vi));
        format!(
            "total {total} of {} = {percent} %{band}",
            result.max.normalize()
        )
    }

    pub(super) fn object(&self) -> Value {
        let text = |figure: Option<Decimal>| figure.map(|figure| figure.to_string());
        let leaves: Vec<_> = self
            .leaves()
            .map(|(leaf, score)| {
                json!({
                    "leaf": leaf.code().as_str(),
                    "points": text(score.points.map(|points| self.definition.round(points))),
                    "exact": text(score.exact),
                    "max": score.max.to_string(),
                    "calculation": leaf.calculation(score),
                    "reason": score.reason(),
                })
            })
            .collect();
        let mut object = json!({
            "code": self.definition.code().as_str(),
            "edition": self.definition.edition(),
            "leaves": leaves,
        });
        if let Some(result) = &self.result {
            let components = result.components.iter().map(|score| {
                json!({
                    "component": score.code.as_str(),
                    "points": text(score.points),
                    "max": score.max.to_string(),
                    "percent": text(score.percent),
                })
            });
            object["components"] = components.collect();
            object["total"] = json!(text(result.total));
            object["max"] = json!(result.max.to_string());
            object["percent"] = json!(text(result.percent));
            object["band"] = json!(result.band);
            object["reason"] = json!(result.reason);
        }
        object
    }
}
