//! One unit's weakest item, down to the dossiers and events behind it.

use anyhow::Context as _;
use contracts::dossiers::v1 as dossiers;
use contracts::log::v1::{Event, ReadRequest};
use contracts::projection::v1::{GetUnitIndexRequest, UnitIndex};
use contracts::scoring::v1::{ExplainScoreRequest, ExplainScoreResponse, LeafScore};
use contracts::{json, wire};
use jiff::tz::Offset;
use prost_types::Timestamp;
use rust_decimal::Decimal;

use super::ranking::ranking;
use super::screen::Screen;
use crate::Service;
use crate::{Services, show};

/// Dossiers named for each figure.
const DOSSIERS: i32 = 4;
/// An item that rests on fewer dossiers says little of an office.
const RESTS_ON: i64 = 20;
/// Longest line of an event.
const EVENT_COLUMNS: usize = 112;
/// Local time of Viet Nam.
const OFFSET_SECONDS: i32 = 7 * 3_600;

/// Explains the item that costs one of the last departments most.
pub(super) async fn show(
    services: &Services,
    year: i16,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let ranked = ranking(services, year.to_string(), "department").await?;
    let mut few = None;
    for unit in ranked.iter().rev() {
        let unit = with_leaves(services, unit).await?;
        let Some(explained) = weakest(services, &unit).await? else {
            continue;
        };
        let many = dossiers_behind(&explained) >= RESTS_ON;
        let found = (unit, explained);
        if many {
            return tell_all(services, &found, screen).await;
        }
        few = few.or(Some(found));
    }
    match few {
        Some(found) => tell_all(services, &found, screen).await,
        None => {
            screen.heading("Why · no score of a department rests on a dossier");
            Ok(())
        }
    }
}

async fn tell_all(
    services: &Services,
    (unit, explained): &(UnitIndex, ExplainScoreResponse),
    screen: &mut Screen,
) -> anyhow::Result<()> {
    tell(unit, explained, screen);
    evidence(services, explained, screen).await
}

async fn with_leaves(services: &Services, unit: &UnitIndex) -> anyhow::Result<UnitIndex> {
    let asked = GetUnitIndexRequest {
        index: unit.index.clone(),
        period: unit.period.clone(),
        subject: unit.subject.clone(),
        with_leaves: true,
        ..Default::default()
    };
    let answer = services.projection.clone().get_unit_index(asked).await;
    Ok(answer
        .context("asking for a department's items")?
        .into_inner())
}

/// The explanation of the item that loses the most points among those that many dossiers decide; few, where many decide
/// none.
async fn weakest(
    services: &Services,
    unit: &UnitIndex,
) -> anyhow::Result<Option<ExplainScoreResponse>> {
    let mut leaves: Vec<&LeafScore> = unit
        .leaves
        .iter()
        .filter(|leaf| leaf.reason.is_empty())
        .collect();
    leaves.sort_by_key(|leaf| std::cmp::Reverse(lost(leaf)));
    let mut few = None;
    for leaf in leaves {
        let asked = ExplainScoreRequest {
            index: unit.index.clone(),
            period: unit.period.clone(),
            subject: unit.subject.clone(),
            leaf: leaf.leaf.clone(),
            dossiers: DOSSIERS,
            ..ExplainScoreRequest::default()
        };
        let answer = services.scoring.clone().explain_score(asked).await;
        let explained = answer
            .context("asking why an item has its points")?
            .into_inner();
        match dossiers_behind(&explained) {
            RESTS_ON.. => return Ok(Some(explained)),
            1.. if few.is_none() => few = Some(explained),
            _ => {}
        }
    }
    Ok(few)
}

/// How many dossiers count in the figure that most count in.
fn dossiers_behind(explained: &ExplainScoreResponse) -> i64 {
    let counts = explained.inputs.iter().map(|input| input.dossier_count);
    counts.max().unwrap_or_default()
}

fn lost(leaf: &LeafScore) -> Decimal {
    let number = |text: &str| text.parse::<Decimal>().unwrap_or_default();
    number(&leaf.max) - number(&leaf.points)
}

fn tell(unit: &UnitIndex, explained: &ExplainScoreResponse, screen: &mut Screen) {
    let score = explained.score.clone().unwrap_or_default();
    screen.heading(&format!(
        "Why · {} has {} and rank {} of {}",
        unit.subject_name_vi, unit.total, unit.rank, unit.ranked
    ));
    screen.line(format!(
        "  What it loses most by: {} {} · {} of {}",
        explained.leaf_number, explained.leaf_name_vi, score.points, score.max
    ));
    screen.line(format!("  {}", explained.calculation));
    for input in &explained.inputs {
        let dossiers = match input.dossier_count {
            0 => format!("from {}", input.source),
            1 => "one dossier:".to_owned(),
            count => format!("{} dossiers, among them", show::count(count)),
        };
        screen.line(format!(
            "  {:>8}  {} · {dossiers}",
            input.value, input.label_vi
        ));
        for dossier in &input.dossiers {
            let positions: Vec<String> =
                dossier.positions.iter().map(ToString::to_string).collect();
            screen.line(format!(
                "            {}  received {}  due {}  ended {}  events {}",
                dossier.code,
                day(dossier.received_at.as_ref()),
                day(dossier.due_at.as_ref()),
                day(dossier.ended_at.as_ref()),
                positions.join(", ")
            ));
        }
    }
}

/// The events themselves, as the log of dossiers keeps them.
async fn evidence(
    services: &Services,
    explained: &ExplainScoreResponse,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let dossier = explained
        .inputs
        .iter()
        .flat_map(|input| &input.dossiers)
        .next();
    let Some(dossier) = dossier else {
        return Ok(());
    };
    screen.line(format!(
        "\n  The events behind {}, as the log keeps them:",
        dossier.code
    ));
    for position in &dossier.positions {
        let asked = ReadRequest {
            after: position - 1,
            limit: 1,
        };
        let mut log = services.log(Service::Dossiers);
        let mut pages = log
            .read(asked)
            .await
            .context("reading the log of dossiers")?
            .into_inner();
        let page = pages
            .message()
            .await
            .context("reading the log of dossiers")?;
        for event in page.into_iter().flat_map(|page| page.events) {
            screen.line(format!("  {}", event_line(&event)));
        }
    }
    Ok(())
}

fn event_line(event: &Event) -> String {
    let name = event.r#type.rsplit('.').next().unwrap_or_default();
    let payload = json::to_json(&event.r#type, &event.payload)
        .map_or_else(|error| error.to_string(), |payload| payload.to_string());
    let hash: String = event
        .hash
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let line = format!("{:>7} {hash}… {name} {payload}", event.position);
    match line.char_indices().nth(EVENT_COLUMNS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The local day of a moment, or a dash.
pub(super) fn day(at: Option<&Timestamp>) -> String {
    let offset = Offset::from_seconds(OFFSET_SECONDS).unwrap_or(Offset::UTC);
    let date = at
        .and_then(wire::instant)
        .map(|at| offset.to_datetime(at).date());
    date.map_or_else(|| "–".to_owned(), |date| date.to_string())
}

/// What a dossier's status is called.
pub(super) fn status(of: dossiers::DossierStatus) -> String {
    let name = of.as_str_name().trim_start_matches("DOSSIER_STATUS_");
    name.to_lowercase().replace('_', " ")
}
