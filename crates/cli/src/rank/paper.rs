//! A ranking as a document.

use std::collections::BTreeMap;

use contracts::projection::v1::UnitIndex;
use index::Definition;

use super::components;
use crate::campaign::{definition, words};
use crate::document::{Cell, Column, Document, Label, Language, Row, Table};
use crate::{Exit, Failure, Services};

const TITLE: Label = Label::new("BẢNG XẾP HẠNG", "RANKING");
const PERIOD: Label = Label::new("Kỳ", "Period");
const BEFORE: Label = Label::new("Hạng kỳ trước", "Rank before");
const CHANGE: Label = Label::new("Tăng, giảm điểm", "Change");
const NO_TOTAL: Label = Label::new("Lý do không có điểm", "Why there is no total");

/// A ranking, with the names that its definition gives to components.
///
/// # Errors
/// When nobody is in the ranking, what assessments refuses, or that it does not answer.
pub async fn document(
    services: &Services,
    ranking: &[UnitIndex],
    group: &str,
    language: Language,
) -> Result<Document, Failure> {
    let Some(one) = ranking.first() else {
        let why = "there is nothing to rank; see `chiso rank` for the indices and periods";
        return Err(Failure::new(Exit::Failed, why));
    };
    let definition = definition(services, &one.index, &one.edition).await?;
    Ok(Document {
        key: words::INDEX.in_language(language).to_owned(),
        tables: vec![table(one, ranking, group, &definition, language)],
    })
}

fn table(
    one: &UnitIndex,
    ranking: &[UnitIndex],
    group: &str,
    definition: &Definition,
    language: Language,
) -> Table {
    let say = |label: Label| label.in_language(language);
    let components = components(ranking);
    let mut columns = vec![
        Column::new(say(words::RANK), 6),
        Column::new(say(BEFORE), 8),
        Column::new(say(words::CODE), 12),
        Column::new(say(words::UNIT), 36),
    ];
    columns.extend(components.iter().map(|(code, _)| {
        let mut known = definition.components().iter();
        let known = known.find(|component| component.code.as_str() == *code);
        let name = known.map_or(*code, |it| language.name(&it.name.vi, &it.name.en));
        Column::within(say(words::COMPONENTS), name, 12)
    }));
    columns.extend([
        Column::new(say(words::TOTAL), 9),
        Column::new(say(words::MAX), 9),
        Column::new(say(CHANGE), 9),
        Column::new(say(words::BAND), 14),
        Column::new(say(NO_TOTAL), 24),
    ]);
    let named = definition.name();
    let index = format!(
        "{} ({}, {})",
        language.name(&named.vi, &named.en),
        one.index,
        one.edition
    );
    Table {
        name: one.index.clone(),
        title: say(TITLE).to_owned(),
        facts: [
            (words::INDEX, index),
            (PERIOD, one.period.clone()),
            (words::GROUP, words::group(group, language).to_owned()),
            (words::RECORD, one.position.to_string()),
        ]
        .map(|(label, value)| (say(label).to_owned(), value))
        .into(),
        columns,
        frozen: 4,
        rows: ranking
            .iter()
            .map(|index| row(index, &components, language))
            .collect(),
        signatures: Vec::new(),
    }
}

fn row(index: &UnitIndex, components: &[(&str, &str)], language: Language) -> Row {
    let points: BTreeMap<&str, &str> = index
        .components
        .iter()
        .map(|score| (score.component.as_str(), score.points.as_str()))
        .collect();
    let mut cells = vec![
        Cell::rank(index.rank),
        Cell::rank(index.rank_before),
        Cell::text(&index.subject),
        Cell::text(language.name(&index.subject_name_vi, &index.subject_name_en)),
    ];
    let of = |(code, _): &(&str, &str)| Cell::number(points.get(code).copied().unwrap_or_default());
    cells.extend(components.iter().map(of));
    cells.extend([
        Cell::number(&index.total),
        Cell::number(&index.max),
        Cell::number(&index.change),
        Cell::text(language.name(&index.band_name_vi, &index.band_name_en)),
        Cell::text(&index.reason),
    ]);
    Row {
        cells,
        strong: false,
    }
}
