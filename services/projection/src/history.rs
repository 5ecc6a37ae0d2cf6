//! What an index was: folded from the public log.

use std::collections::BTreeMap;

use contracts::problem::Problem;
use contracts::projection::v1 as pb;
use contracts::wire;
use eventlog::{EventLog, Recorded};
use ids::{IndexKey, Period};
use jiff::Timestamp;
use prost::Message as _;

/// The changes of an index's total, rank and band, oldest first.
pub(crate) async fn changes(
    log: &EventLog,
    key: &IndexKey,
) -> Result<Vec<pb::HistoryEntry>, Problem> {
    let events = events(log, key).await?;
    Ok(events
        .iter()
        .filter(|event| event.kind == "chiso.projection.v1.IndexChanged")
        .filter_map(|event| {
            let told = pb::IndexChanged::decode(event.payload.clone()).ok()?;
            Some(pb::HistoryEntry {
                period: told.period,
                total: told.total,
                rank: told.rank,
                band: told.band,
                recorded_at: Some(wire::timestamp(event.recorded_at)),
                position: event.position,
            })
        })
        .collect())
}

/// The entry of a month as it is now, without figures.
pub(crate) fn month(month: Period) -> pb::HistoryEntry {
    pb::HistoryEntry {
        period: month.to_string(),
        ..pb::HistoryEntry::default()
    }
}

/// What an entry is known by, the newest first: a page goes on where the one before ended, whatever came in meanwhile.
pub(crate) fn key(entry: &pb::HistoryEntry) -> String {
    let month = entry
        .period
        .parse()
        .map_or(0, |period: Period| period.first_month().ordinal());
    format!("{:010} {:019}", i32::MAX - month, i64::MAX - entry.position)
}

/// An index as the log knew it then.
pub(crate) struct Then {
    pub(crate) index: pb::IndexChanged,
    /// Points of leaves, by code.
    pub(crate) leaves: BTreeMap<String, pb::LeafChange>,
}

/// An index as of a moment of the log's time; none when it was not known then.
pub(crate) async fn as_of(
    log: &EventLog,
    key: &IndexKey,
    moment: Timestamp,
) -> Result<Option<Then>, Problem> {
    Ok(then(events(log, key).await?, moment))
}

fn then(events: Vec<Recorded>, moment: Timestamp) -> Option<Then> {
    let mut index = None;
    let mut leaves = BTreeMap::new();
    let mut edition = String::new();
    for event in events {
        if event.recorded_at > moment {
            break;
        }
        match event.kind.as_str() {
            "chiso.projection.v1.IndexChanged" => {
                index = pb::IndexChanged::decode(event.payload).ok().or(index);
                if index.as_ref().is_some_and(|index| index.edition.is_empty()) {
                    // It judged the subject only as long as nobody knew better.
                    index = None;
                    leaves.clear();
                }
            }
            "chiso.projection.v1.ScoreChanged" => {
                let told = pb::ScoreChanged::decode(event.payload).unwrap_or_default();
                if told.edition != edition {
                    // Another edition may lack leaves of the one before, and tells all of its own.
                    leaves.clear();
                    edition.clone_from(&told.edition);
                }
                leaves.extend(
                    told.leaves
                        .into_iter()
                        .map(|leaf| (leaf.leaf.clone(), leaf)),
                );
            }
            _ => {}
        }
    }
    index.map(|index| Then { index, leaves })
}

