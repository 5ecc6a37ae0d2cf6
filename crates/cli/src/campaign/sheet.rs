//! A unit's self-assessment sheet.

use super::leaves::{self, Place, Value};
use super::read::Paper;
use super::words;
use crate::document::{Cell, Column, Language, Row, Table};

/// Where the sums stand.
const MAX: usize = 3;
const SUMS: [(usize, Value); 4] = [
    (4, Value::Own),
    (6, Value::First),
    (7, Value::Second),
    (8, Value::Last),
];

/// The sheet of a unit.
pub(super) fn table(paper: &Paper, language: Language) -> Table {
    let say = |label: crate::document::Label| label.in_language(language);
    let columns = vec![
        Column::new(say(words::NUMBER), 8),
        Column::new(say(words::CODE), 12),
        Column::new(say(words::CRITERION), 44),
        Column::new(say(words::MAX), 9),
        Column::new(say(words::SELF), 9),
        Column::new(say(words::MEASURED), 10),
        Column::within(say(words::APPRAISAL), say(words::FIRST), 9),
        Column::within(say(words::APPRAISAL), say(words::SECOND), 9),
        Column::new(say(words::FINAL), 9),
        Column::new(say(words::FIGURES), 28),
        Column::new(say(words::REASON), 36),
        Column::new(say(words::EVIDENCE), 44),
    ];
    let mut rows: Vec<Row> = leaves::tree(paper)
        .iter()
        .map(|place| row(paper, place, language))
        .collect();
    rows.extend(leaves::total(paper, columns.len(), &SUMS, MAX, language));
    Table {
        name: paper.assessment.unit.clone(),
        title: say(words::SHEET).to_owned(),
        facts: leaves::facts(paper, language),
        columns,
        frozen: 3,
        rows,
        signatures: [words::COMPILER, words::HEAD]
            .map(|label| say(label).to_owned())
            .into(),
    }
}

fn row(paper: &Paper, place: &Place<'_>, language: Language) -> Row {
    match place {
        Place::Component(component) => {
            let sum = |value| leaves::component(paper, component.code.as_str(), value);
            let name = language.name(&component.name.vi, &component.name.en);
            let cells = vec![
                leaves::number(&component.number, component.code.as_str()),
                Cell::text(component.code.as_str()),
                Cell::text(name),
                leaves::component_max(paper, component),
                sum(Value::Own),
                Cell::text(""),
                sum(Value::First),
                sum(Value::Second),
                sum(Value::Last),
                Cell::text(""),
                Cell::text(""),
                Cell::text(""),
            ];
            Row {
                cells,
                strong: true,
            }
        }
        Place::Leaf(leaf) => {
            let cells = vec![
                leaves::number(&leaf.number, &leaf.leaf),
                Cell::text(&leaf.leaf),
                Cell::text(language.name(&leaf.name_vi, &leaf.name_en)),
                Cell::number(&leaf.max),
                leaves::mark(leaf.claimed.as_ref(), language),
                leaves::mark(leaf.measured.as_ref(), language),
                leaves::decision(leaf.first.as_ref(), language),
                leaves::decision(leaf.second.as_ref(), language),
                leaves::mark(leaf.decided.as_ref(), language),
                Cell::text(leaves::figures(&leaf.figures, paper, language)),
                Cell::text(reason(leaf, language)),
                Cell::text(leaves::evidence_of(leaf, language)),
            ];
            Row {
                cells,
                strong: false,
            }
        }
    }
}

/// What the unit explains, and why a survey leaf has no points.
fn reason(leaf: &contracts::assessments::v1::LeafAssessment, language: Language) -> String {
    let explained = (!leaf.explanation.is_empty()).then(|| leaf.explanation.clone());
    let told = explained
        .into_iter()
        .chain(leaves::withheld(leaf, language));
    told.collect::<Vec<_>>().join("\n")
}
