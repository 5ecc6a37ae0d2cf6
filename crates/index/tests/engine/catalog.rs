//! The definitions that are shipped: every one is sound, and says what it is known to say.

use std::collections::BTreeMap;
use std::path::Path;

use index::{Aggregate, Definition, Part, Source};
use rust_decimal::Decimal;

use crate::given::dec;

fn shipped() -> BTreeMap<String, Definition> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalog/indices");
    let files = std::fs::read_dir(folder).expect("the folder of indices");
    let paths = files.map(|file| file.expect("an entry").path());
    paths
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&path).expect("a text");
            let definition = Definition::check(&text, &name).unwrap_or_else(|faults| {
                let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
                panic!("{}", faults.join("\n"))
            });
            (definition.code().to_string(), definition)
        })
        .collect()
}

#[test]
fn every_shipped_definition_is_sound_and_stands_alone() {
    let shipped = shipped();
    let codes: Vec<_> = shipped.keys().map(String::as_str).collect();
    assert_eq!(
        codes,
        [
            "papi",
            "par-communes",
            "par-departments",
            "par-districts",
            "par-province",
            "satisfaction",
            "service-circular-01-2018",
            "service-quality-766",
        ]
    );
}

fn regular(definition: &Definition) -> BTreeMap<&str, Decimal> {
    definition
        .components()
        .iter()
        .filter(|component| component.parent.is_none() && component.part == Part::Regular)
        .map(|component| (component.code.as_str(), component.max))
        .collect()
}

/// Leaves that are not part of a bonus or penalty, and the points of those that surveys give.
fn leaves(definition: &Definition) -> (usize, Decimal) {
    let codes = regular(definition);
    let judged = definition.leaves().iter().filter(|leaf| {
        codes
            .keys()
            .any(|code| leaf.code().as_str().starts_with(&format!("{code}.")))
    });
    let surveyed = judged
        .clone()
        .filter(|leaf| leaf.source() == Source::Surveyed);
    (judged.count(), surveyed.map(index::Leaf::max).sum())
}

#[test]
fn model_sets_are_labelled_as_models_and_differ_by_group() {
    let shipped = shipped();
    for (code, group, points, components, count, surveyed, first_band) in [
        ("par-departments", "department", "100", 8, 46, "30", "90"),
        ("par-districts", "district", "100", 8, 38, "32", "80"),
        ("par-communes", "commune", "60", 7, 23, "20", "85"),
    ] {
        let definition = &shipped[code];
        assert!(definition.name().en.contains("MODEL"), "{code}");
        assert!(definition.name().vi.contains("BỘ MẪU"), "{code}");
        assert!(definition.source().contains("not a decision"), "{code}");
        assert!(definition.applies_to(group), "{code}");
        assert_eq!(definition.max(), dec(points), "{code}");
        assert_eq!(regular(definition).len(), components, "{code}");
        assert_eq!(leaves(definition), (count, dec(surveyed)), "{code}");
        assert_eq!(definition.bands()[0].from, dec(first_band), "{code}");
    }
}

#[test]
fn the_model_set_of_departments_is_that_of_its_source() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/par_model_departments.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("SKIPPED: {path} is not there");
        return;
    };
    let source: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let shipped = shipped();
    let definition = &shipped["par-departments"];
    let list = |value: &serde_json::Value, key: &str| -> Vec<serde_json::Value> {
        value[key].as_array().cloned().unwrap_or_default()
    };
    let mut compared = 0;
    for component in list(&source, "components") {
        for criterion in list(&component, "criteria") {
            for told in list(&criterion, "sub_criteria") {
                let code = told["code"].as_str().expect("a code");
                let leaf = definition
                    .leaf(&code.parse().expect("a leaf code"))
                    .unwrap_or_else(|| panic!("{code} is missing"));
                assert_eq!(leaf.name().vi, told["name_vi"].as_str().expect("a name"));
                assert_eq!(leaf.max(), dec(&told["max_points"].to_string()), "{code}");
                let sources = match told["data_source"].as_str() {
                    Some("appraisal") => Source::Appraised,
                    Some("measured") => Source::Measured,
                    _ => Source::Surveyed,
                };
                assert_eq!(leaf.source(), sources, "{code}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 46);
}

#[test]
fn the_par_index_of_the_province_has_eight_components_in_the_shares_of_the_model() {
    let shipped = shipped();
    let province = &shipped["par-province"];
    assert!(province.name().en.contains("MODEL") && province.name().vi.contains("BỘ MẪU"));
    assert!(province.source().contains("not a decision"));
    assert!(province.applies_to("province"));
    // A component that alone is full gives its share of the total.
    let codes = || province.components().iter().map(|it| it.code.clone());
    for (full, share) in regular(&shipped["par-departments"]) {
        let given = codes().map(|code| {
            let points = match code.as_str() == full {
                true => Decimal::ONE_HUNDRED,
                false => Decimal::ZERO,
            };
            (code, points)
        });
        let index = province.aggregate_given(&BTreeMap::new(), &given.collect());
        assert_eq!(index.exact, Some(share), "{full}");
    }
    // Published as percentages, each with the rank that was published beside it.
    let percentages = |max: &Decimal| *max == Decimal::ONE_HUNDRED;
    assert!(regular(province).values().all(percentages));
    let ranks = province.leaves().iter().filter(|leaf| leaf.max().is_zero());
    let ranks: Vec<_> = ranks.map(|leaf| leaf.code().to_string()).collect();
    assert_eq!(ranks, ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"]);
}

#[test]
fn papi_has_eight_dimensions_of_29_rescaled_parts() {
    let shipped = shipped();
    let papi = &shipped["papi"];
    assert_eq!(regular(papi).len(), 8);
    let rescaled: Vec<_> = papi
        .components()
        .iter()
        .filter(|component| component.parent.is_some())
        .collect();
    let not_asked = papi.leaves().iter().filter(|leaf| leaf.max().is_zero());
    assert_eq!(rescaled.len() + not_asked.count(), 29);
    for component in rescaled {
        let Aggregate::Rescale { low } = component.aggregate() else {
            panic!("{} is not rescaled", component.code);
        };
        // F × (1 + 9 × mean) ends at 10 F.
        assert_eq!(component.max, low * Decimal::TEN, "{}", component.code);
    }
}
