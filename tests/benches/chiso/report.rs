//! What is printed.

use std::path::Path;
use std::time::Duration;

use crate::machine;
use crate::measure::Cell;

/// A part with the state of the machine before and after it.
pub(crate) struct Part {
    folder: std::path::PathBuf,
    before: Duration,
}

impl Part {
    /// Prints the heading.
    pub(crate) fn begin(title: &str, folder: &Path) -> anyhow::Result<Self> {
        println!("\n## {title}\n");
        Ok(Self {
            folder: folder.to_owned(),
            before: machine::sync_time(folder)?,
        })
    }

    /// Prints how the machine did.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        let after = machine::sync_time(&self.folder)?;
        println!(
            "\nOne fdatasync: {:.2} ms before, {:.2} ms after. Load {}.",
            millis(self.before),
            millis(after),
            machine::load()
        );
        Ok(())
    }
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// A head with its rule; columns after the first are figures.
pub(crate) fn head(columns: &[&str]) {
    println!("| {} |", columns.join(" | "));
    let rule = (0..columns.len()).map(|column| if column == 0 { "---" } else { "---:" });
    println!("|{}|", rule.collect::<Vec<_>>().join("|"));
}

pub(crate) fn row(columns: &[String]) {
    println!("| {} |", columns.join(" | "));
}

/// A rate with its range.
pub(crate) fn rate(cell: &Cell) -> String {
    let (low, median, high) = cell.rates();
    format!(
        "**{}** ({}–{})",
        thousands(median),
        thousands(low),
        thousands(high)
    )
}

pub(crate) fn quantiles(cell: &Cell) -> [String; 2] {
    [0.5, 0.99].map(|quantile| format!("{:.2}", cell.quantile(quantile)))
}

/// A whole number with commas between its thousands.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
