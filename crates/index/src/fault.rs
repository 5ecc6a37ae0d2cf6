//! What is wrong with a definition, and where.

use std::cell::RefCell;
use std::fmt;

/// Where something stands in a document; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Line in the document, from 1.
    pub line: usize,
    /// Column in the line, in characters, from 1.
    pub column: usize,
    /// The document's name, as it was given to the parser.
    pub file: String,
    /// The way to the value from the document's root, e.g. `components[0].leaves[2].rule.ratio`.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            file,
            path,
            message,
        } = self;
        write!(f, "{file}:{line}:{column}: ")?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(message)
    }
}

impl std::error::Error for Fault {}

/// Collects every fault of one document.
pub(crate) struct Report {
    file: String,
    faults: RefCell<Vec<Fault>>,
}

impl Report {
    pub(crate) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            faults: RefCell::default(),
        }
    }

    pub(crate) fn add(&self, at: Mark, path: &str, message: impl Into<String>) {
        self.faults.borrow_mut().push(Fault {
            line: at.line,
            column: at.column,
            file: self.file.clone(),
            path: path.to_owned(),
            message: message.into(),
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    /// The faults in the order of the document.
    pub(crate) fn into_faults(self) -> Vec<Fault> {
        let mut faults = self.faults.into_inner();
        faults.sort();
        faults.dedup();
        faults
    }
}
