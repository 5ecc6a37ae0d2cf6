//! Appends that are judged and committed together.

use std::sync::Arc;

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::appender::rows::HeadRow;
use crate::ask::Ask;
use crate::error::{AppendError, StorageError};
use crate::event::{Appended, Receipt};
use crate::judge::Verdict;

/// Most events, or streams, in a batch, unless one append alone has more: a larger one would make
/// everybody wait for longer than it saves.
const BATCH_ROWS: usize = 5_000;

/// Most bytes in a batch, unless one append alone has more.
const BATCH_BYTES: usize = 8 << 20;

/// What an append is answered.
pub(crate) type Answer = Result<Appended, AppendError>;

/// An append and who waits for it.
#[derive(Debug)]
pub(crate) struct Item {
    ask: Ask,
    /// Taken when the answer is given.
    answer: Option<oneshot::Sender<Answer>>,
}

/// A judged batch on its way into the log.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// The head that it moves to.
    pub(crate) head: HeadRow,
    /// How many events it has.
    pub(crate) events: usize,
    /// One for each item.
    pub(crate) verdicts: Vec<Verdict>,
}

/// Appends that are judged and committed together, in order.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) items: Vec<Item>,
    /// Attempts of which it is unknown whether they were committed.
    pub(crate) doubts: Vec<Attempt>,
}

impl Item {
    pub(crate) fn new(ask: Ask) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        (
            Self {
                ask,
                answer: Some(answer),
            },
            answered,
        )
    }

    /// The append, while it has no answer.
    pub(crate) fn open(&self) -> Option<&Ask> {
        self.answer.as_ref().map(|_| &self.ask)
    }

    /// Answers once. A caller that went away does not mind.
    fn answer(&mut self, answer: Answer) {
        if let Some(waiting) = self.answer.take() {
            let _ = waiting.send(answer);
        }
    }
}

impl Attempt {
    /// Whether anything would be written.
    pub(crate) fn accepts(&self) -> bool {
        self.verdicts
            .iter()
            .any(|verdict| matches!(verdict, Verdict::Accepted { .. }))
    }

    /// Where the item landed, if `receipt` is the one that this attempt stored for it.
    fn stored(&self, item: usize, ask: &Ask, receipt: &Receipt) -> Option<Appended> {
        let Verdict::Accepted { appended, .. } = self.verdicts.get(item)? else {
            return None;
        };
        let ours = ask.receipts.iter().any(|new| {
            new.request_id == receipt.request_id
                && new.method == receipt.method
                && new.request_hash == receipt.request_hash
                && new.response == receipt.response
        });
        let here = receipt.recorded_at == self.head.recorded_at
            && (receipt.first, receipt.last) == (appended.first, appended.last);
        (ours && here).then(|| appended.clone())
    }
}

impl Batch {
    /// Batches within the limits, in order.
    pub(crate) fn split(items: impl Iterator<Item = Item>) -> Vec<Self> {
        let mut batches = Vec::new();
        let mut batch = Self::default();
        let (mut rows, mut bytes) = (0, 0);
        for item in items {
            rows += item.ask.rows;
            bytes += item.ask.bytes;
            if !batch.items.is_empty() && (rows > BATCH_ROWS || bytes > BATCH_BYTES) {
                batches.push(std::mem::take(&mut batch));
                (rows, bytes) = (item.ask.rows, item.ask.bytes);
            }
            batch.items.push(item);
        }
        if !batch.items.is_empty() {
            batches.push(batch);
        }
        batches
    }

    /// How many items have no answer.
    pub(crate) fn open(&self) -> usize {
        self.items
            .iter()
            .filter(|item| item.open().is_some())
            .count()
    }

    /// The items without an answer, each in a batch of its own.
    pub(crate) fn singles(self) -> impl Iterator<Item = Self> {
        let open = self.items.into_iter().filter(|item| item.open().is_some());
        open.map(|item| Self {
            items: vec![item],
            doubts: Vec::new(),
        })
    }

    /// The request ids of the items without an answer.
    pub(crate) fn request_ids(&self) -> Vec<Uuid> {
        let asks = self.items.iter().filter_map(Item::open);
        asks.flat_map(|ask| &ask.receipts)
            .map(|receipt| receipt.request_id)
            .collect()
    }

    /// Answers the items whose command was obeyed before, by the receipts of then. A receipt that
    /// an attempt in doubt stored is no repeat.
    pub(crate) fn answer_repeats(&mut self, receipts: &[Receipt]) {
        for (index, item) in self.items.iter_mut().enumerate() {
            let Some(ask) = item.open() else { continue };
            let found = ask.receipts.iter().find_map(|new| {
                receipts
                    .iter()
                    .find(|receipt| receipt.request_id == new.request_id)
            });
            let Some(receipt) = found else { continue };
            let stored = self
                .doubts
                .iter()
                .find_map(|attempt| attempt.stored(index, ask, receipt));
            item.answer(stored.ok_or_else(|| AppendError::Receipt(Box::new(receipt.clone()))));
        }
    }

    /// Answers what the attempt, which is now certain, decided. Says how many conflicts there were.
    pub(crate) fn answer(&mut self, attempt: &Attempt) -> u64 {
        let mut conflicts = 0;
        for (item, verdict) in self.items.iter_mut().zip(&attempt.verdicts) {
            match verdict {
                Verdict::Accepted { appended, .. } => item.answer(Ok(appended.clone())),
                Verdict::Conflict { stream, actual } => {
                    let stream = &item.ask.streams[*stream];
                    let (stream, expected) = (stream.stream.clone(), stream.expected);
                    item.answer(Err(AppendError::Conflict {
                        stream,
                        expected,
                        actual: *actual,
                    }));
                    conflicts += 1;
                }
                Verdict::Doubtful | Verdict::Later | Verdict::Answered => {}
            }
        }
        conflicts
    }

    /// Answers everything that is left with the same failure.
    pub(crate) fn fail(&mut self, error: StorageError) {
        let error = Arc::new(error);
        for item in &mut self.items {
            item.answer(Err(AppendError::Storage(error.clone())));
        }
    }
}
