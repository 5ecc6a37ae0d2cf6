//! Whether the events of a feed are the ones that were recorded.

use contracts::assessments::v1::LogBasis;
use eventlog::hash::{Link, digest};
use eventlog::{Hash, Position, Recorded, ZERO_HASH};

/// Damages that are kept: the first says where to look, a few more how far it goes.
const KEPT: usize = 10;

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damaged {
    /// An event is not the one that was recorded.
    #[error("the event at position {0} was altered after it was recorded")]
    Altered(Position),
    /// An event is missing or came in between.
    #[error("the event at position {expected} is missing; {found} follows instead")]
    Gap {
        /// Where it should be.
        expected: Position,
        /// What is there.
        found: Position,
    },
    /// The log is shorter than what was published on it.
    #[error("the log ends at position {0}, before what the publication rests on")]
    Short(Position),
    /// The log has another history than what was published on it.
    #[error(
        "the event at position {0} has another hash than the publication names; history was written anew"
    )]
    OtherHistory(Position),
}

/// Follows a log from its first event and checks every hash, and those that a publication names.
#[derive(Debug)]
pub struct Chain {
    /// Positions that are named, with the hashes there.
    wanted: Vec<(Position, Vec<u8>)>,
    position: Position,
    previous: Hash,
    damages: Vec<Damaged>,
}

impl Chain {
    /// The chain up to what a publication rests on, and further.
    pub fn to(basis: &LogBasis) -> Self {
        Self::through([basis])
    }

    /// The chain through all that a publication names of the log, and further.
    pub fn through<'a>(named: impl IntoIterator<Item = &'a LogBasis>) -> Self {
        let named = named.into_iter();
        let wanted = named.map(|basis| (basis.position, basis.hash.clone()));
        Self {
            wanted: wanted.collect(),
            position: 0,
            previous: ZERO_HASH,
            damages: Vec::new(),
        }
    }

    /// The next event of the log.
    pub fn follow(&mut self, event: &Recorded) {
        let expected = self.position + 1;
        if event.position != expected {
            let found = event.position;
            self.damage(Damaged::Gap { expected, found });
        } else if of(event, &self.previous) != event.hash {
            self.damage(Damaged::Altered(event.position));
        }
        let other = |(position, hash): &(Position, Vec<u8>)| {
            *position == event.position && event.hash != hash[..]
        };
        if self.wanted.iter().any(other) {
            self.damage(Damaged::OtherHistory(event.position));
        }
        // From here on by what is stored, so that one damage is told once.
        (self.position, self.previous) = (event.position, event.hash);
    }

    /// How far it was followed.
    pub fn position(&self) -> Position {
        self.position
    }

    /// What is wrong, in the order of the log; at most ten of them.
    pub fn damages(mut self) -> Vec<Damaged> {
        if self
            .wanted
            .iter()
            .any(|(position, _)| self.position < *position)
        {
            self.damage(Damaged::Short(self.position));
        }
        self.damages
    }

    fn damage(&mut self, damage: Damaged) {
        if self.damages.len() < KEPT {
            self.damages.push(damage);
        }
    }
}

fn of(event: &Recorded, previous: &Hash) -> Hash {
    let (metadata, payload) = (digest(&event.metadata), digest(&event.payload));
    Link {
        position: event.position,
        stream: &event.stream,
        version: event.version,
        kind: &event.kind,
        recorded_at: event.recorded_at,
        metadata: &metadata,
        payload: &payload,
    }
    .hash(previous)
}
