//! What a unit that ended leaves unfinished goes over to its successors, a batch a call.
//!
//! A batch is one append: each dossier's event on the version that it was decided on, and the receipt. So a call is
//! obeyed as a whole or not at all, its repeat gets the first answer, and an interrupted hand-over is simply gone on with,
//! as what went over is not with the unit any more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contracts::dossiers::v1 as pb;
use contracts::problem::Problem;
use decider::Decider;
use dossier::Fact;
use eventlog::command::{Codec as _, Context, ExecuteError, Loaded};
use eventlog::{Append, AppendError, EventLog, Expected, NewReceipt, Receipt, StreamAppend};
use identity::Permit;
use ids::DossierCode;
use prost::Message as _;
use tokio::sync::watch;

use crate::case::{Ask, Case, Refusal};
use crate::model::Reached;
use crate::reference::Reference;
use crate::wire::events::{self, Codec};
use crate::wire::wishes::Wish;
use crate::{query, refusal};
pub(crate) use wanted::{Wanted, Work};

mod wanted;

/// The RPC's name, in receipts.
pub(crate) const METHOD: &str = "HandOverUnit";
/// How often a batch is decided again because a dossier in it moved on. Clerks of a unit that ended are few.
const DECISIONS: usize = 8;
/// Unfinished dossiers read from the lists at a time.
const PAGE: i64 = 1_000;
/// Dossiers named as left behind in one answer; the others are counted.
const LEFT_MAX: usize = 200;
/// How long the lists may take to reflect the log before the caller is asked to come again.
const CATCHING_UP: Duration = Duration::from_secs(10);

/// A hand-over on its way.
pub(crate) struct HandOver<'a> {
    pub(crate) log: &'a EventLog,
    /// What the lists of dossiers reflect.
    pub(crate) reached: watch::Receiver<Reached>,
    pub(crate) reference: Arc<Reference>,
    pub(crate) permit: Permit,
    pub(crate) context: Context,
}

/// A batch as decided, not yet appended.
#[derive(Debug, Default)]
struct Batch {
    streams: Vec<StreamAppend>,
    /// Events in them: a dossier's own, and one for each step that goes with it.
    events: usize,
    answer: pb::HandOverUnitResponse,
}