async fn events(log: &EventLog, key: &IndexKey) -> Result<Vec<Recorded>, Problem> {
    log.load(&key.stream("index")).await.map_err(|error| {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "cannot read an index's past"
        );
        Problem::unavailable("the log is out of reach; repeat the call")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::page::{Page, Sizes};

    const SIZES: Sizes = Sizes { default: 2, max: 2 };

    fn entry(period: &str, position: i64) -> pb::HistoryEntry {
        pb::HistoryEntry {
            period: period.to_owned(),
            position,
            ..pb::HistoryEntry::default()
        }
    }

    /// A page of two, and the token of the next one.
    fn page(rows: &[pb::HistoryEntry], token: &str) -> (Vec<pb::HistoryEntry>, String) {
        let page = Page::parse("history".into(), 0, token, SIZES).expect("a page of this list");
        page.take(rows.iter().cloned(), key)
    }

    #[test]
    fn an_entry_that_comes_in_between_two_pages_repeats_none_and_skips_none() {
        for (newest, rows) in [
            (
                entry("2024-03", 12),
                [11, 9, 4].map(|position| entry("2024-03", position)),
            ),
            (
                entry("2024-03", 0),
                ["2024-02", "2024-01", "2023-12"].map(|month| entry(month, 0)),
            ),
        ] {
            let (first, token) = page(&rows, "");
            let later: Vec<_> = [newest].into_iter().chain(rows.clone()).collect();
            let (second, end) = page(&later, &token);
            assert_eq!(
                (first.as_slice(), second.as_slice()),
                (&rows[..2], &rows[2..])
            );
            assert_eq!(end, "");
        }
    }

    fn recorded(second: i64, kind: &str, payload: Vec<u8>) -> Recorded {
        Recorded {
            position: second,
            stream: "index-x".into(),
            version: second,
            kind: format!("chiso.projection.v1.{kind}"),
            recorded_at: Timestamp::from_second(second).expect("within the years"),
            metadata: Vec::new().into(),
            payload: payload.into(),
            hash: [0; 32],
        }
    }

    fn scored(second: i64, edition: &str, leaves: &[(&str, &str)]) -> Recorded {
        let leaves = leaves.iter().map(|(leaf, points)| pb::LeafChange {
            leaf: (*leaf).to_owned(),
            points: (*points).to_owned(),
            ..pb::LeafChange::default()
        });
        let told = pb::ScoreChanged {
            edition: edition.to_owned(),
            leaves: leaves.collect(),
            ..pb::ScoreChanged::default()
        };
        recorded(second, "ScoreChanged", told.encode_to_vec())
    }

    fn changed(second: i64, edition: &str) -> Recorded {
        let told = pb::IndexChanged {
            edition: edition.to_owned(),
            ..pb::IndexChanged::default()
        };
        recorded(second, "IndexChanged", told.encode_to_vec())
    }

    #[test]
    fn an_index_that_was_void_is_none_from_that_moment_until_it_is_told_again() {
        let events = vec![
            scored(1, "2023", &[("a", "1"), ("b", "2")]),
            changed(1, "2023"),
            changed(2, ""),
            scored(3, "2023", &[("a", "4")]),
            changed(3, "2023"),
        ];
        let at = |second| {
            let moment = Timestamp::from_second(second).expect("within the years");
            then(events.clone(), moment).map(|then| then.leaves.len())
        };
        assert_eq!([1, 2, 3].map(at), [Some(2), None, Some(1)]);
    }

    #[test]
    fn an_index_as_of_a_moment_has_the_leaves_of_its_edition_alone() {
        let events = vec![
            scored(1, "2023", &[("a", "1"), ("b", "2")]),
            changed(1, "2023"),
            scored(2, "2023", &[("b", "3")]),
            scored(3, "2024", &[("a", "4"), ("c", "5")]),
        ];
        let leaves = |second| -> Vec<(String, String)> {
            let moment = Timestamp::from_second(second).expect("within the years");
            let then = then(events.clone(), moment).expect("it was known");
            let leaves = then.leaves.into_iter();
            leaves.map(|(code, leaf)| (code, leaf.points)).collect()
        };
        let expected = |leaves: [(&str, &str); 2]| {
            leaves.map(|(code, points)| (code.to_owned(), points.to_owned()))
        };
        assert_eq!(leaves(1), expected([("a", "1"), ("b", "2")]));
        assert_eq!(leaves(2), expected([("a", "1"), ("b", "3")]));
        assert_eq!(leaves(3), expected([("a", "4"), ("c", "5")]));
    }
}
