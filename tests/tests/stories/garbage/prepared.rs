//! A province in which everything is going on that requests may be about, and the words for it.

use std::collections::BTreeMap;

use cli::evidence::{Upload, upload};
use cli::{Services, official};
use contracts::assessments::v1 as pb;
use contracts::wire;
use identity::Role;
use jiff::SignedDuration;
use pb::CampaignStage as Stage;
use system_tests::{Province, given};

use crate::documents::play;

const PAPI: &str = include_str!("../../../../deploy/catalog/indices/papi.yaml");
/// Campaigns by how many stages are over.
const RUNNING: [(&str, usize); 4] = [
    ("par-at-self", 0),
    ("par-at-first", 1),
    ("par-at-explanation", 2),
    ("par-at-second", 3),
];
const STAGES: [Stage; 3] = [
    Stage::SelfAssessment,
    Stage::FirstAppraisal,
    Stage::Explanation,
];
/// One that is planned, one that is open, and one that is closed.
const WAVES: [&str; 3] = ["wave-planned", "wave-open", "wave-closed"];
const INSTRUMENT: &str = "sipas";
const INITIATIVE: &str = "SK-2024-017";

/// Words that exist, by the name of the field that they fit; where it means something else in each contract, after that
/// of the contract: `dossiers.code`.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) words: BTreeMap<&'static str, Vec<String>>,
    /// SHA-256 of files that were uploaded.
    pub(super) files: Vec<Vec<u8>>,
}

/// Somebody with every role, but of no unit whose sheets there are: appraises what the developer claims.
pub(super) fn judge(province: &Province) -> Services {
    let roles = Role::ALL.into_iter().filter(|role| *role != Role::Service);
    let roles: Vec<Role> = roles.collect();
    province.as_caller("binh", &roles, &[given::QUIET_DEPARTMENT])
}

/// Brings it about.
pub(super) async fn prepared(province: &Province) -> Known {
    play::to_approval(province).await;
    published(province).await;
    campaigns(province).await;
    let tokens = surveys(&province.services).await;
    initiative(&province.services).await;
    official(&province.services).await;
    let files = vec![uploaded(province).await];
    let words = words(tokens);
    Known { words, files }
}

async fn published(province: &Province) {
    let chair = province.as_caller("huy", &[Role::Chair], &[]);
    let publish = pb::PublishCampaignRequest {
        context: None,
        campaign: play::CAMPAIGN.to_owned(),
        document: "99/QĐ-UBND".to_owned(),
    };
    let mut campaigns = chair.campaigns.clone();
    campaigns
        .publish_campaign(publish)
        .await
        .expect("published");
}

async fn campaigns(province: &Province) {
    let organiser = province.as_caller("anh", &[Role::Administrator], &[]);
    let assessor = province.as_caller("mai", &[Role::Assessor], &[play::UNIT]);
    for (campaign, over) in RUNNING {
        play::planned_and_open(&organiser, campaign).await;
        play::claimed(&assessor, campaign, play::UNIT, "9").await;
        for stage in &STAGES[..over] {
            play::closed(&organiser, campaign, *stage).await;
        }
    }
}

/// Waves that are planned, open and counted; tokens of the open one.
async fn surveys(services: &Services) -> Vec<String> {
    let mut surveys = services.surveys.clone();
    let likert = pb::SurveyLikert {
        points: 5,
        satisfied_from: 4,
    };
    let edition = pb::SurveyEdition {
        instrument: INSTRUMENT.to_owned(),
        edition: "2024".to_owned(),
        title: "Khảo sát mức độ hài lòng".to_owned(),
        groups: vec![pb::SurveyGroup {
            code: "citizen".to_owned(),
            label: "Người dân".to_owned(),
        }],
        questions: vec![pb::SurveyQuestion {
            code: "attitude".to_owned(),
            text: "Thái độ phục vụ thế nào?".to_owned(),
            kind: Some(pb::survey_question::Kind::Likert(likert)),
            ..pb::SurveyQuestion::default()
        }],
        ..pb::SurveyEdition::default()
    };
    let put = pb::PutInstrumentRequest {
        context: None,
        edition: Some(edition),
    };
    surveys.put_instrument(put).await.expect("an instrument");
    let now = runtime::Clock::system().now();
    let hours = |hours| Some(wire::timestamp(now + SignedDuration::from_hours(hours)));
    for wave in WAVES {
        let plan = pb::PlanWaveRequest {
            context: None,
            wave: wave.to_owned(),
            title: "Đợt 1".to_owned(),
            instrument: INSTRUMENT.to_owned(),
            edition: "2024".to_owned(),
            period: "2024".to_owned(),
            units: vec![play::UNIT.to_owned()],
            quotas: vec![],
            opens_at: hours(-1),
            closes_at: hours(24),
            minimum: 0,
        };
        surveys.plan_wave(plan).await.expect("planned");
    }
    for wave in &WAVES[1..] {
        let open = pb::OpenWaveRequest {
            context: None,
            wave: (*wave).to_owned(),
        };
        surveys.open_wave(open).await.expect("open");
    }
    let close = pb::CloseWaveRequest {
        context: None,
        wave: WAVES[2].to_owned(),
    };
    surveys.close_wave(close).await.expect("closed");
    let issue = pb::IssueTokensRequest {
        context: None,
        wave: WAVES[1].to_owned(),
        unit: play::UNIT.to_owned(),
        group: "citizen".to_owned(),
        count: 50,
    };
    let issued = surveys.issue_tokens(issue).await.expect("tokens");
    issued.into_inner().tokens
}

