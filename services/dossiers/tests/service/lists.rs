//! The lists: filters, order and pages.

use contracts::dossiers::v1 as pb;
use pb::DossierStatus;

use crate::catalog::{NO_LIMIT, ONE_HOUR, OTHER, UNIT, reception};
use crate::world::{World, at, eventually};

async fn given_received(world: &World, count: usize) {
    for number in 1..=count {
        let unit = if number % 2 == 0 { UNIT } else { OTHER };
        // The first two of three are due at once, the others never.
        let procedure = if number % 3 == 0 { NO_LIMIT } else { ONE_HOUR };
        let request = pb::ReceiveDossierRequest {
            context: Some(at(&format!("2025-03-03T09:{number:02}:00+07:00"))),
            unit: unit.into(),
            ..reception(&format!("list-{number:02}"), procedure)
        };
        world
            .dossiers
            .clone()
            .receive_dossier(request)
            .await
            .expect("received");
    }
    eventually("every dossier is listed", async || {
        let page = pb::ListDossiersRequest {
            page_size: 500,
            ..Default::default()
        };
        let listed = world
            .dossiers
            .clone()
            .list_dossiers(page)
            .await
            .expect("listed")
            .into_inner();
        (listed.dossiers.len() == count).then_some(())
    })
    .await;
}

/// The codes of every page.
async fn pages(world: &World, filter: pb::ListDossiersRequest) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut request = filter;
    loop {
        let asked = world.dossiers.clone().list_dossiers(request.clone()).await;
        let answer = asked.expect("a page").into_inner();
        pages.push(
            answer
                .dossiers
                .into_iter()
                .map(|dossier| dossier.code)
                .collect(),
        );
        if answer.next_page_token.is_empty() {
            return pages;
        }
        request.page_token = answer.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dossiers_are_listed_newest_first_page_by_page() {
    let world = World::start().await;
    given_received(&world, 7).await;
    let all = pages(
        &world,
        pb::ListDossiersRequest {
            page_size: 3,
            ..Default::default()
        },
    )
    .await;
    assert_eq!(
        all,
        [
            vec!["list-07", "list-06", "list-05"],
            vec!["list-04", "list-03", "list-02"],
            vec!["list-01"],
        ]
    );
    // By the other of the unit's codes, too.
    let of_unit = pb::ListDossiersRequest {
        unit: "000.00.12.H40".into(),
        status: DossierStatus::Received.into(),
        page_size: 2,
        ..Default::default()
    };
    let listed = pages(&world, of_unit.clone()).await;
    assert_eq!(listed, [vec!["list-06", "list-04"], vec!["list-02"]]);
    let none = pb::ListDossiersRequest {
        status: DossierStatus::Completed.into(),
        ..of_unit
    };
    assert_eq!(pages(&world, none).await, [Vec::<String>::new()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn overdue_dossiers_are_listed_longest_overdue_first() {
    let world = World::start().await;
    given_received(&world, 6).await;
    let list = async |unit: &str, page_token: &str| {
        let (unit, page_token) = (unit.into(), page_token.into());
        let request = pb::ListOverdueDossiersRequest {
            unit,
            page_size: 2,
            page_token,
        };
        world
            .dossiers
            .clone()
            .list_overdue_dossiers(request)
            .await
            .expect("listed")
            .into_inner()
    };
    let codes = |answer: &pb::ListOverdueDossiersResponse| -> Vec<String> {
        answer
            .dossiers
            .iter()
            .map(|dossier| dossier.code.clone())
            .collect()
    };
    let first = list("", "").await;
    assert_eq!(codes(&first), ["list-01", "list-02"]);
    let second = list("", &first.next_page_token).await;
    assert_eq!(codes(&second), ["list-04", "list-05"]);
    assert_eq!(second.next_page_token, "");
    assert_eq!(codes(&list(OTHER, "").await), ["list-01", "list-05"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_question_is_refused() {
    let world = World::start().await;
    given_received(&world, 2).await;
    let first = pb::ListDossiersRequest {
        page_size: 1,
        ..Default::default()
    };
    let answer = world
        .dossiers
        .clone()
        .list_dossiers(first)
        .await
        .expect("a page")
        .into_inner();
    let token = answer.next_page_token;
    let other = pb::ListDossiersRequest {
        unit: UNIT.into(),
        page_token: token,
        ..Default::default()
    };
    let refused = world
        .dossiers
        .clone()
        .list_dossiers(other)
        .await
        .expect_err("refused");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    assert!(refused.message().contains("page_token"), "{refused}");
}
