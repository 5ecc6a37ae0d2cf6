//! What is published is counted again from the logs, by whoever doubts it: whatever an insider makes of it is found.

mod play;

use assessments::publication::{Document, PublicationKey, Verdict};
use cli::{Service, publication};
use contracts::assessments::v1 as pb;
use identity::Role;
use system_tests::{Province, given};

use play::{CAMPAIGN, OTHER, UNIT};

async fn published(province: &Province, number: i32) -> Document {
    let got = publication::get(&province.services, CAMPAIGN, number).await;
    got.expect("a publication").1
}

/// By the key that the service published with, or by another one.
async fn verified(province: &Province, document: &Document, key: Option<[u8; 32]>) -> Verdict {
    let checked = publication::check(&province.services, document, key).await;
    checked.expect("the logs can be read")
}

fn findings(verdict: &Verdict) -> Vec<String> {
    verdict.findings.iter().map(ToString::to_string).collect()
}

/// How many figures were counted again, by log.
fn counted(verdict: &Verdict) -> Vec<(&str, usize)> {
    let figures = verdict.figures.iter();
    figures.map(|(log, figures)| (&**log, *figures)).collect()
}

fn figure(document: &Document, unit: &str, name: &str) -> String {
    let unit = document.result.units.iter().find(|it| it.unit == unit);
    let mut figures = unit.expect("the unit").figures.iter();
    let figure = figures.find(|it| it.name == name).expect("the figure");
    match figure.value.as_ref().expect("a value") {
        pb::figure::Value::Number(number) => number.clone(),
        other => panic!("{other:?}"),
    }
}

/// Everything that was frozen is counted again, from the log that it comes from, and nothing else is said to be.
async fn every_figure_is_counted_again(province: &Province) -> Document {
    let document = published(province, 1).await;
    let verdict = verified(province, &document, None).await;
    assert_eq!(findings(&verdict), [""; 0]);
    // Of two units: three counts of dossiers, one of procedures, two figures that are reported and two that are surveyed.
    let of_each = [("assessments", 8), ("dossiers", 6), ("registry", 2)];
    assert_eq!(counted(&verdict), of_each);
    assert_eq!((verdict.surveyed, verdict.leaves), (4, 10));
    // Three measured leaves of each unit.
    assert_eq!((verdict.told, &*verdict.unproven), (6, &[][..]));
    assert_eq!(figure(&document, UNIT, "handled"), "2");
    assert_eq!(figure(&document, UNIT, "handled_on_time"), "2");
    assert_eq!(figure(&document, UNIT, "news"), "9");
    assert_eq!(figure(&document, OTHER, "satisfied"), "15");
    document
}

/// What happens later belongs to no publication that was made before.
async fn what_comes_later_changes_nothing(province: &Province, document: &Document) {
    let services = &province.services;
    let before = verified(province, document, None).await;
    let dossier = given::dossier(services, UNIT).await;
    given::completed(services, &dossier.code).await;
    play::reported(services, UNIT, "news", "10").await;
    province.settled().await;
    let after = verified(province, document, None).await;
    assert_eq!(findings(&after), [""; 0]);
    assert_eq!(counted(&after), counted(&before));
    assert_eq!(published(province, 1).await, *document);
}

/// Whoever holds the key writes another figure into the file, with the points that follow from it.
async fn a_forged_file_is_told(province: &Province, document: &Document) {
    let key = PublicationKey::from_seed(&[9; 32]);
    let mut forged = document.result.clone();
    let unit = forged.units.iter_mut().find(|it| it.unit == UNIT);
    let unit = unit.expect("the unit");
    for figure in unit
        .figures
        .iter_mut()
        .filter(|it| it.name == "news_on_time")
    {
        figure.value = Some(pb::figure::Value::Number("9".to_owned()));
    }
    let mut forged = Document::new(forged, &[0], &key.public());
    forged.signature = key.sign(&forged.canonical).to_vec();
    let said = findings(&verified(province, &forged, Some(key.public())).await);
    let figure = format!("{UNIT} figures.news_on_time.number: published 9, recomputed 6");
    assert_eq!(said, [figure]);
}

/// Whoever holds the database of scoring takes a dossier from those that a unit handled in time, and a correction is
/// published: frozen, scored, ranked and signed by the service itself, and sound in every log.
async fn a_figure_that_was_never_counted_is_told(province: &mut Province) {
    province
        .all()
        .stop(Service::Scoring)
        .await
        .expect("it ends");
    let statement = format!(
        "update model.counters set value = value - 1 where counter = 'ended_on_time' and unit = '{UNIT}'"
    );
    province.sql(Service::Scoring, &statement);
    let restarted = province.all().restart(Service::Scoring).await;
    restarted.expect("it starts");
    province.settled().await;
    play::remarked(province).await;
    let chair = province.as_caller("lan", &[Role::Chair], &[]);
    let request = pb::CorrectPublicationRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        document: "120/QĐ-UBND".to_owned(),
        reason: "một con số bị đếm thiếu".to_owned(),
    };
    let mut publications = chair.publications.clone();
    let corrected = publications.correct_publication(request).await;
    assert_eq!(corrected.expect("corrected").into_inner().number, 2);

    let forged = published(province, 2).await;
    assert_eq!(figure(&forged, UNIT, "handled"), "3");
    assert_eq!(figure(&forged, UNIT, "handled_on_time"), "2");
    let said = findings(&verified(province, &forged, None).await);
    let figure = format!("{UNIT} figures.handled_on_time.number: published 2, recomputed 3");
    assert!(said.contains(&figure), "{said:#?}");
    let points = format!("{UNIT} speed measured.points: published 1.33, recomputed 2");
    assert!(said.contains(&points), "{said:#?}");
    // Scoring told in its log what it had counted.
    let told =
        format!("{UNIT} speed measured, by the log of scoring: published 1.33, recomputed 2");
    assert!(said.contains(&told), "{said:#?}");
    // No other unit's figures are called into question, but for its rank.
    let figures = said.iter().filter(|it| it.contains(" figures."));
    assert_eq!(figures.count(), 1, "{said:#?}");
    province.verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_is_counted_again_from_every_log_and_what_is_forged_is_told() {
    let mut province = Province::start("verification").await;
    play::published(&province).await;
    let document = every_figure_is_counted_again(&province).await;
    what_comes_later_changes_nothing(&province, &document).await;
    a_forged_file_is_told(&province, &document).await;
    a_figure_that_was_never_counted_is_told(&mut province).await;
    let still = verified(&province, &document, None).await;
    assert_eq!(findings(&still), [""; 0]);
}
