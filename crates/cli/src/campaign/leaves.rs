//! A sheet's leaves in the order of the definition's tree, with the sums of components, and what cells of them say.

use std::collections::BTreeMap;

use contracts::assessments::v1 as pb;
use ids::LeafCode;
use index::{Component, Definition};

use super::read::Paper;
use super::words;
use crate::document::{Cell, Label, Language, Row};

/// The values that stand side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    Own,
    First,
    Second,
    Last,
}

/// A place in the tree.
pub(super) enum Place<'a> {
    Component(&'a Component),
    Leaf(&'a pb::LeafAssessment),
}

/// Components and leaves, each component before what lies in it; at the end the leaves that lie in none.
pub(super) fn tree(paper: &Paper) -> Vec<Place<'_>> {
    let leaves: BTreeMap<&str, &pb::LeafAssessment> = paper
        .assessment
        .leaves
        .iter()
        .map(|leaf| (leaf.leaf.as_str(), leaf))
        .collect();
    let mut places = Vec::new();
    // Components that are still to be shown, the next one last: trees of any depth, without a recursion.
    let mut open: Vec<&Component> = below(&paper.definition, None).rev().collect();
    while let Some(component) = open.pop() {
        places.push(Place::Component(component));
        places.extend(of(&paper.definition, Some(&component.code), &leaves));
        open.extend(below(&paper.definition, Some(&component.code)).rev());
    }
    places.extend(of(&paper.definition, None, &leaves));
    places
}

fn below<'a>(
    definition: &'a Definition,
    parent: Option<&'a LeafCode>,
) -> impl DoubleEndedIterator<Item = &'a Component> {
    let components = definition.components().iter();
    components.filter(move |component| component.parent.as_ref() == parent)
}

fn of<'a>(
    definition: &'a Definition,
    component: Option<&LeafCode>,
    leaves: &BTreeMap<&str, &'a pb::LeafAssessment>,
) -> Vec<Place<'a>> {
    let within = definition.leaves().iter();
    within
        .filter(|leaf| leaf.component() == component)
        .filter_map(|leaf| leaves.get(leaf.code().as_str()))
        .map(|leaf| Place::Leaf(leaf))
        .collect()
}

/// The index by one of the values.
pub(super) fn by(preview: &pb::PreviewAssessmentResponse, value: Value) -> pb::IndexPreview {
    let index = match value {
        Value::Own => &preview.claimed,
        Value::First => &preview.first,
        Value::Second => &preview.second,
        Value::Last => &preview.decided,
    };
    index.clone().unwrap_or_default()
}

/// Points of a component by one of the values; nothing without a score.
pub(super) fn component(paper: &Paper, code: &str, value: Value) -> Cell {
    let index = by(&paper.preview, value);
    let mut components = index.components.into_iter();
    let found = components.find(|it| it.component == code);
    Cell::number(found.map(|it| it.points).unwrap_or_default())
}

/// The most points of a component that apply to the unit.
pub(super) fn component_max(paper: &Paper, component: &Component) -> Cell {
    let index = by(&paper.preview, Value::Last);
    let mut components = index.components.into_iter();
    let found = components.find(|it| component.code.as_str() == it.component);
    Cell::number(found.map_or_else(|| component.max.to_string(), |it| it.max))
}

/// A value.
pub(super) fn mark(mark: Option<&pb::Mark>, language: Language) -> Cell {
    match mark {
        Some(mark) if mark.not_applicable => {
            Cell::text(words::NOT_APPLICABLE.in_language(language))
        }
        Some(mark) => Cell::number(&mark.points),
        None => Cell::text(""),
    }
}

/// A value that somebody decided.
pub(super) fn decision(decision: Option<&pb::LeafDecision>, language: Language) -> Cell {
    mark(decision.and_then(|it| it.mark.as_ref()), language)
}

/// The number in the legal text, or the code where it has none.
pub(super) fn number(number: &str, code: &str) -> Cell {
    Cell::text(if number.is_empty() { code } else { number })
}

