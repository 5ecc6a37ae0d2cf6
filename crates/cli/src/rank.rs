//! `chiso rank`: a group's ranking in one period.

mod paper;

use std::collections::BTreeMap;

use clap::Args;
use comfy_table::Cell;
use contracts::projection::v1::{ListRankingsRequest, UnitIndex};

pub use paper::document;

use crate::document::{self as documents, Language, MaybeFiles};
use crate::organised::Organised;
use crate::{Exit, Failure, Service, Services, out, show};

/// The index that everything speaks of when nothing is said.
pub const DEFAULT_INDEX: &str = "service-quality-766";
/// Units asked for at a time: the most that the service gives.
const PAGE: i32 = 1_000;

const EXAMPLES: &str = "\
Examples:
  chiso rank --period 2024
  chiso rank --period 2024-Q1 --group district
  chiso rank --period 2024 --group district --xlsx ranking.xlsx --csv ranking.csv
  chiso rank --period 2025-06 --group commune --organised now
  chiso rank --period 2024-03 --group department --json | jq -r '[.rank, .subject, .total] | @tsv'";

/// Print a group's ranking with components, bands and changes
///
/// ▲ and ▼ compare with the period before: the rank's beside the rank, the points' beside the total. Units without a rank
/// come last, with the reason. With --json: one UnitIndex a line.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    /// Code of the index
    #[arg(long, value_name = "CODE", default_value = DEFAULT_INDEX)]
    index: String,

    /// 2024-03, 2024-Q1 or 2024
    #[arg(long)]
    period: String,

    /// province, department, district, commune or central_agency
    #[arg(long, default_value = "department")]
    group: String,

    /// The units of the period, or those of today with all that the units before them did
    #[arg(long, value_enum, default_value_t)]
    organised: Organised,

    #[command(flatten)]
    files: MaybeFiles,

    /// Language of the labels in files
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
}

/// Prints the ranking.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    let Command {
        index,
        period,
        group,
        organised,
        ..
    } = command;
    let ranking = ranking(services, index, period, group, *organised).await?;
    if let Some(files) = command.files.named() {
        let document = document(services, &ranking, group, command.lang).await?;
        documents::write(&document, &files)?;
    } else if json {
        ranking.iter().for_each(out::message);
    } else if ranking.is_empty() {
        out::note(format_args!(
            "there is nothing to rank: no {group} has the index {index} in {period}"
        ));
    } else {
        out::line(table(&ranking));
    }
    Ok(Exit::Done)
}

/// A group's ranking: ranked units by rank, then the others by code.
///
/// # Errors
/// What projection refuses, or that it does not answer.
pub async fn ranking(
    services: &Services,
    index: &str,
    period: &str,
    group: &str,
    organised: Organised,
) -> Result<Vec<UnitIndex>, Failure> {
    let mut request = ListRankingsRequest {
        index: index.to_owned(),
        period: period.to_owned(),
        group: group.to_owned(),
        organised: organised.number(),
        page_size: PAGE,
        ..ListRankingsRequest::default()
    };
    let mut ranking = Vec::new();
    loop {
        let mut projection = services.projection.clone();
        let list = async move |request| projection.list_rankings(request).await;
        let page = services
            .call(Service::Projection, request.clone(), list)
            .await?;
        ranking.extend(page.indices);
        if page.next_page_token.is_empty() {
            return Ok(ranking);
        }
        request.page_token = page.next_page_token;
    }
}

