//! A document as CSV: headings, then rows, with the decimals to the digit.

use csv::{Terminator, WriterBuilder};

use super::{Cell, Column, Document};

/// Without it spreadsheets take UTF-8 for the local code page, and diacritics are lost.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// What makes a spreadsheet take a cell for a formula, or leads to a second cell that is one; the wide ones are typed on
/// East Asian keyboards.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// The bytes of the file.
pub(super) fn bytes(document: &Document) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let mut headings: &[Column] = &[];
    for table in &document.tables {
        if table.columns != headings {
            headings = &table.columns;
            let labels = headings.iter().map(heading);
            writer.write_record([document.key.clone()].into_iter().chain(labels))?;
        }
        for row in &table.rows {
            let cells = row.cells.iter().map(cell);
            writer.write_record([harmless(&table.name)].into_iter().chain(cells))?;
        }
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

fn heading(column: &Column) -> String {
    let Column { group, label, .. } = column;
    // Headings of workbooks are broken into lines; here they are one.
    let label = label.replace('\n', " ");
    if group.is_empty() {
        harmless(&label)
    } else {
        harmless(&format!("{group}: {label}"))
    }
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => harmless(text),
        Cell::Number(decimal) => decimal.clone(),
    }
}

/// Text that no spreadsheet takes for a formula: an apostrophe stands before what would be one.
fn harmless(text: &str) -> String {
    if text.starts_with(FORMULA) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
