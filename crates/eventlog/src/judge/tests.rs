//! The judge against a model that keeps all events and tries each append on a copy.

use proptest::prelude::*;

use super::*;
use crate::event::{Append, NewEvent, NewReceipt, StreamAppend};

const STREAMS: [&str; 4] = ["a-1", "a-2", "b-1", "b-2"];

/// The log, told as simply as possible.
#[derive(Debug, Clone, Default)]
struct Model {
    events: Vec<&'static str>,
    requests: Vec<Uuid>,
}

impl Model {
    fn with(versions: [usize; 4]) -> Self {
        let events = STREAMS.into_iter().zip(versions);
        let events = events.flat_map(|(stream, count)| std::iter::repeat_n(stream, count));
        Self {
            events: events.collect(),
            requests: Vec::new(),
        }
    }

    fn version(&self, stream: &str) -> Version {
        count(self.events.iter().filter(|event| **event == stream).count())
    }

    fn position(&self) -> Position {
        count(self.events.len())
    }

    /// Does what `ask` asks for, or says why not and changes nothing.
    fn append(&mut self, ask: &Ask) -> Verdict {
        if ask
            .receipts
            .iter()
            .any(|receipt| self.requests.contains(&receipt.request_id))
        {
            return Verdict::Later;
        }
        let mut copy = self.clone();
        let (mut before, mut versions) = (Vec::new(), Vec::new());
        for (index, stream) in ask.streams.iter().enumerate() {
            let actual = copy.version(&stream.stream);
            let holds = match stream.expected {
                Expected::Any => true,
                Expected::NoStream => actual == 0,
                Expected::Version(version) => actual == version,
            };
            if !holds {
                return Verdict::Conflict {
                    stream: index,
                    actual,
                };
            }
            let name = STREAMS
                .into_iter()
                .find(|name| *name == stream.stream)
                .unwrap();
            copy.events.extend(stream.events.iter().map(|_| name));
            before.push(actual);
            versions.push(copy.version(name));
        }
        copy.requests
            .extend(ask.receipts.iter().map(|receipt| receipt.request_id));
        let first = if ask.events == 0 {
            self.position()
        } else {
            self.position() + 1
        };
        let appended = Appended {
            first,
            last: copy.position(),
            versions,
        };
        *self = copy;
        Verdict::Accepted { appended, before }
    }
}

fn expectations() -> impl Strategy<Value = Expected> {
    prop_oneof![
        Just(Expected::Any),
        Just(Expected::NoStream),
        (0..5i64).prop_map(Expected::Version),
    ]
}

fn appends() -> impl Strategy<Value = Ask> {
    let event = NewEvent {
        kind: "test.Happened",
        payload: "x".into(),
        metadata: Default::default(),
    };
    let stream =
        (0..STREAMS.len(), expectations(), 0..3usize).prop_map(move |(name, expected, events)| {
            StreamAppend {
                stream: STREAMS[name].to_owned(),
                expected,
                events: vec![event.clone(); events],
            }
        });
    let streams = prop::collection::vec(stream, 0..4);
    let requests = prop::collection::btree_set(1..6u128, 0..3);
    (streams, requests).prop_map(|(streams, requests)| {
        let receipts = requests.into_iter().map(|id| NewReceipt {
            request_id: Uuid::from_u128(id),
            method: "Test".into(),
            request_hash: [0; 32],
            response: Default::default(),
        });
        Ask::new(Append {
            streams,
            receipts: receipts.collect(),
        })
        .unwrap()
    })
}

fn versions() -> impl Strategy<Value = [usize; 4]> {
    prop::array::uniform4(0..4usize)
}

proptest! {
    #[test]
    fn under_the_lock_a_batch_is_judged_as_if_its_appends_came_one_by_one(
        versions in versions(),
        batch in prop::collection::vec(appends(), 0..12),
    ) {
        let mut model = Model::with(versions);
        let before = model.clone();
        let expected: Vec<_> = batch.iter().map(|ask| model.append(ask)).collect();
        let known = |stream: &str| Some(before.version(stream));
        let judged = judge(batch.iter().map(Some), before.position(), Knowledge::Locked, known);
        prop_assert_eq!(judged, expected);
    }

    /// A conflict is answered without asking the database, so it must be one whatever else was
    /// appended meanwhile.
    #[test]
    fn a_conflict_by_memory_is_a_conflict_in_truth(
        remembered in versions(),
        since in versions(),
        ask in appends(),
    ) {
        let mut truth = Model::with(std::array::from_fn(|at| remembered[at] + since[at]));
        let old = Model::with(remembered);
        let known = |stream: &str| Some(old.version(stream));
        let judged = judge([Some(&ask)].into_iter(), old.position(), Knowledge::Remembered, known);
        if let [Verdict::Conflict { .. }] = judged[..] {
            let conflicts = matches!(truth.append(&ask), Verdict::Conflict { .. });
            prop_assert!(conflicts, "{:?} conflicts only by memory", ask);
        }
    }

    /// With an up-to-date but incomplete memory, what is not in doubt is right, except that a
    /// stream nobody remembers is presumed absent where absence is expected.
    #[test]
    fn what_is_not_remembered_is_in_doubt_or_presumed_absent(
        versions in versions(),
        remembered in prop::array::uniform4(any::<bool>()),
        ask in appends(),
    ) {
        let mut model = Model::with(versions);
        let before = model.clone();
        let known = |stream: &str| {
            let at = STREAMS.iter().position(|name| *name == stream).unwrap();
            remembered[at].then(|| before.version(stream))
        };
        let presumes = ask.streams.iter().any(|stream| {
            stream.expected.is_none()
                && known(&stream.stream).is_none()
                && before.version(&stream.stream) > 0
        });
        let judged = judge([Some(&ask)].into_iter(), before.position(), Knowledge::Remembered, known);
        if !presumes && judged != [Verdict::Doubtful] {
            prop_assert_eq!(judged, [model.append(&ask)]);
        }
    }
}

#[test]
fn an_append_that_has_its_answer_is_not_judged_again() {
    let known = |_: &str| Some(0);
    let judged = judge([None, None].into_iter(), 0, Knowledge::Locked, known);
    assert_eq!(judged, [Verdict::Answered, Verdict::Answered]);
}
