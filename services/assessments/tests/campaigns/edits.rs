//! Many hands on one sheet.

use std::collections::BTreeMap;

use contracts::assessments::v1 as pb;
use pb::AppraisalVerdict::{Accept, Change};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::given::*;
use crate::world::{World, eventually};

/// Changes that each of the three tries.
const TRIES: usize = 40;

/// What came of one person's tries: the reasons that it was obeyed with, and how often it was told that it came second.
#[derive(Default)]
struct Tally {
    obeyed: Vec<String>,
    told: usize,
}

/// A loser learns who changed the leaf, when, and from what to what.
fn told(status: &Status) {
    assert_eq!(status.code(), Code::Aborted, "{status:?}");
    let metadata = status.get_details_error_info().unwrap().metadata;
    let of_leaf = if metadata.contains_key("leaf") {
        &["from", "to"][..]
    } else {
        &[]
    };
    for key in ["changed_by", "changed_at", "changed"]
        .iter()
        .chain(of_leaf)
    {
        assert!(!metadata[*key].is_empty(), "{key}: {metadata:?}");
    }
}

/// An appraiser that changes one leaf as fast as it can, each time to what it has just read.
async fn appraising(world: &World, (actor, of): (&str, &str)) -> Tally {
    let mut tally = Tally::default();
    for n in 0..TRIES {
        let version = leaf(world, HEALTH, "plan").await.leaf_version;
        let reason = format!("{actor} {n}");
        let points = if n % 2 == 0 { "1" } else { "0.5" };
        let request = appraise(
            (actor, of),
            HEALTH,
            "plan",
            version,
            Change,
            (points, &reason),
        );
        match world.campaigns.clone().appraise_leaf(request).await {
            Ok(_) => tally.obeyed.push(reason),
            Err(status) => {
                told(&status);
                tally.told += 1;
            }
        }
    }
    tally
}

