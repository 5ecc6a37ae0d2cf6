//! What the appender remembers of the log, so that it need not ask.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use lru::LruCache;
use sqlx::PgConnection;

use super::batch::{Attempt, Batch, Item};
use super::rows::HeadRow;
use crate::event::{Expected, Version};
use crate::judge::Verdict;
use crate::query;

/// Stream versions to remember: some 10 MB. Must exceed what one batch names, or looking up its
/// last streams would forget its first.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");

/// Longest tail of another process's events that is read to bring the versions up to date; beyond
/// it forgetting them all is cheaper.
const TAIL: i64 = 10_000;

/// The head as last seen, and the versions that recently used streams had then.
pub(crate) struct Memory {
    head: HeadRow,
    versions: LruCache<String, Version>,
}

impl Memory {
    pub(crate) fn new(head: HeadRow) -> Self {
        let versions = LruCache::new(REMEMBERED);
        Self { head, versions }
    }

    /// The head as last seen.
    pub(crate) fn head(&self) -> HeadRow {
        self.head
    }

    /// The version of a stream at that head, if it is remembered; 0 when it had no events.
    pub(crate) fn version(&self, stream: &str) -> Option<Version> {
        self.versions.peek(stream).copied()
    }

    /// Forgets the versions.
    pub(crate) fn forget(&mut self) {
        self.versions.clear();
    }

    /// Remembers what an attempt changed that is certain to be in the log.
    pub(crate) fn learn(&mut self, batch: &Batch, attempt: &Attempt) {
        // One that was found after a newer head was seen says nothing new, and of its streams
        // perhaps the past.
        if !attempt.accepts() || attempt.head.position < self.head.position {
            return;
        }
        self.head = attempt.head;
        for (item, verdict) in batch.items.iter().zip(&attempt.verdicts) {
            let (Some(ask), Verdict::Accepted { appended, .. }) = (item.open(), verdict) else {
                continue;
            };
            for (stream, version) in ask.streams.iter().zip(&appended.versions) {
                self.remember(&stream.stream, *version);
            }
        }
    }

    /// Brings the versions up to a newer head.
    pub(crate) async fn catch_up(
        &mut self,
        connection: &mut PgConnection,
        head: HeadRow,
    ) -> Result<(), sqlx::Error> {
        let behind = head.position - self.head.position;
        if (1..=TAIL).contains(&behind) {
            let grown = query::grown(connection, self.head.position, head.position).await?;
            for (stream, version) in grown {
                self.remember(&stream, version);
            }
        } else if head.hash != self.head.hash {
            // Far behind; or the database was put back to an earlier state, and nothing remembered
            // holds.
            self.forget();
        }
        self.head = head;
        Ok(())
    }

    /// Looks up the streams of a batch that are not remembered, as far as what is expected of them
    /// asks for it.
    pub(crate) async fn look_up(
        &mut self,
        connection: &mut PgConnection,
        batch: &Batch,
        needed: impl Fn(Expected) -> bool,
    ) -> Result<(), sqlx::Error> {
        let mut unknown = BTreeSet::new();
        for ask in batch.items.iter().filter_map(Item::open) {
            for stream in &ask.streams {
                // `get`, not `peek`: what this batch names must be the last to be forgotten.
                let known = self.versions.get(&stream.stream).is_some();
                if !known && needed(stream.expected) {
                    unknown.insert(stream.stream.as_str());
                }
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let unknown: Vec<&str> = unknown.into_iter().collect();
        for (stream, version) in query::versions(connection, &unknown).await? {
            self.versions.put(stream, version);
        }
        Ok(())
    }

    fn remember(&mut self, stream: &str, version: Version) {
        match self.versions.get_mut(stream) {
            Some(remembered) => *remembered = version,
            None => {
                self.versions.put(stream.to_owned(), version);
            }
        }
    }
}
