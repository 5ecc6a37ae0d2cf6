//! The shipped definition of Decision 766 against the published figures.

mod whole;

use std::collections::BTreeMap;

use ids::LeafCode;
use index::{Definition, Inputs, LeafScore};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::given::{code, dec, sound};

const DOCUMENT: &str = include_str!("../../../../deploy/catalog/indices/service-quality-766.yaml");

fn definition() -> Definition {
    sound(DOCUMENT)
}

/// The collection of published figures, where it is at hand.
fn published() -> Option<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/index766.json"
    );
    match std::fs::read_to_string(path) {
        Ok(text) => Some(serde_json::from_str(&text).expect("JSON")),
        Err(_) => {
            eprintln!("SKIPPED: {path} is not there");
            None
        }
    }
}

/// A published number, without passing through a float.
fn number(value: &Value) -> Decimal {
    dec(&value.to_string())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn points(definition: &Definition, leaf: &str, inputs: &Inputs) -> Option<Decimal> {
    definition
        .leaf(&code(leaf))
        .expect("a leaf")
        .score(inputs)
        .points
}

fn component(definition: &Definition, name: &str, inputs: &Inputs) -> Option<Decimal> {
    let score = |leaf: &index::Leaf| (leaf.code().clone(), leaf.score(inputs));
    let scores: BTreeMap<LeafCode, LeafScore> = definition.leaves().iter().map(score).collect();
    let result = definition.aggregate(&scores);
    let component = result
        .components
        .into_iter()
        .find(|it| it.code == code(name));
    component.and_then(|component| component.points)
}

fn inputs(values: &[(&str, &Value)]) -> Inputs {
    values
        .iter()
        .map(|(name, value)| (*name, number(value)))
        .collect()
}

#[test]
fn it_has_all_items_and_groups_of_the_decision_with_their_maxima() {
    let definition = definition();
    assert_eq!(definition.leaves().len(), 23);
    assert_eq!(definition.max(), dec("100"));
    let Some(published) = published() else { return };
    for (leaf, item) in definition.leaves().iter().zip(list(&published["items"])) {
        assert_eq!(leaf.code().as_str(), item["code"].as_str().expect("a code"));
        assert_eq!(leaf.number(), item["doc_no"].as_str().expect("a number"));
        assert_eq!(leaf.name().vi, item["name_vi"].as_str().expect("a name"));
        assert_eq!(leaf.max(), number(&item["max"]));
        assert_eq!(
            leaf.component().map(LeafCode::as_str),
            item["group"].as_str()
        );
    }
    for (component, group) in definition
        .components()
        .iter()
        .zip(list(&published["groups"]))
    {
        assert_eq!(
            component.code.as_str(),
            group["code"].as_str().expect("a code")
        );
        assert_eq!(
            component.name.vi,
            group["name_vi"].as_str().expect("a name")
        );
        assert_eq!(component.max, number(&group["max"]));
    }
    for (band, listed) in definition
        .bands()
        .iter()
        .zip(list(&published["bands"]["bands"]))
    {
        assert_eq!(Some(band.name.vi.as_str()), listed[0].as_str());
        assert_eq!(
            (band.from, band.until),
            (number(&listed[1]), number(&listed[2]))
        );
    }
}

#[test]
fn progress_comes_out_as_published() {
    let (definition, Some(published)) = (definition(), published()) else {
        return;
    };
    for example in list(&published["examples"]["progress"]) {
        let mut inputs = inputs(&[
            ("handled_on_time", &example["num"]),
            ("handled", &example["den"]),
        ]);
        inputs.extend([("in_process_within_due", 0), ("in_process", 0)]);
        let got = points(&definition, "PROGRESS_ON_TIME", &inputs);
        assert_eq!(got, Some(number(&example["score"])), "{}", example["unit"]);
    }
}

#[test]
fn payment_comes_out_as_published() {
    let (definition, Some(published)) = (definition(), published()) else {
        return;
    };
    for example in list(&published["examples"]["payment"]) {
        let inputs = inputs(&[
            ("dossiers_paid_online", &example["dossiers_paid"]),
            ("dossiers_with_duty", &example["dossiers_duty"]),
            ("procedures_paid_online", &example["procs_B"]),
            ("procedures_payment_integrated", &example["procs_C"]),
            ("procedures_with_fee", &example["procs_B_den"]),
        ]);
        let got = component(&definition, "G3P", &inputs);
        assert_eq!(got, Some(number(&example["score"])), "{}", example["unit"]);
    }
}

#[test]
fn satisfaction_comes_out_as_published() {
    let (definition, Some(published)) = (definition(), published()) else {
        return;
    };
    for example in list(&published["examples"]["satisfaction"]) {
        let mut inputs = inputs(&[
            ("active_satisfied", &example["num54"]),
            ("active", &example["den54"]),
        ]);
        let got = points(&definition, "DOSSIER_RECEIVING_SATISFACTION", &inputs);
        assert_eq!(
            got,
            Some(number(&example["score54"])),
            "{}",
            example["unit"]
        );
        let petitions = &example["petitions"];
        if petitions.is_object() {
            for (name, leaf, list) in [
                (
                    "petitions_on_time",
                    "PETITION_PROCESSING_ON_TIME",
                    &petitions["on_time"],
                ),
                (
                    "petitions_satisfied",
                    "PETITION_HANDLING_SATISFACTION",
                    &petitions["satisfied"],
                ),
            ] {
                inputs.extend([(name, number(&list[0])), ("petitions", number(&list[1]))]);
                assert_eq!(
                    points(&definition, leaf, &inputs),
                    Some(number(&list[2])),
                    "{leaf}"
                );
            }
        } else {
            // Either none were filed, or those that were gave nothing.
            let filed = i64::from(petitions.is_string());
            inputs.extend([
                ("petitions", filed),
                ("petitions_on_time", 0),
                ("petitions_satisfied", 0),
            ]);
        }
        if !example["total"].is_null() {
            let got = component(&definition, "G5", &inputs);
            assert_eq!(got, Some(number(&example["total"])), "{}", example["unit"]);
        }
    }
}

#[test]
fn digitisation_comes_out_as_published() {
    let (definition, Some(published)) = (definition(), published()) else {
        return;
    };
    for example in list(&published["examples"]["digitised"]) {
        let mut inputs = inputs(&[
            ("active", &example["den"]),
            ("active_electronic_result", &example["i41"]),
            ("active_digitised", &example["i42"]),
            ("active_reused", &example["i43"]),
            ("active_synced_storage", &example["i44"]),
            ("active_identity_connected", &example["i45b"]),
            ("procedures_identity_connected", &example["i45a"][0]),
            ("procedures", &example["i45a"][1]),
        ]);
        inputs.extend([
            ("certified_copy_units", 1),
            ("certified_copy_units_obliged", 1),
        ]);
        let digitisation = definition
            .leaves()
            .iter()
            .filter(|leaf| leaf.component() == Some(&code("G4")));
        let got: Vec<_> = digitisation
            .map(|leaf| leaf.score(&inputs).points)
            .collect();
        let expected: Vec<_> = list(&example["scores"])
            .iter()
            .map(|it| Some(number(it)))
            .collect();
        assert_eq!(got, expected, "{}", example["unit"]);
        assert_eq!(
            component(&definition, "G4", &inputs),
            Some(number(&example["total"]))
        );
    }
}

#[test]
fn online_services_come_out_as_published() {
    let (definition, Some(published)) = (definition(), published()) else {
        return;
    };
    for example in list(&published["examples"]["online"]) {
        let offered = number(&example["partial"]) + number(&example["full"]);
        let mut provided = inputs(&[("procedures", &example["authority"])]);
        provided.set("procedures_online", offered);
        let used = inputs(&[
            (
                "services_with_online_dossiers",
                &example["services_with_dossier"],
            ),
            ("procedures_online", &example["services"]),
        ]);
        let filed = inputs(&[
            ("dossiers_received_online", &example["online"]),
            ("dossiers_received", &example["received"]),
        ]);
        let leaves = [
            ("ONLINE_PROVIDED", &provided),
            ("ONLINE_WITH_DOSSIER", &used),
            ("ONLINE_DOSSIER_RATE", &filed),
        ];
        let score = |(leaf, inputs): (&str, &Inputs)| {
            (
                code(leaf),
                definition.leaf(&code(leaf)).expect("a leaf").score(inputs),
            )
        };
        let result = definition.aggregate(&leaves.map(score).into());
        let group = result
            .components
            .iter()
            .find(|it| it.code == code("G3"))
            .expect("the group");
        assert_eq!(
            group.points,
            Some(number(&example["score"])),
            "{}",
            example["unit"]
        );
    }
}

#[test]
fn transparency_comes_out_as_published() {
    let (definition, Some(published)) = (definition(), published()) else {
        return;
    };
    let names = [
        (
            "PUBLISH_ON_TIME",
            "procedures_published_on_time",
            "procedures_published",
        ),
        (
            "PUBLIC_UPDATE_ON_TIME",
            "procedures_updated_on_time",
            "procedures_to_update",
        ),
        (
            "PUBLIC_CONTENT_FULL",
            "procedures_complete",
            "procedures_public",
        ),
        ("DOSSIER_SYNC", "dossiers_synchronised", "dossiers_received"),
    ];
    for example in list(&published["examples"]["transparency"]) {
        let mut all = Inputs::new();
        for ((leaf, of, to), item) in names.iter().zip(list(&example["items"])) {
            all.extend([(*of, number(&item[0])), (*to, number(&item[1]))]);
            assert_eq!(
                points(&definition, leaf, &all),
                Some(number(&item[2])),
                "{leaf}"
            );
        }
        assert_eq!(
            component(&definition, "G1", &all),
            Some(number(&example["total"]))
        );
    }
}
