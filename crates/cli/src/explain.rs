//! `chiso explain`: why an index is what it is, down to the events.

mod text;

use clap::Args;
use contracts::log::v1::{Event, ReadStreamRequest};
use contracts::projection::v1::{GetUnitIndexRequest, UnitIndex};
use contracts::scoring::v1::{
    ExplainScoreRequest, ExplainScoreResponse, ExplainedDossier, GetScoresRequest,
    GetScoresResponse, LeafScore,
};
use tonic::Request;

pub use text::{index_text, score_text};

use crate::organised::Organised;
use crate::rank::DEFAULT_INDEX;
use crate::{Exit, Failure, Service, Services, log, out, show};

/// Dossiers named for each figure when nothing is said: what fits a screen.
const DOSSIERS: i32 = 5;
/// Dossiers whose events are shown when nothing is said.
const HISTORIES: u8 = 1;

const EXAMPLES: &str = "\
Examples:
  chiso explain H40.03 --period 2024-Q1
  chiso explain H40.03 PROGRESS_ON_TIME --period 2024-Q1
  chiso explain H40.03 service-quality-766 PROGRESS_ON_TIME --period 2024 --dossiers 20 --events 3
  chiso explain group:district --period 2024
  chiso explain H40.31 PROGRESS_ON_TIME --period 2025-06 --organised now";

/// Say why a unit's index is what it is: by leaf, and of a leaf down to the events
///
/// Without LEAF: total, components and all leaves, the weakest marked. With LEAF: its rule, the calculation, the figures
/// and the dossiers behind them, and what happened to some of those. With --json: the answers of the services.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, override_usage = "chiso explain [OPTIONS] --period <PERIOD> <UNIT> [INDEX] [LEAF]")]
pub struct Command {
    /// A unit's code (either style), or group:department
    #[arg(value_name = "UNIT")]
    subject: String,

    /// Index and leaf; one of both may be left out: codes of indices have small letters [default index:
    /// service-quality-766]
    #[arg(value_name = "INDEX] [LEAF", num_args = 0..=2)]
    what: Vec<String>,

    /// 2024-03, 2024-Q1 or 2024
    #[arg(long)]
    period: String,

    /// The unit as it was in the period, or as it is today with all that the units before it did
    #[arg(long, value_enum, default_value_t)]
    organised: Organised,

    /// Dossiers named for each figure, at most 200
    #[arg(long, default_value_t = DOSSIERS, value_parser = clap::value_parser!(i32).range(1..=200))]
    dossiers: i32,

    /// Dossiers whose events are shown
    #[arg(long, value_name = "DOSSIERS", default_value_t = HISTORIES, value_parser = clap::value_parser!(u8).range(0..=200))]
    events: u8,
}

impl Command {
    /// Index and leaf. A single word is an index when it is written like one and a leaf otherwise.
    fn what(&self) -> (&str, Option<&str>) {
        let index = |word: &str| {
            word.contains('-')
                && word
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        match self.what.as_slice() {
            [first, leaf] => (first, Some(leaf)),
            [word] if index(word) => (word, None),
            [leaf] => (DEFAULT_INDEX, Some(leaf)),
            _ => (DEFAULT_INDEX, None),
        }
    }
}

/// Explains.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    let (index, leaf) = command.what();
    let Some(leaf) = leaf else {
        let mut found = unit_index(services, command, index).await?;
        let scores = scores(services, command, index).await?;
        take_figures(&mut found, scores);
        if json {
            out::message(&found);
        } else {
            out::line(index_text(&found));
        }
        return Ok(Exit::Done);
    };
    let explained = score(services, command, index, leaf).await?;
    if json {
        out::message(&explained);
    } else {
        out::line(score_text(&explained));
    }
    for dossier in behind(&explained)
        .into_iter()
        .take(usize::from(command.events))
    {
        if !json {
            out::line(format_args!("\nWhat happened to {}:", dossier.code));
        }
        for event in history(services, &dossier.code).await? {
            out::line(log::event_json(&event)?);
        }
    }
    Ok(Exit::Done)
}

