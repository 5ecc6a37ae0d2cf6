//! The live table: drawn over itself, what changed last on top.

use std::collections::BTreeMap;

use comfy_table::Cell;
use contracts::projection::v1::{IndexChanged, UnitIndex, WatchCheckpoint};
use rustix::termios::tcgetwinsize;

use crate::{out, show};

/// Lines beside the rows: header, rules, status, and one free.
const FRAME: usize = 6;
/// Height of a terminal that does not say its own.
const HEIGHT: usize = 24;

/// An index in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    key: (String, String, String),
    name: String,
    total: String,
    change: String,
    rank: i32,
    rank_before: i32,
    ranked: i32,
    band: String,
    /// The index changed while it was watched.
    moved: bool,
}

impl Row {
    pub(super) fn of_current(index: &UnitIndex) -> Self {
        Self {
            key: (
                index.index.clone(),
                index.period.clone(),
                index.subject.clone(),
            ),
            name: index.subject_name_vi.clone(),
            total: index.total.clone(),
            change: String::new(),
            rank: index.rank,
            rank_before: 0,
            ranked: index.ranked,
            band: index.band.clone(),
            moved: false,
        }
    }

    pub(super) fn of_change(change: &IndexChanged) -> Self {
        let (before, now) = (
            show::decimal(&change.total_before),
            show::decimal(&change.total),
        );
        let difference = before
            .zip(now)
            .and_then(|(before, now)| now.checked_sub(before));
        Self {
            key: (
                change.index.clone(),
                change.period.clone(),
                change.subject.clone(),
            ),
            name: change.subject_name_vi.clone(),
            total: change.total.clone(),
            change: difference.map_or_else(String::new, |difference| difference.to_string()),
            rank: change.rank,
            rank_before: change.rank_before,
            ranked: change.ranked,
            band: change.band.clone(),
            moved: true,
        }
    }
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// Each index with the number of its last change.
    rows: BTreeMap<(String, String, String), (u64, Row)>,
    changes: u64,
    live: bool,
    heard: String,
    /// What is amiss; the table is as it was before.
    note: String,
    /// Lines on the screen.
    drawn: usize,
}

impl Live {
    pub(super) fn put(&mut self, row: Row) {
        self.changes += u64::from(row.moved);
        let turn = if row.moved { self.changes } else { 0 };
        self.rows.insert(row.key.clone(), (turn, row));
    }

    pub(super) fn caught_up(&mut self) {
        self.note.clear();
        self.live = true;
    }

    pub(super) fn checkpoint(&mut self, checkpoint: &WatchCheckpoint) {
        self.heard = checkpoint
            .time
            .as_ref()
            .and_then(contracts::wire::instant)
            .map_or_else(String::new, show::time);
    }

    /// Says what is amiss, below the table.
    pub(super) fn note(&mut self, note: &str) {
        note.clone_into(&mut self.note);
        self.live = false;
        self.draw();
    }

    /// Draws over what stands there.
    pub(super) fn draw(&mut self) {
        let height =
            tcgetwinsize(std::io::stdout()).map_or(HEIGHT, |size| usize::from(size.ws_row));
        let text = self.text(height.saturating_sub(FRAME).max(1));
        let up = match self.drawn {
            0 => String::new(),
            lines => format!("\x1b[{lines}A"),
        };
        self.drawn = text.lines().count();
        // Without wrapping while it is drawn: a line that is too long is cut, and so a line of the text is one of the
        // screen.
        out::text(&format!("{up}\x1b[0J\x1b[?7l{text}\n\x1b[?7h"));
    }

    /// What changed last on top, then by index, period and rank; so many rows.
    fn text(&self, height: usize) -> String {
        let mut rows: Vec<&(u64, Row)> = self.rows.values().collect();
        rows.sort_by_key(|(turn, row)| {
            let rank = if row.rank == 0 { i32::MAX } else { row.rank };
            (u64::MAX - turn, &row.key.0, &row.key.1, rank, &row.key.2)
        });
        let mut table = show::table(&["Period", "Unit", "Name", "Total", "±", "Rank", "±", "Band"]);
        for (_, row) in rows.iter().take(height) {
            table.add_row(vec![
                Cell::new(&row.key.1),
                Cell::new(&row.key.2),
                Cell::new(&row.name),
                show::figure(if row.total.is_empty() {
                    "–"
                } else {
                    &row.total
                }),
                Cell::new(show::change(&row.change)),
                show::figure(if row.rank == 0 {
                    String::new()
                } else {
                    format!("{}/{}", row.rank, row.ranked)
                }),
                Cell::new(show::rank_change(row.rank_before, row.rank)),
                Cell::new(&row.band),
            ]);
        }
        let hidden = rows.len().saturating_sub(height);
        let mut status = format!("changes: {}", show::count(self.changes));
        if hidden > 0 {
            status += &format!(", {hidden} more indices below");
        }
        status += match (self.note.as_str(), self.live) {
            ("", true) => ", live",
            ("", false) => ", catching up",
            (_, _) => ", ",
        };
        status += &self.note;
        if !self.heard.is_empty() {
            status += &format!(", heard at {}", self.heard);
        }
        format!("{}\n{status}; ^C ends", show::rendered(&table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_last_stands_on_top() {
        let mut live = Live::default();
        for (rank, subject) in [(2, "H40.02"), (1, "H40.01"), (3, "H40.03")] {
            live.put(Row::of_current(&UnitIndex {
                period: "2024".to_owned(),
                subject: subject.to_owned(),
                subject_name_vi: "Sở".to_owned(),
                total: "80.00".to_owned(),
                rank,
                ranked: 3,
                ..UnitIndex::default()
            }));
        }
        live.caught_up();
        live.put(Row::of_change(&IndexChanged {
            period: "2024".to_owned(),
            subject: "H40.03".to_owned(),
            subject_name_vi: "Sở".to_owned(),
            total_before: "80.00".to_owned(),
            total: "80.50".to_owned(),
            rank: 1,
            rank_before: 3,
            ranked: 3,
            band: "good".to_owned(),
            ..IndexChanged::default()
        }));
        insta::assert_snapshot!(live.text(2), @r##"
         Period   Unit     Name   Total   ±        Rank   ±     Band
        ─────────────────────────────────────────────────────────────
         2024     H40.03   Sở     80.50   ▲ 0.50    1/3   ▲ 2   good
         2024     H40.01   Sở     80.00             1/3
        changes: 1, 1 more indices below, live; ^C ends
        "##);
    }
}
