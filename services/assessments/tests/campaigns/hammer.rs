//! Everybody who has a hand in an assessment at once, in every stage: who may, and who may not.

use std::collections::BTreeMap;

use contracts::assessments::v1 as pb;
use futures::future::join_all;
use pb::CampaignStage;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::given::*;
use crate::world::World;

/// Blows on each leaf in each stage, by everybody at the same moment.
const BLOWS: usize = 4;
const LEAVES: [&str; 2] = ["plan", "tasks"];

/// Somebody, by name and unit.
type Hand = (&'static str, &'static str);

/// What somebody does to a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    Claim,
    Appraise,
    /// Of every leaf that needs nothing, so that it names no version.
    AcceptAll,
    Explain,
    Contest,
    Remark,
}
use Move::{AcceptAll, Appraise, Claim, Contest, Explain, Remark};

/// Two people of the unit, two appraisers, and the council.
const HANDS: [(Hand, &[Move]); 5] = [
    (("mai", HEALTH), &[Claim, Explain, Contest]),
    (("nam", HEALTH), &[Claim, Explain, Contest]),
    (("binh", HOME), &[Appraise, AcceptAll]),
    (("chau", TRADE), &[AcceptAll, Appraise]),
    (("hoa", ""), &[Remark]),
];

const STAGES: [(CampaignStage, &[Move]); 5] = [
    (CampaignStage::SelfAssessment, &[Claim]),
    (CampaignStage::FirstAppraisal, &[Appraise, AcceptAll]),
    (CampaignStage::Explanation, &[Explain, Contest]),
    (CampaignStage::SecondAppraisal, &[Appraise, AcceptAll]),
    (CampaignStage::Council, &[Contest, Remark]),
];

/// A change as it was acknowledged, and as it is stored: who, which leaf, which words.
type Told = (String, String, String);
/// Changes by the version that they made of the sheet.
type Changes = BTreeMap<i64, Told>;

/// Accepts every leaf that needs nothing; each is a change of its own.
async fn accepted(world: &World, (name, unit): Hand) -> Result<Changes, Status> {
    let request = accept(name, unit, HEALTH);
    let answer = world.campaigns.clone().accept_leaves(request).await?;
    let answer = answer.into_inner();
    let newest_first = answer.leaves.into_iter().rev();
    let changes = newest_first
        .zip((1..=answer.version).rev())
        .map(|(leaf, version)| (version, (name.to_owned(), leaf, String::new())));
    Ok(changes.collect())
}

/// Does something to a leaf; the changes that were acknowledged.
async fn done(
    world: &World,
    (name, unit): Hand,
    what: Move,
    (leaf, seen): (&str, i64),
    words: &str,
) -> Result<Changes, Status> {
    let mut campaigns = world.campaigns.clone();
    let answer = match what {
        Claim => {
            let figures = match leaf {
                "plan" => vec![state("issued", "on_time")],
                _ => vec![number("done", "9"), number("planned", "10")],
            };
            let request = pb::ClaimLeafRequest {
                context: by(name, unit),
                explanation: words.to_owned(),
                ..claim(HEALTH, leaf, seen, figures)
            };
            campaigns.claim_leaf(request).await?
        }
        Appraise => {
            let verdict = pb::AppraisalVerdict::Change;
            let request = appraise((name, unit), HEALTH, leaf, seen, verdict, ("1", words));
            campaigns.appraise_leaf(request).await?
        }
        AcceptAll => return accepted(world, (name, unit)).await,
        Explain => {
            let request = pb::ExplainLeafRequest {
                context: by(name, unit),
                campaign: CAMPAIGN.to_owned(),
                unit: HEALTH.to_owned(),
                leaf: leaf.to_owned(),
                leaf_version: seen,
                text: words.to_owned(),
                evidence: evidence(),
            };
            campaigns.explain_leaf(request).await?
        }
        Contest => {
            let request = pb::ContestLeafRequest {
                context: by(name, unit),
                campaign: CAMPAIGN.to_owned(),
                unit: HEALTH.to_owned(),
                leaf: leaf.to_owned(),
                leaf_version: seen,
                wanted: mark("2"),
                reason: words.to_owned(),
            };
            campaigns.contest_leaf(request).await?
        }
        Remark => {
            let request = pb::RemarkOnLeafRequest {
                context: by(name, unit),
                campaign: CAMPAIGN.to_owned(),
                unit: HEALTH.to_owned(),
                leaf: leaf.to_owned(),
                leaf_version: seen,
                mark: mark("1.5"),
                remark: words.to_owned(),
            };
            campaigns.remark_on_leaf(request).await?
        }
    };
    let answer = answer.into_inner();
    assert_eq!(answer.leaf_version, seen + 1);
    let told = (name.to_owned(), leaf.to_owned(), words.to_owned());
    Ok([(answer.version, told)].into())
}

