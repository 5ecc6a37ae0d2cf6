//! Publications: frozen, signed, put together again from the logs, corrected by another one.

use assessments::publication::{Document, Logs, PublicationKey, Verdict, verify};
use contracts::assessments::v1 as pb;
use pb::get_publication_response::Part;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::given::*;
use crate::play::{approve, publish, published};
use crate::world::World;

/// The key that the service signs with.
fn key() -> PublicationKey {
    PublicationKey::from_seed(&[7; 32])
}

/// A publication as its file says it; 0 is the newest.
async fn document(world: &World, number: i32) -> Result<Document, Status> {
    let request = pb::GetPublicationRequest {
        campaign: CAMPAIGN.to_owned(),
        number,
    };
    let mut publications = world.publications.clone();
    let mut parts = publications.get_publication(request).await?.into_inner();
    let (mut seal, mut result) = (pb::Publication::default(), pb::PublishedResult::default());
    while let Some(answer) = parts.message().await? {
        match answer.part.expect("a part") {
            Part::Head(head) => {
                (seal, result) = (head.publication.unwrap(), head.result.unwrap());
            }
            Part::Unit(unit) => result.units.push(unit),
        }
    }
    Ok(Document::new(result, &seal.signature, &seal.public_key))
}

fn logs(world: &World) -> Logs<Channel> {
    Logs {
        registry: world.registry_log(),
        dossiers: World::dossiers_log(),
        assessments: world.log.clone(),
        scoring: world.scoring_log(),
    }
}

async fn verified(world: &World, document: &Document) -> Verdict {
    let verdict = verify(document, &key().public(), &logs(world)).await;
    verdict.unwrap()
}

fn told(verdict: &Verdict) -> Vec<String> {
    verdict.findings.iter().map(ToString::to_string).collect()
}

/// The same file with other words in it, signed again by whoever has the key.
fn forged(document: &Document, words: &str, others: &str) -> Document {
    let file = document.to_file();
    assert!(file.contains(words), "{file}");
    let forged = Document::from_file(&file.replacen(words, others, 1)).unwrap();
    Document {
        signature: key().sign(&forged.canonical).to_vec(),
        ..forged
    }
}

fn correction(actor: &str) -> pb::CorrectPublicationRequest {
    pb::CorrectPublicationRequest {
        context: by(actor, ""),
        campaign: CAMPAIGN.to_owned(),
        document: "120/QĐ-UBND".to_owned(),
        reason: "the survey of Trade was misread".to_owned(),
    }
}

#[tokio::test]
async fn a_publication_follows_from_the_logs_and_whatever_is_forged_is_told() {
    let world = published().await;
    let document = document(&world, 1).await.unwrap();
    let file = document.to_file();
    assert_eq!(Document::from_file(&file).unwrap(), document);
    let rests_on: Vec<_> = document
        .result
        .rests_on
        .iter()
        .map(|it| it.log.as_str())
        .collect();
    assert_eq!(rests_on, ["assessments", "scoring"]);
    let counted_on = document.result.counted_on.clone().unwrap();
    let counted_on = counted_on.logs.iter().map(|it| (&*it.log, it.position > 0));
    let counted_on: Vec<_> = counted_on.collect();
    let (assessments, dossiers) = (("assessments", true), ("dossiers", false));
    assert_eq!(counted_on, [assessments, dossiers, ("registry", true)]);
    let verdict = verified(&world, &document).await;
    assert_eq!((told(&verdict), verdict.leaves), (vec![], 16));

    // One digit, in somebody else's hand: the signature tells.
    let unsigned = Document::from_file(&file.replacen("\"8.25\"", "\"8.75\"", 1)).unwrap();
    let said = told(&verified(&world, &unsigned).await);
    assert_eq!(said[0], "the signature is not of this document by that key");
    // The same digit by whoever holds the key: the log tells.
    let forged_total = forged(&document, "\"8.25\"", "\"8.75\"");
    let said = told(&verified(&world, &forged_total).await);
    let total = format!("{HEALTH} final.total: published 8.75, recomputed 8.25");
    assert_eq!(said, [total]);
    let leaf = forged(&document, "\"4.25\"", "\"4.75\"");
    let said = told(&verified(&world, &leaf).await);
    assert_eq!(
        said,
        [format!(
            "{HEALTH} tasks council.mark.points: published 4.75, recomputed 4.25"
        )]
    );
    let by_another = verify(&document, &[1; 32], &logs(&world)).await.unwrap();
    assert_eq!(told(&by_another).len(), 1);

    // An event's figure: the chain names the event, the comparison what follows from it.
    let stream = format!("assessment-{CAMPAIGN}-{HEALTH}");
    world.tamper(&format!(
        "update eventlog.events set payload = convert_to(replace(convert_from(payload, 'UTF8'), '4.25', '4.75'), 'UTF8') \
         where stream = '{stream}' and kind like '%LeafRemarked'"
    ));
    let said = told(&verified(&world, &document).await);
    assert!(
        said[0].starts_with("log of assessments: the event at position "),
        "{said:?}"
    );
    assert!(
        said[0].ends_with(" was altered after it was recorded"),
        "{said:?}"
    );
    let differs = format!("{HEALTH} tasks final.points: published 4.25, recomputed 4.75");
    assert!(said.contains(&differs), "{said:?}");
    let total = format!("{HEALTH} outcome.total: published 8.25, recomputed 8.75");
    assert!(said.contains(&total), "{said:?}");
}

