//! The rows of one dossier: decided in order, appended together.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::problem::Problem;
use decider::Decider;
use eventlog::command::{Codec as _, Context, Loaded, load};
use eventlog::{Append, AppendError, EventLog, Expected, NewEvent, NewReceipt, StreamAppend};
use identity::Permit;
use jiff::Timestamp;
use prost::bytes::Bytes;

use crate::case::{Ask, Case, Refusal};
use crate::import::{METHOD, Tally};
use crate::reference::Reference;
use crate::refusal;
use crate::wire::events::Codec;
use crate::wire::import::Row;

/// How often a group is decided again because somebody else's event came first.
const DECISIONS: usize = 4;
/// Who acts when a row names no officer.
const ACTOR: &str = "import";

/// The rows of one dossier, none of them taken in before.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) log: EventLog,
    pub(super) reference: Arc<Reference>,
    pub(super) stream: String,
    pub(super) rows: Vec<Row>,
    pub(super) permit: Permit,
    pub(super) now: Timestamp,
}

/// What follows from the rows in one state.
#[derive(Debug, Default)]
struct Decided {
    events: Vec<NewEvent>,
    receipts: Vec<NewReceipt>,
    tally: Tally,
}

impl Group {
    /// Decides and appends until both agree on the state.
    pub(super) async fn settle(mut self, mut loaded: Loaded<Case>) -> Result<Tally, Problem> {
        let mut done = Tally::default();
        for _ in 0..DECISIONS {
            let version = loaded.version;
            let Decided {
                events,
                receipts,
                tally,
            } = self.decide(loaded.state);
            if receipts.is_empty() {
                done.add(tally);
                return Ok(done);
            }
            let any = !events.is_empty();
            let expected = Expected::Version(version);
            let streams = vec![StreamAppend {
                stream: self.stream.clone(),
                expected,
                events,
            }];
            match self.log.append(Append { streams, receipts }).await {
                Ok(appended) => {
                    done.add(tally);
                    done.position = if any { appended.last } else { done.position };
                    return Ok(done);
                }
                Err(AppendError::Conflict { .. }) => {}
                // Another call brought some of the rows in the meantime.
                Err(AppendError::Receipt(_)) => self.drop_known(&mut done).await?,
                Err(error) => return Err(error.into()),
            }
            loaded = load::<Codec>(&self.log, &self.stream).await?;
        }
        Err(Problem::unavailable(format!(
            "{} changes too fast to be imported now; repeat the import",
            self.stream
        )))
    }

    /// Decides the rows one after the other, each on the state that the ones before it left.
    fn decide(&self, mut case: Case) -> Decided {
        let mut decided = Decided::default();
        for row in &self.rows {
            let ask = Ask {
                code: row.code.clone(),
                at: row.at,
                wish: row.wish.clone(),
                reference: self.reference.clone(),
                permit: self.permit.clone(),
            };
            let events = match case.decide(ask) {
                Ok(events) => events,
                Err(refused) => {
                    decided.tally.refuse(row, reason(&refused));
                    continue;
                }
            };
            let context = self.context(row);
            for (index, event) in events.iter().enumerate() {
                case.evolve(event);
                let (kind, payload) = Codec::encode(event);
                decided.events.push(context.event(index, kind, payload));
            }
            // What holds already was recorded by somebody else, or under another id.
            match events.is_empty() {
                true => decided.tally.repeated.push(row.number),
                false => decided.tally.accepted += 1,
            }
            decided.receipts.push(NewReceipt {
                request_id: row.id,
                method: METHOD.to_owned(),
                request_hash: row.hash,
                response: Bytes::new(),
            });
        }
        decided
    }

    fn context(&self, row: &Row) -> Context {
        let actor = if row.officer.is_empty() {
            ACTOR
        } else {
            &row.officer
        };
        let mut context = Context::internal(METHOD, actor, row.id, self.now);
        context.occurred_at = row.at;
        context.request_hash = row.hash;
        context.client.clone_from(&row.source);
        // The officer acted in the other system; who brought the row here is its client.
        if let Some(caller) = self.permit.caller() {
            context.client.clone_from(&caller.client);
            context.roles = caller.roles.iter().map(|role| role.as_str()).collect();
        }
        context
    }

    /// Takes out the rows that have a receipt by now.
    async fn drop_known(&mut self, tally: &mut Tally) -> Result<(), Problem> {
        let ids: Vec<_> = self.rows.iter().map(|row| row.id).collect();
        let receipts = self.log.receipts(&ids).await?;
        let receipts: BTreeMap<_, _> = receipts
            .into_iter()
            .map(|receipt| (receipt.request_id, receipt))
            .collect();
        self.rows.retain(|row| match receipts.get(&row.id) {
            Some(receipt) => {
                tally.known(row, &receipt.method, receipt.request_hash);
                false
            }
            None => true,
        });
        Ok(())
    }
}

fn reason(refused: &Refusal) -> String {
    match refused {
        Refusal::Dossier(refused) => refusal::of_dossier(refused).to_string(),
        Refusal::Reference(problem) => problem.to_string(),
    }
}
