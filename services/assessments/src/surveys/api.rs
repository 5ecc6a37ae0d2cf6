//! The gRPC service of surveys: parse, obey or ask, answer.

mod answers;
mod commands;

use std::sync::Arc;
use std::time::Duration;

use contracts::assessments::v1 as pb;
use contracts::assessments::v1::surveys_service_server::SurveysService;
use contracts::log::v1::CommandContext;
use contracts::problem::Problem;
use eventlog::command::Context;
use eventlog::{EventLog, Position};
use identity::Permit;
use prost::Message;
use runtime::{Clock, Ids, telemetry};
use survey::{Code, Plan, Stage};
use tokio::sync::Notify;
use tonic::{Request, Response, Result, Streaming};

use super::feeds::Judging;
use super::import::Importer;
use super::urn::Urn;
use super::wire;
use crate::units::Units;
use crate::view::Viewer;

/// How long a command waits for the view to hold what it appended, so that the next query sees it.
const CATCH_UP: Duration = Duration::from_secs(5);

/// Answers calls.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(super) log: EventLog,
    pub(super) view: Viewer,
    pub(super) units: Units,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    pub(super) urn: Urn,
    pub(super) full: Arc<Notify>,
    pub(super) judging: Judging,
}

impl Api {
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

    /// Waits until queries show what was appended; what was obeyed is answered as obeyed, also when they are late.
    async fn shown(&self, position: Position) {
        let mut view = self.view.clone();
        let reached = view.wait_for(|view| view.position >= position);
        let _ = tokio::time::timeout(CATCH_UP, reached).await;
    }

    /// The plan of a wave that takes ballots now.
    ///
    /// # Errors
    /// When there is none, or it is not open.
    pub(super) fn open_plan(&self, code: &Code) -> Result<Plan, Problem> {
        let view = self.view.borrow();
        let wave = view.surveys.wave(code).map(|kept| &kept.state);
        let found = wave.and_then(|wave| Some((wave.plan()?, wave.stage()?)));
        match found {
            None => Err(answers::no_wave(code.as_str())),
            Some((plan, Stage::Open)) if self.clock.now() < plan.closes_at => Ok(plan.clone()),
            Some((_, Stage::Planned)) => Err(wire::wave_refused(survey::WaveRefusal::NotOpen)),
            Some(_) => Err(wire::wave_refused(survey::WaveRefusal::Closed)),
        }
    }
}

#[tonic::async_trait]
impl SurveysService for Api {
    async fn put_instrument(
        &self,
        request: Request<pb::PutInstrumentRequest>,
    ) -> Result<Response<pb::Instrument>> {
        let permit = Permit::of(request.extensions())?;
        let answer = self.put(request.into_inner(), &permit).await?;
        Ok(Response::new(answer))
    }

    async fn get_instrument(
        &self,
        request: Request<pb::GetInstrumentRequest>,
    ) -> Result<Response<pb::Instrument>> {
        Ok(Response::new(self.instrument(&request.into_inner())?))
    }

    async fn list_instruments(
        &self,
        request: Request<pb::ListInstrumentsRequest>,
    ) -> Result<Response<pb::ListInstrumentsResponse>> {
        Ok(Response::new(self.instruments(&request.into_inner())?))
    }

    async fn plan_wave(&self, request: Request<pb::PlanWaveRequest>) -> Result<Response<pb::Wave>> {
        let permit = Permit::of(request.extensions())?;
        let answer = self.plan(request.into_inner(), &permit).await?;
        Ok(Response::new(answer))
    }

    async fn open_wave(&self, request: Request<pb::OpenWaveRequest>) -> Result<Response<pb::Wave>> {
        let permit = Permit::of(request.extensions())?;
        let answer = self.open(request.into_inner(), &permit).await?;
        Ok(Response::new(answer))
    }

    async fn close_wave(
        &self,
        request: Request<pb::CloseWaveRequest>,
    ) -> Result<Response<pb::Wave>> {
        let permit = Permit::of(request.extensions())?;
        let answer = self.close(request.into_inner(), &permit).await?;
        Ok(Response::new(answer))
    }

    async fn issue_tokens(
        &self,
        request: Request<pb::IssueTokensRequest>,
    ) -> Result<Response<pb::IssueTokensResponse>> {
        let permit = Permit::of(request.extensions())?;
        let answer = self.issue(request.into_inner(), &permit).await?;
        Ok(Response::new(answer))
    }

    async fn cast_ballot(
        &self,
        request: Request<pb::CastBallotRequest>,
    ) -> Result<Response<pb::CastBallotResponse>> {
        self.cast(request.into_inner()).await?;
        Ok(Response::new(pb::CastBallotResponse {}))
    }

    async fn import_ballots(
        &self,
        request: Request<Streaming<pb::ImportBallotsRequest>>,
    ) -> Result<Response<pb::ImportBallotsResponse>> {
        let imported = Importer::new(self).import(request.into_inner()).await?;
        Ok(Response::new(imported))
    }

    async fn withhold_results(
        &self,
        request: Request<pb::WithholdResultsRequest>,
    ) -> Result<Response<pb::Wave>> {
        let permit = Permit::of(request.extensions())?;
        let answer = self.withhold(request.into_inner(), &permit).await?;
        Ok(Response::new(answer))
    }

    async fn release_results(
        &self,
        request: Request<pb::ReleaseResultsRequest>,
    ) -> Result<Response<pb::Wave>> {
        let permit = Permit::of(request.extensions())?;
        let answer = self.lift(request.into_inner(), &permit).await?;
        Ok(Response::new(answer))
    }

    async fn get_wave(&self, request: Request<pb::GetWaveRequest>) -> Result<Response<pb::Wave>> {
        Ok(Response::new(self.wave(&request.into_inner()).await?))
    }

    async fn list_waves(
        &self,
        request: Request<pb::ListWavesRequest>,
    ) -> Result<Response<pb::ListWavesResponse>> {
        Ok(Response::new(self.waves(&request.into_inner())?))
    }

    async fn get_survey_results(
        &self,
        request: Request<pb::GetSurveyResultsRequest>,
    ) -> Result<Response<pb::SurveyResults>> {
        let results = self.results(&request.into_inner()).await?;
        Ok(Response::new(results))
    }
}
