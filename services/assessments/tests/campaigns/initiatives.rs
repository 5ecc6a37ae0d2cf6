//! Recognised initiatives, and claims that cite them.

use contracts::assessments::v1 as pb;
use tonic::{Code, Status};

use crate::given::*;
use crate::world::World;

const NUMBER: &str = "SK-2024-017";

fn recognise(number: &str, unit: &str, date: &str) -> pb::RecogniseInitiativeRequest {
    pb::RecogniseInitiativeRequest {
        context: by("anh", HOME),
        number: number.to_owned(),
        date: date.to_owned(),
        level: pb::InitiativeLevel::Province.into(),
        unit: unit.to_owned(),
        title: "Một biểu mẫu cho hai thủ tục".to_owned(),
        document: "2796/QĐ-UBND".to_owned(),
    }
}

fn revoke(number: &str) -> pb::RevokeInitiativeRequest {
    pb::RevokeInitiativeRequest {
        context: by("anh", HOME),
        number: number.to_owned(),
        reason: "it was another unit's".to_owned(),
    }
}

async fn entered(
    world: &World,
    request: pb::RecogniseInitiativeRequest,
) -> Result<pb::Initiative, Status> {
    let mut initiatives = world.initiatives.clone();
    let answer = initiatives.recognise_initiative(request).await?;
    Ok(answer.into_inner())
}

async fn numbers(world: &World, unit: &str, period: &str) -> Vec<String> {
    let request = pb::ListInitiativesRequest {
        unit: unit.to_owned(),
        period: period.to_owned(),
        ..Default::default()
    };
    let listed = world.initiatives.clone().list_initiatives(request).await;
    let listed = listed.unwrap().into_inner().initiatives.into_iter();
    listed.map(|it| it.number).collect()
}

#[tokio::test]
async fn the_register_holds_one_initiative_a_number() {
    let mut world = World::start_at(PLANNED).await;
    province(&world).await;
    let first = entered(&world, recognise(NUMBER, HEALTH, "2024-06-30"))
        .await
        .unwrap();
    let second = recognise("12/QD-UBND.3", TRADE, "2023-01-05");
    entered(&world, second).await.unwrap();
    let head = world.head().await;
    let again = entered(&world, recognise(NUMBER, HEALTH, "2024-06-30"))
        .await
        .unwrap();
    assert_eq!(again, first);
    let (invalid, taken) = (Code::InvalidArgument, Code::AlreadyExists);
    for (change, code) in [
        (
            (|it| it.title = "another".into()) as fn(&mut pb::RecogniseInitiativeRequest),
            taken,
        ),
        (|it| it.number = "SK 17".into(), invalid),
        (|it| it.date = "30/6/2024".into(), invalid),
        (|it| it.level = 0, invalid),
        (|it| it.title = String::new(), invalid),
        (|it| it.document = String::new(), invalid),
        (|it| it.unit = "x".into(), invalid),
        (|it| it.unit = "H40.77".into(), Code::FailedPrecondition),
    ] {
        let mut request = recognise(NUMBER, HEALTH, "2024-06-30");
        change(&mut request);
        assert_eq!(refused(entered(&world, request).await).0, code);
    }
    let unknown = world
        .initiatives
        .clone()
        .revoke_initiative(revoke("SK-1"))
        .await;
    assert_eq!(refused(unknown).0, Code::NotFound);
    assert_eq!(world.head().await, head);

    let revoked = world
        .initiatives
        .clone()
        .revoke_initiative(revoke(NUMBER))
        .await;
    let revoked = revoked.unwrap().into_inner();
    assert_eq!(
        (revoked.version, revoked.revoked_reason.as_str()),
        (2, "it was another unit's")
    );
    world.restart_at(PLANNED).await;
    assert_eq!(numbers(&world, "", "").await, ["12/QD-UBND.3", NUMBER]);
    assert_eq!(numbers(&world, HEALTH, "2024").await, Vec::<String>::new());
    assert_eq!(numbers(&world, TRADE, "2023-Q1").await, ["12/QD-UBND.3"]);
    let anew = entered(&world, recognise(NUMBER, TRADE, "2024-06-30"))
        .await
        .unwrap();
    assert_eq!((anew.version, anew.revoked_reason.as_str()), (3, ""));
}