/// Everybody strikes one leaf as all of them have just seen it: what was acknowledged, and how many were told that they
/// came second.
async fn blow(world: &World, stage: usize, leaf_code: &str, number: usize) -> (Changes, usize) {
    let (_, allowed) = STAGES[stage];
    let seen = leaf(world, HEALTH, leaf_code).await.leaf_version;
    let strikes = HANDS.iter().flat_map(|(hand, moves)| {
        moves.iter().map(async |what| {
            let words = format!("{} {what:?} {stage} {number}", hand.0);
            let done = done(world, *hand, *what, (leaf_code, seen), &words).await;
            (*hand, *what, done)
        })
    });
    let (mut acknowledged, mut losers) = (Changes::new(), Vec::new());
    for (hand, what, outcome) in join_all(strikes).await {
        match outcome {
            Ok(changes) => {
                assert!(allowed.contains(&what), "{hand:?} {what:?} in {stage}");
                for (version, told) in changes {
                    let twice = acknowledged.insert(version, told);
                    assert_eq!(twice, None, "version {version} is acknowledged twice");
                }
            }
            Err(status) if allowed.contains(&what) => losers.push(status),
            Err(status) => {
                let refused = refused::<()>(Err(status));
                let expected = (Code::FailedPrecondition, "STAGE_NOT_OPEN".to_owned());
                assert_eq!(refused, expected, "{hand:?} {what:?} in {stage}");
            }
        }
    }
    let mut winners = acknowledged.values().filter(|told| told.1 == leaf_code);
    let winner = winners.next().expect("somebody comes first");
    assert_eq!(winners.next(), None, "only one saw the leaf as it was");
    for status in &losers {
        assert_eq!(status.code(), Code::Aborted, "{status:?}");
        let metadata = status.get_details_error_info().unwrap().metadata;
        let said = |key: &str| metadata.get(key).map(String::as_str).unwrap_or_default();
        assert!(!said("changed").is_empty() && !said("changed_at").is_empty());
        if said("leaf") == leaf_code {
            let versions = (said("expected"), said("actual"), said("changed_by"));
            let actual = (seen + 1).to_string();
            let expected = (seen.to_string(), actual, winner.0.clone());
            assert_eq!(versions, (&*expected.0, &*expected.1, &*expected.2));
        }
    }
    (acknowledged, losers.len())
}

/// The changes that the log holds.
async fn stored(world: &World) -> Changes {
    let stream = format!("assessment-{CAMPAIGN}-{HEALTH}");
    let events = world.events(&stream).await;
    let changes = events.iter().map(|event| {
        let metadata = contracts::log::v1::Metadata::decode(event.metadata.as_ref()).unwrap();
        let (leaf, words) = content(&event.r#type, &event.payload);
        (event.version, (metadata.actor, leaf, words))
    });
    let versions: Vec<i64> = events.iter().map(|event| event.version).collect();
    assert!((1..).zip(&versions).all(|(due, version)| due == *version));
    changes.collect()
}

/// The leaf and the words of a stored change.
fn content(kind: &str, payload: &[u8]) -> (String, String) {
    match kind.rsplit('.').next().unwrap() {
        "LeafClaimed" => {
            let it = pb::LeafClaimed::decode(payload).unwrap();
            (it.leaf, it.explanation)
        }
        "LeafAppraised" => {
            let it = pb::LeafAppraised::decode(payload).unwrap();
            (it.leaf, it.reason)
        }
        "LeafExplained" => {
            let it = pb::LeafExplained::decode(payload).unwrap();
            (it.leaf, it.text)
        }
        "LeafContested" => {
            let it = pb::LeafContested::decode(payload).unwrap();
            (it.leaf, it.reason)
        }
        "LeafRemarked" => {
            let it = pb::LeafRemarked::decode(payload).unwrap();
            (it.leaf, it.remark)
        }
        other => panic!("nobody did {other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_appraisers_a_unit_and_the_council_strike_at_once_and_nothing_is_lost() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let mut campaigns = world.campaigns.clone();
    let second = assign("chau", TRADE, &[HEALTH, HOME]);
    campaigns.assign_appraiser(second).await.unwrap();
    let mut acknowledged = Changes::new();
    for (number, (stage, _)) in STAGES.into_iter().enumerate() {
        let mut told = 0;
        for blow_number in 0..BLOWS {
            for leaf in LEAVES {
                let (changes, losers) = blow(&world, number, leaf, blow_number).await;
                acknowledged.extend(changes);
                told += losers;
            }
        }
        assert!(told > 0, "nobody came second in {stage:?}");
        assert_eq!(stored(&world).await, acknowledged, "{stage:?}");
        let close = pb::CloseStageRequest {
            context: by("anh", HOME),
            campaign: CAMPAIGN.to_owned(),
            stage: stage.into(),
            reason: "everybody has struck".to_owned(),
        };
        campaigns.close_stage(close).await.unwrap();
    }
    let sheet = assessment(&world, HEALTH).await;
    assert_eq!(
        Some(&sheet.version),
        acknowledged.keys().last(),
        "the sheet is what the last change made of it"
    );
}

/// A caller that names the sheet's version is told as well, though its leaf did not change.
#[tokio::test]
async fn whoever_names_an_old_version_of_the_sheet_is_told_what_changed() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let mut campaigns = world.campaigns.clone();
    let plan = claim(HEALTH, "plan", 0, vec![state("issued", "on_time")]);
    campaigns.claim_leaf(plan).await.unwrap();
    let mut late = claim(HEALTH, "tasks", 0, vec![number("done", "9")]);
    late.context.as_mut().unwrap().expected_version = Some(0);
    let status = campaigns.claim_leaf(late).await.unwrap_err();
    assert_eq!(status.code(), Code::Aborted);
    let metadata = status.get_details_error_info().unwrap().metadata;
    assert_eq!(
        (&*metadata["changed"], &*metadata["changed_by"]),
        ("LeafClaimed", &*assessor(HEALTH))
    );
    assert_eq!((&*metadata["expected"], &*metadata["actual"]), ("0", "1"));
    assert!(!metadata["changed_at"].is_empty());
}