/// The organiser moves the ground below them all the while.
async fn reassigning(world: &World) {
    for n in 0..TRIES {
        let mut request = assign("chau", TRADE, &[HEALTH, HOME]);
        request.components = if n % 2 == 0 {
            vec!["C1".to_owned()]
        } else {
            vec![]
        };
        match world.campaigns.clone().assign_appraiser(request).await {
            Ok(_) => {}
            Err(status) => assert_eq!(status.code(), Code::Aborted, "{status:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_and_every_loser_is_told() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    filled_in(&world, HEALTH, "on_time", "9").await;
    world.restart_at(DEADLINES[0]).await;
    let stream = format!("campaign-{CAMPAIGN}");
    world.newest::<pb::CampaignStageLocked>(&stream, 1).await;
    let second = assign("chau", TRADE, &[HEALTH, HOME]);
    world
        .campaigns
        .clone()
        .assign_appraiser(second)
        .await
        .unwrap();

    let (first, second, ()) = tokio::join!(
        appraising(&world, ("binh", HOME)),
        appraising(&world, ("chau", TRADE)),
        reassigning(&world),
    );
    assert!(!first.obeyed.is_empty() && !second.obeyed.is_empty());
    for tally in [&first, &second] {
        assert_eq!(tally.obeyed.len() + tally.told, TRIES);
    }
    let stored = reasons(&world).await;
    let mut expected: Vec<_> = first.obeyed.iter().chain(&second.obeyed).cloned().collect();
    expected.sort();
    let mut sorted = stored.clone();
    sorted.sort();
    assert_eq!(
        sorted, expected,
        "what was obeyed is stored, once, and nothing else"
    );
    let now = leaf(&world, HEALTH, "plan").await;
    assert_eq!(now.first.unwrap().reason, *stored.last().unwrap());
}

/// Reasons of the stored appraisals, in order.
async fn reasons(world: &World) -> Vec<String> {
    let events = world
        .events(&format!("assessment-{CAMPAIGN}-{HEALTH}"))
        .await;
    let appraised = events
        .into_iter()
        .filter(|event| event.r#type.ends_with(".LeafAppraised"));
    appraised
        .map(|event| {
            let it: pb::LeafAppraised = prost::Message::decode(event.payload.as_ref()).unwrap();
            it.reason
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_one_unit_fill_in_together() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let one = async |name: &str, done: i64| {
        let mut won = 0;
        for n in 0..TRIES {
            let version = leaf(&world, HEALTH, "tasks").await.leaf_version;
            let value = (done + i64::try_from(n).unwrap()).to_string();
            let figures = vec![number("done", &value), number("planned", "1000")];
            let request = pb::ClaimLeafRequest {
                context: by(name, HEALTH),
                ..claim(HEALTH, "tasks", version, figures)
            };
            match world.campaigns.clone().claim_leaf(request).await {
                Ok(answer) => {
                    assert_eq!(answer.into_inner().claimed_by, name);
                    won += 1;
                }
                Err(status) => told(&status),
            }
        }
        won
    };
    let (first, second) = tokio::join!(one("mai", 100), one("nam", 200));
    let events = world
        .events(&format!("assessment-{CAMPAIGN}-{HEALTH}"))
        .await;
    assert_eq!(events.len(), first + second);
    let now = leaf(&world, HEALTH, "tasks").await;
    assert_eq!(now.leaf_version, i64::try_from(events.len()).unwrap());
}

#[tokio::test]
async fn measured_leaves_show_their_live_value_and_flag_another_claim() {
    let mut world = World::start_at(PLANNED).await.with_scoring().await;
    open_campaign(&world).await;
    let report = pb::ReportMeasureRequest {
        unit: HEALTH.to_owned(),
        month: "2024-12".to_owned(),
        measure: "published".to_owned(),
        value: "7".to_owned(),
        source: "portal".to_owned(),
        ..Default::default()
    };
    world
        .assessments
        .clone()
        .report_measure(report)
        .await
        .unwrap();
    let speed = eventually("scoring knows the figure", async || {
        let speed = leaf(&world, HEALTH, "speed").await;
        speed.measured.is_some().then_some(speed)
    })
    .await;
    assert_eq!(speed.measured, mark("0.7"));
    let objection = pb::ClaimLeafRequest {
        claimed: mark("1"),
        explanation: "all ten are there".to_owned(),
        ..claim(HEALTH, "speed", 0, vec![])
    };
    let answer = world
        .campaigns
        .clone()
        .claim_leaf(objection)
        .await
        .unwrap()
        .into_inner();
    assert!(answer.flags.contains(&pb::LeafFlag::ClaimDiffers.into()));
    filled_in(&world, HEALTH, "on_time", "9").await;

    world.restart_at(DEADLINES[0]).await;
    world
        .newest::<pb::CampaignStageLocked>(&format!("campaign-{CAMPAIGN}"), 1)
        .await;
    let mut campaigns = world.campaigns.clone();
    // The flagged leaf waits for a look; accepting it makes it what is measured, not what is claimed.
    let accepted = campaigns
        .accept_leaves(accept("binh", HOME, HEALTH))
        .await
        .unwrap();
    assert_eq!(accepted.into_inner().leaves, ["plan", "tasks"]);
    let looked_at = appraise(("binh", HOME), HEALTH, "speed", 1, Accept, ("", ""));
    let leaf = campaigns
        .appraise_leaf(looked_at)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(leaf.decided, mark("0.7"));
    let by_kind: BTreeMap<String, usize> = world
        .events(&format!("assessment-{CAMPAIGN}-{HEALTH}"))
        .await
        .into_iter()
        .fold(BTreeMap::new(), |mut counts, event| {
            *counts.entry(event.r#type).or_default() += 1;
            counts
        });
    assert_eq!(by_kind["chiso.assessments.v1.LeafAppraised"], 3);
}
