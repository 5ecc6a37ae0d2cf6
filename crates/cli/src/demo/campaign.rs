//! Two years' assessments of all departments and districts, compressed: what units declare, what others make of it, and
//! what is published.

mod cast;
mod contest;
mod figures;
mod paper;
mod played;
mod results;
mod sets;
mod sheet;
mod stages;
mod task;
mod verified;

use simulator::Plan;

pub(super) use cast::Cast;

use super::screen::Screen;
use crate::{Services, publication};

/// Plays the campaign of the year before and that of the year, and shows what is published.
pub(super) async fn show(
    services: &Services,
    cast: &Cast,
    plan: Plan,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    screen.heading(
        "Campaign · every unit assesses itself, others appraise it, the council decides, the chair publishes",
    );
    screen.begin("Last year");
    sets::ship(services).await?;
    let before = played::play(cast, services, plan.year - 1, plan, screen).await?;
    screen.done(&before.told());
    let (_, document_before) = publication::get(services, &before.code, 0).await?;
    let task = task::assign(cast, &before, &document_before.result, plan.now).await?;
    screen.begin("This year");
    let now = played::play(cast, services, plan.year, plan, screen).await?;
    screen.done(&now.told());

    let (_, document) = publication::get(services, &now.code, 0).await?;
    results::show(&now, &document_before.result, &document.result, screen);
    if let Some(contest) = &now.contest {
        contest.show(services, screen).await?;
        paper::show(services, &now.code, &contest.unit, screen).await?;
    }
    if let Some(task) = &task {
        task.show(cast, screen).await?;
    }
    verified::show(services, &[document_before, document], screen).await
}