async fn initiative(services: &Services) {
    use contracts::assessments::v1::initiatives_service_client::InitiativesServiceClient;
    let recognise = pb::RecogniseInitiativeRequest {
        number: INITIATIVE.to_owned(),
        date: "2024-06-30".to_owned(),
        level: pb::InitiativeLevel::Province.into(),
        unit: play::UNIT.to_owned(),
        title: "Một biểu mẫu cho hai thủ tục".to_owned(),
        document: "2796/QĐ-UBND".to_owned(),
        ..pb::RecogniseInitiativeRequest::default()
    };
    let link = services.link(cli::Service::Assessments);
    let mut initiatives = InitiativesServiceClient::new(link);
    let recognised = initiatives.recognise_initiative(recognise).await;
    recognised.expect("recognised");
}

async fn official(services: &Services) {
    given::definition(services, PAPI).await;
    let request = pb::ImportOfficialResultsRequest {
        index: "papi".to_owned(),
        year: 2024,
        source: "the province's report".to_owned(),
        rows: vec![pb::PublishedRow {
            subject: "36".to_owned(),
            figures: vec![pb::PublishedFigure {
                code: "D1".to_owned(),
                value: "5.6148".to_owned(),
                standard_error: String::new(),
            }],
            ..pb::PublishedRow::default()
        }],
        ..pb::ImportOfficialResultsRequest::default()
    };
    official::import(services, request).await.expect("taken in");
}

async fn uploaded(province: &Province) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.pdf");
    std::fs::write(&file, b"%PDF-1.7\na plan").expect("written");
    let wanted = Upload {
        file,
        campaign: RUNNING[0].0.to_owned(),
        unit: play::UNIT.to_owned(),
        leaf: "plan".to_owned(),
        media_type: None,
        actor: String::new(),
    };
    let kept = upload(&province.services, &wanted).await;
    kept.expect("kept").sha256
}

fn words(tokens: Vec<String>) -> BTreeMap<&'static str, Vec<String>> {
    let running = RUNNING.map(|(campaign, _)| campaign);
    let campaigns = [&[play::CAMPAIGN], running.as_slice()].concat();
    let indices = ["par-departments", "papi", given::INDEX];
    let units = [play::UNIT, given::OTHER_DEPARTMENT, "H40"];
    let (leaves, editions) = (["plan", "tasks", "D1"], ["2024", "2023", "2022"]);
    let texts = ["Kế hoạch CCHC năm 2024", "165/KH-UBND"];
    let codes = [campaigns.as_slice(), &indices].concat();
    let registered = [units.as_slice(), &[given::PROCEDURE]].concat();
    let fields: [(&'static str, &[&str]); 39] = [
        ("answers", &["4", "5"]),
        ("appraiser", &["binh", "developer"]),
        ("as_of", &["2024-12-31"]),
        ("campaign", &campaigns),
        ("assessments.code", &codes),
        ("registry.code", &registered),
        ("components", &["C1"]),
        ("date", &["2024-12-26"]),
        ("document", &texts),
        ("edition", &editions),
        ("explanation", &texts),
        ("file_name", &["plan.pdf"]),
        ("group", &["citizen", "department", "province"]),
        ("groups", &["citizen", "department"]),
        ("index", &indices),
        ("initiative", &[INITIATIVE]),
        ("instrument", &[INSTRUMENT]),
        ("leaf", &leaves),
        ("media_type", &["application/pdf"]),
        ("month", &["2024-12", "2024-11"]),
        ("name", &["issued", "done", "planned"]),
        ("number", &["9", "10", INITIATIVE]),
        ("own_unit", &units),
        ("period", &["2024", "2024-12"]),
        ("points", &["0", "1", "2"]),
        ("procedure", &[given::PROCEDURE]),
        ("question", &["attitude"]),
        ("reason", &texts),
        ("remark", &texts),
        ("source", &["paper-box-1"]),
        ("state", &["on_time", "late"]),
        ("subject", &["36", play::UNIT, "H40"]),
        ("text", &texts),
        ("title", &texts),
        ("unit", &units),
        ("units", &units),
        ("value", &["5", "4", "5.6148"]),
        ("wave", &WAVES),
        ("valid_from", &["2024-01-01"]),
    ];
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let known = fields.map(|(field, words)| (field, owned(words)));
    known.into_iter().chain([("token", tokens)]).collect()
}
