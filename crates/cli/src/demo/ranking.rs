//! The rankings of the year.

use anyhow::Context as _;
use comfy_table::{Cell, LineStyle, Table, TableStyle};
use contracts::projection::v1::{GetUnitIndexRequest, ListRankingsRequest, UnitIndex};

use super::INDEX;
use super::screen::Screen;
use crate::Services;
use crate::show::{self, figure};

/// More than a group has.
const PAGE: i32 = 200;
/// A line under the header, and nothing else: the tables are long.
pub(super) const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// Code of the province.
const PROVINCE: &str = "H40";

/// Departments, districts, and the province as a whole.
pub(super) async fn show(
    services: &Services,
    year: i16,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    for (group, name) in [("department", "Departments"), ("district", "Districts")] {
        let ranked = ranking(services, year.to_string(), group).await?;
        let last = ranking(services, format!("{year}-Q4"), group).await?;
        screen.heading(&format!(
            "{name}, {year} · {INDEX} · last columns: the fourth quarter and its change on the third"
        ));
        screen.line(show::rendered(&table(&ranked, &last)));
    }
    let asked = GetUnitIndexRequest {
        index: INDEX.to_owned(),
        period: year.to_string(),
        subject: PROVINCE.to_owned(),
        ..Default::default()
    };
    let answer = services.projection.clone().get_unit_index(asked).await;
    let province = answer
        .context("asking for the province's index")?
        .into_inner();
    screen.line(format!(
        "\n{}: {} of {} ({}), over every dossier of the province",
        province.subject_name_vi, province.total, province.max, province.band_name_vi
    ));
    Ok(())
}

/// A group's ranking of a period.
pub(super) async fn ranking(
    services: &Services,
    period: String,
    group: &str,
) -> anyhow::Result<Vec<UnitIndex>> {
    let asked = ListRankingsRequest {
        index: INDEX.to_owned(),
        period,
        group: group.to_owned(),
        page_size: PAGE,
        ..Default::default()
    };
    let answer = services.projection.clone().list_rankings(asked).await;
    Ok(answer
        .with_context(|| format!("asking for the ranking of {group}"))?
        .into_inner()
        .indices)
}

fn table(ranked: &[UnitIndex], last: &[UnitIndex]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    let components = ranked
        .first()
        .map(|unit| unit.components.as_slice())
        .unwrap_or_default();
    let mut header = vec![figure("#"), Cell::new("Unit")];
    header.extend(
        components
            .iter()
            .map(|of| figure(format!("{}\n/{}", of.component, of.max))),
    );
    header.extend([
        figure("Total"),
        Cell::new("Band"),
        figure("Q4"),
        figure("± Q3"),
    ]);
    table.set_header(header);
    for unit in ranked {
        let quarter = last.iter().find(|quarter| quarter.subject == unit.subject);
        let rank = if unit.rank > 0 {
            unit.rank.to_string()
        } else {
            "–".to_owned()
        };
        let mut row = vec![figure(rank), Cell::new(&unit.subject_name_vi)];
        row.extend(unit.components.iter().map(|of| figure(&of.points)));
        row.extend([
            figure(&unit.total),
            Cell::new(&unit.band_name_vi),
            figure(quarter.map_or("", |quarter| &quarter.total)),
            figure(show::change(quarter.map_or("", |quarter| &quarter.change))),
        ]);
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        // As narrow as a terminal of 120 columns asks for.
        column.set_padding((1, 0));
    }
    table
}
