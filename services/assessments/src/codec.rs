//! How the events of assessments are stored.

use assessment::{Figure, FigureError, Mean, Report, ReportEvent, Stated};
use contracts::assessments::v1 as pb;
use eventlog::command::{Codec, DecodeError};
use ids::{CodeError, MeasureName, Period, UnitCode};
use prost::Message as _;
use prost::bytes::Bytes;
use rust_decimal::Decimal;

const MEASURE_REPORTED: &str = "chiso.assessments.v1.MeasureReported";

/// Stream of the definition of an index.
pub(crate) fn definition_stream(code: &str) -> String {
    format!("definition-{code}")
}

/// What the names of the streams of reports begin with.
pub(crate) const REPORT: &str = "report-";

/// Stream of what is reported of a unit and measure.
pub(crate) fn report_stream(unit: &UnitCode, measure: &MeasureName) -> String {
    format!("{REPORT}{unit}-{measure}")
}

/// What is stated as value, what that is per, and why it is withheld.
pub(crate) fn written(stated: &Stated) -> (String, String, String) {
    match stated {
        Stated::Figure(figure) => (figure.value().to_string(), String::new(), String::new()),
        Stated::Mean(mean) => (mean.sum().to_string(), mean.of().to_string(), String::new()),
        Stated::Withheld(reason) => ("0".to_owned(), String::new(), reason.clone()),
    }
}

fn read(stored: &pb::MeasureReported) -> Result<Stated, String> {
    if !stored.withheld_reason.is_empty() {
        return Ok(Stated::Withheld(stored.withheld_reason.clone()));
    }
    if stored.per.is_empty() {
        let figure: Result<Figure, FigureError> = stored.value.parse();
        return figure
            .map(Stated::Figure)
            .map_err(|error| error.to_string());
    }
    let decimal = |text: &str| {
        let read = Decimal::from_str_exact(text);
        read.map_err(|_| format!("{text:?} is not a decimal"))
    };
    let mean = Mean::new(decimal(&stored.value)?, decimal(&stored.per)?);
    let mean = mean.ok_or_else(|| format!("{} is nothing to take a mean of", stored.per))?;
    Ok(Stated::Mean(mean))
}

/// Stores reports.
pub(crate) struct ReportCodec;

impl Codec for ReportCodec {
    type Aggregate = Report;

    /// The unit and the measure stand in the stream's name; the message repeats them for readers of the feed.
    fn encode(event: &ReportEvent) -> (&'static str, Bytes) {
        let ReportEvent::Stated {
            unit,
            measure,
            month,
            figure,
            source,
        } = event;
        let (value, per, withheld_reason) = written(figure);
        let stored = pb::MeasureReported {
            unit: unit.to_string(),
            month: month.to_string(),
            measure: measure.to_string(),
            value,
            source: source.clone(),
            per,
            withheld_reason,
        };
        (MEASURE_REPORTED, stored.encode_to_vec().into())
    }

    fn decode(kind: &str, payload: &[u8]) -> Result<ReportEvent, DecodeError> {
        if kind != MEASURE_REPORTED {
            return Err(DecodeError::UnknownKind(kind.to_owned()));
        }
        let stored =
            pb::MeasureReported::decode(payload).map_err(|source| DecodeError::Malformed {
                kind: kind.to_owned(),
                source,
            })?;
        let invalid = |why: String| DecodeError::Invalid {
            kind: kind.to_owned(),
            why,
        };
        let month = match stored.month.parse() {
            Ok(Period::Month(month)) => month,
            _ => return Err(invalid(format!("{:?} is not a month", stored.month))),
        };
        Ok(ReportEvent::Stated {
            unit: stored
                .unit
                .parse()
                .map_err(|error: CodeError| invalid(error.to_string()))?,
            measure: stored
                .measure
                .parse()
                .map_err(|error: CodeError| invalid(error.to_string()))?,
            figure: read(&stored).map_err(invalid)?,
            source: stored.source,
            month,
        })
    }
}
