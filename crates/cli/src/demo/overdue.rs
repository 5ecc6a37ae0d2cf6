//! The timer: what is past due when the year has been played becomes overdue by itself.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use contracts::dossiers::v1::{DossierOverdue, ListOverdueDossiersRequest};
use contracts::log::v1::ReadRequest;
use prost::Name as _;

use crate::{Service, Services};

/// Dossiers a page, the most that the service gives.
const PAGE: i32 = 500;
/// Pause between two looks into the log.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest wait: the timer waits some seconds for silence before it marks what history left open.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the timer has marked every dossier that is past due; says how many it marked. `played` is the position
/// after which it may have begun.
pub(super) async fn marked(services: &Services, played: i64) -> anyhow::Result<usize> {
    let began = Instant::now();
    let (mut marks, mut after) = (0, played);
    loop {
        // Asked each time: right after the import the list may still have what the last rows ended.
        let overdue = overdue(services).await?;
        let (seen, position) = marks_after(services, after).await?;
        marks += seen;
        if marks >= overdue {
            return Ok(marks);
        }
        anyhow::ensure!(
            began.elapsed() < PATIENCE,
            "the timer marked {marks} of {overdue} overdue dossiers"
        );
        if position == after {
            tokio::time::sleep(PAUSE).await;
        }
        after = position;
    }
}

/// How many dossiers are unfinished and past due.
async fn overdue(services: &Services) -> anyhow::Result<usize> {
    let mut asked = ListOverdueDossiersRequest {
        page_size: PAGE,
        ..Default::default()
    };
    let mut count = 0;
    loop {
        let answer = services
            .dossiers
            .clone()
            .list_overdue_dossiers(asked.clone())
            .await;
        let page = answer.context("listing overdue dossiers")?.into_inner();
        count += page.dossiers.len();
        if page.next_page_token.is_empty() {
            return Ok(count);
        }
        asked.page_token = page.next_page_token;
    }
}

/// Marks in the log after a position, and how far it was read.
async fn marks_after(services: &Services, after: i64) -> anyhow::Result<(usize, i64)> {
    let mut log = services.log(Service::Dossiers);
    let asked = ReadRequest {
        after,
        limit: 10_000,
    };
    let mut pages = log
        .read(asked)
        .await
        .context("reading the log of dossiers")?
        .into_inner();
    let name = DossierOverdue::full_name();
    let (mut marks, mut position) = (0, after);
    while let Some(page) = pages
        .message()
        .await
        .context("reading the log of dossiers")?
    {
        marks += page
            .events
            .iter()
            .filter(|event| event.r#type == name)
            .count();
        position = page.events.last().map_or(position, |event| event.position);
    }
    Ok((marks, position))
}
