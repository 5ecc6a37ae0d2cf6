//! What became of the rows of a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::send::{Outcome, Settled};
use super::table::Table;
use crate::{Failure, progress, show};

/// Reasons that are listed; the file of refused rows has all.
const REASONS_MAX: usize = 10;

/// What became of the rows of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// Rows of the file.
    pub rows: usize,
    /// Rows that said something new.
    pub accepted: usize,
    /// Rows that had been taken in before.
    pub repeated: usize,
    /// Rows that were refused, with the reason, in the order of the file.
    pub refused: BTreeMap<usize, String>,
    /// Facts that the rows said: more than rows where one says several.
    pub facts: usize,
    /// Position of the newest event written in the log of dossiers; 0 when none was.
    pub position: i64,
    /// Calls that were repeated because their answer was lost.
    pub repeats: u32,
    /// How long it took.
    pub took: Duration,
}

/// What the facts of the rows became.
#[derive(Debug, Default)]
pub(super) struct Tally {
    fresh: Vec<bool>,
    refused: BTreeMap<usize, String>,
    facts: usize,
    position: i64,
    repeats: u32,
}

impl Tally {
    pub(super) fn of(rows: usize) -> Self {
        Self {
            fresh: vec![false; rows],
            ..Self::default()
        }
    }

    /// A row that cannot be sent, or a fact of it that is refused.
    pub(super) fn refuse(&mut self, row: usize, why: &str) {
        let reason = self.refused.entry(row).or_default();
        if !reason.is_empty() {
            reason.push_str("; ");
        }
        reason.push_str(why);
    }

    pub(super) fn add(&mut self, settled: Settled) {
        let Settled {
            batch,
            outcomes,
            position,
            repeats,
        } = settled;
        self.facts += batch.facts.len();
        self.position = self.position.max(position);
        self.repeats += repeats;
        for (fact, outcome) in batch.facts.iter().zip(outcomes) {
            match outcome {
                Outcome::Accepted => self.fresh[fact.row] = true,
                Outcome::Repeated => {}
                Outcome::Refused(why) => {
                    self.refuse(fact.row, &format!("{}: {why}", fact.happening.name()));
                }
            }
        }
        for (row, why) in batch.unsent {
            self.refuse(row, &why);
        }
    }

    pub(super) fn summary(self, took: Duration) -> Summary {
        let rows = self.fresh.len();
        let refused = self.refused;
        let accepted = (0..rows)
            .filter(|row| self.fresh[*row] && !refused.contains_key(row))
            .count();
        let repeated = rows - refused.len() - accepted;
        let (facts, position, repeats) = (self.facts, self.position, self.repeats);
        Summary {
            rows,
            accepted,
            repeated,
            refused,
            facts,
            position,
            repeats,
            took,
        }
    }
}

fn number(number: usize) -> String {
    show::count(i128::try_from(number).unwrap_or(i128::MAX))
}

impl Summary {
    /// For people.
    pub fn text(&self, refused_file: Option<&Path>) -> String {
        let rate = progress::rate(self.rows as u64, self.took);
        let took = show::seconds(i64::try_from(self.took.as_secs()).unwrap_or(i64::MAX));
        let mut lines = vec![
            format!(
                "{} rows, {} facts, in {took} ({} rows a second)",
                number(self.rows),
                number(self.facts),
                show::count(rate)
            ),
            format!("  accepted {}", number(self.accepted)),
            format!("  repeated {}", number(self.repeated)),
            format!("  refused  {}", number(self.refused.len())),
        ];
        if self.repeats > 0 {
            lines.push(format!(
                "{} calls were repeated because their answer was lost; rows that those had brought in count as repeated",
                self.repeats
            ));
        }
        for (reason, count) in self.reasons().into_iter().take(REASONS_MAX) {
            lines.push(format!("    {} × {reason}", number(count)));
        }
        if let Some(file) = refused_file {
            lines.push(format!("the refused rows are in {}", file.display()));
        }
        lines.join("\n")
    }

    /// For programs.
    pub(super) fn json(&self, refused_file: Option<&Path>) -> Value {
        let reasons: Vec<Value> = self
            .reasons()
            .into_iter()
            .map(|(reason, rows)| json!({"reason": reason, "rows": rows}))
            .collect();
        json!({
            "rows": self.rows,
            "accepted": self.accepted,
            "repeated": self.repeated,
            "refused": self.refused.len(),
            "facts": self.facts,
            "position": self.position,
            "repeatedCalls": self.repeats,
            "milliseconds": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "reasons": reasons,
            "refusedFile": refused_file.map(|file| file.display().to_string()),
        })
    }

    /// How often each reason was given, the most frequent first.
    fn reasons(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in self.refused.values() {
            *counts.entry(reason).or_default() += 1;
        }
        let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

/// Writes the refused rows beside the file, as they were, with the reason; takes away those of an earlier import.
pub(super) fn write_refused(
    path: &Path,
    table: &Table,
    summary: &Summary,
) -> Result<Option<PathBuf>, Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".refused.csv");
    let beside = PathBuf::from(name);
    if summary.refused.is_empty() {
        return match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::file(&beside, error))
            }
            _ => Ok(None),
        };
    }
    let written = || -> csv::Result<()> {
        // A damaged row may have more or fewer cells than there are columns.
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .from_path(&beside)?;
        writer.write_record(table.headers.iter().chain(["reason"]))?;
        for (row, reason) in &summary.refused {
            writer.write_record(table.rows[*row].iter().chain([reason.as_str()]))?;
        }
        Ok(writer.flush()?)
    };
    written().map_err(|error| Failure::file(&beside, error))?;
    Ok(Some(beside))
}
