//! What the command line says of tasks.

use clap::{Args, ValueEnum};
use contracts::assessments::v1 as pb;
use jiff::tz::Offset;
use jiff::{Timestamp, civil};
use pb::task_origin::Origin;

use crate::evidence::digest;

/// Viet Nam's time, in which a date on the command line is meant.
const LOCAL: Offset = Offset::constant(7);

/// Why there is a task: exactly one of a leaf, a measure, a finding and an item.
#[derive(Debug, Args)]
#[group(id = "origin", required = true, args = ["leaf", "measure", "finding", "item"])]
pub(super) struct Because {
    /// Code of a leaf that earned too little, with --campaign, or --index and --period
    #[arg(long)]
    leaf: Option<String>,

    /// Campaign whose appraisal shows it. None: the live score does
    #[arg(long, default_value = "", requires = "leaf")]
    campaign: String,

    /// Code of the leaf's index
    #[arg(long, default_value = "", requires = "leaf")]
    index: String,

    /// Name of a measure of scoring that counts what waits too long, with --period
    #[arg(long)]
    measure: Option<String>,

    /// Period of the leaf or the measure, such as 2024, 2024-Q1 or 2024-03
    #[arg(long, default_value = "")]
    period: String,

    /// What an inspection, an audit or a petition found, with --document and --date
    #[arg(long, requires = "document", requires = "date")]
    finding: Option<String>,

    /// Where in the yearly plan that --document names
    #[arg(long, requires = "document")]
    item: Option<String>,

    /// Number of the document of a finding or of the yearly plan
    #[arg(long, default_value = "")]
    document: String,

    /// Date of the finding's document, such as 2025-03-31
    #[arg(long, default_value = "")]
    date: String,
}

impl Because {
    /// The origin for the wire.
    pub(super) fn to_wire(&self) -> Option<pb::TaskOrigin> {
        let Self {
            campaign,
            index,
            period,
            document,
            date,
            ..
        } = self;
        let of_leaf = |leaf: &String| {
            Origin::Leaf(pb::LeafOrigin {
                campaign: campaign.clone(),
                index: index.clone(),
                edition: String::new(),
                period: period.clone(),
                leaf: leaf.clone(),
            })
        };
        let of_measure = |measure: &String| {
            Origin::Backlog(pb::BacklogOrigin {
                measure: measure.clone(),
                period: period.clone(),
            })
        };
        let of_finding = |text: &String| {
            Origin::Finding(pb::FindingOrigin {
                document: document.clone(),
                date: date.clone(),
                text: text.clone(),
            })
        };
        let of_item = |item: &String| {
            Origin::YearlyPlan(pb::YearlyPlanOrigin {
                document: document.clone(),
                item: item.clone(),
            })
        };
        let origin = self.leaf.as_ref().map(of_leaf);
        let origin = origin.or_else(|| self.measure.as_ref().map(of_measure));
        let origin = origin.or_else(|| self.finding.as_ref().map(of_finding));
        let origin = origin.or_else(|| self.item.as_ref().map(of_item));
        origin.map(|origin| pb::TaskOrigin {
            origin: Some(origin),
        })
    }
}

/// A state that tasks are listed by.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Shown {
    /// Somebody works on it
    Open,
    /// The unit says that it is done
    Reported,
    /// Somebody else found that it is done
    Confirmed,
    /// It will not be done
    Cancelled,
}

impl Shown {
    pub(super) fn to_wire(self) -> pb::TaskState {
        match self {
            Self::Open => pb::TaskState::Open,
            Self::Reported => pb::TaskState::Reported,
            Self::Confirmed => pb::TaskState::Confirmed,
            Self::Cancelled => pb::TaskState::Cancelled,
        }
    }
}

/// A moment with its offset.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "write a moment with its offset, as 2025-03-01T08:00:00+07:00".to_owned())
}

/// The end of a day in Viet Nam, or a moment with its offset.
pub(super) fn until(text: &str) -> Result<Timestamp, String> {
    let Ok(day) = text.parse::<civil::Date>() else {
        return moment(text).map_err(|why| format!("write a date, as 2025-06-30, or {why}"));
    };
    // A text with a time of day is a date to the parser as well.
    if text.len() > day.to_string().len() {
        return moment(text);
    }
    LOCAL
        .to_timestamp(day.at(23, 59, 59, 0))
        .map_err(|error| error.to_string())
}

/// An item of evidence: a title, or named fields with semicolons between them.
pub(super) fn evidence(text: &str) -> Result<pb::Evidence, String> {
    let mut item = pb::Evidence::default();
    if !text.contains('=') {
        text.trim().clone_into(&mut item.title);
        return Ok(item);
    }
    for field in text.split(';').filter(|field| !field.trim().is_empty()) {
        let (name, value) = field.split_once('=').ok_or_else(|| {
            format!("{field:?} is no NAME=VALUE; write title=…;number=…;date=…;page=…")
        })?;
        let value = value.trim().to_owned();
        match name.trim() {
            "title" => item.title = value,
            "number" => item.number = value,
            "date" => item.date = value,
            "issuer" => item.issuer = value,
            "item" => item.item = value,
            "page" => item.page = value,
            "sha256" => item.sha256 = digest(&value).map_err(|failure| failure.message)?,
            other => {
                return Err(format!(
                    "{other:?} is none of title, number, date, issuer, item, page and sha256"
                ));
            }
        }
    }
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_lasts_until_its_end_in_viet_nam() {
        let of = |text: &str| until(text).map(|at| at.to_string());
        assert_eq!(of("2025-06-30"), Ok("2025-06-30T16:59:59Z".to_owned()));
        assert_eq!(
            of("2025-06-30T17:00:00+07:00"),
            Ok("2025-06-30T10:00:00Z".to_owned())
        );
        for text in ["", "30/6/2025", "2025-06-30T17:00:00", "2025-13-01"] {
            assert!(of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn evidence_is_a_title_or_named_fields() {
        let title = evidence(" Báo cáo ").expect("a title");
        assert_eq!(
            (title.title.as_str(), title.number.as_str()),
            ("Báo cáo", "")
        );
        let sha256 = "0a".repeat(32);
        let text = format!("title=Báo cáo; number=12/BC; page=3; sha256={sha256}");
        let item = evidence(&text).expect("fields");
        assert_eq!((item.number.as_str(), item.page.as_str()), ("12/BC", "3"));
        assert_eq!(item.sha256, [0x0a; 32]);
        for text in ["title=a;b", "colour=red", "sha256=0x", "sha256=abc"] {
            assert!(evidence(text).is_err(), "{text}");
        }
    }
}
