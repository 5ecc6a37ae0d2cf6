//! What is answered: tables and rows beside what the engine makes of them.

use assessment::official::{Beside, Change, Compared, OfficialResults};
use contracts::assessments::v1 as pb;
use index::Definition;
use rust_decimal::Decimal;

use super::wire::{rank, shown};

/// A table as a whole.
pub(super) fn results(
    definition: &Definition,
    state: &OfficialResults,
    compared: &[Compared],
) -> pb::OfficialResults {
    let Some(publication) = state.publication() else {
        return pb::OfficialResults::default();
    };
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let ranked = || compared.iter().filter(|row| row.rank.is_some());
    let totals = ranked().filter_map(|row| row.total.value());
    let figures = compared.iter().flat_map(|row| {
        row.figures
            .iter()
            .map(|(_, figure)| figure)
            .chain([&row.total])
    });
    let differences =
        figures.filter(|figure| figure.difference().is_some_and(|off| !off.is_zero()));
    pb::OfficialResults {
        index: publication.index.to_string(),
        year: publication.year.into(),
        edition: publication.edition.clone(),
        source: publication.source.clone(),
        reason: state.reason().to_owned(),
        rows: count(compared.len()),
        ranked: count(ranked().count()),
        average: shown(definition.average(totals)),
        differences: count(differences.count()),
        version: 0,
        position: 0,
    }
}

/// A row without its figures.
pub(super) fn row(compared: &Compared, interval: Decimal) -> pb::OfficialResult {
    pb::OfficialResult {
        subject: compared.row.subject.clone(),
        name_vi: compared.row.name_vi.clone(),
        name_en: compared.row.name_en.clone(),
        total: Some(figure(
            "",
            compared.total,
            compared.row.standard_error,
            interval,
        )),
        rank_published: rank(compared.row.rank),
        rank_computed: rank(compared.rank),
        band_published: compared.row.band.clone().unwrap_or_default(),
        band_computed: compared.band.clone().unwrap_or_default(),
        reason: compared.reason.clone(),
        ..pb::OfficialResult::default()
    }
}

/// A row with everything.
pub(super) fn whole(
    compared: &Compared,
    changes: &[Change],
    interval: Decimal,
) -> pb::OfficialResult {
    let figures = compared.figures.iter().map(|(code, beside)| {
        let printed = compared.row.figures.get(code);
        let error = printed.and_then(|printed| printed.standard_error);
        figure(code.as_str(), *beside, error, interval)
    });
    let changes = changes.iter().map(|change| pb::DimensionChange {
        code: change.code.to_string(),
        before: change.before.to_string(),
        now: change.now.to_string(),
        change: change.points().to_string(),
    });
    pb::OfficialResult {
        figures: figures.collect(),
        changes: changes.collect(),
        ..row(compared, interval)
    }
}

fn figure(
    code: &str,
    beside: Beside,
    standard_error: Option<Decimal>,
    interval: Decimal,
) -> pb::ComparedFigure {
    let half = standard_error.and_then(|error| error.checked_mul(interval));
    let end = |end: fn(Decimal, Decimal) -> Option<Decimal>| {
        shown(
            beside
                .published
                .zip(half)
                .and_then(|(value, half)| end(value, half)),
        )
    };
    pb::ComparedFigure {
        code: code.to_owned(),
        published: shown(beside.published),
        computed: shown(beside.computed.map(|computed| computed.normalize())),
        difference: shown(beside.difference()),
        low: end(Decimal::checked_sub),
        high: end(Decimal::checked_add),
    }
}
