//! `chiso watch`: indices as they move.

mod live;

use std::time::Duration;

use clap::Args;
use contracts::projection::v1::watch_indices_response::Kind;
use contracts::projection::v1::{IndexChanged, UnitIndex, WatchIndicesRequest};
use tonic::{Code, Status};

use crate::{Exit, Failure, Service, Services, out, show};
use live::{Live, Row};

/// Pause before a lost watch is taken up again.
const PAUSE: Duration = Duration::from_secs(1);
/// The table is redrawn at most so often: faster than anybody reads.
const REDRAW: Duration = Duration::from_millis(100);

const EXAMPLES: &str = "\
Examples:
  chiso watch --period 2024
  chiso watch --index service-quality-766 --period 2024-03 --subject H40.03 --subject H40.05
  chiso watch --changes-only --json | jq 'select(.indexChanged) | .indexChanged.total'";

/// Show indices as they move: a live table on a terminal, a line for each change otherwise
///
/// The watch goes on through restarts of the service without losing a change. With --json: one WatchIndicesResponse a
/// line (`current`, `indexChanged`, `scoreChanged`, `caughtUp`, `fellBehind`, `checkpoint`).
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    /// Only this index [default: every one]
    #[arg(long, value_name = "CODE")]
    index: Option<String>,

    /// Only this period [default: every one]
    #[arg(long)]
    period: Option<String>,

    /// Only this unit (a code of either style) or group (group:department); may be repeated [default: every one]
    #[arg(long, value_name = "SUBJECT")]
    subject: Vec<String>,

    /// Do not begin with the current indices
    #[arg(long)]
    changes_only: bool,
}

/// Where what is seen goes.
enum Screen {
    Json,
    Lines,
    Live(Live),
}

/// Watches until it is ended.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    let mut screen = match (json, out::is_terminal()) {
        (true, _) => Screen::Json,
        (false, true) => Screen::Live(Live::default()),
        (false, false) => Screen::Lines,
    };
    let mut request = WatchIndicesRequest {
        index: command.index.clone().unwrap_or_default(),
        period: command.period.clone().unwrap_or_default(),
        subjects: command.subject.clone(),
        resume_token: String::new(),
        changes_only: command.changes_only,
    };
    let mut connected = false;
    loop {
        let Err(status) = watch(services, &mut request, &mut screen, &mut connected).await else {
            // A watch ends when it gets old, or with the service.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let failure = services.failure(Service::Projection, &status);
        match status.code() {
            Code::OutOfRange if !request.resume_token.is_empty() => {
                screen.note("the log is not the one watched before; starting anew");
                request.resume_token.clear();
            }
            // The first try says whether it is there at all.
            _ if connected && failure.exit == Exit::Unavailable => {
                screen.note("projection is away; going on when it is back");
            }
            _ => return Err(failure),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Watches until the stream ends, keeping the newest token.
async fn watch(
    services: &Services,
    request: &mut WatchIndicesRequest,
    screen: &mut Screen,
    connected: &mut bool,
) -> Result<(), Status> {
    let mut projection = services.projection.clone();
    let mut messages = projection
        .watch_indices(request.clone())
        .await?
        .into_inner();
    *connected = true;
    let mut drawn = true;
    loop {
        let next = tokio::time::timeout(
            if drawn { Duration::MAX } else { REDRAW },
            messages.message(),
        )
        .await;
        let Ok(message) = next else {
            screen.draw();
            drawn = true;
            continue;
        };
        let Some(message) = message? else {
            screen.draw();
            return Ok(());
        };
        if let Screen::Json = screen {
            out::message(&message);
        }
        let Some(kind) = message.kind else { continue };
        match &kind {
            Kind::CaughtUp(it) => request.resume_token.clone_from(&it.resume_token),
            Kind::FellBehind(it) => request.resume_token.clone_from(&it.resume_token),
            Kind::Checkpoint(it) => request.resume_token.clone_from(&it.resume_token),
            _ => {}
        }
        drawn &= !screen.show(&kind);
    }
}

impl Screen {
    /// Takes in what came; whether the table is to be drawn again.
    fn show(&mut self, kind: &Kind) -> bool {
        match self {
            Self::Json => false,
            Self::Lines => {
                match kind {
                    Kind::Current(index) => out::line(current_line(index)),
                    Kind::IndexChanged(change) => out::line(changed_line(change)),
                    Kind::CaughtUp(_) => out::note("what follows is live"),
                    _ => {}
                }
                false
            }
            Self::Live(live) => {
                match kind {
                    Kind::Current(index) => live.put(Row::of_current(index)),
                    Kind::IndexChanged(change) => live.put(Row::of_change(change)),
                    Kind::CaughtUp(_) => live.caught_up(),
                    Kind::Checkpoint(checkpoint) => live.checkpoint(checkpoint),
                    _ => return false,
                }
                true
            }
        }
    }

    /// Says something that is no index.
    fn note(&mut self, note: &str) {
        match self {
            Self::Live(live) => live.note(note),
            Self::Json | Self::Lines => out::note(note),
        }
    }

    fn draw(&mut self) {
        if let Self::Live(live) = self {
            live.draw();
        }
    }
}

fn current_line(index: &UnitIndex) -> String {
    let UnitIndex {
        index: code,
        period,
        subject,
        subject_name_vi,
        ..
    } = index;
    let total = if index.total.is_empty() {
        "–"
    } else {
        &index.total
    };
    format!(
        "{code} {period} {subject} {subject_name_vi}: {total} {} {}",
        rank(index.rank, index.ranked),
        index.band
    )
    .trim_end()
    .to_owned()
}

/// A change of an index as one line.
pub fn changed_line(change: &IndexChanged) -> String {
    let or_dash = |points: &str| {
        if points.is_empty() {
            "–".to_owned()
        } else {
            points.to_owned()
        }
    };
    let mut line = format!(
        "{} {} {} {}: {} → {} {}",
        change.index,
        change.period,
        change.subject,
        change.subject_name_vi,
        or_dash(&change.total_before),
        or_dash(&change.total),
        rank(change.rank, change.ranked),
    );
    let moved = show::rank_change(change.rank_before, change.rank);
    if !matches!(moved.as_str(), "" | "=") {
        line += &format!(" {moved}");
    }
    line + &format!(" {}", change.band)
}

fn rank(rank: i32, ranked: i32) -> String {
    if rank == 0 {
        String::new()
    } else {
        format!("rank {rank}/{ranked}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_one_line() {
        let change = IndexChanged {
            index: "service-quality-766".to_owned(),
            period: "2024-03".to_owned(),
            subject: "H40.03".to_owned(),
            subject_name_vi: "Sở Giáo dục và Đào tạo".to_owned(),
            total_before: "84.10".to_owned(),
            total: "84.32".to_owned(),
            rank: 2,
            rank_before: 3,
            ranked: 18,
            band: "good".to_owned(),
            ..IndexChanged::default()
        };
        assert_eq!(
            changed_line(&change),
            "service-quality-766 2024-03 H40.03 Sở Giáo dục và Đào tạo: 84.10 → 84.32 rank 2/18 ▲ 1 good"
        );
    }
}
