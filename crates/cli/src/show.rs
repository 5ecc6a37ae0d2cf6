//! How figures and times look.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use jiff::tz::Offset;
use jiff::{Timestamp, civil};
use rust_decimal::Decimal;

/// A rule under the header, and nothing else.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// Viet Nam's time, in which everything is shown.
const LOCAL: Offset = Offset::constant(7);

/// An instant in Viet Nam's time, to the second; empty when there is none.
pub fn instant(at: Option<&prost_types::Timestamp>) -> String {
    at.and_then(contracts::wire::instant)
        .map_or_else(String::new, |at| {
            let local: civil::DateTime = LOCAL.to_datetime(at);
            local.strftime("%Y-%m-%d %H:%M:%S").to_string()
        })
}

/// A moment of the day in Viet Nam's time.
pub fn time(at: Timestamp) -> String {
    LOCAL.to_datetime(at).strftime("%H:%M:%S").to_string()
}

/// A whole number with its thousands apart: `123,456`.
pub fn count(number: impl Into<i128>) -> String {
    let number: i128 = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if number < 0 {
        format!("-{shown}")
    } else {
        shown
    }
}

/// A change of points: `▲ 1.20`, `▼ 0.35`, `=`; empty when there is nothing to compare with.
pub fn change(change: &str) -> String {
    let zero = |text: &str| text.chars().all(|c| matches!(c, '0' | '.' | '-' | '+'));
    match change.strip_prefix('-') {
        _ if change.is_empty() => String::new(),
        _ if zero(change) => "=".to_owned(),
        Some(fallen) => format!("▼ {fallen}"),
        None => format!("▲ {}", change.trim_start_matches('+')),
    }
}

/// A change of rank: a smaller one is better; empty when there is nothing to compare with.
pub fn rank_change(before: i32, now: i32) -> String {
    match (before, now) {
        (0, _) | (_, 0) => String::new(),
        (before, now) if before == now => "=".to_owned(),
        (before, now) if now < before => format!("▲ {}", before - now),
        (before, now) => format!("▼ {}", now - before),
    }
}

/// Points, or a dash where there are none.
pub fn or_dash(points: &str) -> &str {
    if points.is_empty() { "–" } else { points }
}

/// Something with the most points that were possible; without them where nothing was.
pub fn of_max(what: &str, between: &str, max: &str) -> String {
    if decimal(max).is_none_or(|max| max.is_zero()) {
        what.to_owned()
    } else {
        format!("{what}{between}{max}")
    }
}

/// A decimal of the wire; none for empty text and for what is no decimal.
pub fn decimal(text: &str) -> Option<Decimal> {
    text.parse().ok()
}

/// Seconds as people say them: `3 min 05 s`.
pub fn seconds(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An empty table in the style of all of them.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.iter().map(Cell::new));
    table
}

/// A cell with a figure, which stands on the right.
pub fn figure(text: impl Into<String>) -> Cell {
    Cell::new(text.into()).set_alignment(CellAlignment::Right)
}

/// The rendered table without trailing blanks.
pub fn rendered(table: &Table) -> String {
    let lines: Vec<String> = table
        .to_string()
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(
            [count(0), count(999), count(-1_234_567)],
            ["0", "999", "-1,234,567"]
        );
        assert_eq!(
            [change("1.20"), change("-0.35"), change("0.00"), change("")],
            ["▲ 1.20", "▼ 0.35", "=", ""]
        );
        assert_eq!(
            [
                rank_change(3, 1),
                rank_change(1, 3),
                rank_change(2, 2),
                rank_change(0, 1)
            ],
            ["▲ 2", "▼ 2", "=", ""]
        );
        assert_eq!(
            [seconds(59), seconds(185), seconds(7_260)],
            ["59 s", "3 min 05 s", "2 h 01 min"]
        );
    }

    #[test]
    fn instants_are_shown_in_local_time() {
        let at = prost_types::Timestamp {
            seconds: 1_704_042_000,
            nanos: 0,
        };
        assert_eq!(instant(Some(&at)), "2024-01-01 00:00:00");
        assert_eq!(instant(None), "");
    }
}
