//! The results of a campaign, a table for each group of units.

use std::collections::BTreeMap;

use contracts::assessments::v1 as pb;

use super::leaves::{self, Value};
use super::read::Paper;
use super::words;
use crate::document::{Cell, Column, Label, Language, Row, Table};

/// The groups with their units: the approved results, or before that what would follow from what is decided so far.
pub(super) fn tables(papers: &[Paper], language: Language) -> Vec<Table> {
    let mut groups: BTreeMap<&str, Vec<&Paper>> = BTreeMap::new();
    for paper in papers {
        groups
            .entry(&paper.assessment.group)
            .or_default()
            .push(paper);
    }
    let tables = groups.into_iter().filter_map(|(group, mut papers)| {
        papers.sort_by_key(|paper| {
            let rank = outcome(paper).map_or(0, |outcome| outcome.rank);
            (rank == 0, rank, paper.assessment.unit.clone())
        });
        Some(table(group, papers.first()?, &papers, language))
    });
    tables.collect()
}

fn table(group: &str, one: &Paper, papers: &[&Paper], language: Language) -> Table {
    let say = |label: Label| label.in_language(language);
    let components: Vec<_> = one
        .definition
        .components()
        .iter()
        .filter(|component| component.parent.is_none())
        .collect();
    let mut columns = vec![
        Column::new(say(words::RANK), 6),
        Column::new(say(words::CODE), 12),
        Column::new(say(words::UNIT), 36),
    ];
    columns.extend(components.iter().map(|component| {
        let name = language.name(&component.name.vi, &component.name.en);
        Column::within(say(words::COMPONENTS), name, 12)
    }));
    columns.extend([
        Column::new(say(words::SELF), 9),
        Column::within(say(words::APPRAISAL), say(words::FIRST), 9),
        Column::within(say(words::APPRAISAL), say(words::SECOND), 9),
        Column::new(say(words::FINAL), 9),
        Column::new(say(words::MAX), 9),
        Column::new(say(words::PERCENT), 9),
        Column::new(say(words::BAND), 14),
        Column::new(say(words::STATE), 16),
    ]);
    let row = |paper: &&Paper| {
        let codes = components.iter().map(|component| component.code.as_str());
        row(paper, codes, language)
    };
    Table {
        name: words::group(group, language).to_owned(),
        title: say(words::SUMMARY).to_owned(),
        facts: facts(group, one, language),
        columns,
        frozen: 3,
        rows: papers.iter().map(row).collect(),
        signatures: [words::OF_TEAM, words::OF_COUNCIL]
            .map(|label| say(label).to_owned())
            .into(),
    }
}

/// What stands below the headline.
fn facts(group: &str, one: &Paper, language: Language) -> Vec<(String, String)> {
    let Paper {
        campaign,
        definition,
        ..
    } = one;
    let named = definition.name();
    let state = words::state(campaign.phase(), campaign.stage(), language);
    let facts = [
        (
            words::CAMPAIGN,
            format!("{} ({})", campaign.title, campaign.period),
        ),
        (words::GROUP, words::group(group, language).to_owned()),
        (
            words::INDEX,
            format!(
                "{} ({}, {})",
                language.name(&named.vi, &named.en),
                definition.code(),
                definition.edition()
            ),
        ),
        (words::STATE, state.to_owned()),
        (
            words::RECORD,
            format!("{} / {}", campaign.version, campaign.position),
        ),
    ];
    leaves::labelled(facts.into_iter().chain(leaves::as_of(one)), language)
}

fn outcome(paper: &Paper) -> Option<&pb::UnitOutcome> {
    let mut outcomes = paper.campaign.outcomes.iter();
    outcomes.find(|outcome| outcome.unit == paper.assessment.unit)
}

fn row<'a>(paper: &Paper, components: impl Iterator<Item = &'a str>, language: Language) -> Row {
    let of = |value| leaves::by(&paper.preview, value);
    let decided = of(Value::Last);
    // What is approved stands, whatever the sheets say meanwhile.
    let settled = outcome(paper).cloned().unwrap_or(pb::UnitOutcome {
        total: decided.total,
        max: decided.max,
        percent: decided.percent,
        band: decided.band,
        ..pb::UnitOutcome::default()
    });
    let band = paper.definition.band(&settled.band);
    let band = band.map_or("", |band| language.name(&band.name.vi, &band.name.en));
    let assessment = &paper.assessment;
    let mut cells = vec![
        Cell::rank(settled.rank),
        Cell::text(&assessment.unit),
        Cell::text(language.name(&paper.name.0, &paper.name.1)),
    ];
    cells.extend(components.map(|code| leaves::component(paper, code, Value::Last)));
    cells.extend([
        Cell::number(of(Value::Own).total),
        Cell::number(of(Value::First).total),
        Cell::number(of(Value::Second).total),
        Cell::number(settled.total),
        Cell::number(settled.max),
        Cell::number(settled.percent),
        Cell::text(band),
        Cell::text(words::state(
            assessment.phase(),
            assessment.stage(),
            language,
        )),
    ]);
    Row {
        cells,
        strong: false,
    }
}
