//! Between requests, stored messages and the domain.

use std::collections::BTreeMap;

use assessment::official::{Printed, Row};
use contracts::assessments::v1 as pb;
use ids::{CodeError, LeafCode};
use rust_decimal::Decimal;

/// Most figures of a row: four times the largest real table.
const FIGURES_MAX: usize = 400;
/// Longest code of a subject, in characters.
const SUBJECT_MAX: usize = 32;
/// Longest name or reason for withholding, in characters.
const TEXT_MAX: usize = 200;
/// Most digits of a printed figure; tables print up to 9.
const DIGITS_MAX: usize = 18;

/// A field and what is wrong with it.
pub(super) type Fault = (String, String);

/// A year that a table can judge.
pub(super) fn year(year: i32) -> Result<i16, String> {
    i16::try_from(year)
        .ok()
        .filter(|year| (1900..=9999).contains(year))
        .ok_or_else(|| format!("is {year}; write one from 1900 to 9999"))
}

/// A text of `least` to `most` characters on one line.
pub(super) fn text(text: &str, least: usize, most: usize) -> Result<String, String> {
    let count = text.chars().count();
    if (least..=most).contains(&count) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "needs {least} to {most} characters on one line, has {count}"
    ))
}

/// A decimal as printed, at least 0, with the digits that were printed.
fn decimal(text: &str) -> Result<Decimal, String> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    Some(text)
        .filter(|_| plain && (1..=DIGITS_MAX).contains(&digits))
        .and_then(|text| Decimal::from_str_exact(text).ok())
        .ok_or_else(|| {
            format!(
                "is not a decimal of at least 0 with at most {DIGITS_MAX} digits, such as 43.1782"
            )
        })
}

fn optional(text: &str) -> Result<Option<Decimal>, String> {
    match text {
        "" => Ok(None),
        text => decimal(text).map(Some),
    }
}

/// A row, or everything that is wrong with it.
pub(super) fn row(row: &pb::PublishedRow) -> Result<Row, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut note = |field: &str, why: String| faults.push((field.to_owned(), why));
    let subject = text(&row.subject, 1, SUBJECT_MAX).map_err(|why| note("subject", why));
    let name_vi = text(&row.name_vi, 0, TEXT_MAX).map_err(|why| note("name_vi", why));
    let name_en = text(&row.name_en, 0, TEXT_MAX).map_err(|why| note("name_en", why));
    let withheld = text(&row.withheld, 0, TEXT_MAX).map_err(|why| note("withheld", why));
    let total = optional(&row.total).map_err(|why| note("total", why));
    let error = optional(&row.standard_error).map_err(|why| note("standard_error", why));
    let rank = u32::try_from(row.rank).map_err(|_| note("rank", "is below 0".to_owned()));
    let band = text(&row.band, 0, SUBJECT_MAX).map_err(|why| note("band", why));
    let figures = figures(&row.figures).map_err(|found| faults.extend(found));
    let fields = (
        subject, name_vi, name_en, withheld, total, error, rank, band, figures,
    );
    let (
        Ok(subject),
        Ok(name_vi),
        Ok(name_en),
        Ok(withheld),
        Ok(total),
        Ok(error),
        Ok(rank),
        Ok(band),
        Ok(figures),
    ) = fields
    else {
        return Err(faults);
    };
    Ok(Row {
        subject,
        name_vi,
        name_en,
        withheld,
        total,
        standard_error: error,
        rank: Some(rank).filter(|rank| *rank > 0),
        band: Some(band).filter(|band| !band.is_empty()),
        figures,
    })
}

fn figures(figures: &[pb::PublishedFigure]) -> Result<BTreeMap<LeafCode, Printed>, Vec<Fault>> {
    if figures.len() > FIGURES_MAX {
        let why = format!("are {}; send at most {FIGURES_MAX}", figures.len());
        return Err(vec![("figures".to_owned(), why)]);
    }
    let mut faults = Vec::new();
    let mut read = BTreeMap::new();
    for (place, figure) in figures.iter().enumerate() {
        let mut note = |field: &str, why: String| {
            faults.push((format!("figures[{place}].{field}"), why));
        };
        let code = figure.code.parse::<LeafCode>();
        let code = code.map_err(|error: CodeError| note("code", error.to_string()));
        let value = decimal(&figure.value).map_err(|why| note("value", why));
        let error = optional(&figure.standard_error).map_err(|why| note("standard_error", why));
        if let (Ok(code), Ok(value), Ok(standard_error)) = (code, value, error) {
            let printed = Printed {
                value,
                standard_error,
            };
            if read.insert(code, printed).is_some() {
                note(
                    "code",
                    format!("is {}, which has a figure already", figure.code),
                );
            }
        }
    }
    if faults.is_empty() {
        Ok(read)
    } else {
        Err(faults)
    }
}

/// A row for the wire and the log.
pub(super) fn published(row: &Row) -> pb::PublishedRow {
    let figures = row
        .figures
        .iter()
        .map(|(code, printed)| pb::PublishedFigure {
            code: code.to_string(),
            value: printed.value.to_string(),
            standard_error: shown(printed.standard_error),
        });
    pb::PublishedRow {
        subject: row.subject.clone(),
        name_vi: row.name_vi.clone(),
        name_en: row.name_en.clone(),
        withheld: row.withheld.clone(),
        total: shown(row.total),
        standard_error: shown(row.standard_error),
        rank: rank(row.rank),
        band: row.band.clone().unwrap_or_default(),
        figures: figures.collect(),
    }
}

/// A decimal, or nothing.
pub(super) fn shown(figure: Option<Decimal>) -> String {
    figure.map(|figure| figure.to_string()).unwrap_or_default()
}

/// A rank, 0 where there is none.
pub(super) fn rank(rank: Option<u32>) -> i32 {
    rank.and_then(|rank| i32::try_from(rank).ok())
        .unwrap_or_default()
}
