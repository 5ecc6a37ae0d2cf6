//! How the rows of a file become facts.

mod read;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::tz::Offset;
use jiff::{Timestamp, civil};

use super::field::{Field, Happening};
use crate::yaml::{self, Fault, Fields, Node};
use crate::{Exit, Failure};

/// The national portal's columns and status codes.
const PORTAL: &str = include_str!("portal.yaml");
/// Viet Nam's, when a mapping says nothing.
const OFFSET: Offset = Offset::constant(7);
/// Any other value.
const OTHER: &str = "*";

/// The format of mapping files, for `--help`.
pub(super) const FORMAT: &str = r##"The mapping file (YAML):
  source: receipt-2011           # name of the source; with a row's event id it says whether a fact is known
  delimiter: ","                 # the default
  times:                         # left out: ISO 8601
    format: "%Y%m%d%H%M%S"       # as in strftime
    offset: "+07:00"             # of times that name none; the default
  columns:                       # which column holds what; case and time are needed
    case: case:concept:name      # code of the dossier
    event: concept:instance      # the row's identity; left out: case, time and activity make one
    activity: concept:name
    time: time:timestamp
    unit: case:department
    # also: status, officer, procedure, receiving_unit, channel, applicant, verified, due, received_at, reason,
    # to_unit, amount, method, digitised, reused, target, rating, petition, satisfied
  optional: {…}                  # the same, for columns that a file may lack
  constants: { procedure: "9.000001" }    # where there is no column, or the cell is empty
  values:                        # the source's words for ours; "*" is any other; a word that is missing refuses the row
    unit: { General: H99.01 }
    channel: { Internet: online, Desk: counter, Post: post }
  activities:                    # what a row is; left out: every row is an `activity`
    "Send result": [activity, delivered]
    "*": activity
  case:                          # facts of the whole case, each from a column that its rows repeat; an empty cell: none
    received: { at: case:startdate, due: case:deadline }
    completed: { at: case:enddate }

  registered and received come before all rows of the case, the others where their time puts them; a case that ends
  before it begins (some sources round to days) begins when it ends. Facts: registered,
  received, refused, processing_started, activity, supplement_requested, supplement_completed, payment_requested,
  payment_recorded, due_date_extended, handed_over, stopped, withdrawn, completed, result_corrected, delivered,
  digitised, electronic_result_issued, result_signed, synchronised, rated, petition_filed, petition_answered.
  With a column `status` (the national portal's codes 1 to 10) rows become facts by the change of status; `--portal` is
  such a mapping, with the portal's columns MaHoSo, MaTTHC, DonViXuLy, TrangThaiHoSo, ThoiDiemXuLy (yyyyMMddHHmmss) and,
  where they are there, MaSuKien, DonViTiepNhan, NgayTiepNhan, NgayHenTra, KenhThucHien, NguoiXuLy, NoiDungXuLy, SoTien,
  DuocThanhToanTrucTuyen, TaiKhoanDuocXacThucVoiVNeID."##;

/// How the rows of a file become facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Name of the source.
    pub(super) source: String,
    /// Between the cells of a row.
    pub(super) delimiter: u8,
    /// Columns that must be there.
    pub(super) columns: BTreeMap<Field, String>,
    /// Columns that may be there.
    pub(super) optional: BTreeMap<Field, String>,
    /// What holds where a cell says nothing.
    pub(super) constants: BTreeMap<Field, String>,
    /// The source's words for ours.
    pub(super) values: BTreeMap<Field, BTreeMap<String, String>>,
    /// What a row is, by its activity.
    pub(super) activities: BTreeMap<String, Vec<Happening>>,
    /// Facts of the whole case.
    pub(super) case: Vec<CaseFact>,
    times: Times,
}

/// A fact of the whole case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CaseFact {
    pub(super) happening: Happening,
    /// Column of its moment; no fact where the cell is empty.
    pub(super) at: String,
    /// Column of the due date.
    pub(super) due: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Times {
    format: Option<String>,
    offset: Offset,
}

