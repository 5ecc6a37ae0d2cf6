//! Facts to the service, through its restarts.

use std::time::Duration;

use contracts::dossiers::v1::{ImportDossiersRequest, ImportDossiersResponse};
use futures::stream;
use tokio::time::Instant;
use tonic::{Code, Request, Status};

use super::plan::{Sending, Unsent};
use crate::failure::is_absence;
use crate::{Exit, Failure};
use crate::{Service, Services};

/// Facts of a call: what the service judges at a time, in well under a second.
pub(super) const CALL_FACTS: usize = 2_000;
/// Calls at once: one is decided while the other is on its way; more would wait for the same log.
pub(super) const CALLS: usize = 2;
/// Deadline of a call: far longer than it takes on a slow machine, so that it ends what hangs.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// First pause before a call is repeated; doubled up to the longest.
const PAUSE: Duration = Duration::from_millis(250);
/// Longest pause: short beside the time in which a restarted service is back.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Facts that go together: whole cases, so that a dossier's facts stay in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) facts: Vec<Sending>,
    /// Rows that could not be read.
    pub(super) unsent: Vec<Unsent>,
}

/// Whole cases by about [`CALL_FACTS`] facts.
pub(super) fn batches(
    cases: impl Iterator<Item = (Vec<Sending>, Vec<Unsent>)>,
) -> impl Iterator<Item = Batch> {
    let mut cases = cases.peekable();
    std::iter::from_fn(move || {
        let mut batch = Batch::default();
        let room = |batch: &Batch, facts: &[Sending]| {
            batch.facts.is_empty() || batch.facts.len() + facts.len() <= CALL_FACTS
        };
        while let Some((facts, unsent)) = cases.next_if(|(facts, _)| room(&batch, facts)) {
            batch.facts.extend(facts);
            batch.unsent.extend(unsent);
        }
        (!batch.facts.is_empty() || !batch.unsent.is_empty()).then_some(batch)
    })
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) batch: Batch,
    /// Of each fact: whether it was new, known, or why it was refused.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) position: i64,
    /// Calls whose answer was lost.
    pub(super) repeats: u32,
}

/// What became of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted,
    Repeated,
    Refused(String),
}

/// Sends facts.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) services: Services,
    /// How long a call is repeated before it is given up.
    pub(super) patience: Duration,
}

impl Sender {
    /// Sends a batch, a call after the other when it is longer than one.
    pub(super) async fn send(
        self,
        batch: Batch,
        waiting: impl Fn(&str),
    ) -> Result<Settled, Failure> {
        let mut settled = Settled::default();
        for facts in batch.facts.chunks(CALL_FACTS) {
            let requests: Vec<ImportDossiersRequest> =
                facts.iter().map(|fact| fact.request.clone()).collect();
            let answer = self.call(requests, &waiting, &mut settled.repeats).await?;
            settled.position = settled.position.max(answer.position);
            settled.outcomes.extend(outcomes(facts.len(), answer));
        }
        settled.batch = batch;
        Ok(settled)
    }

    /// Repeats a call until it is answered: the service knows facts that it has taken in before.
    async fn call(
        &self,
        requests: Vec<ImportDossiersRequest>,
        waiting: &impl Fn(&str),
        repeats: &mut u32,
    ) -> Result<ImportDossiersResponse, Failure> {
        let mut lost_since: Option<Instant> = None;
        let mut pause = PAUSE;
        loop {
            let mut request = Request::new(stream::iter(requests.clone()));
            request.set_timeout(CALL_TIMEOUT);
            let status = match self
                .services
                .dossiers
                .clone()
                .import_dossiers(request)
                .await
            {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            let since = *lost_since.get_or_insert_with(Instant::now);
            if !may_pass(&status) || since.elapsed() + pause > self.patience {
                return Err(self.given_up(&status, since.elapsed()));
            }
            waiting(&format!(
                "dossiers does not answer; trying again ({} s of {} s)",
                since.elapsed().as_secs(),
                self.patience.as_secs()
            ));
            *repeats += 1;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    fn given_up(&self, status: &Status, after: Duration) -> Failure {
        let failure = self.services.failure(Service::Dossiers, status);
        if failure.exit != Exit::Unavailable {
            return failure;
        }
        let seconds = after.as_secs();
        let message = format!(
            "{}\n  given up after {seconds} s; repeat the import later: what is in is not taken in again",
            failure.message
        );
        Failure { message, ..failure }
    }
}

/// Whether another try may help.
fn may_pass(status: &Status) -> bool {
    let passing = [
        Code::Unavailable,
        Code::DeadlineExceeded,
        Code::Cancelled,
        Code::Aborted,
    ];
    passing.contains(&status.code()) || is_absence(status)
}

/// What the answer says of each fact.
pub(super) fn outcomes(count: usize, answer: ImportDossiersResponse) -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::Accepted; count];
    let index = |row: i64| usize::try_from(row - 1).ok();
    for row in answer.repeated_rows {
        if let Some(outcome) = index(row).and_then(|index| outcomes.get_mut(index)) {
            *outcome = Outcome::Repeated;
        }
    }
    for refused in answer.refusals {
        if let Some(outcome) = index(refused.row).and_then(|index| outcomes.get_mut(index)) {
            *outcome = Outcome::Refused(refused.reason);
        }
    }
    outcomes
}
