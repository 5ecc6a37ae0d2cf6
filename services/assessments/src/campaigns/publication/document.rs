//! What is published: a pure function of the campaign, its editions, its sheets and the frozen figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use assessment::Sheet;
use assessment::campaign::{Basis, FiguresBasis, Outcome, Plan, Summed};
use assessment::sheet::Column;
use contracts::assessments::v1 as pb;
use ids::UnitCode;
use index::{Definition, Inputs, Leaf, LeafScore};
use jiff::Timestamp;

use super::FORMAT;
use crate::campaigns::codec::{
    basis_to_wire, figures_basis_to_wire, number_to_wire, rules_to_wire,
};
use crate::campaigns::resource::{decision, index_to_wire};
use crate::campaigns::terms::{figures_to_wire, mark_to_wire, moment_to_wire, outcome_to_wire};

/// The editions that the groups of a campaign are judged by.
pub(crate) type Editions = BTreeMap<String, Arc<Definition>>;

/// What a unit is judged on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) sheet: &'a Sheet,
    pub(crate) version: i64,
    /// Counted and reported figures.
    pub(crate) figures: &'a Inputs,
}

/// Who publishes what, when, and what it rests on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act<'a> {
    pub(crate) campaign: &'a str,
    pub(crate) number: u32,
    pub(crate) corrects: Option<u32>,
    pub(crate) reason: &'a str,
    pub(crate) document: &'a str,
    pub(crate) by: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) rests_on: &'a [Basis],
    pub(crate) counted_on: Option<&'a FiguresBasis>,
}

/// What stands, by unit: units are ranked within their group.
pub(crate) fn outcomes(
    plan: &Plan,
    editions: &Editions,
    judged: &BTreeMap<UnitCode, Judged<'_>>,
) -> BTreeMap<UnitCode, Outcome> {
    let mut outcomes = BTreeMap::new();
    for (group, definition) in editions {
        let units = plan.participants.iter().filter(|(_, of)| *of == group);
        let summed = units.filter_map(|(unit, _)| {
            let it = judged.get(unit)?;
            Some(Summed {
                unit: unit.clone(),
                result: it.sheet.index(definition, Column::Last, it.figures),
                sheet_version: it.version,
            })
        });
        let summed = summed.collect();
        outcomes.extend(assessment::campaign::outcomes(definition, summed));
    }
    outcomes
}

/// The document without its units.
pub(crate) fn head(act: Act<'_>, plan: &Plan) -> pb::PublishedResult {
    pb::PublishedResult {
        format: FORMAT.to_owned(),
        campaign: act.campaign.to_owned(),
        title: plan.title.clone(),
        period: plan.period.to_string(),
        as_of: plan.as_of.to_string(),
        number: number_to_wire(Some(act.number)),
        corrects: number_to_wire(act.corrects),
        reason: act.reason.to_owned(),
        document: act.document.to_owned(),
        published_by: act.by.to_owned(),
        published_at: moment_to_wire(act.at),
        rests_on: act.rests_on.iter().map(basis_to_wire).collect(),
        rules: rules_to_wire(plan),
        units: Vec::new(),
        counted_on: act.counted_on.map(figures_basis_to_wire),
    }
}

/// The units of the document.
pub(crate) fn units(
    plan: &Plan,
    editions: &Editions,
    judged: &BTreeMap<UnitCode, Judged<'_>>,
) -> Vec<pb::PublishedUnit> {
    let outcomes = outcomes(plan, editions, judged);
    let units = plan.participants.iter().filter_map(|(unit, group)| {
        let definition = editions.get(group)?;
        let (judged, outcome) = (judged.get(unit)?, outcomes.get_key_value(unit)?);
        let by = |column| {
            let result = judged.sheet.index(definition, column, judged.figures);
            Some(index_to_wire(result))
        };
        Some(pb::PublishedUnit {
            unit: unit.to_string(),
            group: group.clone(),
            outcome: Some(outcome_to_wire(outcome)),
            claimed: by(Column::Own),
            first: by(Column::First),
            second: by(Column::Second),
            r#final: by(Column::Last),
            figures: figures_to_wire(judged.figures),
            leaves: definition
                .leaves()
                .iter()
                .map(|it| leaf(it, *judged))
                .collect(),
        })
    });
    units.collect()
}

fn leaf(leaf: &Leaf, judged: Judged<'_>) -> pb::PublishedLeaf {
    let marks = judged.sheet.marks(leaf, judged.figures);
    let entry = judged.sheet.entry(leaf.code());
    let claim = entry.and_then(|entry| Some(&entry.claimed.as_ref()?.claim));
    let evidence = claim.map(|claim| claim.evidence.iter()).into_iter();
    let files = evidence.flatten().filter_map(|it| it.file);
    let decided =
        |decided: fn(&assessment::sheet::Entry) -> Option<&assessment::sheet::Decision>| {
            entry.and_then(decided).map(decision)
        };
    pb::PublishedLeaf {
        leaf: leaf.code().to_string(),
        source: leaf.source().word().to_owned(),
        max: leaf.max().to_string(),
        figures: claim
            .map(|claim| figures_to_wire(&claim.figures))
            .unwrap_or_default(),
        claimed: mark_to_wire(marks.own),
        measured: mark_to_wire(marks.measured),
        first: decided(|entry| entry.first.as_ref()),
        second: decided(|entry| entry.second.as_ref()),
        council: decided(|entry| entry.council.as_ref()),
        r#final: mark_to_wire(marks.last),
        evidence: files.map(Vec::from).collect(),
        withheld_reason: assessment::sheet::withheld(leaf, judged.figures)
            .as_ref()
            .and_then(LeafScore::withheld)
            .unwrap_or_default()
            .to_owned(),
    }
}
