//! Questions: one task from its events, lists from the view.

use assessment::Task;
use assessment::improvement::{Standing, State};
use contracts::assessments::v1 as pb;
use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use eventlog::Version;
use eventlog::command::Loaded;
use identity::Permit;
use ids::TaskCode;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::api::Api;
use super::codec::{TaskCodec, task_stream};
use super::gauge::Gauge;
use super::refusal::no_task;
use super::resource::{effect, in_list, task};
use super::terms::state_to_wire;
use super::wish;
use crate::campaigns::terms::moment;
use crate::campaigns::{Own, about};

/// Tasks of a page: the effect of each may have to be asked for.
const SIZES: Sizes = Sizes {
    default: 50,
    max: 200,
};

/// A task as of a version or a moment.
struct Seen {
    loaded: Loaded<Task>,
    /// When it is looked at: whether it is overdue depends on that.
    from: Timestamp,
    newest: bool,
}

impl Api {
    /// A task, now or as of a version or a moment of the log's time.
    pub(super) async fn task(
        &self,
        permit: &Permit,
        request: &pb::GetTaskRequest,
    ) -> Result<pb::Task, Problem> {
        let code = wish::task(&request.code)?;
        let as_of = request.as_of.as_ref().map(|at| moment(Some(at)));
        let as_of = as_of.transpose();
        let as_of = as_of.map_err(|why| Problem::invalid("as_of", why))?;
        let now = self.clock.now();
        if let Some(at) = as_of.filter(|at| *at > now) {
            let why = format!(
                "is {at}, and now it is {now}; ask for a moment up to now, or leave it out"
            );
            return Err(Problem::out_of_range("as_of", why));
        }
        if request.version < 0 {
            let why = "is negative; give the number of an event, or 0 for the newest";
            return Err(Problem::invalid("version", why));
        }
        if request.version > 0 && as_of.is_some() {
            let why = "cannot come together with version; choose one";
            return Err(Problem::invalid("as_of", why));
        }
        self.concerned(permit, &code).await?;
        let seen = self.seen(&code, request.version, as_of).await?;
        let Loaded {
            state,
            version,
            last_position: position,
        } = seen.loaded;
        let mut told = pb::Task {
            position,
            ..task(&state, version, seen.from)
        };
        if let Some(standing) = state.standing().filter(|_| seen.newest) {
            let mut gauge = Gauge::new(self, seen.from);
            add_effect(&mut gauge, standing, &mut told).await;
        }
        Ok(told)
    }

    async fn seen(
        &self,
        code: &TaskCode,
        version: Version,
        as_of: Option<Timestamp>,
    ) -> Result<Seen, Problem> {
        let events = self.log.load(&task_stream(code)).await?;
        let newest = events.last().map_or(0, |event| event.version);
        let mut loaded = Loaded::<Task>::default();
        let mut from = as_of.unwrap_or_else(|| self.clock.now());
        for event in &events {
            let wanted = version == 0 || event.version <= version;
            if !wanted || as_of.is_some_and(|as_of| event.recorded_at > as_of) {
                break;
            }
            loaded.apply::<TaskCodec>(event)?;
            if version > 0 && version < newest {
                from = event.recorded_at;
            }
        }
        if newest == 0 {
            return Err(no_task(code));
        }
        if version > newest {
            let why = format!("is {version} and the newest is {newest}; ask for one up to that");
            return Err(Problem::out_of_range("version", why));
        }
        if loaded.version == 0 {
            let message = format!("the log did not know task {code} yet; ask for a later moment");
            return Err(Problem::not_found("TASK_NOT_FOUND", message));
        }
        let newest = loaded.version == newest && as_of.is_none();
        Ok(Seen {
            loaded,
            from,
            newest,
        })
    }

    /// Tasks by code, of units that the caller may see.
    pub(super) async fn tasks(
        &self,
        permit: &Permit,
        request: &pb::ListTasksRequest,
    ) -> Result<pb::ListTasksResponse, Problem> {
        let state = pb::TaskState::try_from(request.state)
            .map_err(|_| Problem::invalid("state", "is no state; name one, or none"))?;
        let only = match request.unit.as_str() {
            "" => None,
            text => {
                let unit = crate::wire::unit(text).map_err(|why| Problem::invalid("unit", why))?;
                Some(about(permit, &unit, &self.units).await?)
            }
        };
        let pb::ListTasksRequest { plan, overdue, .. } = request;
        // A plan's name may be longer than a token.
        let filters = format!("{}\0{plan}\0{}\0{overdue}", request.unit, request.state);
        let list = format!("tasks {}", hex::encode(Sha256::digest(filters)));
        let page = Page::parse(list, request.page_size, &request.page_token, SIZES)?;
        let own = Own::of(permit, &self.units).await?;
        let now = self.clock.now();
        let (rows, next_page_token) = {
            let view = self.view.borrow();
            let rows = view.tasks.all().filter_map(|kept| {
                let standing = kept.state.standing()?;
                let unit = &standing.holder.unit;
                let wanted = only.as_ref().is_none_or(|only| only == unit)
                    && (plan.is_empty() || *plan == standing.assignment.plan)
                    && (state == pb::TaskState::Unspecified
                        || state == state_to_wire(standing.state))
                    && (!overdue || standing.is_overdue_at(now));
                (wanted && own.may(permit, unit).is_ok()).then(|| {
                    let told = pb::Task {
                        position: kept.position,
                        ..in_list(standing, kept.version, now)
                    };
                    (told, standing.clone())
                })
            });
            page.take(rows, |(told, _)| told.code.clone())
        };
        let mut gauge = Gauge::new(self, now);
        let mut tasks = Vec::with_capacity(rows.len());
        for (mut told, standing) in rows {
            add_effect(&mut gauge, &standing, &mut told).await;
            tasks.push(told);
        }
        Ok(pb::ListTasksResponse {
            tasks,
            next_page_token,
        })
    }
}

/// Adds what became of what a task is about by now, unless that is frozen.
async fn add_effect(gauge: &mut Gauge<'_>, standing: &Standing, told: &mut pb::Task) {
    let Some(before) = &standing.before else {
        return;
    };
    if standing.state != State::Confirmed {
        let origin = &standing.assignment.origin;
        let now = gauge.now(origin, &standing.holder.unit).await;
        told.effect = Some(effect(before, now.as_ref(), false));
    }
}