/// A subject's index in a period, with all leaves.
///
/// # Errors
/// What projection refuses, or that it does not answer.
async fn unit_index(
    services: &Services,
    command: &Command,
    index: &str,
) -> Result<UnitIndex, Failure> {
    let request = GetUnitIndexRequest {
        index: index.to_owned(),
        period: command.period.clone(),
        subject: command.subject.clone(),
        organised: command.organised.number(),
        with_leaves: true,
        ..GetUnitIndexRequest::default()
    };
    let mut projection = services.projection.clone();
    services
        .call(Service::Projection, request, async move |request| {
            projection.get_unit_index(request).await
        })
        .await
}

/// The points of all leaves with the figures that they follow from now.
///
/// # Errors
/// What scoring refuses, or that it does not answer.
async fn scores(
    services: &Services,
    command: &Command,
    index: &str,
) -> Result<GetScoresResponse, Failure> {
    let request = GetScoresRequest {
        index: index.to_owned(),
        period: command.period.clone(),
        subject: command.subject.clone(),
        organised: command.organised.number(),
        ..GetScoresRequest::default()
    };
    let mut scoring = services.scoring.clone();
    services
        .call(Service::Scoring, request, async move |request| {
            scoring.get_scores(request).await
        })
        .await
}

/// Puts exact figures beside the points. Projection hears of a leaf when its points change, and figures move in between.
/// Where the points moved just now as well, what projection shows keeps the figures that it follows from.
fn take_figures(index: &mut UnitIndex, scores: GetScoresResponse) {
    if scores.edition != index.edition {
        return;
    }
    let of_subject = scores
        .subjects
        .into_iter()
        .find(|of| of.subject == index.subject);
    let exact = of_subject.map(|of| of.leaves).unwrap_or_default();
    for leaf in &mut index.leaves {
        let now = exact.iter().find(|now| now.leaf == leaf.leaf);
        if let Some(now) = now.filter(|now| now.points == leaf.points) {
            leaf.clone_from(now);
        }
    }
}

/// Why a leaf has its points, with as many dossiers for each figure as the command says.
///
/// # Errors
/// What scoring refuses, or that it does not answer.
async fn score(
    services: &Services,
    command: &Command,
    index: &str,
    leaf: &str,
) -> Result<ExplainScoreResponse, Failure> {
    let request = ExplainScoreRequest {
        index: index.to_owned(),
        period: command.period.clone(),
        subject: command.subject.clone(),
        leaf: leaf.to_owned(),
        dossiers: command.dossiers,
        organised: command.organised.number(),
        at_least: None,
    };
    let mut scoring = services.scoring.clone();
    services
        .call(Service::Scoring, request, async move |request| {
            scoring.explain_score(request).await
        })
        .await
}

/// Everything that happened to a dossier, oldest first.
///
/// # Errors
/// That dossiers does not answer.
pub async fn history(services: &Services, code: &str) -> Result<Vec<Event>, Failure> {
    let failure = |status| services.failure(Service::Dossiers, &status);
    let mut request = Request::new(ReadStreamRequest {
        stream: format!("dossier-{code}"),
        after_version: 0,
    });
    request.set_timeout(services.timeout);
    let mut pages = services
        .log(Service::Dossiers)
        .read_stream(request)
        .await
        .map_err(failure)?
        .into_inner();
    let mut events = Vec::new();
    while let Some(page) = pages.message().await.map_err(failure)? {
        events.extend(page.events);
    }
    Ok(events)
}

