//! Rebuilding the read model while it is served.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::problem::Problem;
use contracts::scoring::v1 as pb;
use jetstream::replay::ReplayProgress;
use tokio::sync::{RwLock, mpsc};
use tonic::Result;

use crate::api::Parts;
use crate::handler::Scorer;
use crate::model::Model;

/// Rebuilds, telling progress, and says how it ended.
pub(crate) async fn rebuild(
    parts: &Parts,
    out: &mpsc::Sender<Result<pb::RebuildModelResponse>>,
) -> Result<pb::RebuildModelResponse> {
    let model = Arc::new(RwLock::new(Model::new(parts.offset)));
    let mut scorer = Scorer::new(model, None, runtime::Ids::random(), BTreeMap::new());
    let followed = || {
        let positions = parts.progress.positions();
        positions
            .into_iter()
            .map(|(log, position)| (log.to_owned(), position))
            .collect()
    };
    let mut applied = 0;
    let on_progress = |progress: ReplayProgress| {
        applied = i64::try_from(progress.events).unwrap_or(i64::MAX);
        let left = progress
            .left()
            .map_or(-1, |left| i64::try_from(left.as_secs()).unwrap_or(-1));
        let told = pb::RebuildModelResponse {
            applied,
            total: applied + i64::try_from(progress.remaining).unwrap_or(0),
            rate: i64::try_from(progress.rate()).unwrap_or(i64::MAX),
            seconds_left: left,
            stage: "filling".to_owned(),
            ..pb::RebuildModelResponse::default()
        };
        // Progress that nobody takes in time is dropped: the next one says more.
        let _ = out.try_send(Ok(told));
    };
    let compared = parts
        .tables
        .rebuild(
            &mut scorer,
            &parts.sources,
            followed,
            &parts.gate,
            (on_progress, &parts.shutdown),
        )
        .await
        .map_err(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the rebuild failed"
            );
            Problem::unavailable(
                "the rebuild failed and the live model is untouched; the log says why",
            )
        })?;
    let stage = if compared.is_same() {
        "swapped"
    } else {
        "different"
    };
    Ok(pb::RebuildModelResponse {
        applied,
        total: applied,
        stage: stage.to_owned(),
        differences: compared.differences,
        content_hash: compared.content_hash.to_vec(),
        ..pb::RebuildModelResponse::default()
    })
}
