//! Documents that people expect: tables with a title, written as a workbook to print and sign, or as plain text to count
//! with.

mod language;
mod plain;
#[cfg(test)]
mod tests;
mod workbook;

use std::path::{Path, PathBuf};

use clap::Args;

pub use language::{Label, Language};

use crate::{Failure, out, show};

/// Where a document goes. It may be both.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Files {
    /// Write a workbook, ready for A4
    #[arg(long, value_name = "FILE.xlsx")]
    xlsx: Option<PathBuf>,

    /// Write a plain table: UTF-8 with a byte order mark, as spreadsheets want it
    #[arg(long, value_name = "FILE.csv")]
    csv: Option<PathBuf>,
}

/// The same where a document is not all that a command can do.
#[derive(Debug, Args)]
pub struct MaybeFiles {
    /// Write a workbook, ready for A4, instead
    #[arg(long, value_name = "FILE.xlsx")]
    xlsx: Option<PathBuf>,

    /// Write a plain table instead: UTF-8 with a byte order mark, as spreadsheets want it
    #[arg(long, value_name = "FILE.csv")]
    csv: Option<PathBuf>,
}

impl MaybeFiles {
    /// The files, when any is named.
    pub fn named(&self) -> Option<Files> {
        let Self { xlsx, csv } = self;
        (xlsx.is_some() || csv.is_some()).then(|| Files {
            xlsx: xlsx.clone(),
            csv: csv.clone(),
        })
    }
}

/// Tables that belong together: one worksheet each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What the tables' names are; the heading of the first plain column.
    pub key: String,
    /// At least one, all with the same columns where the plain table is to be one.
    pub tables: Vec<Table>,
}

/// A table with what stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Name of the worksheet, and first cell of every plain row.
    pub name: String,
    /// Headline.
    pub title: String,
    /// What stands below the headline, by name.
    pub facts: Vec<(String, String)>,
    /// At least two.
    pub columns: Vec<Column>,
    /// Columns on the left that stay when the others are scrolled.
    pub frozen: u16,
    /// As many cells each as there are columns.
    pub rows: Vec<Row>,
    /// Who signs below, from left to right.
    pub signatures: Vec<String>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Heading above this column and its neighbours of the same group; empty: none.
    pub group: String,
    /// Heading.
    pub label: String,
    /// In characters.
    pub width: u16,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// From left to right.
    pub cells: Vec<Cell>,
    /// Whether it heads or sums up others.
    pub strong: bool,
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// An exact decimal, as the service wrote it.
    Number(String),
}

impl Column {
    /// A column on its own.
    pub fn new(label: impl Into<String>, width: u16) -> Self {
        Self::within("", label, width)
    }

    /// A column below a common heading.
    pub fn within(group: impl Into<String>, label: impl Into<String>, width: u16) -> Self {
        Self {
            group: group.into(),
            label: label.into(),
            width,
        }
    }
}

impl Cell {
    /// Words; nothing where there are none.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A decimal of the wire; words where it is none, and nothing where it is empty.
    pub fn number(text: impl Into<String>) -> Self {
        let text = text.into();
        match show::decimal(&text) {
            Some(_) => Self::Number(text),
            None => Self::Text(text),
        }
    }

    /// A rank; nothing for 0, which is none.
    pub fn rank(rank: i32) -> Self {
        if rank == 0 {
            Self::text("")
        } else {
            Self::Number(rank.to_string())
        }
    }
}

/// Writes a document as a workbook.
///
/// # Errors
/// As [`write`].
pub(crate) fn write_workbook(document: &Document, path: &Path) -> Result<(), Failure> {
    let bytes = workbook::bytes(document).map_err(|error| Failure::file(path, error))?;
    std::fs::write(path, bytes).map_err(|error| Failure::file(path, error))
}

/// Writes a document to every file that is named.
///
/// # Errors
/// That a file cannot be written, or that a table is beyond what a workbook can hold.
pub fn write(document: &Document, files: &Files) -> Result<(), Failure> {
    if let Some(path) = &files.xlsx {
        write_workbook(document, path)?;
        out::note(format_args!("{} is written", path.display()));
    }
    if let Some(path) = &files.csv {
        let bytes = plain::bytes(document).map_err(|error| Failure::file(path, error))?;
        std::fs::write(path, bytes).map_err(|error| Failure::file(path, error))?;
        out::note(format_args!("{} is written", path.display()));
    }
    Ok(())
}
