//! What `chiso improvement` asks for.

use contracts::assessments::v1 as pb;
use contracts::log::v1::CommandContext;
use contracts::wire::timestamp;

use super::Order;
use crate::{Failure, Service, Services};

/// Gives a command to one task.
pub(super) async fn order(
    services: &Services,
    context: Option<CommandContext>,
    wanted: &Order,
) -> Result<pb::Task, Failure> {
    let mut client = services.improvements.clone();
    /// One command: which RPC of the client, with which request.
    macro_rules! call {
        ($rpc:ident, $request:expr) => {{
            let call = async move |request| client.$rpc(request).await;
            services.call(Service::Assessments, $request, call).await
        }};
    }
    match wanted {
        Order::Assign(wanted) => call!(
            assign_task,
            pb::AssignTaskRequest {
                context,
                code: wanted.code.clone(),
                title: wanted.title.clone(),
                plan: wanted.plan.clone(),
                origin: wanted.because.to_wire(),
                unit: wanted.unit.clone(),
                person: wanted.person.clone(),
                due_at: Some(timestamp(wanted.due)),
            }
        ),
        Order::Note(wanted) => call!(
            note_progress,
            pb::NoteProgressRequest {
                context,
                code: wanted.code.clone(),
                percent: wanted.percent,
                text: wanted.text.clone(),
            }
        ),
        Order::Report(wanted) => call!(
            report_completion,
            pb::ReportCompletionRequest {
                context,
                code: wanted.code.clone(),
                text: wanted.text.clone(),
                evidence: wanted.evidence.clone(),
            }
        ),
        Order::Confirm(wanted) => call!(
            confirm_completion,
            pb::ConfirmCompletionRequest {
                context,
                code: wanted.code.clone(),
            }
        ),
        Order::Return(wanted) => call!(
            return_task,
            pb::ReturnTaskRequest {
                context,
                code: wanted.code.clone(),
                reason: wanted.reason.clone(),
            }
        ),
        Order::Move(wanted) => call!(
            move_due_date,
            pb::MoveDueDateRequest {
                context,
                code: wanted.code.clone(),
                due_at: Some(timestamp(wanted.due)),
                reason: wanted.reason.clone(),
            }
        ),
        Order::Reassign(wanted) => call!(
            reassign_task,
            pb::ReassignTaskRequest {
                context,
                code: wanted.code.clone(),
                unit: wanted.unit.clone(),
                person: wanted.person.clone(),
                reason: wanted.reason.clone(),
            }
        ),
        Order::Cancel(wanted) => call!(
            cancel_task,
            pb::CancelTaskRequest {
                context,
                code: wanted.code.clone(),
                reason: wanted.reason.clone(),
            }
        ),
    }
}

/// A task.
pub(super) async fn read(
    services: &Services,
    request: pb::GetTaskRequest,
) -> Result<pb::Task, Failure> {
    let mut client = services.improvements.clone();
    let call = async move |request| client.get_task(request).await;
    services.call(Service::Assessments, request, call).await
}

/// Tasks by code, page by page.
///
/// # Errors
/// What the service refuses, or that it does not answer.
pub async fn list(
    services: &Services,
    mut request: pb::ListTasksRequest,
) -> Result<Vec<pb::Task>, Failure> {
    let mut tasks = Vec::new();
    loop {
        let mut client = services.improvements.clone();
        let call = async move |request| client.list_tasks(request).await;
        let page = services
            .call(Service::Assessments, request.clone(), call)
            .await?;
        tasks.extend(page.tasks);
        if page.next_page_token.is_empty() {
            return Ok(tasks);
        }
        request.page_token = page.next_page_token;
    }
}

/// Hands tasks of a unit that ended over to a successor, batch by batch until nothing more goes.
///
/// # Errors
/// What the service refuses, or that it does not answer.
pub async fn hand_over(
    services: &Services,
    request: pb::HandOverTasksRequest,
) -> Result<Vec<pb::HandOverTasksResponse>, Failure> {
    let mut answers = Vec::new();
    loop {
        let mut client = services.improvements.clone();
        let call = async move |request| client.hand_over_tasks(request).await;
        let answer = services
            .call(Service::Assessments, request.clone(), call)
            .await?;
        let over = answer.codes.is_empty() || answer.remaining == 0;
        answers.push(answer);
        if over {
            return Ok(answers);
        }
    }
}
