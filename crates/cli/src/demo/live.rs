//! A late dossier is brought to its end while somebody watches.

mod step;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use contracts::dossiers::v1 as pb;
use contracts::log::v1::AtLeast;
use contracts::projection::v1::watch_indices_response::Kind;
use contracts::projection::v1::{
    GetUnitIndexRequest, IndexChanged, UnitIndex, WatchIndicesRequest,
};
use contracts::scoring::v1::GetMeasuresRequest;
use tokio::sync::mpsc;

use super::INDEX;
use super::explain::{day, status};
use super::screen::Screen;
use crate::Service;
use crate::Services;
use step::{Step, steps};

/// Overdue dossiers looked through for one that shows something.
const LOOKED_AT: i32 = 200;
/// Changes on their way from the watcher to the screen.
const CHANGES: usize = 64;
/// How long a watcher waits for a change of which it does not know whether it comes.
const PATIENCE: Duration = Duration::from_secs(2);
/// A change, and when the watcher learned of it.
type Seen = (Instant, IndexChanged);

/// Completes a late dossier step by step, with a watch open.
pub(super) async fn show(
    services: &Services,
    year: i16,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let Some(dossier) = late_dossier(services, year).await? else {
        screen.heading("Live · no dossier is overdue: every office of this year is in time");
        return Ok(());
    };
    let mut unit = index(services, &dossier.unit, year, 0).await?;
    screen.heading(&format!(
        "Live · {} at {}: {}, due {}, overdue",
        dossier.code,
        unit.subject_name_vi,
        status(dossier.status()),
        day(dossier.due_at.as_ref())
    ));
    screen.line(format!("  The index before: {}", stands(&unit)));
    let mut changes = watch(services, &dossier.unit, year).await?;
    for step in steps(&dossier) {
        let sent = Instant::now();
        let position = step.send(services, &dossier.code).await?;
        let answered = sent.elapsed();
        let after = index(services, &dossier.unit, year, position).await?;
        // Where the total is another one, the watcher hears of it; where it is not, perhaps of a rank.
        let patience = if after.total == unit.total {
            PATIENCE / 20
        } else {
            PATIENCE
        };
        let seen = tokio::time::timeout(patience, changes.recv())
            .await
            .ok()
            .flatten();
        screen.line(format!(
            "  {:<38} {}",
            step.name(),
            told(step, answered, sent, seen.as_ref())
        ));
        unit = after;
    }
    screen.line(format!("  The index after:  {}", stands(&unit)));
    Ok(())
}

fn stands(unit: &UnitIndex) -> String {
    format!(
        "{} of {}, rank {} of {}",
        unit.total, unit.max, unit.rank, unit.ranked
    )
}

fn told(step: Step, answered: Duration, sent: Instant, seen: Option<&Seen>) -> String {
    let answered = format!("answered in {:>5} ms", millis(answered));
    match seen {
        Some((at, change)) => format!(
            "{answered}, watcher saw it after {:>5} ms: {} → {}",
            millis(at.duration_since(sent)),
            change.total_before,
            change.total
        ),
        None => format!("{answered}, {}", step.unmoved()),
    }
}

fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{}", micros / 1_000, micros / 100 % 10)
}

/// Changes of the unit's index in the year, as a watcher sees them from here on.
async fn watch(services: &Services, unit: &str, year: i16) -> anyhow::Result<mpsc::Receiver<Seen>> {
    let asked = WatchIndicesRequest {
        index: INDEX.to_owned(),
        period: year.to_string(),
        subjects: vec![unit.to_owned()],
        changes_only: true,
        ..Default::default()
    };
    let answer = services.projection.clone().watch_indices(asked).await;
    let mut told = answer.context("watching the index")?.into_inner();
    while let Some(message) = told.message().await.context("watching the index")? {
        if matches!(message.kind, Some(Kind::CaughtUp(_))) {
            break;
        }
    }
    let (sender, changes) = mpsc::channel(CHANGES);
    // It ends with the stream, or with who listens to it.
    tokio::spawn(async move {
        while let Ok(Some(message)) = told.message().await {
            if let Some(Kind::IndexChanged(change)) = message.kind
                && sender.send((Instant::now(), change)).await.is_err()
            {
                return;
            }
        }
    });
    Ok(changes)
}

/// The unit's index, when everything up to a position of the log of dossiers is in it.
async fn index(
    services: &Services,
    unit: &str,
    year: i16,
    position: i64,
) -> anyhow::Result<UnitIndex> {
    let asked = GetUnitIndexRequest {
        index: INDEX.to_owned(),
        period: year.to_string(),
        subject: unit.to_owned(),
        at_least: Some(AtLeast {
            log: Service::Dossiers.to_string(),
            position,
        }),
        ..Default::default()
    };
    let answer = services.projection.clone().get_unit_index(asked).await;
    Ok(answer.context("asking for the unit's index")?.into_inner())
}

/// An overdue dossier without an electronic result, of the unit where one dossier weighs most.
async fn late_dossier(services: &Services, year: i16) -> anyhow::Result<Option<pb::Dossier>> {
    let asked = pb::ListOverdueDossiersRequest {
        page_size: LOOKED_AT,
        ..Default::default()
    };
    let mut dossiers = services.dossiers.clone();
    let answer = dossiers.list_overdue_dossiers(asked).await;
    let overdue = answer
        .context("listing overdue dossiers")?
        .into_inner()
        .dossiers;
    let units: BTreeSet<&str> = overdue.iter().map(|of| of.unit.as_str()).collect();
    let mut weighed = Vec::new();
    for unit in units {
        let asked = GetMeasuresRequest {
            period: year.to_string(),
            subject: unit.to_owned(),
            ..GetMeasuresRequest::default()
        };
        let answer = services.scoring.clone().get_measures(asked).await;
        let measures = answer
            .context("asking for a unit's figures")?
            .into_inner()
            .measures;
        let active = measures.iter().find(|measure| measure.name == "active");
        let active: u64 = active
            .and_then(|active| active.value.parse().ok())
            .unwrap_or(u64::MAX);
        weighed.push((active, unit));
    }
    weighed.sort_unstable();
    for (_, unit) in weighed {
        for of in overdue.iter().filter(|of| of.unit == unit) {
            let asked = pb::GetDossierRequest {
                code: of.code.clone(),
                ..Default::default()
            };
            let dossier = dossiers
                .get_dossier(asked)
                .await
                .context("asking for a dossier")?
                .into_inner();
            if dossier.status() == pb::DossierStatus::InProcess && !dossier.electronic_result {
                return Ok(Some(dossier));
            }
        }
    }
    Ok(None)
}
