//! A dossier's whole way, from a clerk's command to a watcher's screen.

use std::time::Duration;

use contracts::projection::v1::watch_indices_response::Kind;
use contracts::projection::v1::{
    IndexChanged, UnitIndex, WatchIndicesRequest, WatchIndicesResponse,
};
use contracts::scoring::v1::GetMeasuresRequest;
use system_tests::province::at_least;
use system_tests::{CEILING, Province, given};
use tonic::Streaming;

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_travels_from_a_command_to_a_watcher() {
    let province = Province::start("life").await;
    given::catalog(&province.services).await;
    province.settled().await;
    let dossier = given::dossier(&province.services, given::DEPARTMENT).await;
    let month = given::month(dossier.received_at.as_ref());
    let position = ("dossiers", dossier.position);
    let open = given::index(&province, &month, given::DEPARTMENT, position).await;
    assert_eq!(points(&open, "ORIGINAL_RESULT_AVAILABLE"), "0.00");
    let mut watch = watch(&province, &month).await;

    let done = given::completed(&province.services, &dossier.code).await;

    // The position that the command answered is enough to read one's own write, four services further.
    let position = ("dossiers", done.position);
    let index = given::index(&province, &month, given::DEPARTMENT, position).await;
    assert_eq!(points(&index, "PROGRESS_ON_TIME"), "20.00");
    assert_eq!(handled(&province, &month, done.position).await, "1");
    // An electronic result moves a leaf, and with it the total.
    let issued = province
        .services
        .dossiers
        .clone()
        .issue_electronic_result(contracts::dossiers::v1::IssueElectronicResultRequest {
            code: dossier.code,
            sha256: vec![7; 32],
            ..Default::default()
        })
        .await
        .expect("issued")
        .into_inner();
    let position = ("dossiers", issued.position);
    let after = given::index(&province, &month, given::DEPARTMENT, position).await;
    assert_eq!(points(&after, "ORIGINAL_RESULT_AVAILABLE"), "6.00");
    assert_ne!(after.total, index.total);
    let seen = change(&mut watch, &after.total).await;
    assert_eq!(
        (
            seen.subject.as_str(),
            seen.period.as_str(),
            seen.total.as_str()
        ),
        (given::DEPARTMENT, month.as_str(), after.total.as_str())
    );
    province.settled().await;
    province.verified().await;
}

fn points<'a>(index: &'a UnitIndex, leaf: &str) -> &'a str {
    let leaf = index
        .leaves
        .iter()
        .find(|score| score.leaf == leaf)
        .expect("a leaf");
    &leaf.points
}

/// Dossiers that scoring has seen handled on time, once it reflects a position of the dossiers log.
async fn handled(province: &Province, month: &str, position: i64) -> String {
    let request = GetMeasuresRequest {
        period: month.into(),
        subject: given::DEPARTMENT.into(),
        at_least: Some(at_least("dossiers", position)),
        ..GetMeasuresRequest::default()
    };
    let mut scoring = province.services.scoring.clone();
    let answer = scoring.get_measures(request).await.expect("measures");
    let mut measures = answer.into_inner().measures.into_iter();
    let measure = measures.find(|measure| measure.name == "handled_on_time");
    measure.expect("a measure").value
}

async fn watch(province: &Province, month: &str) -> Streaming<WatchIndicesResponse> {
    let request = WatchIndicesRequest {
        index: given::INDEX.into(),
        period: month.into(),
        subjects: vec![given::DEPARTMENT.into()],
        ..Default::default()
    };
    let mut projection = province.services.projection.clone();
    let watch = projection.watch_indices(request).await.expect("a watch");
    let mut watch = watch.into_inner();
    let first = watch
        .message()
        .await
        .expect("a message")
        .and_then(|message| message.kind);
    assert!(matches!(first, Some(Kind::Current(_))), "{first:?}");
    watch
}

/// The first change to this total.
async fn change(watch: &mut Streaming<WatchIndicesResponse>, total: &str) -> IndexChanged {
    let mut last = None;
    let seeing = async {
        loop {
            let message = watch
                .message()
                .await
                .expect("a message")
                .expect("an open watch");
            if let Some(Kind::IndexChanged(changed)) = &message.kind
                && changed.total == total
            {
                return changed.clone();
            }
            last = Some(message);
        }
    };
    let seen = tokio::time::timeout(CEILING, seeing).await;
    seen.unwrap_or_else(|_| panic!("no change to {total}; last seen: {last:?}"))
}

/// Nobody waits for ever: a position that never comes ends at the caller's deadline, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_never_comes_is_waited_for_until_the_deadline() {
    let province = Province::start("never").await;
    given::catalog(&province.services).await;
    let mut request = tonic::Request::new(contracts::projection::v1::GetUnitIndexRequest {
        index: given::INDEX.into(),
        period: "2024".into(),
        subject: given::DEPARTMENT.into(),
        at_least: Some(at_least("dossiers", 1_000_000)),
        ..Default::default()
    });
    request.set_timeout(Duration::from_millis(500));
    let mut projection = province.services.projection.clone();
    let refused = projection
        .get_unit_index(request)
        .await
        .expect_err("it never comes");
    let ends = [tonic::Code::DeadlineExceeded, tonic::Code::Cancelled];
    assert!(ends.contains(&refused.code()), "{refused:?}");
}
