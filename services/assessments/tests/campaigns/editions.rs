//! The life of an edition: drafted, copied, changed, in force, used, retired.

use contracts::assessments::v1 as pb;
use contracts::scoring::v1 as scoring;
use tonic::{Code, Status};

use crate::given::*;
use crate::world::{World, eventually};

const INDEX: &str = "par-departments";

fn name(edition: &str) -> (String, String) {
    (INDEX.to_owned(), edition.to_owned())
}

fn copy(to_edition: &str, from_month: &str) -> pb::CopyDefinitionRequest {
    pb::CopyDefinitionRequest {
        context: by("anh", HOME),
        code: INDEX.to_owned(),
        to_edition: to_edition.to_owned(),
        from_month: from_month.to_owned(),
        until_month: "2025-12".to_owned(),
        ..pb::CopyDefinitionRequest::default()
    }
}

fn change(edition: &str, document: String) -> pb::ChangeDraftRequest {
    let (code, edition) = name(edition);
    pb::ChangeDraftRequest {
        context: by("anh", HOME),
        code,
        edition,
        document,
    }
}

fn force(edition: &str) -> pb::PutDefinitionInForceRequest {
    let (code, edition) = name(edition);
    pb::PutDefinitionInForceRequest {
        context: by("anh", HOME),
        document: String::new(),
        code,
        edition,
    }
}

fn retire(edition: &str, last_month: &str) -> pb::RetireDefinitionRequest {
    let (code, edition) = name(edition);
    pb::RetireDefinitionRequest {
        context: by("anh", HOME),
        code,
        edition,
        last_month: last_month.to_owned(),
        reason: "a new set for 2025".to_owned(),
    }
}

async fn definition(world: &World, edition: &str) -> pb::Definition {
    let (code, edition) = name(edition);
    let request = pb::GetDefinitionRequest {
        code,
        edition,
        as_of: None,
    };
    let answer = world.assessments.clone().get_definition(request).await;
    answer.unwrap().into_inner()
}

async fn listed(world: &World, state: pb::DefinitionState) -> Vec<String> {
    let request = pb::ListDefinitionsRequest {
        state: state.into(),
        code: INDEX.to_owned(),
        group: "department".to_owned(),
        ..pb::ListDefinitionsRequest::default()
    };
    let answer = world.assessments.clone().list_definitions(request).await;
    let listed = answer.unwrap().into_inner().definitions.into_iter();
    listed.map(|it| it.edition).collect()
}

/// A call must be refused for a reason, and nothing may be appended.
async fn expect<T: std::fmt::Debug>(
    world: &World,
    call: impl Future<Output = Result<T, Status>>,
    reason: &str,
) {
    let head = world.head().await;
    let answer = refused(call.await);
    assert_eq!(answer, (Code::FailedPrecondition, reason.to_owned()));
    assert_eq!(world.head().await, head, "{reason}");
}

#[tokio::test]
async fn last_years_set_is_copied_changed_and_put_in_force_for_the_next() {
    use pb::DefinitionState::{Draft, InForce, Retired};
    let world = World::start_at(PLANNED).await;
    province(&world).await;
    let mut desk = world.assessments.clone();
    let draft = desk.copy_definition(copy("2025", "2025-01")).await;
    let draft = draft.unwrap().into_inner();
    assert_eq!((draft.state(), draft.faults.len()), (Draft, 0));
    assert_eq!(draft.copied_from, "par-departments 2024");
    assert_eq!(draft.from_month, "2025-01");
    let overlap = async { desk.clone().put_definition_in_force(force("2025")).await };
    expect(&world, overlap, "EDITIONS_OVERLAP").await;

    let broken = draft.document.replace("max: 7", "max: 8");
    let changed = desk.change_draft(change("2025", broken)).await;
    let changed = changed.unwrap().into_inner();
    assert!(!changed.faults.is_empty());
    assert!(
        changed.faults.iter().all(|fault| fault.line > 1),
        "{:?}",
        changed.faults
    );
    let (code, edition) = name("2025");
    let asked = pb::ValidateDefinitionRequest {
        document: String::new(),
        code,
        edition,
    };
    let checked = desk.validate_definition(asked).await.unwrap().into_inner();
    assert_eq!((checked.sound, &checked.faults), (false, &changed.faults));
    let head = world.head().await;
    let faulty = refused(desk.put_definition_in_force(force("2025")).await);
    assert_eq!(faulty.0, Code::InvalidArgument);
    assert_eq!(world.head().await, head);

    let sound = draft
        .document
        .replace("max: 7", "max: 8")
        .replace("total: { max: 10 }", "total: { max: 11 }")
        .replace(
            "        max: 2\n        source: appraised",
            "        max: 3\n        source: appraised",
        );
    desk.change_draft(change("2025", sound)).await.unwrap();
    let asked = pb::DiffDefinitionsRequest {
        code: INDEX.to_owned(),
        edition: "2024".to_owned(),
        other_code: String::new(),
        other_edition: "2025".to_owned(),
    };
    let answer = desk.diff_definitions(asked).await.unwrap().into_inner();
    let leaves: Vec<_> = answer
        .differences
        .iter()
        .filter(|it| it.part == "leaf")
        .map(|it| {
            (
                it.code.as_str(),
                it.before.as_str(),
                it.after.as_str(),
                it.points.as_str(),
            )
        })
        .collect();
    assert_eq!(leaves, [("plan", "2", "3", "1")]);

    let retired = desk.retire_definition(retire("2024", "2024-12")).await;
    assert_eq!(retired.unwrap().into_inner().state(), Retired);
    let forced = desk.put_definition_in_force(force("2025")).await;
    let forced = forced.unwrap().into_inner();
    assert_eq!(
        (forced.state(), forced.until_month.as_str()),
        (InForce, "2025-12")
    );
    let again = async {
        desk.clone()
            .change_draft(change("2025", "code: x".into()))
            .await
    };
    expect(&world, again, "EDITION_IMMUTABLE").await;
    assert_eq!(listed(&world, Draft).await, [""; 0]);
    assert_eq!(listed(&world, InForce).await, ["2025"]);
    assert_eq!(listed(&world, Retired).await, ["2024"]);
    assert_eq!(definition(&world, "2024").await.until_month, "2024-12");
}

