//! The tree of components as it is written.

use std::collections::{BTreeMap, BTreeSet};

use ids::{LeafCode, MeasureName};
use rust_decimal::Decimal;

use super::head::maximum;
use super::{Aggregate, Bands, Branch, Child, Component, Definition, Head, Input, Part, Rounding};
use crate::expression::Names;
use crate::fault::Mark;
use crate::leaf::Leaf;
use crate::read::{Cursor, Fields};

const COMPONENT_KEYS: [&str; 11] = [
    "code",
    "number",
    "name",
    "max",
    "note",
    "part",
    "weight",
    "aggregate",
    "capped",
    "components",
    "leaves",
];

/// Collects a definition's inputs, components and leaves.
pub(super) struct Trees<'a> {
    pub(super) rounding: Option<Rounding>,
    pub(super) names: Names,
    pub(super) inputs: BTreeMap<MeasureName, Input>,
    pub(super) declared: Vec<(String, Cursor<'a>)>,
    pub(super) used: BTreeSet<String>,
    codes: BTreeMap<LeafCode, Mark>,
    components: Vec<Component>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) leaf_examples: Vec<(usize, Cursor<'a>)>,
}

/// A node whose children are read.
pub(super) struct Parent {
    /// Whether it is a component, not the root.
    below: bool,
    pub(super) code: Option<LeafCode>,
    max: Option<Decimal>,
    pub(super) aggregate: Option<Aggregate>,
    capped: bool,
}

impl<'a> Trees<'a> {
    pub(super) fn new(rounding: Option<Rounding>) -> Self {
        Self {
            rounding,
            names: Names::new(),
            inputs: BTreeMap::new(),
            declared: Vec::new(),
            used: BTreeSet::new(),
            codes: BTreeMap::new(),
            components: Vec::new(),
            leaves: Vec::new(),
            leaf_examples: Vec::new(),
        }
    }

    /// Reads the tree; `max` is the total's.
    pub(super) fn root(&mut self, fields: &Fields<'a>, max: Option<Decimal>) -> Option<Branch> {
        let aggregate = aggregate(fields);
        self.children(
            fields,
            &Parent {
                below: false,
                code: None,
                max,
                aggregate,
                capped: false,
            },
        )
    }

    fn children(&mut self, fields: &Fields<'a>, parent: &Parent) -> Option<Branch> {
        let mut children = Vec::new();
        // The maxima as far as they can be read, for the sum.
        let mut maxima = Some(Decimal::ZERO);
        let mut any = false;
        if let Some(cursor) = fields.get("components") {
            for item in cursor.items().unwrap_or_default() {
                any = true;
                match self.component(item, parent) {
                    Some((place, max)) => {
                        children.push(Child::Component(place));
                        maxima = maxima.zip(max).map(|(sum, max)| sum + max);
                    }
                    None => maxima = None,
                }
            }
        }
        if let Some(cursor) = fields.get("leaves") {
            for item in cursor.items().unwrap_or_default() {
                any = true;
                let (leaf, max) = self.leaf(item, parent);
                children.extend(leaf.map(Child::Leaf));
                maxima = maxima.zip(max).map(|(sum, max)| sum + max);
            }
        }
        if !any {
            fields.fault("components or leaves are missing: something has to give points");
        }
        let aggregate = parent.aggregate?;
        if aggregate == Aggregate::Sum
            && let (Some(max), Some(sum)) = (parent.max, maxima)
            && (sum < max || (sum > max && !parent.capped))
        {
            let remedy = if sum > max {
                " (or say capped: yes)"
            } else {
                ""
            };
            let (sum, max) = (sum.normalize(), max.normalize());
            let message = format!("the maxima of the children add up to {sum}, not {max}{remedy}");
            match fields.get("max").or_else(|| fields.get("total")) {
                Some(cursor) => cursor.fault(message),
                None => fields.fault(message),
            }
        }
        Some(Branch {
            aggregate,
            capped: parent.capped,
            children,
        })
    }

    /// Its place, and what it adds to its parent's maximum as far as that is known.
    fn component(
        &mut self,
        cursor: Cursor<'a>,
        parent: &Parent,
    ) -> Option<(usize, Option<Decimal>)> {
        let fields = cursor.fields(&COMPONENT_KEYS)?;
        let aggregate = aggregate(&fields);
        let Some(component) = self.own(&fields, parent, aggregate) else {
            // What stands below is read all the same, for its faults.
            self.children(
                &fields,
                &Parent {
                    below: true,
                    code: None,
                    max: None,
                    aggregate,
                    capped: true,
                },
            );
            return None;
        };
        let regular = component.part == Part::Regular;
        let (max, capped) = (component.max, component.branch.capped || !regular);
        let below = Parent {
            below: true,
            code: Some(component.code.clone()),
            max: Some(max),
            aggregate,
            capped,
        };
        // Parents stand before their children.
        let place = self.components.len();
        self.components.push(component);
        if let Some(branch) = self.children(&fields, &below) {
            self.components[place].branch = branch;
        }
        Some((place, Some(if regular { max } else { Decimal::ZERO })))
    }

