//! Published results, group by group, beside those of the year before.

use std::collections::BTreeMap;

use comfy_table::{Cell, Table};
use contracts::assessments::v1::{IndexPreview, PublishedResult, PublishedUnit, UnitOutcome};
use index::Definition;

use super::played::Played;
use crate::demo::ranking::STYLE;
use crate::demo::screen::Screen;
use crate::show::{self, figure};

/// Prints the tables; `before` is what was published of the year before.
pub(super) fn show(
    played: &Played,
    before: &PublishedResult,
    now: &PublishedResult,
    screen: &mut Screen,
) {
    let last: BTreeMap<&str, &UnitOutcome> = before
        .units
        .iter()
        .filter_map(|unit| Some((unit.unit.as_str(), unit.outcome.as_ref()?)))
        .collect();
    for set in &played.sets {
        let units = now.units.iter().filter(|unit| unit.group == set.group);
        let mut units: Vec<&PublishedUnit> = units.collect();
        units.sort_by_key(|unit| {
            let rank = unit.outcome.as_ref().map_or(0, |outcome| outcome.rank);
            (rank == 0, rank, unit.unit.clone())
        });
        screen.heading(&format!(
            "{}, {} · as published by {} · last columns: the index and the rank against {}",
            match set.group {
                "department" => "Departments",
                _ => "Districts",
            },
            now.period,
            now.document,
            before.period
        ));
        let table = table(played, &set.definition, &units, &last);
        screen.line(show::rendered(&table));
    }
}

fn table(
    played: &Played,
    definition: &Definition,
    units: &[&PublishedUnit],
    last: &BTreeMap<&str, &UnitOutcome>,
) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(vec![
        figure("#"),
        Cell::new("Unit"),
        figure("Self"),
        figure("First"),
        figure("Second"),
        figure("Final"),
        figure("Of"),
        figure("Index"),
        Cell::new("Band"),
        figure("± index"),
        figure("± rank"),
    ]);
    for unit in units {
        let outcome = unit.outcome.clone().unwrap_or_default();
        let rank = match outcome.rank {
            0 => "–".to_owned(),
            rank => rank.to_string(),
        };
        let band = definition.band(&outcome.band);
        let before = last.get(unit.unit.as_str());
        let total = |of: &Option<IndexPreview>| {
            let total = of.as_ref().map_or("", |of| of.total.as_str());
            figure(show::or_dash(total))
        };
        table.add_row(vec![
            figure(rank),
            Cell::new(played.name(&unit.unit)),
            total(&unit.claimed),
            total(&unit.first),
            total(&unit.second),
            figure(show::or_dash(&outcome.total)),
            figure(most(&outcome)),
            figure(show::or_dash(&outcome.percent)),
            Cell::new(band.map_or("", |band| band.name.vi.as_str())),
            figure(before.map_or_else(String::new, |before| change(before, &outcome))),
            figure(before.map_or_else(String::new, |before| {
                show::rank_change(before.rank, outcome.rank)
            })),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((1, 0));
    }
    table
}

/// The most points that were possible, as short as can be.
fn most(outcome: &UnitOutcome) -> String {
    show::decimal(&outcome.max).map_or_else(String::new, |max| max.normalize().to_string())
}

/// The change of an index in points of a hundred.
fn change(before: &UnitOutcome, now: &UnitOutcome) -> String {
    let index = |of: &UnitOutcome| show::decimal(&of.percent);
    match (index(before), index(now)) {
        (Some(before), Some(now)) => show::change(&(now - before).to_string()),
        _ => String::new(),
    }
}