#[tokio::test]
async fn a_definition_that_a_running_campaign_uses_is_neither_changed_nor_retired() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    assert_eq!(definition(&world, "2024").await.campaigns, [CAMPAIGN]);
    let desk = || world.assessments.clone();
    for month in ["2023-12", "2024-06", "2024-12", "2025-06"] {
        let call = async { desk().retire_definition(retire("2024", month)).await };
        expect(&world, call, "EDITION_IN_USE").await;
    }
    let mut other = change("2024", "code: x".into());
    let call = async { desk().change_draft(other.clone()).await };
    expect(&world, call, "EDITION_IMMUTABLE").await;
    other.edition = "2031".into();
    let call = async { desk().change_draft(other).await };
    expect(&world, call, "NO_DRAFT").await;
    let call = async { desk().put_definition_in_force(force("2031")).await };
    expect(&world, call, "NO_DRAFT").await;
    let call = async { desk().retire_definition(retire("2031", "2024-12")).await };
    expect(&world, call, "NO_EDITION").await;
    // Nor after a restart, with nothing remembered.
    world.restart_at(PLANNED).await;
    let mut desk = world.assessments.clone();
    let call = async { desk.retire_definition(retire("2024", "2024-12")).await };
    expect(&world, call, "EDITION_IN_USE").await;
}

#[tokio::test]
async fn a_campaign_is_not_planned_by_a_retired_edition_and_a_refused_plan_uses_none() {
    let world = World::start_at(PLANNED).await;
    province(&world).await;
    let mut campaigns = world.campaigns.clone();
    let head = world.head().await;
    let mut unsound = plan();
    unsound.deadlines[1].deadline = at(DEADLINES[0]);
    assert_eq!(
        refused(campaigns.plan_campaign(unsound).await).1,
        "DEADLINES_NOT_RISING"
    );
    let mut trial = plan();
    trial.context.as_mut().unwrap().validate_only = true;
    campaigns.plan_campaign(trial).await.unwrap();
    assert_eq!(world.head().await, head);
    let mut desk = world.assessments.clone();
    desk.retire_definition(retire("2024", "2024-11"))
        .await
        .unwrap();
    let call = async { campaigns.plan_campaign(plan()).await };
    expect(&world, call, "EDITION_NOT_IN_FORCE").await;
}

#[tokio::test]
async fn periods_after_the_end_of_an_edition_have_no_measured_leaf() {
    let world = World::start_at("2024-12-20T02:00:00Z")
        .await
        .with_scoring()
        .await;
    province(&world).await;
    let mut desk = world.assessments.clone();
    for month in ["2024-03", "2024-09"] {
        let request = pb::ReportMeasureRequest {
            context: by("an", HEALTH),
            unit: HEALTH.to_owned(),
            month: month.to_owned(),
            measure: "published".to_owned(),
            value: "5".to_owned(),
            source: "31/BC".to_owned(),
        };
        desk.report_measure(request).await.unwrap();
    }
    let explained = async |period: &str| {
        let request = scoring::ExplainScoreRequest {
            index: INDEX.to_owned(),
            period: period.to_owned(),
            subject: HEALTH.to_owned(),
            leaf: "speed".to_owned(),
            ..scoring::ExplainScoreRequest::default()
        };
        world.scoring().explain_score(request).await
    };
    for period in ["2024-03", "2024-09", "2024"] {
        eventually("scoring knows the figure", async || {
            explained(period).await.ok()
        })
        .await;
    }
    desk.retire_definition(retire("2024", "2024-06"))
        .await
        .unwrap();
    eventually("the edition is no more", async || {
        explained("2024-09").await.err()
    })
    .await;
    assert!(explained("2024").await.is_err());
    assert!(explained("2024-03").await.is_ok());
}
