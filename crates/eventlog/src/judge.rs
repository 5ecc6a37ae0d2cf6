//! Which appends of a batch may be made, and where they land. A pure function of the appends, in
//! their order, and of the stream versions at the head.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::ask::Ask;
use crate::event::{Appended, Expected, Position, Version};

/// What becomes of one append of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is made.
    Accepted {
        /// Where it lands.
        appended: Appended,
        /// The version of each of its streams before it.
        before: Vec<Version>,
    },
    /// A stream is not as expected.
    Conflict {
        /// Which of the append's streams.
        stream: usize,
        /// The stream's version.
        actual: Version,
    },
    /// It expects more than is known here, so somebody else may have appended: look at the head
    /// first.
    Doubtful,
    /// It repeats the request id of an append accepted before it: that one's receipt will answer
    /// it.
    Later,
    /// It has its answer already.
    Answered,
}

/// How well the stream versions are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// As of a head that may have moved since. A stream that nobody asked about is presumed not to
    /// exist when the append expects so: the unique key on (stream, version) would tell.
    Remembered,
    /// As of the head, which is locked. Every stream is known.
    Locked,
}

/// Judges `asks` in order, each after the ones accepted before it; `None` stands for one that has
/// its answer.
///
/// `known` says a stream's version at the head, which is at `position`.
pub(crate) fn judge<'a>(
    asks: impl Iterator<Item = Option<&'a Ask>>,
    position: Position,
    knowledge: Knowledge,
    known: impl Fn(&str) -> Option<Version>,
) -> Vec<Verdict> {
    let mut bench = Bench {
        position,
        knowledge,
        known,
        changed: BTreeMap::new(),
        requests: BTreeSet::new(),
    };
    asks.map(|ask| ask.map_or(Verdict::Answered, |ask| bench.judge(ask)))
        .collect()
}

struct Bench<'a, K> {
    position: Position,
    knowledge: Knowledge,
    known: K,
    /// Versions of the streams that accepted appends of this batch changed.
    changed: BTreeMap<&'a str, Version>,
    /// Request ids of the accepted appends of this batch.
    requests: BTreeSet<Uuid>,
}

impl<'a, K: Fn(&str) -> Option<Version>> Bench<'a, K> {
    fn judge(&mut self, ask: &'a Ask) -> Verdict {
        if ask
            .receipts
            .iter()
            .any(|receipt| self.requests.contains(&receipt.request_id))
        {
            return Verdict::Later;
        }
        let mut before = Vec::with_capacity(ask.streams.len());
        let mut versions = Vec::with_capacity(ask.streams.len());
        // Within this append only: nothing counts unless all of it is accepted.
        let mut own = BTreeMap::new();
        for (index, stream) in ask.streams.iter().enumerate() {
            let name = stream.stream.as_str();
            let sure = own.get(name).or_else(|| self.changed.get(name)).copied();
            let actual = match sure.or_else(|| (self.known)(name)) {
                Some(version) => version,
                None if stream.expected.is_none() => 0,
                None => return Verdict::Doubtful,
            };
            if !stream.expected.allows(actual) {
                // Streams only grow, so who expects less than is known is late beyond doubt.
                let ahead = stream.expected.exceeds(actual);
                return match self.knowledge {
                    Knowledge::Remembered if ahead => Verdict::Doubtful,
                    _ => Verdict::Conflict {
                        stream: index,
                        actual,
                    },
                };
            }
            let version = actual + count(stream.events.len());
            before.push(actual);
            versions.push(version);
            own.insert(name, version);
        }
        self.accept(ask, own, before, versions)
    }

    fn accept(
        &mut self,
        ask: &Ask,
        own: BTreeMap<&'a str, Version>,
        before: Vec<Version>,
        versions: Vec<Version>,
    ) -> Verdict {
        let first = self.position + count(ask.events.min(1));
        self.position += count(ask.events);
        self.changed.extend(own);
        self.requests
            .extend(ask.receipts.iter().map(|receipt| receipt.request_id));
        Verdict::Accepted {
            appended: Appended {
                first,
                last: self.position,
                versions,
            },
            before,
        }
    }
}

impl Expected {
    /// Whether it is met by a stream without events, and only by such.
    pub(crate) fn is_none(self) -> bool {
        matches!(self, Self::NoStream | Self::Version(0))
    }

    fn allows(self, actual: Version) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => actual == 0,
            Self::Version(version) => actual == version,
        }
    }

    fn exceeds(self, actual: Version) -> bool {
        matches!(self, Self::Version(version) if version > actual)
    }
}

/// A number of events as a distance between positions or versions.
pub(crate) fn count(events: usize) -> i64 {
    i64::try_from(events).expect("an append has at most 10,000 events")
}

#[cfg(test)]
mod tests;