/// What shows a claim, an item a line.
pub(super) fn evidence(items: &[pb::Evidence], language: Language) -> String {
    let lines = items.iter().zip(1..).map(|(item, number)| {
        let said = |vi: &str, en: &str, what: &str| {
            let word = language.name(vi, en);
            (!what.is_empty()).then(|| format!("{word} {what}").trim().to_owned())
        };
        let parts = [
            Some(item.title.clone()),
            said("số", "no.", &item.number),
            said("ngày", "of", &language.date(&item.date)),
            (!item.issuer.is_empty()).then(|| item.issuer.clone()),
            said("mục", "item", &item.item),
            said("trang", "page", &item.page),
            said("sáng kiến", "initiative", &item.initiative),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        format!("{number}. {}", parts.join(", "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What shows the claim of a leaf, with a note where some of it stands no more.
pub(super) fn evidence_of(leaf: &pb::LeafAssessment, language: Language) -> String {
    let mut shown = evidence(&leaf.evidence, language);
    if leaf.flags.contains(&pb::LeafFlag::EvidenceRevoked.into()) {
        shown.push('\n');
        shown.push_str(words::EVIDENCE_REVOKED.in_language(language));
    }
    shown
}

/// Declared figures, one a line.
pub(super) fn figures(figures: &[pb::Figure], paper: &Paper, language: Language) -> String {
    use pb::figure::Value;
    let lines = figures.iter().map(|figure| {
        let input = paper.definition.input(&figure.name);
        let label = input.map(|input| language.name(&input.label.vi, &input.label.en));
        let label = label.filter(|label| !label.is_empty());
        let value = match &figure.value {
            Some(Value::Number(text) | Value::State(text)) => text.as_str(),
            Some(Value::YesNo(true)) => words::YES.in_language(language),
            Some(Value::YesNo(false)) => words::NO.in_language(language),
            Some(Value::Withheld(_)) => words::WITHHELD.in_language(language),
            None => "",
        };
        format!("{}: {value}", label.unwrap_or(&figure.name))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The sum of everything, with as many cells as `columns` and each total where its value stands.
pub(super) fn total(
    paper: &Paper,
    columns: usize,
    places: &[(usize, Value)],
    max: usize,
    language: Language,
) -> [Row; 2] {
    let mut points = vec![Cell::text(""); columns];
    let mut percent = points.clone();
    let mut put = |place: usize, total: Cell, share: Cell| {
        if let (Some(a), Some(b)) = (points.get_mut(place), percent.get_mut(place)) {
            (*a, *b) = (total, share);
        }
    };
    put(
        2,
        Cell::text(words::TOTAL.in_language(language)),
        Cell::text(words::PERCENT.in_language(language)),
    );
    put(
        max,
        Cell::number(by(&paper.preview, Value::Last).max),
        Cell::text(""),
    );
    for (place, value) in places {
        let index = by(&paper.preview, *value);
        put(
            *place,
            Cell::number(index.total),
            Cell::number(index.percent),
        );
    }
    [points, percent].map(|cells| Row {
        cells,
        strong: true,
    })
}

/// What stands below the headline of a unit's document.
pub(super) fn facts(paper: &Paper, language: Language) -> Vec<(String, String)> {
    let Paper {
        campaign,
        definition,
        name,
        assessment,
        ..
    } = paper;
    let named = definition.name();
    let handed_in = match &assessment.submitted_at {
        None => words::NOT_YET.in_language(language).to_owned(),
        at => format!(
            "{} ({})",
            crate::show::instant(at.as_ref()),
            assessment.submitted_by
        ),
    };
    let state = words::state(assessment.phase(), assessment.stage(), language);
    let facts = [
        (
            words::CAMPAIGN,
            format!("{} ({})", campaign.title, campaign.period),
        ),
        (
            words::UNIT,
            format!("{} ({})", language.name(&name.0, &name.1), assessment.unit),
        ),
        (
            words::GROUP,
            words::group(&assessment.group, language).to_owned(),
        ),
        (
            words::INDEX,
            format!(
                "{} ({}, {})",
                language.name(&named.vi, &named.en),
                assessment.index,
                assessment.edition
            ),
        ),
        (words::STATE, state.to_owned()),
        (words::HANDED_IN, handed_in),
        (
            words::RECORD,
            format!("{} / {}", assessment.version, assessment.position),
        ),
    ];
    labelled(facts.into_iter().chain(as_of(paper)), language)
}

/// The moment that a document is of, where it is not the present.
pub(super) fn as_of(paper: &Paper) -> Option<(Label, String)> {
    let moment = contracts::wire::timestamp(paper.as_of?);
    Some((words::AS_OF, crate::show::instant(Some(&moment))))
}

/// What stands below a headline, each with its label.
pub(super) fn labelled(
    facts: impl Iterator<Item = (Label, String)>,
    language: Language,
) -> Vec<(String, String)> {
    facts
        .map(|(label, value)| (label.in_language(language).to_owned(), value))
        .collect()
}

/// Why a survey leaf has no points, as its figures are withheld.
pub(super) fn withheld(leaf: &pb::LeafAssessment, language: Language) -> Option<String> {
    let reason = &leaf.withheld_reason;
    let label = words::WITHHELD.in_language(language);
    (!reason.is_empty()).then(|| format!("{label}: {reason}"))
}
