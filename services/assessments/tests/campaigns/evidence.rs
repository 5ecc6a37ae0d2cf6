//! Files: what comes in whole is kept once, and for the unit.

use std::path::PathBuf;

use contracts::assessments::v1 as pb;
use prost::Message as _;
use tonic::Code;

use crate::files::*;
use crate::given::*;
use crate::world::World;

#[tokio::test]
async fn a_file_is_kept_once_told_in_one_event_and_comes_back_whole_also_after_a_restart() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    // Above the size from which on a file is put in its place in parts.
    for bytes in [scan(1), scan(90)] {
        let digest = sha256(&bytes);
        let said = pb::EvidenceUpload {
            sha256: vec![],
            ..metadata(HEALTH, &bytes)
        };
        let file = send(&world, said, &bytes).await.unwrap();
        assert_eq!((file.unit.as_str(), &file.sha256), (HEALTH, &digest));
        let stream = format!("evidence-{HEALTH}-{}", hex::encode(&digest));
        let (envelope, event) = world.newest::<pb::EvidenceStored>(&stream, 1).await;
        assert_eq!(envelope.actor, assessor(HEALTH));
        assert_eq!((&event.sha256, event.size), (&digest, file.size));
        assert_eq!(event.media_type, "application/pdf");
        assert_eq!(
            (event.file_name.as_str(), event.leaf.as_str()),
            ("Kế hoạch 165.pdf", "plan")
        );
        assert!(
            event.encode_to_vec().len() < KIB,
            "the content stays out of the log"
        );
        assert_eq!(
            fetch(&world, HEALTH, digest.clone()).await.unwrap(),
            (file.clone(), bytes.clone())
        );
        world.restart_at(PLANNED).await;
        assert_eq!(fetch(&world, HEALTH, digest).await.unwrap(), (file, bytes));
    }
    assert_eq!(kept(&world.folder).len(), 2);
    assert_eq!(list(&world, HEALTH, CAMPAIGN).await.len(), 2);
}

#[tokio::test]
async fn the_same_content_again_is_kept_once_whoever_brings_it() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let bytes = scan(2);
    let first = send(&world, metadata(HEALTH, &bytes), &bytes)
        .await
        .unwrap();
    let head = world.head().await;
    let again = send(&world, metadata(HEALTH, &bytes), &bytes)
        .await
        .unwrap();
    assert_eq!((again, world.head().await), (first.clone(), head));
    let elsewhere = pb::EvidenceUpload {
        leaf: "tasks".to_owned(),
        ..metadata(HEALTH, &bytes)
    };
    let both = send(&world, elsewhere, &bytes).await.unwrap();
    let leaves: Vec<_> = both.places.iter().map(|it| it.leaf.as_str()).collect();
    assert_eq!(leaves, ["plan", "tasks"]);
    let other = send(&world, metadata(TRADE, &bytes), &bytes).await.unwrap();
    assert_eq!(other.places.len(), 1, "what others uploaded is not told");
    assert_eq!(kept(&world.folder).len(), 1);
    assert_eq!(list(&world, HEALTH, "").await, [both]);
    assert_eq!(list(&world, HEALTH, "par-2023").await, []);
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_a_trial_keeps_nothing() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let bytes = scan(1);
    let mut said = metadata(HEALTH, &bytes);
    said.sha256.clear();
    let context = said.context.as_mut().unwrap();
    context.request_id = runtime::Ids::random().uuid().to_string();
    context.validate_only = true;
    let head = world.head().await;
    let tried = send(&world, said.clone(), &bytes).await.unwrap();
    assert_eq!((tried.version, world.head().await), (1, head));
    assert_eq!(kept(&world.folder), Vec::<PathBuf>::new());
    said.context.as_mut().unwrap().validate_only = false;
    let first = send(&world, said.clone(), &bytes).await.unwrap();
    let again = send(&world, said.clone(), &bytes).await.unwrap();
    assert_eq!((again, world.head().await), (first, head + 1));
    let mut other = bytes.clone();
    other[50 * KIB] ^= 1;
    let reused = refused(send(&world, said, &other).await);
    assert_eq!(reused.0, Code::InvalidArgument, "{}", reused.1);
    assert_eq!(kept(&world.folder).len(), 1);
}

#[tokio::test]
async fn a_damaged_file_is_told_from_a_whole_one_and_mended_by_its_original() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let bytes = scan(3);
    let digest = sha256(&bytes);
    send(&world, metadata(HEALTH, &bytes), &bytes)
        .await
        .unwrap();
    let place = kept(&world.folder).remove(0);
    let mut altered = bytes.clone();
    *altered.last_mut().unwrap() ^= 1;
    for damage in [
        Some(altered),
        Some(bytes[..bytes.len() - 1].to_vec()),
        Some(vec![]),
        None,
    ] {
        match damage {
            Some(damaged) => std::fs::write(&place, damaged).unwrap(),
            None => std::fs::remove_file(&place).unwrap(),
        }
        let told = refused(fetch(&world, HEALTH, digest.clone()).await);
        assert_eq!(told, (Code::DataLoss, "EVIDENCE_DAMAGED".to_owned()));
    }
    send(&world, metadata(HEALTH, &bytes), &bytes)
        .await
        .unwrap();
    let (_, mended) = fetch(&world, HEALTH, digest).await.unwrap();
    assert_eq!(mended, bytes);
}

#[tokio::test]
async fn a_claim_names_files_of_its_unit_of_whatever_leaf() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let bytes = scan(1);
    let digest = sha256(&bytes);
    let mut campaigns = world.campaigns.clone();
    let claimed = |unit: &str, leaf: &str| pb::ClaimLeafRequest {
        evidence: [evidence(), naming(&digest)].concat(),
        ..claim(unit, leaf, 0, vec![])
    };
    let unfounded = (Code::FailedPrecondition, "EVIDENCE_UNFOUNDED".to_owned());
    let head = world.head().await;
    let early = campaigns.claim_leaf(claimed(HEALTH, "tasks")).await;
    let status = early.unwrap_err();
    assert!(
        status.message().contains("evidence[1].sha256"),
        "{status:?}"
    );
    assert!(status.message().contains("upload it first"), "{status:?}");
    assert_eq!(refused(Err::<(), _>(status.clone())), unfounded);
    assert_eq!(world.head().await, head);
    send(&world, metadata(HEALTH, &bytes), &bytes)
        .await
        .unwrap();
    let leaf = campaigns
        .claim_leaf(claimed(HEALTH, "tasks"))
        .await
        .unwrap();
    assert_eq!(leaf.into_inner().evidence[1].sha256, digest);
    // Another unit's file is as unknown as one that nobody has.
    let foreign = campaigns
        .claim_leaf(claimed(TRADE, "plan"))
        .await
        .unwrap_err();
    assert_eq!(foreign.message(), status.message());

    world.restart_at(DEADLINES[0]).await;
    world.restart_at(DEADLINES[1]).await;
    let stream = format!("campaign-{CAMPAIGN}");
    world.newest::<pb::CampaignStageLocked>(&stream, 2).await;
    let explained = |unit: &str| pb::ExplainLeafRequest {
        context: by(&assessor(unit), unit),
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
        leaf: "plan".to_owned(),
        leaf_version: 0,
        text: "the decision came late".to_owned(),
        evidence: naming(&digest),
    };
    let mut campaigns = world.campaigns.clone();
    let head = world.head().await;
    let foreign = campaigns.explain_leaf(explained(TRADE)).await;
    assert_eq!(refused(foreign), unfounded);
    assert_eq!(world.head().await, head);
    campaigns.explain_leaf(explained(HEALTH)).await.unwrap();
}
