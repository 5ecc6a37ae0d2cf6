//! A document as XLSX: a worksheet a table, to print on A4 and to sign.

use rust_decimal::Decimal;
use rust_xlsxwriter::{ColNum, Format, FormatAlign, FormatBorder, RowNum};
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::{Cell, Column, Document, Row, Table};
use crate::show;

/// Paper as the format numbers it: A4.
const A4: u8 = 9;
/// Longest name of a worksheet, in characters.
const NAME_MAX: usize = 31;
/// Longest text of a cell, in UTF-16 units; what is longer is cut, and ends with an ellipsis.
const TEXT_MAX: usize = 32_767;
/// Most significant digits that come back from a binary number as they went in.
const DIGITS_MAX: usize = 15;
/// Empty rows in which people sign.
const SIGNATURE_ROWS: RowNum = 5;

/// The bytes of the file.
pub(super) fn bytes(document: &Document) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    for table in &document.tables {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name(&table.name))?;
        Page::new(table, sheet)?.write()?;
    }
    workbook.save_to_buffer()
}

/// A worksheet that is being written, from the top.
struct Page<'a> {
    table: &'a Table,
    sheet: &'a mut Worksheet,
    row: RowNum,
    last_column: ColNum,
}

impl<'a> Page<'a> {
    fn new(table: &'a Table, sheet: &'a mut Worksheet) -> Result<Self, XlsxError> {
        sheet
            .set_landscape()
            .set_paper_size(A4)
            .set_print_fit_to_pages(1, 0)
            .set_footer("&L&A&R&P/&N");
        for (column, place) in table.columns.iter().zip(0..) {
            sheet.set_column_width(place, column.width)?;
        }
        let columns = ColNum::try_from(table.columns.len());
        let last_column = columns.map_err(|_| XlsxError::RowColumnLimitError)?;
        Ok(Self {
            table,
            sheet,
            row: 0,
            last_column: last_column.saturating_sub(1),
        })
    }

    fn write(mut self) -> Result<(), XlsxError> {
        self.top()?;
        self.headings()?;
        for row in &self.table.rows {
            self.body(row)?;
        }
        self.signatures()
    }

    fn top(&mut self) -> Result<(), XlsxError> {
        let title = Format::new()
            .set_bold()
            .set_font_size(14)
            .set_align(FormatAlign::Center);
        self.across(&self.table.title, &title)?;
        let fact = Format::new().set_align(FormatAlign::Left);
        for (name, value) in &self.table.facts {
            self.across(&format!("{name}: {value}"), &fact)?;
        }
        self.row += 1;
        Ok(())
    }

    /// A line as wide as the table.
    fn across(&mut self, text: &str, format: &Format) -> Result<(), XlsxError> {
        let (row, last) = (self.row, self.last_column);
        self.merge((row, 0), (row, last), text, format)?;
        self.row += 1;
        Ok(())
    }

    fn merge(
        &mut self,
        from: (RowNum, ColNum),
        to: (RowNum, ColNum),
        text: &str,
        format: &Format,
    ) -> Result<(), XlsxError> {
        if from == to {
            self.sheet
                .write_string_with_format(from.0, from.1, text, format)?;
        } else {
            self.sheet
                .merge_range(from.0, from.1, to.0, to.1, text, format)?;
        }
        Ok(())
    }

    /// One row of headings, or two where columns have a common one; they stay in sight and head every printed page.
    fn headings(&mut self) -> Result<(), XlsxError> {
        let format = framed()
            .set_bold()
            .set_align(FormatAlign::Center)
            .set_background_color(0xE7_EE_F7);
        let columns = &self.table.columns;
        let first = self.row;
        let grouped = columns.iter().any(|column| !column.group.is_empty());
        let last = first + RowNum::from(grouped);
        let mut place: ColNum = 0;
        for run in columns.chunk_by(|a, b| !a.group.is_empty() && a.group == b.group) {
            let group = run.first().map_or("", |column: &Column| &column.group);
            let width = ColNum::try_from(run.len()).unwrap_or(ColNum::MAX);
            if !group.is_empty() {
                let end = place + width - 1;
                self.merge((first, place), (first, end), group, &format)?;
            }
            for column in run {
                let from = if group.is_empty() { first } else { last };
                self.merge((from, place), (last, place), &column.label, &format)?;
                place += 1;
            }
        }
        self.row = last + 1;
        self.sheet.set_repeat_rows(first, last)?;
        self.sheet.set_freeze_panes(self.row, self.table.frozen)?;
        Ok(())
    }

