//! Documents to test with.

use std::collections::BTreeMap;

use ids::LeafCode;
use index::{Definition, Inputs, LeafScore};
use rust_decimal::Decimal;

/// A definition, or every fault in one text.
pub(crate) fn parse(document: &str) -> Result<Definition, String> {
    Definition::parse(document, "test.yaml").map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        faults.join("\n")
    })
}

/// A definition that has to be sound.
pub(crate) fn sound(document: &str) -> Definition {
    parse(document).unwrap_or_else(|faults| panic!("{faults}\n{document}"))
}

/// What every definition starts with; `more` are further lines.
pub(crate) fn head(max: &str, more: &str) -> String {
    format!(
        "code: test-index\nedition: \"1\"\nname: {{ vi: Thử, en: Test }}\nsource: none\n\
         groups: [department]\nin_force: {{ from: 2024-01-01 }}\ntotal: {{ max: {max} }}\n{more}\n"
    )
}

/// Lines for [`head`] that round nothing but the total.
pub(crate) const UNROUNDED: &str =
    "rounding: { digits: 2, at: [total] }\nranking: { ties: standard, on: unrounded }";

/// A definition with one leaf called `A`; `inputs` and `rule` stand as they are written in a document.
pub(crate) fn one_leaf(max: &str, inputs: &str, rule: &str) -> String {
    format!(
        "{}leaves:\n  - code: A\n    name: {{ vi: Lá, en: Leaf }}\n    max: {max}\n    \
         source: appraised\n    inputs: {inputs}\n    rule: {rule}\n",
        head(if max == "0" { "1" } else { max }, UNROUNDED),
    )
}

/// A leaf of a document, given points directly, two spaces in.
pub(crate) fn given_leaf(code: &str, max: &str, more: &str) -> String {
    format!(
        "  - {{ code: {code}, name: {{ vi: Lá, en: Leaf }}, max: {max}, source: appraised, \
         inputs: {{ {}: number }}, rule: {{ given: {} }}{more} }}\n",
        input_of(code),
        input_of(code),
    )
}

fn input_of(code: &str) -> String {
    format!("points_{}", code.to_lowercase())
}

/// A decimal.
pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// The code of a leaf.
pub(crate) fn code(text: &str) -> LeafCode {
    text.parse().expect("a leaf code")
}

/// The score of the leaf `A`; values as people write them.
pub(crate) fn score(definition: &Definition, values: &[(&str, &str)]) -> LeafScore {
    definition
        .leaf(&code("A"))
        .expect("the leaf A")
        .score(&inputs(definition, values))
}

/// Inputs from values as people write them.
pub(crate) fn inputs(definition: &Definition, values: &[(&str, &str)]) -> Inputs {
    let read = |name, text| {
        definition
            .read_value(name, text)
            .expect("a value of the input's type")
    };
    values
        .iter()
        .map(|(name, text)| (*name, read(name, text)))
        .collect()
}

/// Scores with these points; `None` stands for no score, a maximum of 0 for what does not apply.
pub(crate) fn told(points: &[(&str, Option<&str>, &str)]) -> BTreeMap<LeafCode, LeafScore> {
    let score = |points: &Option<&str>, max| {
        LeafScore::told(points.map(dec), dec(max), "nobody reported it")
    };
    points
        .iter()
        .map(|(leaf, points, max)| (code(leaf), score(points, max)))
        .collect()
}
