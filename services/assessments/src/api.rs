//! The gRPC service: parse, obey or ask, answer.

use std::time::Duration;

use assessment::{DefinitionCommand, ReportCommand};
use contracts::assessments::v1 as pb;
use contracts::assessments::v1::assessments_service_server::AssessmentsService;
use contracts::log::v1::CommandContext;
use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::command::{Context, execute};
use eventlog::{EventLog, Position};
use identity::Permit;
use prost::Message;
use runtime::{Clock, Ids, telemetry};
use tonic::{Request, Response, Result};

use crate::campaigns::about;
use crate::codec::{DefinitionCodec, ReportCodec, definition_stream, report_stream};
use crate::units::Units;
use crate::view::Viewer;
use crate::wire;

/// Rows of a page: figures are short.
const FIGURES: Sizes = Sizes {
    default: 100,
    max: 1_000,
};
/// Definitions without their documents.
const DEFINITIONS: Sizes = Sizes {
    default: 100,
    max: 1_000,
};
/// How long a command waits for the view to hold what it appended, so that the next query sees it.
const CATCH_UP: Duration = Duration::from_secs(5);

/// Answers calls.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    log: EventLog,
    view: Viewer,
    units: Units,
    clock: Clock,
    ids: Ids,
}

impl Api {
    pub(crate) fn new(log: EventLog, view: Viewer, units: Units, clock: Clock, ids: Ids) -> Self {
        Self {
            log,
            view,
            units,
            clock,
            ids,
        }
    }

    fn context(
        &self,
        context: Option<CommandContext>,
        method: &'static str,
        content: &impl Message,
        permit: &Permit,
    ) -> Result<Context, Problem> {
        let context = Context::parse(context, method, content, self.clock.now(), self.ids.uuid())?;
        let context = context.by(permit)?;
        let traceparent = telemetry::traceparent().unwrap_or_default();
        Ok(Context {
            traceparent,
            ..context
        })
    }

    /// Waits until lists show what was appended; what was obeyed is answered as obeyed, also when they are late.
    async fn shown(&self, position: Position) {
        let mut view = self.view.clone();
        let reached = view.wait_for(|view| view.position >= position);
        let _ = tokio::time::timeout(CATCH_UP, reached).await;
    }
}

