//! Waiting until every fact is in the indices.

use std::time::Duration;

use anyhow::Context as _;
use contracts::log::v1::{AtLeast, GetHeadRequest};
use contracts::projection::v1::ListRankingsRequest;
use contracts::scoring::v1::GetProgressRequest;

use super::INDEX;
use super::screen::Screen;
use crate::Service;
use crate::Services;

/// Pause between two looks at how far scoring is.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits; then gives the position of the scoring log that reflects everything.
pub(super) async fn until_reflected(
    services: &Services,
    year: i16,
    screen: &Screen,
) -> anyhow::Result<i64> {
    let mut targets = Vec::new();
    for service in [Service::Registry, Service::Dossiers, Service::Assessments] {
        let position = head(services, service).await?;
        targets.push(AtLeast {
            log: service.to_string(),
            position,
        });
    }
    let total: i64 = targets.iter().map(|target| target.position).sum();
    let mut progress = screen.progress(total.unsigned_abs(), "events");
    let mut scoring = services.scoring.clone();
    let position = loop {
        let asked = GetProgressRequest {
            at_least: Vec::new(),
        };
        let answer = scoring
            .get_progress(asked)
            .await
            .context("asking how far scoring is")?
            .into_inner();
        let applied = |log: &str| {
            let of = answer.applied.iter().find(|applied| applied.log == log);
            of.map_or(0, |applied| applied.position)
        };
        if targets
            .iter()
            .all(|target| applied(&target.log) >= target.position)
        {
            break answer.position;
        }
        let done: i64 = targets
            .iter()
            .map(|target| applied(&target.log).min(target.position))
            .sum();
        progress.at(done.unsigned_abs());
        tokio::time::sleep(PAUSE).await;
    };
    let asked = ListRankingsRequest {
        index: INDEX.to_owned(),
        period: year.to_string(),
        group: "department".to_owned(),
        page_size: 1,
        at_least: Some(AtLeast {
            log: Service::Scoring.to_string(),
            position,
        }),
        ..Default::default()
    };
    let mut projection = services.projection.clone();
    projection
        .list_rankings(asked)
        .await
        .context("waiting for the indices")?;
    Ok(position)
}

/// Position of the newest event of a service's log.
pub(super) async fn head(services: &Services, service: Service) -> anyhow::Result<i64> {
    let head = services.log(service).get_head(GetHeadRequest {}).await;
    let head = head.with_context(|| format!("asking {service} for its head"))?;
    Ok(head.into_inner().position)
}