/// A ranking as a table, with a column for each component of the first level.
pub fn table(ranking: &[UnitIndex]) -> String {
    let components = components(ranking);
    let mut header = vec![
        "#".to_owned(),
        "±".to_owned(),
        "Unit".to_owned(),
        "Name".to_owned(),
    ];
    header.extend(
        components
            .iter()
            .map(|(code, max)| show::of_max(code, " /", max)),
    );
    header.extend(["Total", "±", "Band"].map(str::to_owned));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = show::table(&header);
    for index in ranking {
        let points: BTreeMap<&str, &str> = index
            .components
            .iter()
            .map(|score| (score.component.as_str(), score.points.as_str()))
            .collect();
        let mut row = vec![
            show::figure(if index.rank == 0 {
                String::new()
            } else {
                index.rank.to_string()
            }),
            Cell::new(show::rank_change(index.rank_before, index.rank)),
            Cell::new(&index.subject),
            Cell::new(&index.subject_name_vi),
        ];
        row.extend(components.iter().map(|(code, _)| {
            show::figure(show::or_dash(points.get(code).copied().unwrap_or_default()))
        }));
        row.push(show::figure(if index.total.is_empty() {
            "–"
        } else {
            &index.total
        }));
        row.push(Cell::new(show::change(&index.change)));
        row.push(Cell::new(if index.total.is_empty() {
            &index.reason
        } else {
            &index.band_name_vi
        }));
        table.add_row(row);
    }
    show::rendered(&table)
}

/// The components of the first level with their largest maximum (what does not apply to a unit leaves its own). Numbers
/// as legal texts have them say what lies in what: 1.2 in 1.
fn components(ranking: &[UnitIndex]) -> Vec<(&str, &str)> {
    let mut components: Vec<(&str, &str)> = Vec::new();
    for score in ranking.iter().flat_map(|index| &index.components) {
        let within = |outer: &str| {
            let rest = score.component.strip_prefix(outer);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        if components.iter().any(|(code, _)| within(code)) {
            continue;
        }
        match components
            .iter_mut()
            .find(|(code, _)| *code == score.component)
        {
            None => components.push((&score.component, &score.max)),
            Some((_, max)) if show::decimal(&score.max) > show::decimal(max) => *max = &score.max,
            Some(_) => {}
        }
    }
    components
}

#[cfg(test)]
mod tests {
    use contracts::projection::v1::ComponentScore;

    use super::*;

    fn index(rank: i32, subject: &str, name: &str, total: &str, change: &str) -> UnitIndex {
        let component = |component: &str, points: &str, max: &str| ComponentScore {
            component: component.to_owned(),
            points: points.to_owned(),
            max: max.to_owned(),
        };
        UnitIndex {
            subject: subject.to_owned(),
            subject_name_vi: name.to_owned(),
            total: total.to_owned(),
            components: vec![
                component("G1", "17.50", "18"),
                component("G1.1", "7.50", "8"),
                component("G2", "", "0"),
            ],
            band_name_vi: "Xuất sắc".to_owned(),
            reason: "too few dossiers".to_owned(),
            rank,
            rank_before: 2,
            change: change.to_owned(),
            ..UnitIndex::default()
        }
    }

    #[test]
    fn a_ranking_is_a_table_with_vietnamese_names_in_line() {
        let ranking = [
            index(1, "H40.03", "Sở Giáo dục và Đào tạo", "92.31", "1.20"),
            index(2, "H40.12", "Sở Nông nghiệp", "90.00", "0.00"),
            index(3, "H40.02", "Sở Công Thương", "88.05", "-3.11"),
            index(0, "H40.09", "Sở Ngoại vụ", "", ""),
        ];
        insta::assert_snapshot!(table(&ranking), @r##"
         #   ±     Unit     Name                     G1 /18   G2   Total   ±        Band
        ─────────────────────────────────────────────────────────────────────────────────────────────
         1   ▲ 1   H40.03   Sở Giáo dục và Đào tạo    17.50    –   92.31   ▲ 1.20   Xuất sắc
         2   =     H40.12   Sở Nông nghiệp            17.50    –   90.00   =        Xuất sắc
         3   ▼ 1   H40.02   Sở Công Thương            17.50    –   88.05   ▼ 3.11   Xuất sắc
                   H40.09   Sở Ngoại vụ               17.50    –       –            too few dossiers
        "##);
    }
}
