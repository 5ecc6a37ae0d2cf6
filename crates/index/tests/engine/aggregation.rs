//! From leaves to totals.

use rust_decimal::Decimal;

use crate::given::{UNROUNDED, code, dec, given_leaf, head, sound, told};

fn indented(text: &str, spaces: usize) -> String {
    text.lines()
        .map(|line| format!("{}{line}\n", " ".repeat(spaces)))
        .collect()
}

fn component(name: &str, max: &str, more: &str, leaves: &str) -> String {
    format!(
        "  - code: {name}\n    name: {{ vi: Phần, en: Part }}\n    max: {max}\n{more}    leaves:\n{}",
        indented(leaves, 4)
    )
}

/// One component with two leaves, `A` of 60 and `B` of 40.
fn two_leaves(more: &str) -> String {
    let leaves = given_leaf("A", "60", "") + &given_leaf("B", "40", "");
    format!(
        "{}components:\n{}",
        head("100", more),
        component("C", "100", "", &leaves)
    )
}

#[test]
fn what_does_not_apply_leaves_the_maximum_of_the_index() {
    let document = two_leaves(&format!("{UNROUNDED}\nvalue: percent"));
    let leaves = [("A", Some("44.32"), "60"), ("B", None, "0")];
    let result = sound(&document).aggregate(&told(&leaves));
    assert_eq!((result.total, result.max), (Some(dec("44.32")), dec("60")));
    assert_eq!(result.percent, Some(dec("73.87")));
    assert_eq!(result.value, result.percent);
    assert!(result.unscored.is_empty());
}

#[test]
fn what_has_no_score_withholds_the_total_or_is_left_out_as_the_definition_says() {
    let leaves = [("A", Some("30"), "60"), ("B", None, "40")];
    let withheld = sound(&two_leaves(UNROUNDED)).aggregate(&told(&leaves));
    assert_eq!((withheld.total, withheld.band), (None, None));
    assert_eq!(withheld.reason, "no score for B");
    assert_eq!(withheld.unscored, [code("B")]);
    assert_eq!(withheld.components[0].points, None);
    let document = two_leaves(&format!("{UNROUNDED}\nmissing: leave_out"));
    let left_out = sound(&document).aggregate(&told(&leaves));
    assert_eq!((left_out.total, left_out.max), (Some(dec("30")), dec("60")));
    assert_eq!(
        (left_out.percent, left_out.unscored.len()),
        (Some(dec("50")), 1)
    );
    let nothing = sound(&document).aggregate(&told(&[]));
    assert_eq!(
        (nothing.total, nothing.reason.as_str()),
        (None, "no score for A, B")
    );
}

/// Published values whose computation is known.
#[test]
fn published_percentages_follow_from_points_and_applicable_maxima() {
    let document = two_leaves(&format!("{UNROUNDED}\nvalue: percent"));
    let definition = sound(&document);
    for (points, max, percent) in [
        ("68.32", "84", "81.33"),
        ("54.2", "61.5", "88.13"),
        ("31.59", "38.5", "82.05"),
        ("61.46", "70", "87.80"),
        // Printed as 89.45: cut off, or computed from points that were not rounded yet. Half up it is 89.46.
        ("62.62", "70", "89.46"),
    ] {
        let result = definition.aggregate(&told(&[("A", Some(points), max), ("B", None, "0")]));
        assert_eq!(result.percent, Some(dec(percent)), "{points} of {max}");
    }
}

#[test]
fn the_worked_checks_of_the_sources_come_out() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/par_rule_types.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("SKIPPED: {path} is not there");
        return;
    };
    let sources: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let definition = sound(&two_leaves(&format!("{UNROUNDED}\nvalue: percent")));
    for check in sources["worked_checks"].as_array().expect("a list") {
        let text = |key: &str| check[key].as_str().expect("a text");
        let printed = check["index"]
            .as_str()
            .or(check["index_printed"].as_str())
            .expect("an index");
        let leaves = [("A", Some(text("points")), text("max")), ("B", None, "0")];
        let percent = definition
            .aggregate(&told(&leaves))
            .percent
            .expect("a percentage");
        let off = (percent - dec(printed)).abs();
        // One of them is printed cut off instead of rounded.
        let allowed = if check["note"].is_string() {
            dec("0.01")
        } else {
            Decimal::ZERO
        };
        assert!(
            off <= allowed,
            "{}: {percent}, printed {printed}",
            text("name")
        );
    }
}

#[test]
fn a_bonus_and_a_penalty_have_caps_and_do_not_change_the_maximum() {
    let bonus = given_leaf("X", "4", "") + &given_leaf("Y", "4", "");
    let tree = |over: &str| {
        let head = head("100", UNROUNDED)
            .replace("{ max: 100 }", &format!("{{ max: 100, over: {over} }}"));
        format!(
            "{head}components:\n{}{}{}",
            component("C", "100", "", &given_leaf("A", "100", "")),
            component("PLUS", "5", "    part: bonus\n", &bonus),
            component(
                "MINUS",
                "10",
                "    part: penalty\n",
                &given_leaf("Z", "10", "")
            ),
        )
    };
    let total = |over: &str, a: &str, bonus: &str, penalty: &str| {
        let leaves = [
            ("A", Some(a), "100"),
            ("X", Some(bonus), "4"),
            ("Y", Some(bonus), "4"),
            ("Z", Some(penalty), "10"),
        ];
        let result = sound(&tree(over)).aggregate(&told(&leaves));
        assert_eq!(result.max, dec("100"));
        result.total
    };
    assert_eq!(total("capped", "80", "1", "0"), Some(dec("82")));
    assert_eq!(total("capped", "80", "4", "0"), Some(dec("85")));
    assert_eq!(total("capped", "98", "4", "0"), Some(dec("100")));
    assert_eq!(total("allowed", "98", "4", "0"), Some(dec("103")));
    assert_eq!(total("capped", "80", "1", "10"), Some(dec("72")));
    assert_eq!(total("capped", "3", "0", "10"), Some(dec("0")));
    // Nobody claims a bonus: nothing is missing.
    let result = sound(&tree("capped")).aggregate(&told(&[("A", Some("80"), "100")]));
    assert_eq!(result.total, Some(dec("80")));
}