    /// A component without its children.
    fn own(
        &mut self,
        fields: &Fields<'a>,
        parent: &Parent,
        aggregate: Option<Aggregate>,
    ) -> Option<Component> {
        let code = self.code(fields);
        let name = fields.need("name").and_then(Cursor::name);
        let max = fields.need("max").and_then(|max| maximum(&max));
        if max.is_some_and(|max| max.is_zero()) {
            fields.fault("a component has a max above 0");
        }
        if let (Some(Aggregate::Rescale { low }), Some(max)) = (aggregate, max)
            && low >= max
        {
            fields.fault(format!("rescale starts at {low}, not below the max {max}"));
        }
        let words = [
            ("regular", Part::Regular),
            ("bonus", Part::Bonus),
            ("penalty", Part::Penalty),
        ];
        let part = fields
            .get("part")
            .map_or(Some(Part::Regular), |part| part.choice(&words));
        if parent.below && part.is_some_and(|part| part != Part::Regular) {
            fields.fault("a bonus or penalty stands at the top of the tree");
        }
        let capped = fields
            .get("capped")
            .map_or(Some(false), |capped| capped.yes_no());
        let weight = weight(fields, parent);
        Some(Component {
            code: code?,
            number: optional_text(fields, "number"),
            name: name?,
            max: max?,
            note: optional_text(fields, "note"),
            part: part?,
            parent: parent.code.clone(),
            weight,
            branch: Branch {
                aggregate: aggregate?,
                capped: capped?,
                children: Vec::new(),
            },
        })
    }

    pub(super) fn code(&mut self, fields: &Fields<'a>) -> Option<LeafCode> {
        let cursor = fields.need("code")?;
        let code: LeafCode = cursor.parsed()?;
        match self.codes.get(&code) {
            Some(first) => {
                cursor.fault(format!(
                    "the code {code} stands here and in line {}",
                    first.line
                ));
                None
            }
            None => {
                self.codes.insert(code.clone(), cursor.at());
                Some(code)
            }
        }
    }

    /// Places of leaves with their examples.
    pub(super) fn leaf_examples(&mut self) -> Vec<(usize, Cursor<'a>)> {
        std::mem::take(&mut self.leaf_examples)
    }

    pub(super) fn finish(self, head: Head, root: Branch, bands: Bands) -> Definition {
        let places = self
            .leaves
            .iter()
            .enumerate()
            .map(|(place, leaf)| (leaf.code.clone(), place));
        Definition {
            leaf_places: places.collect(),
            head,
            inputs: self.inputs,
            components: self.components,
            leaves: self.leaves,
            root,
            bands,
        }
    }
}

fn aggregate(fields: &Fields<'_>) -> Option<Aggregate> {
    let Some(cursor) = fields.get("aggregate") else {
        return Some(Aggregate::Sum);
    };
    if cursor.is_scalar() {
        return cursor.choice(&[
            ("sum", Aggregate::Sum),
            ("mean", Aggregate::Mean),
            ("weighted_mean", Aggregate::WeightedMean),
        ]);
    }
    let low = cursor
        .fields(&["rescale_from"])?
        .need("rescale_from")?
        .points()?;
    Some(Aggregate::Rescale { low })
}

/// A weight stands exactly where the parent weighs.
pub(super) fn weight(fields: &Fields<'_>, parent: &Parent) -> Option<Decimal> {
    let weighed = parent.aggregate == Some(Aggregate::WeightedMean);
    match fields.get("weight") {
        None if weighed => {
            fields.fault("a child of a weighted mean needs a weight");
            None
        }
        Some(cursor) if !weighed => {
            cursor.fault("a weight needs a parent whose aggregate is weighted_mean");
            None
        }
        Some(cursor) => {
            let weight = maximum(&cursor)?;
            if weight.is_zero() {
                cursor.fault("a weight is above 0");
                return None;
            }
            Some(weight)
        }
        None => None,
    }
}

pub(super) fn optional_text(fields: &Fields<'_>, key: &str) -> String {
    fields
        .get(key)
        .and_then(|cursor| cursor.text().map(str::to_owned))
        .unwrap_or_default()
}
