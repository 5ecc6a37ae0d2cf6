//! The province in a survey of the whole country: its official results of two years, and how they moved.

use anyhow::{Context as _, ensure};
use comfy_table::{Cell, Table};
use contracts::assessments::v1 as pb;

use super::ranking::STYLE;
use super::screen::Screen;
use crate::Services;
use crate::campaign::definition;
use crate::official;
use crate::show::{self, figure};

/// Its structure; no published table comes with it.
const STRUCTURE: &str = include_str!("../../../../deploy/catalog/indices/papi.yaml");
const INDEX: &str = "papi";
/// The province in these tables.
const SUBJECT: &str = "36";
const NAME: &str = "Nam Định";

/// What was published of Nam Định in a year.
struct Published {
    year: i32,
    /// The eight dimensions, in their order.
    dimensions: [&'static str; 8],
    total: &'static str,
    rank: i32,
}

/// The last two years of the province: PAPI 2023 and 2024, of 61 ranked provinces each.
const PUBLISHED: [Published; 2] = [
    Published {
        year: 2023,
        dimensions: [
            "5.4363", "5.2143", "4.2632", "6.5661", "7.1895", "7.8585", "3.3198", "3.3304",
        ],
        total: "43.1782",
        rank: 23,
    },
    Published {
        year: 2024,
        dimensions: [
            "5.6148", "5.4211", "4.2580", "6.9281", "7.3346", "7.8411", "3.5677", "3.3921",
        ],
        total: "44.35",
        rank: 20,
    },
];
/// How many provinces had a rank.
const RANKED: u32 = 61;

impl Published {
    fn request(&self) -> pb::ImportOfficialResultsRequest {
        let figures = (1..)
            .zip(self.dimensions)
            .map(|(number, value)| pb::PublishedFigure {
                code: format!("D{number}"),
                value: value.to_owned(),
                standard_error: String::new(),
            });
        let row = pb::PublishedRow {
            subject: SUBJECT.to_owned(),
            name_vi: NAME.to_owned(),
            total: self.total.to_owned(),
            rank: self.rank,
            figures: figures.collect(),
            ..Default::default()
        };
        pb::ImportOfficialResultsRequest {
            index: INDEX.to_owned(),
            year: self.year,
            source: format!("PAPI {}, published figures of the province", self.year),
            rows: vec![row],
            ..Default::default()
        }
    }
}

/// Takes in both years and shows what changed. None of it is made up.
pub(super) async fn show(services: &Services, screen: &mut Screen) -> anyhow::Result<()> {
    let request = pb::PutDefinitionInForceRequest {
        document: STRUCTURE.to_owned(),
        ..Default::default()
    };
    let mut assessments = services.assessments.clone();
    let forced = assessments.put_definition_in_force(request).await;
    let forced = forced
        .context("putting the structure of PAPI in force")?
        .into_inner();
    for published in &PUBLISHED {
        official::import(services, published.request()).await?;
    }
    let [before, now] = &PUBLISHED;
    let structure = definition(services, INDEX, &forced.edition).await?;
    let first = official::result(services, INDEX, before.year, SUBJECT).await?;
    let second = official::result(services, INDEX, now.year, SUBJECT).await?;
    ensure!(
        !second.changes.is_empty(),
        "the changes of PAPI are not known"
    );
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(vec![
        Cell::new(""),
        Cell::new("Dimension"),
        figure(before.year.to_string()),
        figure(now.year.to_string()),
        figure("±"),
    ]);
    for change in &second.changes {
        let component = structure
            .components()
            .iter()
            .find(|it| it.code.as_str() == change.code);
        table.add_row(vec![
            Cell::new(&change.code),
            Cell::new(component.map_or("", |it| it.name.vi.as_str())),
            figure(&change.before),
            figure(&change.now),
            figure(show::change(&change.change)),
        ]);
    }
    for row in totals(&first, &second) {
        table.add_row(row);
    }
    let risen = second.changes.iter().filter(|change| rises(change)).count();
    screen.heading(&format!(
        "PAPI · {NAME} {} and {}, as published (nothing here is made up): {risen} of {} dimensions rise",
        before.year,
        now.year,
        second.changes.len()
    ));
    screen.line(show::rendered(&table));
    Ok(())
}

fn rises(change: &pb::DimensionChange) -> bool {
    show::decimal(&change.change)
        .is_some_and(|change| change.is_sign_positive() && !change.is_zero())
}

/// The last rows: the totals that were printed, what the dimensions add up to, and ranks as published.
fn totals(before: &pb::OfficialResult, now: &pb::OfficialResult) -> [Vec<Cell>; 3] {
    let total = |of: &pb::OfficialResult| of.total.clone().unwrap_or_default();
    let (first, second) = (total(before), total(now));
    let rank = |of: &pb::OfficialResult| format!("{} of {RANKED}", of.rank_published);
    let rise = show::rank_change(before.rank_published, now.rank_published);
    let row = |name: &str, before: String, now: String, change: String| {
        let figures = [before, now, change].map(figure);
        [Cell::new(""), Cell::new(name)]
            .into_iter()
            .chain(figures)
            .collect()
    };
    let sums = |name: &str, before: &str, now: &str| {
        let change = match (show::decimal(before), show::decimal(now)) {
            (Some(before), Some(now)) => show::change(&(now - before).to_string()),
            _ => String::new(),
        };
        row(name, before.to_owned(), now.to_owned(), change)
    };
    [
        sums("Total, as printed", &first.published, &second.published),
        sums("Total, added up", &first.computed, &second.computed),
        row("Rank, as published", rank(before), rank(now), rise),
    ]
}
