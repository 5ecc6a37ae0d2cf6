//! What an index was: folded from the public log.

use std::collections::BTreeMap;

use contracts::problem::Problem;
use contracts::projection::v1 as pb;
use contracts::wire;
use eventlog::{EventLog, Recorded};
use ids::IndexKey;
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
    let mut index = None;
    let mut leaves = BTreeMap::new();
    for event in events(log, key).await? {
        if event.recorded_at > moment {
            break;
        }
        match event.kind.as_str() {
            "chiso.projection.v1.IndexChanged" => {
                index = pb::IndexChanged::decode(event.payload).ok().or(index);
            }
            "chiso.projection.v1.ScoreChanged" => {
                let told = pb::ScoreChanged::decode(event.payload).unwrap_or_default();
                leaves.extend(
                    told.leaves
                        .into_iter()
                        .map(|leaf| (leaf.leaf.clone(), leaf)),
                );
            }
            _ => {}
        }
    }
    Ok(index.map(|index| Then { index, leaves }))
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