/// The leaf that loses the largest share of its points; of several, the one with the most points to lose. Leaves without
/// a score do not count.
pub fn weakest(leaves: &[LeafScore]) -> Option<&LeafScore> {
    let scored = leaves.iter().filter_map(|leaf| {
        let (points, max) = (show::decimal(&leaf.points)?, show::decimal(&leaf.max)?);
        Some((points.checked_div(max)?, -max, leaf))
    });
    scored
        .min_by_key(|(share, max, leaf)| (*share, *max, leaf.leaf.clone()))
        .map(|(.., leaf)| leaf)
}

/// The dossiers behind all figures, each once, the ones with the most influence first.
pub fn behind(explained: &ExplainScoreResponse) -> Vec<&ExplainedDossier> {
    let mut found: Vec<&ExplainedDossier> = Vec::new();
    for dossier in explained.inputs.iter().flat_map(|input| &input.dossiers) {
        if !found.iter().any(|known| known.code == dossier.code) {
            found.push(dossier);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use contracts::scoring::v1::{Input, SubjectScores};

    use super::*;

    pub(super) fn leaf(leaf: &str, points: &str, max: &str) -> LeafScore {
        LeafScore {
            leaf: leaf.to_owned(),
            points: points.to_owned(),
            max: max.to_owned(),
            reason: if points.is_empty() {
                "no dossiers".to_owned()
            } else {
                String::new()
            },
            inputs: vec![Input {
                name: "handled".to_owned(),
                value: "240".to_owned(),
                ..Input::default()
            }],
        }
    }

    #[test]
    fn the_weakest_leaf_loses_the_largest_share() {
        let leaves = [
            leaf("A", "5.00", "6"),
            leaf("B", "0", "4"),
            leaf("C", "0.00", "12"),
            leaf("D", "", "20"),
        ];
        assert_eq!(weakest(&leaves).map(|leaf| leaf.leaf.as_str()), Some("C"));
        assert_eq!(weakest(&leaves[3..]), None);
    }

    #[test]
    fn figures_are_those_of_now_unless_the_points_have_moved_on() {
        let with = |name: &str, points: &str, handled: &str| LeafScore {
            inputs: vec![Input {
                value: handled.to_owned(),
                ..leaf(name, points, "6").inputs[0].clone()
            }],
            ..leaf(name, points, "6")
        };
        let index = || UnitIndex {
            subject: "H40.03".to_owned(),
            edition: "2024".to_owned(),
            leaves: vec![with("A", "5.00", "240"), with("B", "4.00", "240")],
            ..UnitIndex::default()
        };
        let scores = |edition: &str| GetScoresResponse {
            edition: edition.to_owned(),
            subjects: vec![SubjectScores {
                subject: "H40.03".to_owned(),
                leaves: vec![with("A", "5.00", "241"), with("B", "4.01", "241")],
                ..SubjectScores::default()
            }],
            ..GetScoresResponse::default()
        };
        let handled = |index: &UnitIndex| -> Vec<String> {
            let leaves = index.leaves.iter();
            leaves.map(|leaf| leaf.inputs[0].value.clone()).collect()
        };
        let mut found = index();
        take_figures(&mut found, scores("2024"));
        assert_eq!(handled(&found), ["241", "240"]);
        let mut found = index();
        take_figures(&mut found, scores("2025"));
        assert_eq!(found, index());
    }

    #[test]
    fn index_and_leaf_are_told_apart() {
        let command = |what: &[&str]| Command {
            subject: "H40.03".to_owned(),
            what: what.iter().map(|word| (*word).to_owned()).collect(),
            period: "2024".to_owned(),
            organised: Organised::Then,
            dossiers: 1,
            events: 0,
        };
        assert_eq!(command(&[]).what(), (DEFAULT_INDEX, None));
        assert_eq!(command(&["par-2024"]).what(), ("par-2024", None));
        assert_eq!(
            command(&["PROGRESS_ON_TIME"]).what(),
            (DEFAULT_INDEX, Some("PROGRESS_ON_TIME"))
        );
        assert_eq!(
            command(&["par-2024", "2.1"]).what(),
            ("par-2024", Some("2.1"))
        );
    }
}
