//! The minutes of a unit's appraisal: every value with its reason, and what was said on the way.

use contracts::assessments::v1 as pb;

use super::leaves::{self, Place, Value};
use super::read::Paper;
use super::words;
use crate::document::{Cell, Column, Label, Language, Row, Table};

/// Where the sums stand.
const MAX: usize = 3;
const SUMS: [(usize, Value); 4] = [
    (4, Value::Own),
    (5, Value::First),
    (6, Value::Second),
    (8, Value::Last),
];

/// The minutes about a unit.
pub(super) fn table(paper: &Paper, language: Language) -> Table {
    let say = |label: Label| label.in_language(language);
    let columns = vec![
        Column::new(say(words::NUMBER), 8),
        Column::new(say(words::CODE), 12),
        Column::new(say(words::CRITERION), 44),
        Column::new(say(words::MAX), 9),
        Column::new(say(words::SELF), 9),
        Column::within(say(words::APPRAISAL), say(words::FIRST), 9),
        Column::within(say(words::APPRAISAL), say(words::SECOND), 9),
        Column::new(say(words::COUNCIL), 9),
        Column::new(say(words::FINAL), 9),
        Column::new(say(words::REASON), 40),
        Column::new(say(words::NOTES), 40),
        Column::new(say(words::EVIDENCE), 40),
    ];
    let mut rows: Vec<Row> = leaves::tree(paper)
        .iter()
        .map(|place| row(paper, place, language))
        .collect();
    rows.extend(leaves::total(paper, columns.len(), &SUMS, MAX, language));
    Table {
        name: paper.assessment.unit.clone(),
        title: say(words::MINUTES).to_owned(),
        facts: leaves::facts(paper, language),
        columns,
        frozen: 3,
        rows,
        signatures: [words::OF_UNIT, words::OF_TEAM, words::OF_COUNCIL]
            .map(|label| say(label).to_owned())
            .into(),
    }
}

fn row(paper: &Paper, place: &Place<'_>, language: Language) -> Row {
    match place {
        Place::Component(component) => {
            let sum = |value| leaves::component(paper, component.code.as_str(), value);
            let name = language.name(&component.name.vi, &component.name.en);
            let mut cells = vec![
                leaves::number(&component.number, component.code.as_str()),
                Cell::text(component.code.as_str()),
                Cell::text(name),
                leaves::component_max(paper, component),
                sum(Value::Own),
                sum(Value::First),
                sum(Value::Second),
                Cell::text(""),
                sum(Value::Last),
            ];
            cells.extend([Cell::text(""), Cell::text(""), Cell::text("")]);
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
                leaves::decision(leaf.first.as_ref(), language),
                leaves::decision(leaf.second.as_ref(), language),
                leaves::decision(leaf.council.as_ref(), language),
                leaves::mark(leaf.decided.as_ref(), language),
                Cell::text(reasons(leaf, language)),
                Cell::text(said(leaf, language)),
                Cell::text(leaves::evidence_of(leaf, language)),
            ];
            Row {
                cells,
                strong: false,
            }
        }
    }
}

/// Why each value is what it is, and who says so.
fn reasons(leaf: &pb::LeafAssessment, language: Language) -> String {
    let decisions = [
        (words::FIRST, &leaf.first),
        (words::SECOND, &leaf.second),
        (words::COUNCIL, &leaf.council),
    ];
    let own = (!leaf.explanation.is_empty()).then(|| {
        let label = words::SELF.in_language(language);
        format!("{label} ({}): {}", leaf.claimed_by, leaf.explanation)
    });
    let decided = decisions.into_iter().filter_map(|(label, decision)| {
        let decision = decision.as_ref().filter(|it| !it.reason.is_empty())?;
        let label = label.in_language(language);
        Some(format!("{label} ({}): {}", decision.by, decision.reason))
    });
    own.into_iter()
        .chain(decided)
        .chain(leaves::withheld(leaf, language))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Questions, explanations, contests and remarks, with the evidence that came with them.
fn said(leaf: &pb::LeafAssessment, language: Language) -> String {
    let notes = leaf.notes.iter().map(|note| {
        let kind = words::note(note.kind(), language);
        let mut said = format!("{kind} ({}): {}", note.by, note.text);
        if let Some(wanted) = &note.wanted
            && let Cell::Number(wanted) | Cell::Text(wanted) = leaves::mark(Some(wanted), language)
        {
            said.push_str(&format!(" [{wanted}]"));
        }
        if !note.evidence.is_empty() {
            said.push('\n');
            said.push_str(&leaves::evidence(&note.evidence, language));
        }
        said
    });
    notes.collect::<Vec<_>>().join("\n")
}
