//! A survey from its instrument to its results, by the functions that `chiso survey` runs.

mod papi;
mod withheld;

use std::os::unix::fs::PermissionsExt as _;

use cli::{Exit, Services, survey};
use contracts::assessments::v1 as pb;
use contracts::projection::v1::GetUnitIndexRequest;
use jiff::SignedDuration;
use system_tests::{Province, eventually, given};

const WAVE: &str = "sipas-2024";
/// More than the fewest answers that a figure may rest on.
const BALLOTS: usize = 20;
const INSTRUMENT: &str = "\
instrument: sipas
edition: \"2024\"
title: Khảo sát mức độ hài lòng
groups:
  - { code: citizen, label: Người dân }
questions:
  - code: attitude
    text: Ông/bà thấy thái độ phục vụ thế nào?
    likert: { points: 5, satisfied_from: 4 }
    required: true
    feeds:
";
/// The leaves that the question feeds, as if it were the whole survey.
const FACTORS: [&str; 5] = ["access", "procedure", "staff", "result", "feedback"];
const SATISFACTION: &str = include_str!("../../../deploy/catalog/indices/satisfaction.yaml");

fn instrument() -> String {
    let feeds = FACTORS.map(|factor| {
        let leaf = factor.to_uppercase();
        format!(
            "      - index: satisfaction\n        leaf: {leaf}\n        inputs:\n          \
             - {{ input: {factor}_satisfied, answers: [\"4\", \"5\"] }}\n          \
             - {{ input: {factor}_other, answers: [\"1\", \"2\", \"3\"] }}\n"
        )
    });
    [INSTRUMENT, &feeds.concat()].concat()
}

fn written(name: &str, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, text).expect("written");
    (folder, file)
}

async fn open(services: &Services) {
    let (_folder, file) = written("instrument.yaml", &instrument());
    let edition = survey::instrument(&file).expect("an instrument");
    survey::put(services, edition).await.expect("put");
    let now = runtime::Clock::system().now();
    let (opens, closes) = (
        now - SignedDuration::from_hours(1),
        now + SignedDuration::from_hours(24),
    );
    let plan = format!(
        "wave: {WAVE}\ntitle: Đợt 1\ninstrument: sipas\nedition: \"2024\"\nperiod: \"2024\"\n\
         units: [{}, {}]\nquotas: [{{ unit: {}, group: citizen, ballots: 30 }}]\n\
         opens_at: {opens}\ncloses_at: {closes}\n",
        given::DEPARTMENT,
        given::OTHER_DEPARTMENT,
        given::DEPARTMENT
    );
    let (_folder, file) = written("wave.yaml", &plan);
    let planned = survey::plan(services, survey::read_plan(&file).expect("a plan"));
    planned.await.expect("planned");
    let wave = survey::open(services, WAVE).await.expect("open");
    assert_eq!(wave.stage(), pb::WaveStage::Open);
}

fn ballots() -> String {
    let rows = (0..BALLOTS).map(|row| {
        let answer = if row % 4 == 0 { 3 } else { 5 };
        format!("{row},{},citizen,{answer}\n", given::DEPARTMENT)
    });
    let table: String = rows.collect();
    format!(
        "id,unit,group,attitude\n{table}x,{},citizen,9\n",
        given::DEPARTMENT
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_is_run_from_files() {
    let province = Province::start("surveys").await;
    let services = &province.services;
    given::registry(services).await;
    given::definition(services, SATISFACTION).await;
    open(services).await;
    let (_folder, file) = written("ballots.csv", &ballots());
    let rows = || survey::ballots(&file, WAVE, "paper-box-1").expect("a table");
    let answer = survey::import(services, rows()).await.expect("taken in");
    assert_eq!(
        (answer.accepted, answer.repeated, answer.refused),
        (20, 0, 1)
    );
    let refused = &answer.refusals[0];
    assert_eq!((refused.row, refused.source_row_id.as_str()), (21, "x"));
    let again = survey::import(services, rows()).await.expect("known");
    assert_eq!((again.accepted, again.repeated), (0, 20));
    let wave = survey::get(services, WAVE).await.expect("a wave");
    let came = wave.progress.iter().find(|it| it.unit == given::DEPARTMENT);
    let came = came.expect("progress");
    assert_eq!((came.quota, came.ballots), (30, 20));

    tokens_are_in_a_file(services).await;
    let level = pb::ConfidenceLevel::Percent95;
    let early = survey::results(services, WAVE, "", "", level).await;
    assert_eq!(early.expect_err("not counted").exit, Exit::Failed);
    survey::close(services, WAVE).await.expect("closed");
    let results = eventually("the ballots are counted", async || {
        survey::results(services, WAVE, "", "", level).await
    })
    .await;
    let total = results.total.expect("a total");
    assert_eq!(
        (total.ballots, total.items[0].mean.as_str()),
        (20, "4.500000")
    );
    assert_eq!(results.units.len(), 2);
    // 15 of 20 were satisfied.
    satisfied(&province, "75.00").await;

    withheld::and_released(&province, WAVE).await;
}

/// Tokens go to a file of its owner alone and nowhere else.
async fn tokens_are_in_a_file(services: &Services) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tokens.txt");
    let wanted = survey::WantedTokens {
        wave: WAVE.to_owned(),
        unit: given::OTHER_DEPARTMENT.to_owned(),
        group: "citizen".to_owned(),
        count: 3,
        request_id: runtime::Ids::random().uuid(),
    };
    let issued = survey::issue_tokens(services, &wanted, &file).await;
    let issued = issued.expect("issued");
    assert_eq!((issued.issued, issued.tokens), (3, vec![]));
    let tokens = std::fs::read_to_string(&file).expect("the tokens");
    assert_eq!(tokens.lines().count(), 3);
    let mode = file.metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o077, 0, "nobody else reads it");
    // The file is not written over, and nothing is issued for it.
    let there = survey::issue_tokens(services, &wanted, &file).await;
    assert_eq!(there.expect_err("it is there").exit, Exit::NoInput);
    // The same request gives the same tokens; a refused one leaves no file.
    let copy = folder.path().join("copy.txt");
    let again = survey::issue_tokens(services, &wanted, &copy).await;
    assert_eq!(again.expect("issued").issued, 3);
    assert_eq!(std::fs::read_to_string(&copy).expect("read"), tokens);
    let nobody = survey::WantedTokens {
        group: "nobody".to_owned(),
        request_id: runtime::Ids::random().uuid(),
        ..wanted
    };
    let none = folder.path().join("none.txt");
    let refused = survey::issue_tokens(services, &nobody, &none).await;
    let refused = refused.expect_err("no such group");
    assert!(refused.message.contains("--request-id"), "{refused}");
    assert!(!none.exists());
}

/// Waits until the index that the survey feeds is that, which nobody reported.
async fn satisfied(province: &Province, total: &str) {
    eventually("the survey reaches the index that it feeds", async || {
        let request = GetUnitIndexRequest {
            index: "satisfaction".into(),
            period: "2024".into(),
            subject: given::DEPARTMENT.into(),
            ..Default::default()
        };
        let mut projection = province.services.projection.clone();
        let found = projection.get_unit_index(request).await;
        let index = found.map_err(|status| status.to_string())?.into_inner();
        match index.total == total {
            true => Ok(()),
            false => Err(format!("{:?} ({})", index.total, index.reason)),
        }
    })
    .await;
}
