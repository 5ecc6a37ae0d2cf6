//! `chiso index diff`: what changed from one definition to another.

use std::path::PathBuf;

use clap::Args;
use comfy_table::Cell;
use index::{Definition, Difference, Differing};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{print, sound};
use crate::{Exit, Failure, show};

const EXAMPLES: &str = "\
Examples:
  chiso index diff par-2024.yaml par-2025.yaml
  chiso index diff par-2024.yaml par-2025.yaml --json | jq -c 'select(.part == \"leaf\")'

Exit codes: 0 compared, 65 a file has faults, 66 a file cannot be read.";

/// Say what changed from one definition to another, leaf by leaf, in points
///
/// Two years of a set, or the sets of two groups. Codes say what is the same; what is new or gone counts whole. Notes,
/// examples, editions and days in force are not compared. With --json: one object for each difference.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Diff {
    /// The older definition
    #[arg(value_name = "A")]
    older: PathBuf,

    /// The newer definition
    #[arg(value_name = "B")]
    newer: PathBuf,
}

pub(super) fn run(diff: &Diff, json: bool) -> Result<Exit, Failure> {
    let (older, newer) = (sound(&diff.older)?, sound(&diff.newer)?);
    let differences = older.differences(&newer);
    print(&if json {
        differences
            .iter()
            .map(|difference| object(difference).to_string())
            .collect()
    } else {
        vec![text(&older, &newer, &differences)]
    });
    Ok(Exit::Done)
}

pub(super) fn text(older: &Definition, newer: &Definition, differences: &[Difference]) -> String {
    let named = |definition: &Definition| format!("{} {}", definition.code(), definition.edition());
    let (older, newer) = (named(older), named(newer));
    if differences.is_empty() {
        return format!("{older} and {newer} judge alike");
    }
    let mut table = show::table(&["Code", "Name", "Before", "After", "±", "Changed"]);
    for difference in differences {
        let changes: Vec<_> = difference
            .changes
            .iter()
            .map(|change| {
                format!(
                    "{}: {} → {}",
                    change.what,
                    show::or_dash(&change.from),
                    show::or_dash(&change.to)
                )
            })
            .collect();
        table.add_row(vec![
            Cell::new(match difference.part {
                Differing::Head => "total",
                _ => &difference.code,
            }),
            Cell::new(&difference.name.vi),
            show::figure(points(difference.before)),
            show::figure(points(difference.after)),
            Cell::new(show::change(&difference.points().normalize().to_string())),
            Cell::new(changes.join("\n")),
        ]);
    }
    let leaves = differences
        .iter()
        .filter(|difference| difference.part == Differing::Leaf);
    let moved = leaves
        .clone()
        .map(|leaf| leaf.points().abs())
        .sum::<Decimal>();
    let count = leaves.count();
    format!(
        "{older} → {newer}\n{}\n{count} leaves differ; their maxima moved by {} points in all",
        show::rendered(&table),
        moved.normalize()
    )
}

fn points(max: Option<Decimal>) -> String {
    max.map_or_else(|| "–".to_owned(), |max| max.normalize().to_string())
}

fn object(difference: &Difference) -> Value {
    let text = |max: Option<Decimal>| max.map(|max| max.normalize().to_string());
    json!({
        "part": difference.part.word(),
        "code": difference.code,
        "name_vi": difference.name.vi,
        "name_en": difference.name.en,
        "before": text(difference.before),
        "after": text(difference.after),
        "points": difference.points().normalize().to_string(),
        "changes": difference.changes.iter().map(|change| json!({
            "what": change.what,
            "from": change.from,
            "to": change.to,
        })).collect::<Vec<_>>(),
    })
}