    fn body(&mut self, row: &Row) -> Result<(), XlsxError> {
        for (cell, place) in row.cells.iter().zip(0..) {
            let format = if row.strong {
                framed().set_bold()
            } else {
                framed()
            };
            match cell {
                Cell::Text(text) => self.text(place, text, &format)?,
                Cell::Number(decimal) => self.number(place, decimal, format)?,
            }
        }
        self.row += 1;
        Ok(())
    }

    fn text(&mut self, place: ColNum, text: &str, format: &Format) -> Result<(), XlsxError> {
        if text.is_empty() {
            self.sheet.write_blank(self.row, place, format)?;
        } else {
            // As a string whatever it says, so never as a formula.
            self.sheet
                .write_string_with_format(self.row, place, shortened(text), format)?;
        }
        Ok(())
    }

    /// Here alone an exact decimal becomes a binary number, as a workbook has no other kind. Nothing is computed with
    /// it on our side, its format shows the digits that the decimal has, and one with more digits than come back
    /// unchanged stays text.
    fn number(&mut self, place: ColNum, decimal: &str, format: Format) -> Result<(), XlsxError> {
        let format = format.set_align(FormatAlign::Right);
        match show::decimal(decimal) {
            Some(exact) if digits(exact) <= DIGITS_MAX => {
                let format = format.set_num_format(pattern(exact));
                self.sheet
                    .write_with_format(self.row, place, exact, &format)?;
            }
            _ => self.text(place, decimal, &format)?,
        }
        Ok(())
    }

    /// Who signs, side by side below the table.
    fn signatures(mut self) -> Result<(), XlsxError> {
        let signatures = &self.table.signatures;
        let count = ColNum::try_from(signatures.len()).unwrap_or(ColNum::MAX);
        if count == 0 {
            return Ok(());
        }
        let format = Format::new()
            .set_bold()
            .set_align(FormatAlign::Center)
            .set_text_wrap();
        self.row += 1;
        let width = ((self.last_column + 1) / count).max(1);
        for (who, place) in signatures.iter().zip(0..) {
            let from = place * width;
            let to = if place + 1 == count {
                self.last_column
            } else {
                from + width - 1
            };
            self.merge((self.row, from), (self.row, to), who, &format)?;
        }
        let (row, last) = (self.row + SIGNATURE_ROWS, self.last_column);
        self.sheet.set_print_area(0, 0, row, last)?;
        Ok(())
    }
}

fn framed() -> Format {
    Format::new()
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::VerticalCenter)
        .set_text_wrap()
}

/// How many significant digits a decimal is written with.
fn digits(decimal: Decimal) -> usize {
    decimal.mantissa().unsigned_abs().to_string().len()
}

/// The format that shows as many digits behind the point as the decimal has.
fn pattern(decimal: Decimal) -> String {
    match decimal.scale() {
        0 => "0".to_owned(),
        scale => format!("0.{}", "0".repeat(scale as usize)),
    }
}

/// A name that a worksheet may have.
fn name(text: &str) -> String {
    let sound = text.chars().map(|c| match c {
        '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'' => ' ',
        c if c.is_control() => ' ',
        c => c,
    });
    let mut name = String::new();
    for c in sound {
        if name.encode_utf16().count() + c.len_utf16() > NAME_MAX {
            break;
        }
        name.push(c);
    }
    let name = name.trim();
    if name.is_empty() { "-" } else { name }.to_owned()
}

fn shortened(text: &str) -> String {
    if text.encode_utf16().count() <= TEXT_MAX {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut length = 1;
    for c in text.chars() {
        length += c.len_utf16();
        if length > TEXT_MAX {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}