#[test]
fn children_may_exceed_a_stated_cap() {
    let leaves = given_leaf("A", "3", "") + &given_leaf("B", "3", "");
    let capped = component("C", "5", "    capped: yes\n", &leaves);
    let definition = sound(&format!("{}components:\n{capped}", head("5", UNROUNDED)));
    let result = definition.aggregate(&told(&[("A", Some("3"), "3"), ("B", Some("2.5"), "3")]));
    assert_eq!((result.total, result.max), (Some(dec("5")), dec("5")));
    let result = definition.aggregate(&told(&[("A", Some("2"), "3"), ("B", None, "0")]));
    assert_eq!((result.total, result.max), (Some(dec("2")), dec("3")));
}

#[test]
fn means_take_shares_with_or_without_weights() {
    let leaves = given_leaf("A", "2", "") + &given_leaf("B", "10", "");
    let mean = component("C", "10", "    aggregate: mean\n", &leaves);
    let definition = sound(&format!("{}components:\n{mean}", head("10", UNROUNDED)));
    let scores = told(&[("A", Some("1"), "2"), ("B", Some("10"), "10")]);
    assert_eq!(definition.aggregate(&scores).total, Some(dec("7.5")));
    let leaves = given_leaf("A", "2", ", weight: 3") + &given_leaf("B", "10", ", weight: 1");
    let weighted = component("C", "10", "    aggregate: weighted_mean\n", &leaves);
    let definition = sound(&format!("{}components:\n{weighted}", head("10", UNROUNDED)));
    assert_eq!(definition.aggregate(&scores).total, Some(dec("6.25")));
    // What does not apply leaves the mean.
    let scores = told(&[("A", Some("1"), "2"), ("B", None, "0")]);
    assert_eq!(definition.aggregate(&scores).total, Some(dec("5")));
}

/// `F × (1 + 9 × mean r)`, from F at the least to 10 F at the most.
#[test]
fn rescaled_dimensions_start_above_zero() {
    let leaves = given_leaf("A", "1", "") + &given_leaf("B", "1", "");
    let rescaled = component("D1", "10", "    aggregate: { rescale_from: 1 }\n", &leaves);
    let head = head("10", UNROUNDED).replace("{ max: 10 }", "{ min: 1, max: 10 }");
    let definition = sound(&format!("{head}components:\n{rescaled}"));
    let total = |a: &str, b: &str| {
        definition
            .aggregate(&told(&[("A", Some(a), "1"), ("B", Some(b), "1")]))
            .total
    };
    assert_eq!(total("0", "0"), Some(dec("1")));
    assert_eq!(total("1", "1"), Some(dec("10")));
    assert_eq!(total("0.25", "0.35"), Some(dec("3.70")));
}

#[test]
fn dimensions_of_an_imported_index_add_up_to_the_published_total() {
    let names = ["D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8"];
    let leaves: String = names.map(|name| given_leaf(name, "10", "")).concat();
    let more = "rounding: { digits: 4, at: [total] }\nranking: { ties: standard, on: unrounded }";
    let definition = sound(&format!("{}leaves:\n{leaves}", head("80", more)));
    let total = |figures: [&str; 8]| {
        let leaves: Vec<_> = names
            .iter()
            .zip(figures)
            .map(|(name, points)| (*name, Some(points), "10"))
            .collect();
        definition.aggregate(&told(&leaves)).total
    };
    let nam_dinh_2023 = [
        "5.4363", "5.2143", "4.2632", "6.5661", "7.1895", "7.8585", "3.3198", "3.3304",
    ];
    let nam_dinh_2024 = [
        "5.6148", "5.4211", "4.2580", "6.9281", "7.3346", "7.8411", "3.5677", "3.3921",
    ];
    // Its dimensions are printed rounded: the sum of 2023 is 0.0001 off the published 43.1782.
    assert_eq!(total(nam_dinh_2023), Some(dec("43.1781")));
    // The sum of 2024 is 44.3575, as published.
    assert_eq!(total(nam_dinh_2024), Some(dec("44.3575")));
}

#[test]
fn rounding_happens_where_the_definition_says() {
    let total = |at: &str| {
        let more = format!(
            "rounding: {{ digits: 2, at: [{at}] }}\nranking: {{ ties: dense, on: rounded }}"
        );
        let leaves = given_leaf("A", "50", "") + &given_leaf("B", "50", "");
        let document = format!(
            "{}components:\n{}",
            head("100", &more),
            component("C", "100", "", &leaves)
        );
        let definition = sound(&document);
        let figures = [("points_a", "1.005"), ("points_b", "1.004")];
        let inputs = crate::given::inputs(&definition, &figures);
        let scores = definition
            .leaves()
            .iter()
            .map(|leaf| (leaf.code().clone(), leaf.score(&inputs)));
        let result = definition.aggregate(&scores.collect());
        (result.total.map(|total| total.to_string()), result.exact)
    };
    assert_eq!(
        total("leaf, total"),
        (Some("2.01".to_owned()), Some(dec("2.01")))
    );
    assert_eq!(
        total("total"),
        (Some("2.01".to_owned()), Some(dec("2.009")))
    );
    assert_eq!(
        total("component, total"),
        (Some("2.01".to_owned()), Some(dec("2.01")))
    );
}
