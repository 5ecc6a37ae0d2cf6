//! Commands to one task: who may give them, decided, stored, answered.

use assessment::improvement::{Action, Assignment, Command, Refusal};
use assessment::sheet::Evidence;
use assessment::{Role, Task};
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::Version;
use eventlog::command::{execute, load};
use identity::Permit;
use ids::{TaskCode, UnitCode};
use tonic::Code;

use super::api::Api;
use super::codec::{TaskCodec, task_stream};
use super::gauge::Gauge;
use super::refusal::{no_task, of_task};
use super::resource;
use crate::campaigns::{Call, Own, who};
use crate::evidence;

impl Api {
    /// Gives a command to a task.
    pub(super) async fn order(
        &self,
        call: &Call,
        role: Role,
        code: &TaskCode,
        action: Action,
    ) -> Result<pb::Task, Problem> {
        self.order_founded(call, role, code, action, Ok(())).await
    }

    /// Gives a command to a task, if what it rests on is founded.
    async fn order_founded(
        &self,
        call: &Call,
        role: Role,
        code: &TaskCode,
        action: Action,
        founded: Result<(), Refusal>,
    ) -> Result<pb::Task, Problem> {
        let by = who(call, role, &self.units).await?;
        let at = call.context.received_at;
        let executed = execute::<TaskCodec, pb::Task>(
            &self.log,
            &task_stream(code),
            &call.context,
            |task, _| {
                let events = task.decide(Command {
                    at,
                    by: Some(by.clone()),
                    action: action.clone(),
                })?;
                founded.clone().map(|()| events)
            },
            |task: &Task, version: Version| resource::task(task, version, at),
        )
        .await
        .map_err(|error| error.problem(of_task))?;
        self.shown(executed.position).await;
        Ok(pb::Task {
            position: executed.position,
            ..executed.response
        })
    }

    /// Assigns a task, with what it is about is worth.
    pub(super) async fn assign(
        &self,
        call: &Call,
        assignment: Assignment,
    ) -> Result<pb::Task, Problem> {
        let unit = &assignment.holder.unit;
        let mut gauge = Gauge::new(self, call.context.received_at);
        let before = gauge.then(&assignment.origin, unit).await;
        let code = assignment.code.clone();
        let assignment = Box::new(assignment);
        let action = Action::Assign { assignment, before };
        self.order(call, Role::Organiser, &code, action).await
    }

    /// Reports a task of the caller's own unit as done.
    pub(super) async fn report(
        &self,
        call: &Call,
        code: &TaskCode,
        text: String,
        evidence: Vec<Evidence>,
    ) -> Result<pb::Task, Problem> {
        let unit = self.concerned(&call.permit, code).await?;
        let mut missing = Vec::new();
        for (place, item) in evidence.iter().enumerate() {
            if let Some(sha256) = &item.file
                && !evidence::has(&self.log, &self.view, &unit, sha256).await?
            {
                missing.push(place);
            }
        }
        let founded = match missing.is_empty() {
            true => Ok(()),
            false => Err(Refusal::Unfounded(missing)),
        };
        let action = Action::Report { text, evidence };
        self.order_founded(call, Role::Assessor, code, action, founded)
            .await
    }

    /// Confirms a task, with what it is about is worth by now.
    pub(super) async fn confirm(&self, call: &Call, code: &TaskCode) -> Result<pb::Task, Problem> {
        self.judged(&call.permit, code).await?;
        let loaded = load::<TaskCodec>(&self.log, &task_stream(code)).await?;
        let after = match loaded.state.standing() {
            Some(standing) => {
                let mut gauge = Gauge::new(self, call.context.received_at);
                let origin = &standing.assignment.origin;
                gauge.now(origin, &standing.holder.unit).await
            }
            None => None,
        };
        let action = Action::Confirm { after };
        self.order(call, Role::Appraiser, code, action).await
    }

    /// The unit that has a task which a call of the unit's own people may be about.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, the same for a task that is not there, unless the caller may see all of them.
    pub(super) async fn concerned(
        &self,
        permit: &Permit,
        code: &TaskCode,
    ) -> Result<UnitCode, Problem> {
        match self.judged(permit, code).await {
            Err(problem) if permit.depends_on_unit() && problem.code() == Code::NotFound => {
                Err(permit.denial())
            }
            judged => judged,
        }
    }

    /// The unit that has a task which a call may be about, of people who may see all tasks.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, and `NOT_FOUND` for a task that is not there.
    pub(super) async fn judged(
        &self,
        permit: &Permit,
        code: &TaskCode,
    ) -> Result<UnitCode, Problem> {
        let loaded = load::<TaskCodec>(&self.log, &task_stream(code)).await?;
        let standing = loaded.state.standing().ok_or_else(|| no_task(code))?;
        let unit = &standing.holder.unit;
        Own::of(permit, &self.units).await?.may(permit, unit)?;
        Ok(unit.clone())
    }
}