impl HandOver<'_> {
    /// Decides and appends one batch.
    pub(crate) async fn run(mut self, wanted: Wanted) -> Result<pb::HandOverUnitResponse, Problem> {
        let work = wanted.look_up(&self.reference, self.context.occurred_at)?;
        for _ in 0..DECISIONS {
            if let Some(first) = self.first_answer().await? {
                return Ok(first);
            }
            self.catch_up().await?;
            let Batch {
                streams, answer, ..
            } = self.batch(&work).await?;
            if self.context.validate_only || (streams.is_empty() && !self.context.repeatable) {
                return Ok(answer);
            }
            let any = !streams.is_empty();
            let receipts = self.receipt(&answer).into_iter().collect();
            match self.log.append(Append { streams, receipts }).await {
                Ok(appended) => {
                    let position = if any { appended.last } else { 0 };
                    return Ok(pb::HandOverUnitResponse { position, ..answer });
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(AppendError::Receipt(receipt)) => return self.replay(&receipt),
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::unavailable(
            "the unit's dossiers change too fast to be handed over now; repeat the call",
        ))
    }

    /// The answer that the first call with this request id got.
    async fn first_answer(&self) -> Result<Option<pb::HandOverUnitResponse>, Problem> {
        if !self.context.repeatable || self.context.validate_only {
            return Ok(None);
        }
        let receipt = self.log.receipt(self.context.request_id).await?;
        receipt.map(|receipt| self.replay(&receipt)).transpose()
    }

    fn replay(&self, receipt: &Receipt) -> Result<pb::HandOverUnitResponse, Problem> {
        if receipt.method != METHOD || receipt.request_hash != self.context.request_hash {
            return Err(refusal::problem(ExecuteError::RequestIdReused));
        }
        let mut answer = pb::HandOverUnitResponse::decode(receipt.response.clone())
            .map_err(|_| Problem::internal("the first answer to this call cannot be read"))?;
        if !answer.handed_over.is_empty() {
            answer.position = receipt.last;
        }
        Ok(answer)
    }

    fn receipt(&self, answer: &pb::HandOverUnitResponse) -> Option<NewReceipt> {
        self.context.repeatable.then(|| NewReceipt {
            request_id: self.context.request_id,
            method: METHOD.to_owned(),
            request_hash: self.context.request_hash,
            response: answer.encode_to_vec().into(),
        })
    }

    /// Waits until the lists hold everything that the log holds now.
    async fn catch_up(&mut self) -> Result<(), Problem> {
        let head = self.log.head().await?.position;
        let reached = self.reached.wait_for(|reached| reached.position >= head);
        match tokio::time::timeout(CATCHING_UP, reached).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Problem::unavailable(
                "the lists of dossiers are being brought up to date; repeat the call",
            )),
        }
    }

    /// Decides on the unfinished dossiers that the unit resolves or has a step of, by code, until a batch is full or none is left.
    async fn batch(&self, work: &Work) -> Result<Batch, Problem> {
        let mut batch = Batch::default();
        let unit = work.unit.as_str();
        let (mut after, mut more) = (String::new(), true);
        while more && batch.streams.len() < work.batch {
            let page = query::unfinished(self.log.pool(), unit, &after, PAGE).await?;
            more = page.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
            if let Some((last, _)) = page.last() {
                after.clone_from(last);
            }
            self.decide(work, page, &mut batch).await?;
        }
        let unfinished = query::count_unfinished(self.log.pool(), unit).await?;
        batch.answer.unit = unit.to_owned();
        batch.answer.remaining = unfinished - query::count(batch.streams.len());
        Ok(batch)
    }

    /// Decides on a page of dossiers.
    async fn decide(
        &self,
        work: &Work,
        page: Vec<(String, String)>,
        batch: &mut Batch,
    ) -> Result<(), Problem> {
        let mut cases = self.load(&page).await?;
        for (code, procedure) in page {
            if batch.streams.len() == work.batch {
                break;
            }
            let Some(loaded) = cases.remove(&events::stream(&code)) else {
                continue;
            };
            let Some(to_unit) = work.successor(&code, &procedure) else {
                batch.leave(code, procedure, work.why_nobody());
                continue;
            };
            let wish = Wish::LeaveUnit {
                from_unit: work.unit.clone(),
                to_unit: to_unit.clone(),
                reason: work.reason.clone(),
            };
            let named: DossierCode = code
                .parse()
                .map_err(|_| Problem::internal("the lists hold what is no dossier's code"))?;
            match loaded.state.decide(self.ask(named, wish)) {
                Ok(decided) => batch.take(
                    &self.context,
                    code,
                    to_unit.as_str(),
                    loaded.version,
                    &decided,
                ),
                Err(refused) => batch.leave(code, procedure, why(&refused)),
            }
        }
        Ok(())
    }

    fn ask(&self, code: DossierCode, wish: Wish) -> Ask {
        Ask {
            code,
            at: self.context.occurred_at,
            wish,
            reference: self.reference.clone(),
            permit: self.permit.clone(),
        }
    }

    async fn load(
        &self,
        page: &[(String, String)],
    ) -> Result<BTreeMap<String, Loaded<Case>>, Problem> {
        let streams: Vec<String> = page.iter().map(|(code, _)| events::stream(code)).collect();
        let streams: Vec<&str> = streams.iter().map(String::as_str).collect();
        let mut loaded: BTreeMap<String, Loaded<Case>> = BTreeMap::new();
        for event in self.log.load_many(&streams).await? {
            loaded
                .entry(event.stream.clone())
                .or_default()
                .apply::<Codec>(&event)?;
        }
        Ok(loaded)
    }
}

impl Batch {
    fn take(
        &mut self,
        context: &Context,
        code: String,
        to_unit: &str,
        version: i64,
        decided: &[dossier::Event],
    ) {
        // What is with the successor already has nothing to tell.
        if decided.is_empty() {
            return;
        }
        let written = decided.iter().zip(self.events..).map(|(event, index)| {
            let (kind, payload) = Codec::encode(event);
            context.event(index, kind, payload)
        });
        self.streams.push(StreamAppend {
            stream: events::stream(&code),
            expected: Expected::Version(version),
            events: written.collect(),
        });
        self.events += decided.len();
        self.answer.handed_over.push(pb::UnitHandOver {
            code,
            to_unit: to_unit.to_owned(),
            steps: decided.iter().filter_map(step).collect(),
        });
    }

    fn leave(&mut self, code: String, procedure: String, reason: String) {
        self.answer.left_count += 1;
        if self.answer.left.len() < LEFT_MAX {
            self.answer.left.push(pb::LeftDossier {
                code,
                procedure,
                reason,
            });
        }
    }
}

/// The step that an event hands over.
fn step(event: &dossier::Event) -> Option<i32> {
    match &event.fact {
        Fact::StepHandedOver { step, .. } => i32::try_from(*step).ok(),
        _ => None,
    }
}

fn why(refused: &Refusal) -> String {
    match refused {
        Refusal::Dossier(refused) => refusal::of_dossier(refused).to_string(),
        Refusal::Reference(problem) => problem.to_string(),
    }
}