#[tokio::test]
async fn a_claim_cites_what_is_recognised_for_its_unit_and_period() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    for (number, unit, date) in [
        (NUMBER, HEALTH, "2024-12-31"),
        ("SK-2023-001", HEALTH, "2023-12-31"),
        ("SK-2024-018", TRADE, "2024-05-01"),
    ] {
        entered(&world, recognise(number, unit, date))
            .await
            .unwrap();
    }
    let citing = |number: &str, leaf_version: i64| {
        let request = pb::ClaimLeafRequest {
            evidence: vec![pb::Evidence {
                initiative: number.to_owned(),
                ..evidence().remove(0)
            }],
            ..claim(HEALTH, "plan", leaf_version, vec![state("issued", "late")])
        };
        let mut campaigns = world.campaigns.clone();
        async move { campaigns.claim_leaf(request).await }
    };
    let head = world.head().await;
    for (number, why) in [
        ("SK-2024-999", "is not a recognised initiative"),
        (
            "SK-2023-001",
            "was recognised on 2023-12-31, outside of 2024",
        ),
        ("SK-2024-018", "is not an initiative of this unit"),
    ] {
        let status = citing(number, 0).await.unwrap_err();
        assert!(
            status.message().contains("evidence[0].initiative"),
            "{status:?}"
        );
        assert!(status.message().contains(why), "{status:?}");
        let told = refused(Err::<(), _>(status));
        assert_eq!(
            told,
            (Code::FailedPrecondition, "EVIDENCE_UNFOUNDED".to_owned())
        );
    }
    assert_eq!(world.head().await, head);
    let leaf = citing(NUMBER, 0).await.unwrap().into_inner();
    assert_eq!(leaf.evidence[0].initiative, NUMBER);
    world
        .initiatives
        .clone()
        .revoke_initiative(revoke(NUMBER))
        .await
        .unwrap();
    let late = refused(citing(NUMBER, 1).await);
    assert_eq!(late.1, "EVIDENCE_UNFOUNDED");
}

async fn flagged(world: &World, as_of: Option<prost_types::Timestamp>) -> Vec<String> {
    let request = pb::ListDiscrepanciesRequest {
        campaign: CAMPAIGN.to_owned(),
        flag: pb::LeafFlag::EvidenceRevoked.into(),
        as_of,
        ..Default::default()
    };
    let listed = world.campaigns.clone().list_discrepancies(request).await;
    let rows = listed.unwrap().into_inner().discrepancies.into_iter();
    rows.map(|row| format!("{} {}", row.unit, row.leaf))
        .collect()
}

#[tokio::test]
async fn a_revoked_initiative_flags_the_leaves_that_cite_it_and_they_are_not_accepted_in_bulk() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let recognition = recognise(NUMBER, HEALTH, "2024-06-30");
    entered(&world, recognition.clone()).await.unwrap();
    let mut campaigns = world.campaigns.clone();
    let citing = pb::ClaimLeafRequest {
        evidence: vec![pb::Evidence {
            initiative: NUMBER.to_owned(),
            ..evidence().remove(0)
        }],
        ..claim(HEALTH, "plan", 0, vec![state("issued", "late")])
    };
    let claimed = campaigns.claim_leaf(citing).await.unwrap().into_inner();
    let revoked = i32::from(pb::LeafFlag::EvidenceRevoked);
    assert!(!claimed.flags.contains(&revoked));
    let tasks = vec![number("done", "9"), number("planned", "10")];
    let tasks = claim(HEALTH, "tasks", 0, tasks);
    campaigns.claim_leaf(tasks).await.unwrap();
    campaigns.submit_assessment(submit(HEALTH)).await.unwrap();
    assert_eq!(flagged(&world, None).await, Vec::<String>::new());
    let mut initiatives = world.initiatives.clone();
    initiatives.revoke_initiative(revoke(NUMBER)).await.unwrap();

    let cited = [format!("{HEALTH} plan")];
    assert_eq!(flagged(&world, None).await, cited);
    let now = leaf(&world, HEALTH, "plan").await;
    assert!(now.flags.contains(&revoked), "{:?}", now.flags);
    let tasks = leaf(&world, HEALTH, "tasks").await;
    assert!(!tasks.flags.contains(&revoked), "{:?}", tasks.flags);
    // Then it stood.
    let events = world.events(&format!("initiative-{NUMBER}")).await;
    let (stood, fell) = (events[0].recorded_at, events[1].recorded_at);
    let submitted = assessment(&world, HEALTH).await.submitted_at;
    assert!(stood.unwrap().seconds <= submitted.unwrap().seconds);
    assert_eq!(flagged(&world, submitted).await, Vec::<String>::new());
    assert_eq!(flagged(&world, fell).await, cited);

    world.restart_at(DEADLINES[0]).await;
    let stream = format!("campaign-{CAMPAIGN}");
    world.newest::<pb::CampaignStageLocked>(&stream, 1).await;
    let mut campaigns = world.campaigns.clone();
    let accepted = campaigns.accept_leaves(accept("binh", HOME, HEALTH)).await;
    assert_eq!(accepted.unwrap().into_inner().leaves, ["tasks"]);
    // Recognised anew it stands again, and needs nothing.
    entered(&world, recognition).await.unwrap();
    assert_eq!(flagged(&world, None).await, Vec::<String>::new());
    let accepted = campaigns.accept_leaves(accept("binh", HOME, HEALTH)).await;
    assert_eq!(accepted.unwrap().into_inner().leaves, ["plan"]);
    world
        .initiatives
        .clone()
        .revoke_initiative(revoke(NUMBER))
        .await
        .unwrap();
    assert_eq!(flagged(&world, None).await, cited, "decided or not");
}
