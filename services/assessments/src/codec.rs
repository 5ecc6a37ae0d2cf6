//! How the events of assessments are stored.

use assessment::{FigureError, Report, ReportEvent};
use contracts::assessments::v1 as pb;
use eventlog::command::{Codec, DecodeError};
use ids::{CodeError, MeasureName, Period, UnitCode};
use prost::Message as _;
use prost::bytes::Bytes;

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
        let stored = pb::MeasureReported {
            unit: unit.to_string(),
            month: month.to_string(),
            measure: measure.to_string(),
            value: figure.value().to_string(),
            source: source.clone(),
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
            figure: stored
                .value
                .parse()
                .map_err(|error: FigureError| invalid(error.to_string()))?,
            source: stored.source,
            month,
        })
    }
}
