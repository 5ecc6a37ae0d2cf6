//! What a unit that ended leaves undone goes over to a successor, a batch a call.
//!
//! A batch is one append: each task's events on the version that they were decided on, and the receipt. So a call is
//! obeyed as a whole or not at all, its repeat gets the first answer, and what went over is not with the unit any more.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use assessment::improvement::{Action, Command, Event, Holder};
use assessment::{Person, Role, Task};
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::command::{Codec as _, Executed, Loaded, first_answer, replay};
use eventlog::{Append, AppendError, Expected, StreamAppend};
use ids::{TaskCode, UnitCode};
use jiff::civil::Date;

use super::api::Api;
use super::assignment::day;
use super::codec::{TaskCodec, task_stream};
use super::refusal::{no_task, of_task};
use super::wish::Succession;
use crate::campaigns::{Call, who};

/// How often a batch is decided again because a task in it moved on.
const DECISIONS: usize = 8;
/// How long the view may take to show the log before the caller is asked to come again.
const CATCHING_UP: Duration = Duration::from_secs(10);

/// What is to be done, with units by the codes that name them.
struct Work<'a> {
    by: Person,
    unit: UnitCode,
    to: Holder,
    wanted: &'a Succession,
}

/// A batch as decided, not yet appended.
struct Batch {
    streams: Vec<StreamAppend>,
    answer: pb::HandOverTasksResponse,
}

