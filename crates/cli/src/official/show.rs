//! Official results as people read them.

use comfy_table::Cell;
use contracts::assessments::v1::{ComparedFigure, OfficialResult, OfficialResults};

use crate::show;

/// One line about a table.
pub(super) fn summary(results: &OfficialResults) -> String {
    let OfficialResults {
        index,
        year,
        edition,
        rows,
        ranked,
        differences,
        average,
        ..
    } = results;
    format!(
        "{index} {year} (edition {edition}): {rows} rows, {ranked} ranked, average {}; {differences} figures differ from \
         what was printed",
        show::or_dash(average)
    )
}

/// A whole table.
pub(super) fn table(results: &OfficialResults, rows: &[OfficialResult]) -> String {
    let mut table = show::table(&[
        "#",
        "As published",
        "Subject",
        "Name",
        "Published",
        "Computed",
        "±",
        "Band",
        "",
    ]);
    for row in rows {
        let total = row.total.clone().unwrap_or_default();
        table.add_row(vec![
            show::figure(rank(row.rank_computed)),
            show::figure(rank(row.rank_published)),
            Cell::new(&row.subject),
            Cell::new(&row.name_vi),
            show::figure(show::or_dash(&total.published)),
            show::figure(show::or_dash(&total.computed)),
            Cell::new(show::change(&total.difference)),
            Cell::new(&row.band_computed),
            Cell::new(&row.reason),
        ]);
    }
    format!("{}\n{}", show::rendered(&table), summary(results))
}

/// One row with its figures and changes.
pub(super) fn row(row: &OfficialResult) -> String {
    let total = row.total.clone().unwrap_or_default();
    let mut table = show::table(&["Code", "Published", "Computed", "±", "Interval"]);
    for figure in [&total].into_iter().chain(&row.figures) {
        let code = if figure.code.is_empty() {
            "total"
        } else {
            &figure.code
        };
        table.add_row(vec![
            Cell::new(code),
            show::figure(show::or_dash(&figure.published)),
            show::figure(show::or_dash(&figure.computed)),
            Cell::new(show::change(&figure.difference)),
            Cell::new(interval(figure)),
        ]);
    }
    let mut said = format!(
        "{} {}: rank {} as computed, {} as published, {}\n{}",
        row.subject,
        row.name_vi,
        show::or_dash(&rank(row.rank_computed)),
        show::or_dash(&rank(row.rank_published)),
        if row.reason.is_empty() {
            &row.band_computed
        } else {
            &row.reason
        },
        show::rendered(&table)
    );
    if !row.changes.is_empty() {
        let mut table = show::table(&["Code", "Year before", "This year", "±"]);
        for change in &row.changes {
            table.add_row(vec![
                Cell::new(&change.code),
                show::figure(&change.before),
                show::figure(&change.now),
                Cell::new(show::change(&change.change)),
            ]);
        }
        said.push_str("\n\n");
        said.push_str(&show::rendered(&table));
    }
    said
}

fn rank(rank: i32) -> String {
    if rank == 0 {
        String::new()
    } else {
        rank.to_string()
    }
}

fn interval(figure: &ComparedFigure) -> String {
    if figure.low.is_empty() {
        String::new()
    } else {
        format!("{}..{}", figure.low, figure.high)
    }
}
