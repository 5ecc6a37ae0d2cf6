//! Leaves as they are written.

use std::collections::BTreeSet;

use ids::MeasureName;
use rust_decimal::Decimal;

use super::head::maximum;
use super::tree::{Parent, Trees, optional_text, weight};
use crate::expression::{Expression, Type};
use crate::leaf::{Leaf, SOURCES, Source};
use crate::read::{Cursor, Fields};
use crate::rule;
use crate::text::Name;

const LEAF_KEYS: [&str; 11] = [
    "code", "number", "name", "max", "note", "source", "weight", "inputs", "applies", "rule",
    "examples",
];

impl<'a> Trees<'a> {
    /// Its place if it is sound, and its maximum as far as it is known.
    pub(super) fn leaf(
        &mut self,
        cursor: Cursor<'a>,
        parent: &Parent,
    ) -> (Option<usize>, Option<Decimal>) {
        let Some(fields) = cursor.fields(&LEAF_KEYS) else {
            return (None, None);
        };
        let code = self.code(&fields);
        let (number, note) = (
            optional_text(&fields, "number"),
            optional_text(&fields, "note"),
        );
        let name = fields.need("name").and_then(Cursor::name);
        let max = fields.need("max").and_then(|max| maximum(&max));
        let source = fields
            .need("source")
            .and_then(|source| source.choice(&SOURCES));
        let weight = weight(&fields, parent);
        self.own_inputs(&fields, name.as_ref(), source);
        let applies = match fields.get("applies") {
            None => Some(None),
            Some(cursor) => cursor.condition(&self.names).map(Some),
        };
        let rule = fields.need("rule").zip(max);
        let rule = rule.and_then(|(cursor, max)| rule::parse(&cursor, &self.names, max));
        let Some(rule) = rule else {
            // Which inputs a broken rule meant to use is not known: none of them is reported as unused.
            self.used.extend(self.names.keys().cloned());
            return (None, max);
        };
        let Some(applies) = applies else {
            return (None, max);
        };
        let inputs = self.uses(&rule, applies.as_ref());
        let sound = code.zip(name).zip(max.zip(source));
        let Some((((code, name), (max_points, source)), rounding)) = sound.zip(self.rounding)
        else {
            return (None, max);
        };
        let names = inputs.iter().map(|(name, _)| name.to_string()).collect();
        let parent = parent.code.clone();
        let leaf = Leaf {
            code,
            number,
            name,
            note,
            source,
            parent,
            weight,
            applies,
            rule,
            inputs,
            names,
            rounding,
            max: max_points,
        };
        self.leaf_examples.extend(
            fields
                .get("examples")
                .map(|cursor| (self.leaves.len(), cursor)),
        );
        self.leaves.push(leaf);
        (Some(self.leaves.len() - 1), max)
    }

    /// Inputs that are declared where they are used.
    fn own_inputs(&mut self, fields: &Fields<'a>, name: Option<&Name>, source: Option<Source>) {
        let unnamed = Name {
            vi: String::new(),
            en: String::new(),
        };
        let inherited = (
            name.unwrap_or(&unnamed),
            source.unwrap_or(Source::Appraised),
        );
        let entries = fields.get("inputs").and_then(|inputs| inputs.entries());
        for (input, cursor) in entries.unwrap_or_default() {
            self.input(input, cursor, Some(inherited));
        }
    }

    /// The inputs that a leaf names, with their types.
    fn uses(
        &mut self,
        rule: &rule::Rule,
        applies: Option<&Expression>,
    ) -> Vec<(MeasureName, Type)> {
        let expressions = rule.expressions().into_iter().chain(applies);
        let mut names: BTreeSet<String> = expressions
            .flat_map(|expression| expression.names().clone())
            .collect();
        names.extend(rule.state().map(str::to_owned));
        let known = |name: &String| Some((name.parse().ok()?, self.names.get(name)?.clone()));
        let inputs = names.iter().filter_map(known).collect();
        self.used.extend(names);
        inputs
    }
}
