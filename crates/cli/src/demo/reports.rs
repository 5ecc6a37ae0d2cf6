//! Figures that dossiers cannot say, reported as units would.

use std::collections::BTreeMap;

use anyhow::Context as _;
use contracts::assessments::v1::ReportMeasureRequest;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use simulator::{Plan, Reported, World, reported};

use crate::Services;

/// Reports on their way at once: what fills the batches of the log.
const IN_FLIGHT: usize = 64;

/// Reports everything; says how many figures.
pub(super) async fn report(
    services: &Services,
    world: &World,
    plan: Plan,
) -> anyhow::Result<usize> {
    state(services, reported(world, plan), plan.year).await
}

/// States figures of a year; says how many.
pub(super) async fn state(
    services: &Services,
    figures: Vec<Reported>,
    year: i16,
) -> anyhow::Result<usize> {
    let count = figures.len();
    // The months of a unit's measure are one stream of events: at once they would only get into each other's way.
    let mut streams: BTreeMap<(String, &str), Vec<Reported>> = BTreeMap::new();
    for figure in figures {
        streams
            .entry((figure.unit.clone(), figure.measure))
            .or_default()
            .push(figure);
    }
    stream::iter(streams.into_values())
        .map(|months| in_order(services, months, year))
        .buffer_unordered(IN_FLIGHT)
        .try_for_each(|()| std::future::ready(Ok(())))
        .await?;
    Ok(count)
}

async fn in_order(services: &Services, months: Vec<Reported>, year: i16) -> anyhow::Result<()> {
    let mut assessments = services.assessments.clone();
    for figure in months {
        let request = ReportMeasureRequest {
            context: None,
            month: format!("{year}-{:02}", figure.month),
            source: format!("simulated report {:02}/{year}", figure.month),
            measure: figure.measure.to_owned(),
            value: figure.value.to_string(),
            unit: figure.unit,
        };
        assessments
            .report_measure(request)
            .await
            .context("reporting a figure")?;
    }
    Ok(())
}
