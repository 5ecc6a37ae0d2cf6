//! What is published is a file that anybody verifies; a forged digit in it is found, and a correction leaves it as it is.

use cli::{Services, publication};
use contracts::assessments::v1 as pb;
use rust_decimal::Decimal;
use serde_json::Value;

use super::cast::{CAMPAIGN, Cast, Person};
use super::probes::LEAF;
use super::rounds::{ASKED, CONTESTING, council};
use super::sheets::Sheet;
use super::survey::{FED, SURVEYED};

/// Why it is published again.
const REASON: &str = "the council heard the unit again";

/// A publication as `chiso publication get` writes it.
async fn filed(services: &Services, number: i32) -> String {
    let (publication, document) = publication::get(services, CAMPAIGN, number)
        .await
        .expect("a publication");
    assert_eq!(publication.number, number);
    document.to_file()
}

/// What `chiso publication verify` finds wrong with a file.
async fn found(services: &Services, text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("par-2024.json");
    std::fs::write(&file, text).expect("written");
    let document = publication::read(&file).expect("a document");
    let verdict = publication::check(services, &document, None).await;
    let verdict = verdict.expect("the logs answer");
    assert_eq!(document.result.units.len(), 20);
    // 46 leaves of departments and 38 of districts, and what is added and taken off.
    assert!(verdict.leaves >= 10 * (46 + 38), "{}", verdict.leaves);
    assert!(verdict.events > 0);
    let findings = verdict.findings.iter();
    findings.map(ToString::to_string).collect()
}

/// The value at a place of a file: of a unit, or of one of its leaves.
fn place<'a>(file: &'a mut Value, unit: &str, leaf: &str, field: &[&str]) -> &'a mut Value {
    let mut at = named(&mut file["result"]["units"], "unit", unit);
    if !leaf.is_empty() {
        at = named(&mut at["leaves"], "leaf", leaf);
    }
    field.iter().fold(at, |at, key| &mut at[*key])
}

fn named<'a>(list: &'a mut Value, key: &str, name: &str) -> &'a mut Value {
    let mut items = list.as_array_mut().expect("a list").iter_mut();
    items
        .find(|item| item[key] == name)
        .unwrap_or_else(|| panic!("no {key} {name}"))
}

/// The same with another last digit.
fn next(digits: &str) -> String {
    let (rest, last) = digits.split_at(digits.len() - 1);
    let last: u8 = last.parse().expect("a digit");
    format!("{rest}{}", (last + 1) % 10)
}

/// Whoever changes one digit of the file is found out: where, what is there, and what would be right.
async fn a_forged_digit_is_found(services: &Services, text: &str) {
    for (unit, leaf, field) in [
        (CONTESTING, LEAF, ["final", "points"]),
        (SURVEYED, FED, ["measured", "points"]),
        (CONTESTING, "", ["outcome", "total"]),
    ] {
        let mut file: Value = serde_json::from_str(text).expect("JSON");
        let at = place(&mut file, unit, leaf, &field);
        let right = at.as_str().expect("points").to_owned();
        let wrong = next(&right);
        *at = wrong.clone().into();
        let findings = found(services, &file.to_string()).await;
        let whose = if leaf.is_empty() {
            unit.to_owned()
        } else {
            format!("{unit} {leaf}")
        };
        let what = field.join(".");
        let told = format!("{whose} {what}: published {wrong}, recomputed {right}");
        assert!(findings.contains(&told), "{told}: {findings:?}");
        let signature = |finding: &String| finding.contains("signature");
        assert!(findings.iter().any(signature), "{findings:?}");
    }
}

/// The file follows from the logs and holds what everybody said; it is returned.
pub(super) async fn verified(cast: &Cast<'_>, sheet: &Sheet) -> String {
    let services = &cast.0.services;
    let text = filed(services, 1).await;
    assert_eq!(found(services, &text).await, Vec::<String>::new());
    a_forged_digit_is_found(services, &text).await;
    let mut file: Value = serde_json::from_str(&text).expect("JSON");
    let shown = place(&mut file, ASKED, LEAF, &["evidence"]);
    let digest = shown[0].as_str().expect("a digest");
    // Proto3 JSON writes bytes in base 64.
    assert_eq!(digest, base64(&sheet.shows[LEAF]));
    text
}

fn base64(bytes: &[u8]) -> String {
    let message = pb::PublishedLeaf {
        evidence: vec![bytes.to_vec()],
        ..pb::PublishedLeaf::default()
    };
    let name = "chiso.assessments.v1.PublishedLeaf";
    let json = contracts::json::to_json(name, &prost::Message::encode_to_vec(&message));
    let json = json.expect("a known message");
    json["evidence"][0].as_str().expect("a digest").to_owned()
}

/// The council decides a leaf anew, and the chair publishes again, with the reason: both publications are kept and both
/// are verified, the first as it was.
pub(super) async fn corrected(cast: &Cast<'_>, sheet: &mut Sheet, first: &str) -> pb::Campaign {
    council(cast, sheet, Decimal::ONE, "issued in time after all").await;
    let request = pb::CorrectPublicationRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        document: "101/QĐ-UBND".to_owned(),
        reason: REASON.to_owned(),
    };
    let mut chair = cast.publications(Person::Chair);
    let second = chair.correct_publication(request).await.expect("corrected");
    let second = second.into_inner();
    assert_eq!((second.number, second.corrects), (2, 1));
    assert_eq!(second.reason, REASON);

    let services = &cast.0.services;
    let listed = publication::list(services, CAMPAIGN).await.expect("a list");
    let listed: Vec<_> = listed.iter().map(|it| (it.number, &*it.reason)).collect();
    assert_eq!(listed, [(1, ""), (2, REASON)]);
    assert_eq!(filed(services, 1).await, first, "what is published stays");
    let corrected = filed(services, 2).await;
    for text in [first, &corrected] {
        assert_eq!(found(services, text).await, Vec::<String>::new());
    }
    let mut file: Value = serde_json::from_str(&corrected).expect("JSON");
    let points = place(&mut file, CONTESTING, LEAF, &["final", "points"]);
    assert_eq!(points, "1");
    let get = pb::GetCampaignRequest {
        code: CAMPAIGN.to_owned(),
        ..pb::GetCampaignRequest::default()
    };
    let campaign = cast.campaigns(Person::Auditor).get_campaign(get).await;
    campaign.expect("a campaign").into_inner()
}
