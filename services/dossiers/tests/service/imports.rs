//! Imports: idempotent, row by row, whatever stands between the rows.

use contracts::dossiers::v1 as pb;
use contracts::wire::timestamp;
use pb::DossierStatus;
use pb::import_dossiers_request::Fact;

use crate::catalog::{FIVE_DAYS, UNIT};
use crate::world::{World, local};

fn row(id: &str, code: &str, moment: &str, fact: Fact) -> pb::ImportDossiersRequest {
    pb::ImportDossiersRequest {
        source: "legacy".into(),
        source_event_id: id.into(),
        code: code.into(),
        occurred_at: Some(timestamp(moment.parse().expect("a moment"))),
        officer: "R21".into(),
        fact: Some(fact),
    }
}

fn received(due_at: Option<&str>) -> Fact {
    Fact::Received(pb::ImportedReception {
        procedure: FIVE_DAYS.into(),
        unit: UNIT.into(),
        channel: pb::Channel::Online.into(),
        applicant: "036099001234".into(),
        due_at: due_at.map(|due| timestamp(due.parse().expect("a moment"))),
        ..Default::default()
    })
}

fn done() -> Fact {
    Fact::Completed(pb::ImportedNothing {})
}

fn activity(what: &str) -> Fact {
    Fact::Activity(pb::ImportedActivity {
        activity: what.into(),
    })
}

/// A case that ended on time and one that ended late.
fn two_cases() -> Vec<pb::ImportDossiersRequest> {
    let due = "2011-12-06T13:41:31.788+01:00";
    vec![
        row(
            "1",
            "case-1",
            "2011-10-11T13:42:22.688+02:00",
            received(Some(due)),
        ),
        row(
            "2",
            "case-2",
            "2011-10-11T14:00:00+02:00",
            received(Some(due)),
        ),
        row(
            "3",
            "case-1",
            "2011-10-12T08:00:00+02:00",
            activity("Confirmation of receipt"),
        ),
        row(
            "4",
            "case-2",
            "2011-10-12T08:00:00+02:00",
            activity("Confirmation of receipt"),
        ),
        row("5", "case-1", "2011-11-24T15:36:51+01:00", done()),
        row("6", "case-2", "2011-12-24T15:36:51+01:00", done()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_twice_changes_nothing() {
    let world = World::start().await;
    let first = world.import(two_cases()).await;
    assert_eq!(
        (first.accepted, first.repeated, first.refused),
        (6, 0, 0),
        "{:?}",
        first.refusals
    );
    assert_eq!(first.position, world.head().await);
    let kept = world.get("case-1").await;
    assert_eq!(kept.timeliness(), pb::Timeliness::OnTime);
    assert_eq!(local(kept.due_at.as_ref()), "2011-12-06T19:41:31.788");
    assert_eq!(world.get("case-2").await.timeliness(), pb::Timeliness::Late);

    let again = world.import(two_cases()).await;
    assert_eq!((again.accepted, again.repeated, again.refused), (0, 6, 0));
    assert_eq!((again.position, world.head().await), (0, first.position));
    assert_eq!(world.get("case-1").await, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_row_is_refused_alone_and_the_rest_goes_on() {
    let world = World::start().await;
    let moment = "2025-03-03T09:00:00+07:00";
    let mut rows = vec![
        row("a", "mixed-1", moment, received(None)),
        row(
            "b",
            "mixed-1",
            moment,
            Fact::Rated(pb::ImportedRating { rating: 9 }),
        ),
        row(
            "c",
            "mixed-1",
            moment,
            Fact::Delivered(pb::ImportedNothing {}),
        ),
        row("d", "mixed-1", "2025-03-04T09:00:00+07:00", done()),
        row("e", "no such code", moment, done()),
        row("f", "mixed-2", moment, done()),
        row("", "mixed-1", moment, done()),
        row("d", "mixed-1", moment, activity("other content")),
        row("d", "mixed-1", "2025-03-04T09:00:00+07:00", done()),
    ];
    rows.push(pb::ImportDossiersRequest {
        source: "other".into(),
        ..rows[3].clone()
    });
    rows.push(pb::ImportDossiersRequest {
        fact: None,
        ..row("g", "mixed-1", moment, done())
    });
    rows.push(pb::ImportDossiersRequest {
        occurred_at: None,
        ..row("h", "mixed-1", moment, done())
    });
    let answer = world.import(rows).await;
    assert_eq!(
        (answer.accepted, answer.repeated, answer.refused),
        (2, 1, 9),
        "{answer:#?}"
    );
    let reasons: Vec<(i64, &str)> = answer
        .refusals
        .iter()
        .map(|refused| (refused.row, refused.reason.as_str()))
        .collect();
    for (refused, (row, part)) in reasons.iter().zip([
        (2, "rating"),
        (3, "refuses DeliverResult"),
        (5, "dossier code"),
        (6, "has not been filed"),
        (7, "source_event_id"),
        (8, "used for other content"),
        (10, "source"),
        (11, "fact"),
        (12, "occurred_at"),
    ]) {
        assert_eq!(refused.0, row, "{reasons:#?}");
        assert!(refused.1.contains(part), "{part}: {}", refused.1);
    }
    assert_eq!(
        world.get("mixed-1").await.status(),
        DossierStatus::Completed
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_rows_from_two_callers_at_once_count_once() {
    let world = World::start().await;
    let rows: Vec<_> = (0..300)
        .flat_map(|case| {
            let code = format!("race-{case}");
            let id = |n: i32| format!("{case}-{n}");
            [
                row(&id(1), &code, "2025-03-03T09:00:00+07:00", received(None)),
                row(&id(2), &code, "2025-03-04T09:00:00+07:00", done()),
            ]
        })
        .collect();
    let (one, two) = tokio::join!(world.import(rows.clone()), world.import(rows));
    assert_eq!(
        one.accepted + two.accepted,
        600,
        "{:?} {:?}",
        one.refusals,
        two.refusals
    );
    assert_eq!(one.repeated + two.repeated, 600);
    assert_eq!(world.head().await, 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_takes_ten_thousand_rows_and_no_more() {
    let world = World::start().await;
    let rows = |count: usize| -> Vec<_> {
        let moment = "2025-03-03T09:00:00+07:00";
        let first = row("0", "many-0", moment, received(None));
        let rest =
            (1..count).map(|n| row(&n.to_string(), "many-0", moment, activity(&n.to_string())));
        std::iter::once(first).chain(rest).collect()
    };
    let answer = world.import(rows(10_000)).await;
    assert_eq!((answer.accepted, answer.refused), (10_000, 0));
    let mut client = world.dossiers.clone();
    let refused = client
        .import_dossiers(tokio_stream::iter(rows(10_001)))
        .await
        .expect_err("too many");
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    assert_eq!(world.head().await, 10_000);
}