impl Api {
    /// Decides and appends one batch.
    pub(super) async fn hand_over(
        &self,
        call: &Call,
        wanted: &Succession,
    ) -> Result<pb::HandOverTasksResponse, Problem> {
        let by = who(call, Role::Organiser, &self.units).await?;
        let work = self.work(by, wanted, day(call.context.received_at)).await?;
        for _ in 0..DECISIONS {
            let first = first_answer(&self.log, &call.context).await;
            if let Some(first) = first.map_err(|error| error.problem(of_task))? {
                return Ok(told(first));
            }
            self.catch_up().await?;
            let Batch { streams, answer } = self.batch(call, &work).await?;
            if call.context.validate_only || (streams.is_empty() && !call.context.repeatable) {
                return Ok(answer);
            }
            let any = !streams.is_empty();
            let receipts = call.context.receipt(&answer).into_iter().collect();
            match self.log.append(Append { streams, receipts }).await {
                Ok(appended) => {
                    self.shown(appended.last).await;
                    let position = if any { appended.last } else { 0 };
                    return Ok(pb::HandOverTasksResponse { position, ..answer });
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(AppendError::Receipt(receipt)) => {
                    let first = replay(&call.context, &receipt);
                    return first.map(told).map_err(|error| error.problem(of_task));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::unavailable(
            "the unit's tasks change too fast to be handed over now; repeat the call",
        ))
    }

    /// What follows with the registry.
    async fn work<'a>(
        &self,
        by: Person,
        wanted: &'a Succession,
        today: Date,
    ) -> Result<Work<'a>, Problem> {
        let code = &wanted.unit;
        let Some(unit) = self.units.ask(code, None).await? else {
            let message = format!("unit {code} is not known; put it into the registry first");
            return Err(Problem::refused("UNKNOWN_UNIT", message).with("unit", code.to_string()));
        };
        let ended = unit
            .valid_until
            .parse()
            .is_ok_and(|until: Date| until <= today);
        if !ended {
            let message = format!(
                "unit {code} had not ended on {today}; record its succession in the registry first, or reassign single \
                 tasks"
            );
            return Err(Problem::refused("UNIT_EXISTS", message).with("unit", code.to_string()));
        }
        let taker = self.units.resolve(wanted.to.unit.clone()).await?;
        let mut successors = BTreeSet::new();
        for successor in unit.successors.iter().filter_map(|code| code.parse().ok()) {
            successors.insert(self.units.resolve(successor).await?);
        }
        if !successors.contains(&taker) {
            let names: Vec<&str> = successors.iter().map(UnitCode::as_str).collect();
            let remedy = match names.as_slice() {
                [] => "it has none, so reassign its tasks one by one".to_owned(),
                some => format!("name one of {}", some.join(", ")),
            };
            let message = format!("{taker} does not succeed {code}; {remedy}");
            let problem = Problem::refused("NOT_A_SUCCESSOR", message);
            return Err(problem.with("unit", taker.to_string()));
        }
        let person = wanted.to.person.clone();
        Ok(Work {
            by,
            unit: unit.code.parse().unwrap_or_else(|_| code.clone()),
            to: Holder {
                unit: taker,
                person,
            },
            wanted,
        })
    }

    /// Waits until the view holds everything that the log holds now.
    async fn catch_up(&self) -> Result<(), Problem> {
        let head = self.log.head().await?.position;
        let mut view = self.view.clone();
        let reached = view.wait_for(|view| view.position >= head);
        match tokio::time::timeout(CATCHING_UP, reached).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Problem::unavailable(
                "the lists of tasks are being brought up to date; repeat the call",
            )),
        }
    }

    /// The unit's unfinished tasks, by code, and how many there are in all.
    fn unfinished(&self, work: &Work<'_>) -> Result<(Vec<TaskCode>, usize), Problem> {
        let wanted = &work.wanted.codes;
        let view = self.view.borrow();
        if let Some(unknown) = wanted.iter().find(|code| view.tasks.task(code).is_none()) {
            return Err(no_task(unknown));
        }
        let standing = view.tasks.all().filter_map(|kept| kept.state.standing());
        let left = standing.filter(|it| it.holder.unit == work.unit && it.state.is_unfinished());
        let left: Vec<TaskCode> = left.map(|it| it.assignment.code.clone()).collect();
        let all = left.len();
        let named = |code: &TaskCode| wanted.is_empty() || wanted.contains(code);
        Ok((left.into_iter().filter(named).collect(), all))
    }

    /// Decides on the unit's unfinished tasks until a batch is full or none is left.
    async fn batch(&self, call: &Call, work: &Work<'_>) -> Result<Batch, Problem> {
        let (mut codes, all) = self.unfinished(work)?;
        codes.truncate(work.wanted.batch);
        let names: Vec<String> = codes.iter().map(task_stream).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut loaded: BTreeMap<String, Loaded<Task>> = BTreeMap::new();
        for event in self.log.load_many(&names).await? {
            let task = loaded.entry(event.stream.clone()).or_default();
            task.apply::<TaskCodec>(&event)?;
        }
        let (mut streams, mut events) = (Vec::new(), 0);
        let mut went = Vec::new();
        for (stream, Loaded { state, version, .. }) in loaded {
            let command = Command {
                at: call.context.received_at,
                by: Some(work.by.clone()),
                action: Action::HandOver {
                    from: work.unit.clone(),
                    holder: work.to.clone(),
                    reason: work.wanted.to.reason.clone(),
                },
            };
            // One that refuses has moved on since the view was read: it is not the unit's to hand over any more.
            let decided: Vec<Event> = state.decide(command).unwrap_or_default();
            let Some(code) = state.standing().map(|it| it.assignment.code.to_string()) else {
                continue;
            };
            if decided.is_empty() {
                continue;
            }
            went.push(code);
            let encoded = decided.iter().map(|event| {
                let (kind, payload) = TaskCodec::encode(event);
                events += 1;
                call.context.event(events - 1, kind, payload)
            });
            streams.push(StreamAppend {
                stream,
                expected: Expected::Version(version),
                events: encoded.collect(),
            });
        }
        let remaining = i64::try_from(all - streams.len()).unwrap_or(i64::MAX);
        Ok(Batch {
            streams,
            answer: pb::HandOverTasksResponse {
                unit: work.unit.to_string(),
                to_unit: work.to.unit.to_string(),
                codes: went,
                remaining,
                position: 0,
            },
        })
    }
}

/// The first answer again, with its position where it had one.
fn told(first: Executed<pb::HandOverTasksResponse>) -> pb::HandOverTasksResponse {
    let Executed {
        response, position, ..
    } = first;
    let position = if response.codes.is_empty() {
        0
    } else {
        position
    };
    pb::HandOverTasksResponse {
        position,
        ..response
    }
}
