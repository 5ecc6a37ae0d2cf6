//! Walking the hash chain.

use std::fmt;

use crate::error::StorageError;
use crate::event::{Hash, Position, Recorded, ZERO_HASH};
use crate::hash;
use crate::log::EventLog;
use crate::query;

/// Events read at a time.
const PAGE: i64 = 1_000;

/// How far a walk has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events verified so far.
    pub verified: u64,
    /// Position of the newest of them; where the walk began while there is none.
    pub position: Position,
    /// Its hash.
    pub hash: Hash,
    /// Position of the head when the walk began.
    pub head: Position,
}

/// The outcome of a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How far it came.
    pub progress: Progress,
    /// What it found; none when the log is sound.
    pub damage: Option<Damage>,
}

/// The first place where the log is not what was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// The first position affected.
    pub position: Position,
    /// What happened there.
    pub kind: DamageKind,
}

/// What happened to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DamageKind {
    /// The event is not the one that was appended.
    Altered,
    /// The event is gone.
    Removed,
    /// The event was not appended here.
    Inserted,
    /// The events are sound but the head row has another hash.
    Head,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.position;
        match self.kind {
            DamageKind::Altered => write!(f, "the event at position {position} was altered"),
            DamageKind::Removed => write!(f, "the event at position {position} was removed"),
            DamageKind::Inserted => write!(f, "the event at position {position} was inserted"),
            DamageKind::Head => {
                write!(
                    f,
                    "the head's hash is not that of the event at position {position}"
                )
            }
        }
    }
}

impl EventLog {
    /// Walks the hash chain from `after` to the head as it is when the walk begins, telling
    /// `on_progress` after every page.
    ///
    /// With `after` above zero the events up to there, and their hashes, are taken on trust.
    ///
    /// # Errors
    /// When the database does not answer. Damage is no error but an outcome.
    pub async fn verify(
        &self,
        after: Position,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<Verified, StorageError> {
        self.walk(after, &mut on_progress)
            .await
            .map_err(StorageError::during("verify the event log"))
    }

    async fn walk(
        &self,
        after: Position,
        on_progress: &mut impl FnMut(Progress),
    ) -> Result<Verified, sqlx::Error> {
        let (head, beyond) = query::head_and_beyond(self.pool()).await?;
        let start = match after {
            0 => Some(ZERO_HASH),
            _ => query::hash_at(self.pool(), after).await?,
        };
        let progress = Progress {
            verified: 0,
            position: after,
            hash: start.unwrap_or(ZERO_HASH),
            head: head.position,
        };
        let mut walk = Walk { progress };
        if start.is_none() {
            return Ok(walk.ends(after, DamageKind::Removed));
        }
        while walk.progress.position < head.position {
            let page = query::page(self.pool(), walk.progress.position, PAGE)
                .await?
                .events;
            let page: Vec<_> = page
                .into_iter()
                .take_while(|event| event.position <= head.position)
                .collect();
            if page.is_empty() {
                return Ok(walk.ends(walk.next(), DamageKind::Removed));
            }
            for event in &page {
                if event.position > walk.next() {
                    return Ok(walk.ends(walk.next(), DamageKind::Removed));
                }
                if !walk.step(event) {
                    let following = query::page(self.pool(), event.position, 1).await?;
                    let kind = walk.why_broken(following.events.first());
                    return Ok(walk.ends(walk.next(), kind));
                }
            }
            on_progress(walk.progress);
        }
        if walk.progress.position == head.position && walk.progress.hash != head.hash {
            return Ok(walk.ends(head.position, DamageKind::Head));
        }
        Ok(match beyond {
            Some(position) => walk.ends(position, DamageKind::Inserted),
            None => Verified {
                progress: walk.progress,
                damage: None,
            },
        })
    }
}

struct Walk {
    progress: Progress,
}

impl Walk {
    /// The position that must come next.
    fn next(&self) -> Position {
        self.progress.position + 1
    }

    /// Takes the next event, if it continues the chain.
    fn step(&mut self, event: &Recorded) -> bool {
        let continues = hash::of_recorded(event, self.next(), &self.progress.hash) == event.hash;
        if continues {
            self.progress.verified += 1;
            self.progress.position += 1;
            self.progress.hash = event.hash;
        }
        continues
    }

    /// Whoever makes room for an event moves the ones after it, and leaves them chained as they
    /// were.
    fn why_broken(&self, following: Option<&Recorded>) -> DamageKind {
        let moved = following.is_some_and(|following| {
            hash::of_recorded(following, self.next(), &self.progress.hash) == following.hash
        });
        if moved {
            DamageKind::Inserted
        } else {
            DamageKind::Altered
        }
    }

    fn ends(&self, position: Position, kind: DamageKind) -> Verified {
        Verified {
            progress: self.progress,
            damage: Some(Damage { position, kind }),
        }
    }
}
