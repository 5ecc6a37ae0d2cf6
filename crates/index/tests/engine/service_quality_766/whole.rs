//! The definition as a whole.

use std::collections::BTreeMap;

use ids::LeafCode;
use index::{InputKind, Inputs, LeafScore};

use super::{DOCUMENT, definition, list, number, published};
use crate::given::dec;

#[test]
fn totals_of_provinces_are_the_sums_of_their_rounded_groups() {
    let (definition, Some(published)) = (definition(), published()) else {
        return;
    };
    for example in list(&published["examples"]["provinces"]) {
        // The first leaf of each group stands for the whole group.
        let mut scores = BTreeMap::new();
        for component in definition.components() {
            let points = number(&example[component.code.as_str()]);
            for leaf in definition
                .leaves()
                .iter()
                .filter(|leaf| leaf.component() == Some(&component.code))
            {
                let first = !scores.values().any(|(group, _)| group == &component.code);
                let score = match first {
                    true => LeafScore::told(Some(points), component.max, ""),
                    false => LeafScore::not_applicable("counted in the group"),
                };
                scores.insert(leaf.code().clone(), (component.code.clone(), score));
            }
        }
        let scores = scores
            .into_iter()
            .map(|(leaf, (_, score))| (leaf, score))
            .collect();
        let result = definition.aggregate(&scores);
        assert_eq!(
            result.total,
            Some(number(&example["total"])),
            "{}",
            example["province"]
        );
        assert_eq!(result.max, dec("100"));
    }
}

#[test]
fn each_example_is_in_the_document_too() {
    let Some(published) = published() else { return };
    for (kind, examples) in published["examples"].as_object().expect("a mapping") {
        for example in examples.as_array().map(Vec::as_slice).unwrap_or_default() {
            let unit = example["unit"]
                .as_str()
                .or(example["province"].as_str())
                .expect("a name");
            assert!(DOCUMENT.contains(unit), "{kind}: {unit}");
        }
    }
}

#[test]
fn a_changed_rule_fails_its_examples_by_name() {
    let changed = DOCUMENT.replace(
        "of: active_reused, to: active, full_at: 80%",
        "of: active_reused, to: active",
    );
    let error = crate::given::parse(&changed).expect_err("the examples fail");
    assert!(
        error.contains("the example \"Phú Thọ\" says points 0.57, the rule gives 0.46"),
        "{error}"
    );
    assert!(error.contains("the example \"P. Việt Trì\""), "{error}");
    assert!(
        error.contains("digitisation"),
        "whole examples fail as well: {error}"
    );
}

#[test]
fn units_without_anything_reported_are_scored_on_what_is_known() {
    let definition = definition();
    let mut inputs = Inputs::new();
    for input in definition
        .inputs()
        .filter(|input| input.kind != InputKind::Reported)
    {
        inputs.set(input.name.as_str(), 10);
    }
    let score = |leaf: &index::Leaf| (leaf.code().clone(), leaf.score(&inputs));
    let result = definition.aggregate(&definition.leaves().iter().map(score).collect());
    let missing: Vec<_> = result.unscored.iter().map(LeafCode::as_str).collect();
    let reported = [
        "PUBLISH_ON_TIME",
        "PUBLIC_UPDATE_ON_TIME",
        "PUBLIC_CONTENT_FULL",
        "ELECTRONIC_CERTIFIED_COPY",
    ];
    assert_eq!(missing, reported);
    assert_eq!((result.total, result.max), (Some(dec("86")), dec("86")));
}

#[test]
fn it_covers_periods_that_lie_within_its_validity() {
    let definition = definition();
    let covers = |text: &str| definition.covers(text.parse().expect("a period"));
    assert!(covers("2024") && covers("2022-08") && covers("2022-Q4"));
    assert!(!covers("2022-07") && !covers("2022-Q3") && !covers("2022"));
    assert!(definition.applies_to("department") && !definition.applies_to("ministry"));
}

#[test]
fn definitions_are_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&definition());
}