impl Mapping {
    /// The national portal's.
    pub fn portal() -> Self {
        Self::parse(PORTAL).expect("a test reads it")
    }

    /// Reads a mapping file.
    ///
    /// # Errors
    /// When it cannot be read, or every fault in it.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
        Self::parse(&text).map_err(|faults| {
            let lines: Vec<String> = faults
                .iter()
                .map(|fault| format!("{}:{}: {}", path.display(), fault.line, fault.message))
                .collect();
            Failure::new(Exit::Data, lines.join("\n"))
        })
    }

    /// Reads a mapping.
    ///
    /// # Errors
    /// Every fault in it, by line.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let root = yaml::parse(text).map_err(|fault| vec![fault])?;
        let mut faults = Vec::new();
        let mapping = Self::of(&root, &mut faults);
        faults.sort();
        match mapping {
            Some(mapping) if faults.is_empty() => Ok(mapping),
            _ => Err(faults),
        }
    }

    fn of(root: &Node, faults: &mut Vec<Fault>) -> Option<Self> {
        let mut fields = Fields::of("a mapping", root, faults)?;
        let delimiter = fields.text("delimiter");
        let delimiter = match delimiter.as_bytes() {
            [] => b',',
            [byte] => *byte,
            _ => {
                fields.fault(root.line, "delimiter must be one character");
                b','
            }
        };
        let columns = read::texts(&mut fields, "columns");
        let mapping = Self {
            source: fields.needed("source"),
            delimiter,
            optional: read::texts(&mut fields, "optional"),
            constants: read::texts(&mut fields, "constants"),
            values: read::values(&mut fields),
            activities: read::activities(&mut fields),
            case: read::case_facts(&mut fields),
            times: read::times(&mut fields),
            columns,
        };
        for needed in [Field::Case, Field::Time] {
            if !mapping.columns.contains_key(&needed) {
                fields.fault(
                    root.line,
                    format!("columns must say which one is {}", needed.name()),
                );
            }
        }
        if mapping.by_status() && !mapping.activities.is_empty() {
            fields.fault(
                root.line,
                "a column is status, so activities are not looked at; leave one of both out",
            );
        }
        fields.end();
        Some(mapping)
    }

    /// Whether rows become facts by the change of the portal's status.
    pub(super) fn by_status(&self) -> bool {
        self.columns.contains_key(&Field::Status)
    }

    /// What a row is, by its activity.
    pub(super) fn happenings(&self, activity: &str) -> Result<&[Happening], String> {
        if self.activities.is_empty() {
            return Ok(&[Happening::Activity]);
        }
        let found = self
            .activities
            .get(activity)
            .or_else(|| self.activities.get(OTHER));
        found.map(Vec::as_slice).ok_or_else(|| {
            format!("activity: {activity:?} is not among the activities of the mapping; add it, or \"*\" for all others")
        })
    }

    /// Our word for the source's.
    pub(super) fn word<'a>(&'a self, field: Field, said: &'a str) -> Result<&'a str, String> {
        let Some(words) = self.values.get(&field) else {
            return Ok(said);
        };
        let found = words.get(said).or_else(|| words.get(OTHER));
        found.map(String::as_str).ok_or_else(|| {
            let name = field.name();
            format!("{name}: {said:?} is not among values.{name} of the mapping; add it")
        })
    }

    /// A moment as the source writes it.
    pub(super) fn instant(&self, text: &str) -> Result<Timestamp, String> {
        let Times { format, offset } = &self.times;
        let local = |local: civil::DateTime| offset.to_timestamp(local).ok();
        let read = match format {
            None => text
                .parse::<Timestamp>()
                .ok()
                .or_else(|| text.parse::<civil::DateTime>().ok().and_then(local))
                .or_else(|| {
                    text.parse::<civil::Date>()
                        .ok()
                        .and_then(|day| local(day.at(0, 0, 0, 0)))
                }),
            Some(format) => jiff::fmt::strtime::parse(format, text)
                .ok()
                .and_then(|time| {
                    time.to_timestamp()
                        .ok()
                        .or_else(|| time.to_datetime().ok().and_then(local))
                }),
        };
        read.ok_or_else(|| match format {
            None => {
                format!("{text:?} is no time of ISO 8601; say in the mapping how times are written")
            }
            Some(format) => format!("{text:?} is not a time written as {format}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portal_s_mapping_is_sound() {
        let portal = Mapping::portal();
        assert!(portal.by_status());
        assert_eq!(portal.word(Field::Channel, "2"), Ok("online"));
        assert_eq!(
            portal.instant("20240102030405").map(|at| at.to_string()),
            Ok("2024-01-01T20:04:05Z".to_owned())
        );
        assert!(portal.instant("2024-01-02").is_err());
    }

    #[test]
    fn times_of_iso_8601_come_with_or_without_offset() {
        let mapping = Mapping::parse("source: s\ncolumns: { case: a, time: b }\n").expect("sound");
        for (text, at) in [
            (
                "2011-10-11 13:45:40.276000+02:00",
                "2011-10-11T11:45:40.276Z",
            ),
            ("2011-10-11T13:45:40Z", "2011-10-11T13:45:40Z"),
            ("2024-01-02 07:00", "2024-01-02T00:00:00Z"),
            ("2024-01-02", "2024-01-01T17:00:00Z"),
        ] {
            assert_eq!(
                mapping.instant(text).map(|at| at.to_string()),
                Ok(at.to_owned()),
                "{text}"
            );
        }
        assert!(mapping.instant("yesterday").is_err());
    }

    #[test]
    fn every_fault_of_a_mapping_is_named_with_its_line() {
        let text = "\
source: s
delimiter: xx
times: { offset: seven }
columns:
  kase: a
  time: [b]
values:
  unit: General
activities:
  Done: finished
case:
  completed: { due: x }
colour: red
";
        let faults = Mapping::parse(text).expect_err("faults");
        let told: Vec<String> = faults.iter().map(Fault::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @r##"
        line 1: columns must say which one is case
        line 1: columns must say which one is time
        line 1: delimiter must be one character
        line 3: offset is "seven"; write it like "+07:00"
        line 5: columns has no "kase"; it may have case, event, activity, time, status, officer, procedure, receiving_unit, unit, channel, applicant, verified, due, received_at, reason, to_unit, amount, method, digitised, reused, target, rating, petition, satisfied
        line 6: columns.time must be text
        line 8: values.unit must map the source's words to ours
        line 10: "finished" is no fact; facts are registered, received, refused, processing_started, activity, supplement_requested, supplement_completed, payment_requested, payment_recorded, due_date_extended, handed_over, stopped, withdrawn, completed, result_corrected, delivered, digitised, electronic_result_issued, result_signed, synchronised, rated, petition_filed, petition_answered
        line 12: a fact of the case needs at
        line 13: a mapping has no field "colour"; its fields are delimiter, columns, source, optional, constants, values, activities, case, times
        "##);
    }

    #[test]
    fn words_that_a_mapping_does_not_know_are_refused_unless_there_is_a_rest() {
        let text = "source: s\ncolumns: { case: a, time: b }\nvalues:\n  unit: { A: H99.01 }\n  channel: { A: post, \"*\": online }\n";
        let mapping = Mapping::parse(text).expect("sound");
        assert_eq!(mapping.word(Field::Unit, "A"), Ok("H99.01"));
        assert!(
            mapping
                .word(Field::Unit, "B")
                .is_err_and(|why| why.contains("values.unit"))
        );
        assert_eq!(mapping.word(Field::Channel, "B"), Ok("online"));
        assert_eq!(mapping.word(Field::Procedure, "B"), Ok("B"));
    }
}
