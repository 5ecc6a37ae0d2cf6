//! The gRPC service: parse, obey or ask, answer.

use std::time::Duration;

use assessment::{ReportCommand, ReportRefusal};
use contracts::assessments::v1 as pb;
use contracts::assessments::v1::assessments_service_server::AssessmentsService;
use contracts::log::v1::CommandContext;
use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::command::{Context, execute};
use eventlog::{EventLog, Position};
use identity::Permit;
use ids::{MeasureName, Month, UnitCode};
use prost::Message;
use runtime::{Clock, Ids, telemetry};
use tonic::{Request, Response, Result};

use crate::campaigns::about;
use crate::codec::{ReportCodec, report_stream};
use crate::surveys::stating;
use crate::units::Units;
use crate::view::Viewer;
use crate::wire;

/// Rows of a page: figures are short.
const FIGURES: Sizes = Sizes {
    default: 100,
    max: 1_000,
};
/// How long a command waits for the view to hold what it appended, so that the next query sees it.
const CATCH_UP: Duration = Duration::from_secs(5);

/// Answers calls.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) log: EventLog,
    pub(crate) view: Viewer,
    units: Units,
    pub(crate) clock: Clock,
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

    /// The wave that states a figure, so that nobody else does. One that is counted at this very moment is not seen: it
    /// states the figure anew.
    fn stating(&self, unit: &UnitCode, measure: &MeasureName, month: Month) -> Option<String> {
        let view = self.view.borrow();
        stating(&view, unit, measure, month).map(str::to_owned)
    }

    /// Waits until lists show what was appended; what was obeyed is answered as obeyed, also when they are late.
    pub(crate) async fn shown(&self, position: Position) {
        let mut view = self.view.clone();
        let reached = view.wait_for(|view| view.position >= position);
        let _ = tokio::time::timeout(CATCH_UP, reached).await;
    }
}

#[tonic::async_trait]
impl AssessmentsService for Api {
    async fn draft_definition(
        &self,
        request: Request<pb::DraftDefinitionRequest>,
    ) -> Result<Response<pb::Definition>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "DraftDefinition", &request, &permit)?;
        Ok(Response::new(self.draft(&context, request).await?))
    }

    async fn copy_definition(
        &self,
        request: Request<pb::CopyDefinitionRequest>,
    ) -> Result<Response<pb::Definition>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "CopyDefinition", &request, &permit)?;
        Ok(Response::new(self.copy(&context, &request).await?))
    }

    async fn change_draft(
        &self,
        request: Request<pb::ChangeDraftRequest>,
    ) -> Result<Response<pb::Definition>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "ChangeDraft", &request, &permit)?;
        Ok(Response::new(self.change(&context, request).await?))
    }

    async fn put_definition_in_force(
        &self,
        request: Request<pb::PutDefinitionInForceRequest>,
    ) -> Result<Response<pb::Definition>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "PutDefinitionInForce", &request, &permit)?;
        Ok(Response::new(self.put_in_force(&context, request).await?))
    }

    async fn retire_definition(
        &self,
        request: Request<pb::RetireDefinitionRequest>,
    ) -> Result<Response<pb::Definition>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "RetireDefinition", &request, &permit)?;
        Ok(Response::new(self.retire(&context, &request).await?))
    }

    async fn validate_definition(
        &self,
        request: Request<pb::ValidateDefinitionRequest>,
    ) -> Result<Response<pb::ValidateDefinitionResponse>> {
        let request = request.into_inner();
        Ok(Response::new(self.validated(request)?))
    }

    async fn diff_definitions(
        &self,
        request: Request<pb::DiffDefinitionsRequest>,
    ) -> Result<Response<pb::DiffDefinitionsResponse>> {
        let request = request.into_inner();
        Ok(Response::new(self.differences(&request)?))
    }

    async fn get_definition(
        &self,
        request: Request<pb::GetDefinitionRequest>,
    ) -> Result<Response<pb::Definition>> {
        let request = request.into_inner();
        Ok(Response::new(self.definition_then(&request).await?))
    }

    async fn list_definitions(
        &self,
        request: Request<pb::ListDefinitionsRequest>,
    ) -> Result<Response<pb::ListDefinitionsResponse>> {
        let request = request.into_inner();
        Ok(Response::new(self.definitions(&request)?))
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
            figure: figure.into(),
            source,
        };
        let executed = execute::<ReportCodec, pb::ReportedMeasure>(
            &self.log,
            &report_stream(&unit, &measure),
            &context,
            |report, _| match self.stating(&unit, &measure, month) {
                Some(wave) => Err(ReportRefusal::Surveyed(wave)),
                None => report.decide(command.clone()),
            },
            |report, version| {
                let known = report.month(month);
                let told = known.map(|(stated, source)| wire::reported(stated, source));
                pb::ReportedMeasure {
                    unit: unit.to_string(),
                    month: month.to_string(),
                    measure: measure.to_string(),
                    version,
                    ..told.unwrap_or_default()
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
            months.map(|(month, stated, source)| pb::ReportedMeasure {
                unit: unit.to_string(),
                month: month.to_string(),
                measure: measure.to_owned(),
                version: kept.version,
                position: kept.position,
                ..wire::reported(stated, source)
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
