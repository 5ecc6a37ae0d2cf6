//! The gRPC service: parse, obey or ask, answer.

use std::time::Duration;

use assessment::initiative::{InitiativeCommand, InitiativeRefusal};
use contracts::assessments::v1 as pb;
use contracts::assessments::v1::initiatives_service_server::InitiativesService;
use contracts::log::v1::CommandContext;
use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::EventLog;
use eventlog::command::{Context, execute};
use identity::Permit;
use ids::{InitiativeNumber, Period, PeriodError};
use prost::Message;
use runtime::{Clock, Ids, telemetry};
use tonic::{Request, Response, Result};

use super::codec::{InitiativeCodec, initiative_stream};
use super::wire;
use crate::units::Units;
use crate::view::Viewer;

/// Initiatives of a page.
const SIZES: Sizes = Sizes {
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

    async fn order(
        &self,
        number: &InitiativeNumber,
        context: &Context,
        command: InitiativeCommand,
    ) -> Result<pb::Initiative, Problem> {
        let executed = execute::<InitiativeCodec, pb::Initiative>(
            &self.log,
            &initiative_stream(number),
            context,
            |initiative, _| initiative.decide(command.clone()),
            |initiative, version| wire::initiative(initiative, version, 0),
        )
        .await
        .map_err(|error| error.problem(|refusal| refused(&refusal, number)))?;
        let mut view = self.view.clone();
        let reached = view.wait_for(|view| view.position >= executed.position);
        let _ = tokio::time::timeout(CATCH_UP, reached).await;
        Ok(pb::Initiative {
            position: executed.position,
            ..executed.response
        })
    }
}

fn refused(refusal: &InitiativeRefusal, number: &InitiativeNumber) -> Problem {
    let message = refusal.to_string();
    let problem = match refusal {
        InitiativeRefusal::Taken(_) => Problem::already_exists("NUMBER_TAKEN", message),
        InitiativeRefusal::NotRecognised => Problem::not_found("NO_INITIATIVE", message),
    };
    problem.with("number", number.to_string())
}

#[tonic::async_trait]
impl InitiativesService for Api {
    async fn recognise_initiative(
        &self,
        request: Request<pb::RecogniseInitiativeRequest>,
    ) -> Result<Response<pb::Initiative>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "RecogniseInitiative", &request, &permit)?;
        let mut recognition = wire::recognition(&request)?;
        recognition.unit = self.units.resolve(recognition.unit).await?;
        let number = recognition.number.clone();
        let command = InitiativeCommand::Recognise(recognition);
        Ok(Response::new(self.order(&number, &context, command).await?))
    }

    async fn revoke_initiative(
        &self,
        request: Request<pb::RevokeInitiativeRequest>,
    ) -> Result<Response<pb::Initiative>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "RevokeInitiative", &request, &permit)?;
        let (number, reason) = wire::revocation(&request)?;
        let command = InitiativeCommand::Revoke(reason);
        Ok(Response::new(self.order(&number, &context, command).await?))
    }

    async fn list_initiatives(
        &self,
        request: Request<pb::ListInitiativesRequest>,
    ) -> Result<Response<pb::ListInitiativesResponse>> {
        let request = request.into_inner();
        let unit = match request.unit.as_str() {
            "" => None,
            unit => {
                let unit = crate::wire::unit(unit).map_err(|why| Problem::invalid("unit", why))?;
                Some(self.units.resolve(unit).await?)
            }
        };
        let period = match request.period.as_str() {
            "" => None,
            period => Some(
                period
                    .parse::<Period>()
                    .map_err(|error: PeriodError| Problem::invalid("period", error.to_string()))?,
            ),
        };
        let list = format!("initiatives {} {}", request.unit, request.period);
        let page = Page::parse(list, request.page_size, &request.page_token, SIZES)?;
        let view = self.view.borrow();
        let rows = view.initiatives.all().filter(|kept| {
            let of = kept.state.recognition().map(|it| &it.unit);
            (unit.is_none() || of == unit.as_ref())
                && period.is_none_or(|period| kept.state.counts_in(period))
        });
        let rows = rows.map(|kept| wire::initiative(&kept.state, kept.version, kept.position));
        let (initiatives, next_page_token) = page.take(rows, |it| it.number.clone());
        Ok(Response::new(pb::ListInitiativesResponse {
            initiatives,
            next_page_token,
        }))
    }
}
