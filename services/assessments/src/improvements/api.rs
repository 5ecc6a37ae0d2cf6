//! The gRPC service: each call in four steps, parse, decide, store, answer.

use std::time::Duration;

use assessment::Role;
use assessment::improvement::{Action, Holder};
use contracts::assessments::v1 as pb;
use contracts::assessments::v1::improvements_service_server::ImprovementsService;
use contracts::log::v1::CommandContext;
use contracts::problem::Problem;
use eventlog::command::Context;
use eventlog::{EventLog, Position};
use identity::Permit;
use prost::Message;
use runtime::{Clock, Ids};
use tonic::transport::Channel;
use tonic::{Request, Response, Result};

use super::wish;
use crate::campaigns::{Call, Editions, Figures};
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
    pub(super) editions: Editions,
    pub(super) figures: Figures,
    pub(super) clock: Clock,
    ids: Ids,
}

impl Api {
    pub(crate) fn new(
        log: EventLog,
        view: Viewer,
        units: Units,
        scoring: Channel,
        clock: Clock,
        ids: Ids,
    ) -> Self {
        Self {
            log,
            view,
            units,
            editions: Editions::new(),
            figures: Figures::new(scoring),
            clock,
            ids,
        }
    }

    /// The call of a command. Due dates are kept by this service's clock, so what happens here happens when it comes in,
    /// whatever the caller says of the time.
    fn call(
        &self,
        context: Option<CommandContext>,
        permit: Permit,
        method: &'static str,
        content: &impl Message,
    ) -> Result<Call, Problem> {
        let context = Context::parse(context, method, content, self.clock.now(), self.ids.uuid())?;
        Call::now(context, permit)
    }

    /// Waits until queries show what was appended; what was obeyed is answered as obeyed, also when they are late.
    pub(super) async fn shown(&self, position: Position) {
        let mut view = self.view.clone();
        let reached = view.wait_for(|view| view.position >= position);
        let _ = tokio::time::timeout(CATCH_UP, reached).await;
    }
}

#[tonic::async_trait]
impl ImprovementsService for Api {
    async fn assign_task(
        &self,
        request: Request<pb::AssignTaskRequest>,
    ) -> Result<Response<pb::Task>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "AssignTask", &request)?;
        let wanted = wish::assignment(&request)?;
        let assignment = self.assignment(wanted, call.context.received_at).await?;
        Ok(Response::new(self.assign(&call, assignment).await?))
    }

    async fn reassign_task(
        &self,
        request: Request<pb::ReassignTaskRequest>,
    ) -> Result<Response<pb::Task>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "ReassignTask", &request)?;
        let (code, to) = wish::reassignment(&request)?;
        let unit = self.present(&to.unit, call.context.received_at).await?;
        let action = Action::Reassign {
            holder: Holder {
                unit: unit.code,
                person: to.person,
            },
            reason: to.reason,
        };
        let task = self.order(&call, Role::Organiser, &code, action).await?;
        Ok(Response::new(task))
    }

    async fn move_due_date(
        &self,
        request: Request<pb::MoveDueDateRequest>,
    ) -> Result<Response<pb::Task>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "MoveDueDate", &request)?;
        let (code, action) = wish::due_date(&request)?;
        let task = self.order(&call, Role::Organiser, &code, action).await?;
        Ok(Response::new(task))
    }

    async fn cancel_task(
        &self,
        request: Request<pb::CancelTaskRequest>,
    ) -> Result<Response<pb::Task>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "CancelTask", &request)?;
        let (code, reason) = wish::because_of(&request.code, &request.reason)?;
        let action = Action::Cancel { reason };
        let task = self.order(&call, Role::Organiser, &code, action).await?;
        Ok(Response::new(task))
    }

    async fn note_progress(
        &self,
        request: Request<pb::NoteProgressRequest>,
    ) -> Result<Response<pb::Task>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "NoteProgress", &request)?;
        let (code, action) = wish::note(&request)?;
        self.concerned(&call.permit, &code).await?;
        let task = self.order(&call, Role::Assessor, &code, action).await?;
        Ok(Response::new(task))
    }

    async fn report_completion(
        &self,
        request: Request<pb::ReportCompletionRequest>,
    ) -> Result<Response<pb::Task>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "ReportCompletion", &request)?;
        let (code, text, evidence) = wish::report(&request)?;
        let task = self.report(&call, &code, text, evidence).await?;
        Ok(Response::new(task))
    }

    async fn confirm_completion(
        &self,
        request: Request<pb::ConfirmCompletionRequest>,
    ) -> Result<Response<pb::Task>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "ConfirmCompletion", &request)?;
        let code = wish::task(&request.code)?;
        Ok(Response::new(self.confirm(&call, &code).await?))
    }

    async fn return_task(
        &self,
        request: Request<pb::ReturnTaskRequest>,
    ) -> Result<Response<pb::Task>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "ReturnTask", &request)?;
        let (code, reason) = wish::because_of(&request.code, &request.reason)?;
        self.judged(&call.permit, &code).await?;
        let action = Action::Return { reason };
        let task = self.order(&call, Role::Appraiser, &code, action).await?;
        Ok(Response::new(task))
    }

    async fn hand_over_tasks(
        &self,
        request: Request<pb::HandOverTasksRequest>,
    ) -> Result<Response<pb::HandOverTasksResponse>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "HandOverTasks", &request)?;
        let wanted = wish::succession(&request)?;
        Ok(Response::new(self.hand_over(&call, &wanted).await?))
    }

    async fn get_task(&self, request: Request<pb::GetTaskRequest>) -> Result<Response<pb::Task>> {
        let permit = Permit::of(request.extensions())?;
        let task = self.task(&permit, &request.into_inner()).await?;
        Ok(Response::new(task))
    }

    async fn list_tasks(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Result<Response<pb::ListTasksResponse>> {
        let permit = Permit::of(request.extensions())?;
        let listed = self.tasks(&permit, &request.into_inner()).await?;
        Ok(Response::new(listed))
    }
}
