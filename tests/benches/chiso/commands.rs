//! Dossiers commands over gRPC, beside an echo.

use std::time::Duration;

use allinone::Service;
use anyhow::Context as _;
use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::dossiers_service_client::DossiersServiceClient;
use contracts::log::v1::CommandContext;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use runtime::{Ids, Shutdown};
use tonic::transport::Channel;

use crate::Plan;
use crate::measure::{Caller, Cell, closed_loop};
use crate::province::{Province, reception};
use crate::report::{Part, head, millis, quantiles, rate, row};

/// Commands in flight.
const CALLERS: usize = 64;
/// Dossiers of a caller that activities are noted of, one after the other.
const DOSSIERS: usize = 50;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    /// One event on a dossier that has some: what a dossiers service mostly does.
    NoteActivity,
    /// A new dossier with its receipt and due date.
    ReceiveDossier,
}

/// One command after the other.
struct CommandCaller {
    client: DossiersServiceClient<Channel>,
    ids: Ids,
    command: Command,
    /// Tells this caller's dossiers from those of other callers and cells.
    name: String,
    number: usize,
}

impl CommandCaller {
    fn context(&self) -> Option<CommandContext> {
        Some(CommandContext {
            request_id: self.ids.uuid().to_string(),
            actor: "cb01".to_owned(),
            ..Default::default()
        })
    }
}

impl Caller for CommandCaller {
    async fn once(&mut self) -> anyhow::Result<u64> {
        self.number += 1;
        match self.command {
            Command::NoteActivity => {
                let request = pb::NoteActivityRequest {
                    context: self.context(),
                    code: format!("{}-{}", self.name, self.number % DOSSIERS),
                    activity: "Thẩm định hồ sơ".to_owned(),
                    officer: "cb01".to_owned(),
                };
                self.client
                    .note_activity(request)
                    .await
                    .context("noting an activity")?;
            }
            Command::ReceiveDossier => {
                let request = pb::ReceiveDossierRequest {
                    context: self.context(),
                    ..reception(format!("{}-{}", self.name, self.number), self.number)
                };
                self.client
                    .receive_dossier(request)
                    .await
                    .context("receiving a dossier")?;
            }
        }
        Ok(1)
    }
}

/// A server that is asked.
struct Asked {
    client: DossiersServiceClient<Channel>,
    cells: [Cell; 2],
}

impl Asked {
    fn new(client: DossiersServiceClient<Channel>, name: &str) -> Self {
        let cell = |command: &str| Cell::new(format!("{command}, {name}"));
        Self {
            client,
            cells: [cell("NoteActivity"), cell("ReceiveDossier")],
        }
    }

    async fn measure(&mut self, command: Command, round: u32, plan: Plan) -> anyhow::Result<()> {
        let callers = (0..CALLERS).map(|caller| CommandCaller {
            client: self.client.clone(),
            ids: Ids::random(),
            command,
            name: match command {
                Command::NoteActivity => format!("note-{caller}"),
                Command::ReceiveDossier => format!("new-{round}-{caller}"),
            },
            number: 0,
        });
        let measured = closed_loop(callers.collect(), plan.cell).await?;
        self.cells[command as usize].add(measured);
        Ok(())
    }
}

pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let mut alone = Province::start("bench-alone").await?;
    for service in [Service::Projection, Service::Scoring, Service::Assessments] {
        alone.all.stop(service).await?;
    }
    let all = Province::start("bench-all").await?;
    let part = Part::begin("Commands over gRPC, 64 in flight", all.stack.folder())?;
    prepare(&alone).await?;
    let answer = prepare(&all).await?;
    all.caught_up().await?;
    alone.stack.pause_nats()?;
    let shutdown = Shutdown::new();
    let url = crate::echo::serve(answer, shutdown.clone()).await?;
    let echo = DossiersServiceClient::new(runtime::channel(&url)?);
    let mut asked = [
        Asked::new(echo, "echo"),
        Asked::new(alone.dossiers.clone(), "dossiers alone"),
        Asked::new(all.dossiers.clone(), "all services"),
    ];
    let mut late = Vec::new();
    for round in 0..plan.rounds {
        for command in [Command::NoteActivity, Command::ReceiveDossier] {
            for asked in &mut asked {
                asked.measure(command, round, plan).await?;
            }
            // Of the last cell, which is that of all services.
            late.push((
                command,
                all.head().await? - all.scored().await?,
                all.caught_up().await?,
            ));
        }
    }
    print(&asked, &late);
    shutdown.cancel();
    alone.stack.resume_nats()?;
    part.end()?;
    alone.end().await?;
    all.end().await
}

/// Receives the dossiers that activities are noted of; gives the answer to such a note.
async fn prepare(province: &Province) -> anyhow::Result<pb::Dossier> {
    let codes = (0..CALLERS)
        .flat_map(|caller| (0..DOSSIERS).map(move |number| format!("note-{caller}-{number}")));
    stream::iter(codes.enumerate())
        .map(|(number, code)| {
            let mut client = province.dossiers.clone();
            async move {
                client
                    .receive_dossier(reception(code, number))
                    .await
                    .map(drop)
            }
        })
        .buffer_unordered(CALLERS)
        .try_for_each(|()| std::future::ready(Ok(())))
        .await
        .context("receiving a dossier")?;
    let request = pb::NoteActivityRequest {
        code: "note-0-0".to_owned(),
        activity: "Thẩm định hồ sơ".to_owned(),
        ..Default::default()
    };
    let answer = province.dossiers.clone().note_activity(request).await;
    Ok(answer.context("noting an activity")?.into_inner())
}

fn print(asked: &[Asked; 3], late: &[(Command, i64, Duration)]) {
    head(&[
        "command, server",
        "commands/s",
        "p50 ms",
        "p99 ms",
        "of an echo",
    ]);
    for command in [Command::NoteActivity, Command::ReceiveDossier] {
        let echo = &asked[0].cells[command as usize];
        for asked in asked {
            let cell = &asked.cells[command as usize];
            let share = format!("**{:.0} %**", 100.0 * cell.ratio(echo));
            let [p50, p99] = quantiles(cell);
            row(&[cell.name.clone(), rate(cell), p50, p99, share]);
        }
    }
    println!(
        "\nStated for a prototype without domain logic, receipts and loading: 70 % of an echo alone, 47 % with relay and \
         projection."
    );
    for (command, behind, took) in late {
        let took = millis(*took);
        println!(
            "- {command:?}, all services: {behind} events not yet scored at the end of the cell, caught up in {took:.0} ms"
        );
    }
}
