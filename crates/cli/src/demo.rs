//! `chiso demo`: a whole province and a whole year on this machine, in some minutes.

mod campaign;
mod catalog;
mod explain;
mod live;
mod overdue;
mod papi;
mod play;
mod proof;
mod ranking;
mod reports;
mod screen;
mod settle;
mod world;

use allinone::{AllInOne, Development, Options};
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use runtime::{LogFormat, Observability, Shutdown};
use simulator::Plan;

use crate::up::reach::Reach;
use crate::{Service, Services, show, up};
use campaign::Cast;
use screen::Screen;

/// Index that the demo is about.
const INDEX: &str = "service-quality-766";

/// Code of the province, which everything in the demo belongs to.
const PROVINCE: &str = "H40";

/// Play a made-up year of a province and show what becomes of it.
///
/// One command on a fresh machine: starts a PostgreSQL and a NATS of its own and all services, applies the catalog of
/// Nam Định, plays a year of dossiers, ranks departments and districts, explains a score down to the events behind it,
/// completes a late dossier before the eyes of a watcher, and plays the yearly assessment of every unit twice, for the
/// year before and for the year: units declare, appraisers accept or change, one unit contests a leaf up to the council,
/// results are published, ranked and held against the year before, a shortcoming becomes a task. Then it computes what was
/// published again from the logs and verifies the hash chain of every one of them. The minutes of the contested appraisal
/// are written to target/demo/ in the current folder.
///
/// Dossiers and declarations are made up from a seed; no figure says anything about a real office, but for the province's
/// published results in PAPI.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// How many dossiers are filed in the year
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    dossiers: u32,

    /// Everything that is made up follows from it: the same seed, the same year
    #[arg(long, default_value_t = 766)]
    seed: u64,

    /// The year that is played; the clock of the demo stands on the afternoon of 30 December
    #[arg(long, default_value_t = 2024, value_parser = clap::value_parser!(i16).range(2023..=2026))]
    year: i16,

    /// Go on afterwards, until Ctrl-C, for `chiso rank`, `watch` and `explain`
    #[arg(long)]
    keep: bool,

    /// What is logged on standard error; by default only what should not happen
    #[arg(long, env = "CHISO_LOG", default_value = "error")]
    log: String,
}

impl Demo {
    /// Logs that do not spoil the output.
    pub(crate) fn observability(&self) -> Observability {
        Observability {
            log_format: LogFormat::Pretty,
            log_filter: self.log.clone(),
            ..Observability::default()
        }
    }

    fn plan(&self) -> anyhow::Result<Plan> {
        let now: Timestamp = format!("{}-12-30T16:30:00+07:00", self.year)
            .parse()
            .context("reading the demo's time")?;
        let dossiers = usize::try_from(self.dossiers).context("counting dossiers")?;
        Ok(Plan {
            dossiers,
            seed: self.seed,
            year: self.year,
            now,
        })
    }
}

/// Runs to the end, or until a signal.
pub(crate) async fn run(demo: Demo, shutdown: Shutdown) -> anyhow::Result<()> {
    let plan = demo.plan()?;
    let mut screen = Screen::new();
    screen.title(&format!(
        "Chiso · from a dossier to an index · Nam Định {} · made-up dossiers, seed {}",
        demo.year, demo.seed
    ));
    screen.begin("Start");
    let stack = up::start_stack(stack::Options::named("demo")).await?;
    let mut options = Options::on(&stack, "chiso_")?;
    options.clock_at = Some(plan.now);
    let mut all = tokio::select! {
        all = AllInOne::start(options) => all?,
        () = shutdown.cancelled() => return Err(interrupted()),
    };
    screen.done("PostgreSQL, NATS and five services answer");

    let services = Services::of(&all, &Development::developer(PROVINCE))?;
    let development = all
        .development()
        .context("the demo's services ask nobody")?;
    let cast = Cast::new(services.clone(), development.clone());
    let playing = play(&services, &cast, plan, &mut screen);
    let ended = tokio::select! {
        shown = playing => shown.map(|()| demo.keep),
        error = all.failed() => Err(error),
        () = shutdown.cancelled() => Err(interrupted()),
    };
    match ended {
        Ok(true) => {
            let addresses = stack.folder().join("addresses.json");
            let reach = Reach::write(&all, PROVINCE, Some(addresses))?;
            screen.keep(reach.file(), plan.year);
            up::until_the_end(all, &reach, shutdown).await
        }
        Ok(false) => all.end().await,
        Err(error) => {
            // The error of the show says more than one that follows from it.
            let _ = all.end().await;
            Err(error)
        }
    }
}

fn interrupted() -> anyhow::Error {
    anyhow::anyhow!("the demo was ended by a signal before it was over")
}

async fn play(
    services: &Services,
    cast: &Cast,
    plan: Plan,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    screen.begin("Catalog");
    let applied = catalog::apply(services).await?;
    let world = world::of(services, plan).await?;
    screen.done(&applied);

    screen.begin("Reports");
    let figures = reports::report(services, &world, plan).await?;
    screen.done(&format!(
        "{} monthly figures that no dossier says",
        show::count(figures as u64)
    ));

    screen.begin("A year");
    let before = settle::head(services, Service::Dossiers).await?;
    let played = play::year(services, &world, plan, screen).await?;
    screen.done(&played.to_string());

    screen.begin("Overdue");
    let marked = overdue::marked(services, before).await?;
    screen.done(&format!(
        "{} open dossiers are past due: the timer said so by itself",
        show::count(marked as u64)
    ));

    screen.begin("Scores");
    let position = settle::until_reflected(services, plan.year, screen).await?;
    screen.done(&format!(
        "every fact is in the indices, {} changes of scores",
        show::count(position)
    ));

    ranking::show(services, plan.year, screen).await?;
    explain::show(services, plan.year, screen).await?;
    live::show(services, plan.year, screen).await?;
    campaign::show(services, cast, plan, screen).await?;
    papi::show(services, screen).await?;
    proof::show(services, screen).await
}