#[tonic::async_trait]
impl AssessmentsService for Api {
    async fn put_definition_in_force(
        &self,
        request: Request<pb::PutDefinitionInForceRequest>,
    ) -> Result<Response<pb::Definition>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "PutDefinitionInForce", &request, &permit)?;
        let edition = wire::document(request.document)?;
        let name = edition.name.clone();
        let executed = execute::<DefinitionCodec, pb::Definition>(
            &self.log,
            &definition_stream(edition.index.as_str()),
            &context,
            |definition, _| definition.decide(DefinitionCommand::PutInForce(edition.clone())),
            |definition, version| {
                let edition = definition.edition(&name);
                edition
                    .map(|edition| wire::definition(edition, version, true))
                    .unwrap_or_default()
            },
        )
        .await
        .map_err(|error| error.problem(wire::definition_refused))?;
        self.shown(executed.position).await;
        Ok(Response::new(pb::Definition {
            position: executed.position,
            ..executed.response
        }))
    }

    async fn get_definition(
        &self,
        request: Request<pb::GetDefinitionRequest>,
    ) -> Result<Response<pb::Definition>> {
        let request = request.into_inner();
        let view = self.view.borrow();
        let kept = view.definitions.get(&definition_stream(&request.code));
        let found = kept.and_then(|kept| {
            let edition = kept.state.edition(&request.edition)?;
            let definition = wire::definition(edition, kept.version, true);
            Some(pb::Definition {
                position: kept.position,
                ..definition
            })
        });
        let found = found.ok_or_else(|| {
            let pb::GetDefinitionRequest { code, edition } = &request;
            let message =
                format!("there is no definition {code:?} {edition:?}; list those in force");
            Problem::not_found("NO_DEFINITION", message)
        })?;
        Ok(Response::new(found))
    }

    async fn list_definitions(
        &self,
        request: Request<pb::ListDefinitionsRequest>,
    ) -> Result<Response<pb::ListDefinitionsResponse>> {
        let request = request.into_inner();
        let page = Page::parse(
            "definitions".to_owned(),
            request.page_size,
            &request.page_token,
            DEFINITIONS,
        )?;
        let view = self.view.borrow();
        let rows = view.definitions.values().flat_map(|kept| {
            kept.state.editions().map(|edition| pb::Definition {
                position: kept.position,
                ..wire::definition(edition, kept.version, false)
            })
        });
        let (definitions, next_page_token) = page.take(rows, |definition| {
            format!("{} {}", definition.code, definition.edition)
        });
        Ok(Response::new(pb::ListDefinitionsResponse {
            definitions,
            next_page_token,
        }))
    }

    async fn report_measure(
        &self,
        request: Request<pb::ReportMeasureRequest>,
    ) -> Result<Response<pb::ReportedMeasure>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "ReportMeasure", &request, &permit)?;
        let wire::Stated {
            unit,
            month,
            measure,
            figure,
            source,
        } = wire::stated(&request)?;
        let unit = about(&permit, &unit, &self.units).await?;
        let command = ReportCommand::State {
            unit: unit.clone(),
            measure: measure.clone(),
            month,
            figure,
            source,
        };
        let executed = execute::<ReportCodec, pb::ReportedMeasure>(
            &self.log,
            &report_stream(&unit, &measure),
            &context,
            |report, _| report.decide(command.clone()),
            |report, version| {
                let (figure, source) = report.month(month).unwrap_or((figure, ""));
                pb::ReportedMeasure {
                    unit: unit.to_string(),
                    month: month.to_string(),
                    measure: measure.to_string(),
                    value: figure.value().to_string(),
                    source: source.to_owned(),
                    version,
                    position: 0,
                }
            },
        )
        .await
        .map_err(|error| error.problem(wire::report_refused))?;
        self.shown(executed.position).await;
        Ok(Response::new(pb::ReportedMeasure {
            position: executed.position,
            ..executed.response
        }))
    }

    async fn list_reported_measures(
        &self,
        request: Request<pb::ListReportedMeasuresRequest>,
    ) -> Result<Response<pb::ListReportedMeasuresResponse>> {
        let request = request.into_inner();
        let unit = wire::unit(&request.unit).map_err(|why| Problem::invalid("unit", why))?;
        let month = match request.month.as_str() {
            "" => None,
            month => Some(wire::month(month).map_err(|why| Problem::invalid("month", why))?),
        };
        let list = format!("reported {unit} {}", request.month);
        let page = Page::parse(list, request.page_size, &request.page_token, FIGURES)?;
        let unit = self.units.resolve(unit).await?;
        let view = self.view.borrow();
        let prefix = format!("report-{unit}-");
        let reports = view
            .reports
            .range(prefix.clone()..)
            .map_while(|(stream, kept)| Some((stream.strip_prefix(&prefix)?, kept)));
        let rows = reports.flat_map(|(measure, kept)| {
            let months = kept
                .state
                .months()
                .filter(|(of, ..)| month.is_none_or(|month| month == *of));
            months.map(|(month, figure, source)| pb::ReportedMeasure {
                unit: unit.to_string(),
                month: month.to_string(),
                measure: measure.to_owned(),
                value: figure.value().to_string(),
                source: source.to_owned(),
                version: kept.version,
                position: kept.position,
            })
        });
        let (measures, next_page_token) = page.take(rows, |figure| {
            format!("{} {}", figure.measure, figure.month)
        });
        Ok(Response::new(pb::ListReportedMeasuresResponse {
            measures,
            next_page_token,
        }))
    }
}