#[tokio::test]
async fn a_correction_is_a_publication_of_its_own_and_both_are_kept() {
    let world = published().await;
    let mut publications = world.publications.clone();
    let nothing = refused(publications.correct_publication(correction("lan")).await);
    assert_eq!(
        nothing,
        (Code::FailedPrecondition, "NOTHING_CORRECTED".to_owned())
    );
    let remark = pb::RemarkOnLeafRequest {
        context: by("hoa", ""),
        campaign: CAMPAIGN.to_owned(),
        unit: TRADE.to_owned(),
        leaf: "survey".to_owned(),
        leaf_version: 1,
        mark: mark("2"),
        remark: "the survey says 2".to_owned(),
    };
    let mut campaigns = world.campaigns.clone();
    let only_said = pb::RemarkOnLeafRequest {
        mark: None,
        ..remark.clone()
    };
    let late = refused(campaigns.remark_on_leaf(only_said).await);
    assert_eq!(
        late,
        (Code::FailedPrecondition, "STAGE_NOT_OPEN".to_owned())
    );
    campaigns.remark_on_leaf(remark).await.unwrap();
    let same = refused(publications.correct_publication(correction("hoa")).await);
    assert_eq!(same, (Code::PermissionDenied, "APPROVED_BY_YOU".to_owned()));
    let corrected = publications
        .correct_publication(correction("lan"))
        .await
        .unwrap();
    let corrected = corrected.into_inner();
    assert_eq!((corrected.number, corrected.corrects), (2, 1));

    let request = pb::ListPublicationsRequest::default();
    let listed = publications
        .list_publications(request)
        .await
        .unwrap()
        .into_inner();
    let numbers: Vec<_> = listed.publications.iter().map(|it| it.number).collect();
    assert_eq!(numbers, [1, 2]);
    let total = |document: &Document| {
        let units = &document.result.units;
        let unit = units.iter().find(|it| it.unit == TRADE).unwrap();
        unit.outcome.clone().unwrap().total
    };
    for (number, of_trade) in [(1, "5.00"), (2, "5.50"), (0, "5.50")] {
        let document = document(&world, number).await.unwrap();
        assert_eq!(total(&document), of_trade);
        assert_eq!(
            told(&verified(&world, &document).await),
            Vec::<String>::new()
        );
    }
    let unknown = refused(document(&world, 3).await);
    assert_eq!(
        unknown,
        (Code::NotFound, "PUBLICATION_NOT_FOUND".to_owned())
    );
}

#[tokio::test]
async fn what_is_repeated_publishes_once() {
    let world = published().await;
    let head = world.head().await;
    let mut campaigns = world.campaigns.clone();
    campaigns.publish_campaign(publish("lan")).await.unwrap();
    campaigns.approve_campaign(approve("hoa")).await.unwrap();
    assert_eq!(world.head().await, head);
}
