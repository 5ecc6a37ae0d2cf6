//! Which column of a published table holds what.

use std::collections::BTreeMap;
use std::path::Path;

use contracts::assessments::v1::{ImportOfficialResultsRequest, PublishedRow};

use crate::yaml::{self, Content, Fields};
use crate::{Exit, Failure};

/// A mapping that was read and is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    index: String,
    year: i32,
    edition: String,
    source: String,
    pub(super) columns: Columns,
    pub(super) withheld: Option<Withheld>,
    /// Columns by the code of a component or leaf.
    pub(super) figures: BTreeMap<String, String>,
    /// The same of standard errors.
    pub(super) standard_errors: BTreeMap<String, String>,
}

/// Columns by what they hold; empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Columns {
    pub(super) subject: String,
    pub(super) name_vi: String,
    pub(super) name_en: String,
    pub(super) total: String,
    pub(super) standard_error: String,
    pub(super) rank: String,
    pub(super) band: String,
}

/// How a row says that it is withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Withheld {
    pub(super) column: String,
    pub(super) value: String,
    pub(super) reason: String,
}

impl Mapping {
    /// Reads a file.
    ///
    /// # Errors
    /// That it cannot be read, or everything that is wrong with it, line by line.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
        Self::parse(&text).map_err(|faults| {
            let faults: Vec<_> = faults
                .iter()
                .map(|fault| format!("{}: {fault}", path.display()))
                .collect();
            Failure::new(Exit::Data, faults.join("\n"))
        })
    }

    pub(super) fn parse(text: &str) -> Result<Self, Vec<yaml::Fault>> {
        let root = yaml::parse(text).map_err(|fault| vec![fault])?;
        let mut faults = Vec::new();
        let read = Fields::of("a mapping", &root, &mut faults).map(mapping);
        match read {
            Some(mapping) if faults.is_empty() => Ok(mapping),
            _ => Err(faults),
        }
    }

    /// The request for a table with those rows.
    pub fn request(&self, rows: Vec<PublishedRow>, reason: &str) -> ImportOfficialResultsRequest {
        ImportOfficialResultsRequest {
            context: None,
            index: self.index.clone(),
            year: self.year,
            edition: self.edition.clone(),
            source: self.source.clone(),
            reason: reason.to_owned(),
            rows,
        }
    }
}

fn mapping(mut fields: Fields<'_>) -> Mapping {
    let read = Mapping {
        index: fields.needed("index"),
        year: fields.number("year"),
        edition: fields.text("edition"),
        source: fields.needed("source"),
        columns: columns(&mut fields),
        withheld: withheld(&mut fields),
        figures: by_code(&mut fields, "figures"),
        standard_errors: by_code(&mut fields, "standard_errors"),
    };
    if read.year == 0 {
        fields.fault(fields.line(), "a mapping needs year");
    }
    fields.end();
    read
}

fn columns(fields: &mut Fields<'_>) -> Columns {
    let Some(node) = fields.node("columns") else {
        fields.fault(fields.line(), "a mapping needs columns");
        return Columns::default();
    };
    let Some(mut fields) = Fields::of("columns", node, fields.faults()) else {
        return Columns::default();
    };
    let columns = Columns {
        subject: fields.needed("subject"),
        name_vi: fields.text("name_vi"),
        name_en: fields.text("name_en"),
        total: fields.text("total"),
        standard_error: fields.text("standard_error"),
        rank: fields.text("rank"),
        band: fields.text("band"),
    };
    fields.end();
    columns
}

fn withheld(fields: &mut Fields<'_>) -> Option<Withheld> {
    let node = fields.node("withheld")?;
    let mut fields = Fields::of("withheld", node, fields.faults())?;
    let withheld = Withheld {
        column: fields.needed("column"),
        value: fields.needed("value"),
        reason: fields.needed("reason"),
    };
    fields.end();
    Some(withheld)
}

fn by_code(fields: &mut Fields<'_>, key: &'static str) -> BTreeMap<String, String> {
    let Some(node) = fields.node(key) else {
        return BTreeMap::new();
    };
    let Content::Map(entries) = &node.content else {
        fields.fault(node.line, format!("{key} must map codes to columns"));
        return BTreeMap::new();
    };
    let mut columns = BTreeMap::new();
    for entry in entries {
        match entry.value.text() {
            Some(column) => drop(columns.insert(entry.key.clone(), column.to_owned())),
            None => fields.fault(entry.line, format!("{} needs a column", entry.key)),
        }
    }
    columns
}
