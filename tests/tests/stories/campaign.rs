//! A year's assessment of ten departments and ten districts, from its plan to its publication, by everybody's own token.

mod cast;
mod probes;
mod publications;
mod rounds;
mod sets;
mod sheets;
mod survey;

use std::collections::BTreeMap;

use cli::Service;
use contracts::assessments::v1 as pb;
use contracts::log::v1::ReadStreamRequest;
use contracts::wire;
use futures::{StreamExt as _, TryStreamExt as _};
use pb::CampaignStage as Stage;
use prost::Message as _;
use rust_decimal::Decimal;
use system_tests::{Province, eventually, given, root};

use self::cast::{APPRAISER_OF_HOME, CAMPAIGN, Cast, HOME, OTHER, Person};
use self::probes::{Phase, SUBJECTS, everybody_tries};
use self::rounds::{ASKED, CONTESTING, REOPENED};
use self::sheets::{Sheet, rounded, value};
use self::survey::SURVEYED;

/// When it is planned, and the last moment of each stage.
const PLANNED: &str = "2025-01-10T02:00:00Z";
const DEADLINES: [&str; 5] = [
    "2025-01-20T10:00:00Z",
    "2025-01-30T10:00:00Z",
    "2025-02-10T10:00:00Z",
    "2025-02-20T10:00:00Z",
    "2025-02-28T10:00:00Z",
];
/// The unit that gets more time.
const SLOW: &str = "H40.22";

/// Ten departments and ten districts, as the province had them before the first of September 2024.
fn units() -> Vec<String> {
    let departments = 1..=10;
    let districts = 20..=29;
    departments
        .chain(districts)
        .map(|number| format!("H40.{number:02}"))
        .collect()
}

fn group(unit: &str) -> &'static str {
    if unit < "H40.20" {
        "department"
    } else {
        "district"
    }
}

/// A moment for the wire.
fn at(moment: &str) -> Option<prost_types::Timestamp> {
    Some(wire::timestamp(moment.parse().expect("a moment")))
}

fn plan() -> pb::PlanCampaignRequest {
    let rules = |group: &str| pb::GroupRules {
        group: group.to_owned(),
        index: sets::of(group).code.to_owned(),
        edition: "2024-model".to_owned(),
        sha256: vec![],
    };
    pb::PlanCampaignRequest {
        context: None,
        code: CAMPAIGN.to_owned(),
        title: "Chỉ số cải cách hành chính năm 2024".to_owned(),
        period: "2024".to_owned(),
        as_of: "2024-08-31".to_owned(),
        rules: ["department", "district"].map(rules).to_vec(),
        deadlines: (1..)
            .zip(DEADLINES)
            .map(|(stage, deadline)| pb::StageDeadline {
                stage,
                deadline: at(deadline),
            })
            .collect(),
        units: units(),
    }
}

async fn given_province(province: &Province) {
    let catalog = cli::catalog::read(&[root().join("deploy/catalog/namdinh")]).expect("a catalog");
    cli::catalog::apply(&province.services, &catalog, false, |_| ())
        .await
        .expect("applied");
    for group in ["department", "district"] {
        given::definition(&province.services, sets::of(group).document).await;
    }
}

async fn opened(cast: &Cast<'_>) {
    let mut organiser = cast.campaigns(Person::Organiser);
    let open = pb::OpenCampaignRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
    };
    organiser.open_campaign(open).await.expect("opened");
    let others = units().into_iter().filter(|unit| unit != HOME);
    let probed = SUBJECTS.map(str::to_owned).to_vec();
    for (appraiser, own_unit, units, components) in [
        (Person::Appraiser.name(), HOME, others.collect(), vec![]),
        (
            APPRAISER_OF_HOME.to_owned(),
            OTHER,
            vec![HOME.to_owned()],
            vec![],
        ),
        // Neither has the leaf that steps are about.
        (
            Person::Elsewhere.name(),
            "H40.04",
            probed,
            vec!["3".to_owned()],
        ),
    ] {
        let assign = pb::AssignAppraiserRequest {
            context: None,
            campaign: CAMPAIGN.to_owned(),
            appraiser,
            own_unit: own_unit.to_owned(),
            units,
            components,
        };
        organiser.assign_appraiser(assign).await.expect("assigned");
    }
}

/// The same province after the deadline of a stage, once that is locked: what is tried then is written by nobody.
async fn past(province: Province, stage: Stage) -> Province {
    let place = usize::try_from(i32::from(stage)).expect("a stage") - 1;
    let province = province.later(DEADLINES[place]).await;
    eventually("the stage is locked", async || {
        let request = ReadStreamRequest {
            stream: format!("campaign-{CAMPAIGN}"),
            after_version: 0,
        };
        let mut log = province.services.log(Service::Assessments);
        let parts = log.read_stream(request).await.expect("a stream");
        let parts: Vec<_> = parts.into_inner().try_collect().await.expect("events");
        let events = parts.into_iter().flat_map(|part| part.events);
        let mut locks = events
            .filter(|event| event.r#type == "chiso.assessments.v1.CampaignStageLocked")
            .map(|event| pb::CampaignStageLocked::decode(&*event.payload).expect("a lock"));
        match locks.any(|lock| lock.stage() == stage) {
            true => Ok(()),
            false => Err("not yet"),
        }
    })
    .await;
    province
}

async fn closed(cast: &Cast<'_>, stage: Stage) {
    let request = pb::CloseStageRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        stage: stage.into(),
        reason: "everybody is done".to_owned(),
    };
    let mut organiser = cast.campaigns(Person::Organiser);
    organiser.close_stage(request).await.expect("closed");
}

/// More time for one unit: the others are locked out at the deadline, it is not.
async fn extended(cast: &Cast<'_>) {
    let request = pb::ExtendStageRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        unit: SLOW.to_owned(),
        stage: Stage::SelfAssessment.into(),
        deadline: at("2025-01-25T10:00:00Z"),
        reason: "flooded archive".to_owned(),
    };
    let mut organiser = cast.campaigns(Person::Organiser);
    organiser.extend_stage(request).await.expect("extended");
}

fn sheets() -> BTreeMap<String, Sheet> {
    let sheet = |unit: String| {
        let sheet = Sheet::of(&unit, group(&unit));
        (unit, sheet)
    };
    units().into_iter().map(sheet).collect()
}

/// Two units at a time fill in: as many as this machine has cores.
async fn filled_in(cast: &Cast<'_>, sheets: &mut BTreeMap<String, Sheet>, slow: bool) {
    let filling = sheets
        .values_mut()
        .filter(|sheet| (sheet.unit == SLOW) == slow)
        .map(|sheet| {
            let assessor = cast.assessor(&sheet.unit);
            sheet.filled_in(assessor)
        });
    futures::stream::iter(filling)
        .for_each_concurrent(2, |filled| filled)
        .await;
}

async fn first_appraisal(cast: &Cast<'_>, sheets: &mut BTreeMap<String, Sheet>) {
    rounds::refuted(cast, of(sheets, CONTESTING)).await;
    rounds::asked(cast, of(sheets, ASKED)).await;
    for sheet in sheets.values_mut() {
        let appraiser = match sheet.unit.as_str() {
            HOME => cast.appraiser_of_home(),
            _ => cast.campaigns(Person::Appraiser),
        };
        sheet.appraised(appraiser).await;
    }
    // Nobody claimed what the survey says, and nobody had to decide on it by hand.
    let surveyed = sheets[SURVEYED].decided[survey::FED];
    assert_eq!(surveyed, Some(Decimal::new(142, 2)));
}

fn of<'a>(sheets: &'a mut BTreeMap<String, Sheet>, unit: &str) -> &'a mut Sheet {
    sheets.get_mut(unit).expect("it takes part")
}

/// The council changes the leaf; all values stay side by side.
async fn council(cast: &Cast<'_>, sheet: &mut Sheet) {
    let half = Decimal::new(5, 1);
    let leaf = rounds::council(cast, sheet, half, "issued, and late").await;
    let decision = |decision: &Option<pb::LeafDecision>| {
        value(
            decision
                .as_ref()
                .and_then(|decision| decision.mark.as_ref()),
        )
    };
    assert_eq!(decision(&leaf.first), Some(Some(Decimal::ZERO)));
    assert_eq!(decision(&leaf.second), Some(Some(Decimal::ZERO)));
    assert_eq!(decision(&leaf.council), Some(Some(half)));
}

async fn approved(cast: &Cast<'_>) {
    let request = pb::ApproveCampaignRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        document: "12/BB-HĐ".to_owned(),
    };
    let mut council = cast.campaigns(Person::Council);
    council.approve_campaign(request).await.expect("approved");
}

async fn published(cast: &Cast<'_>) -> pb::Campaign {
    let request = pb::PublishCampaignRequest {
        context: None,
        campaign: CAMPAIGN.to_owned(),
        document: "99/QĐ-UBND".to_owned(),
    };
    let mut chair = cast.campaigns(Person::Chair);
    let answer = chair.publish_campaign(request).await;
    answer.expect("published").into_inner()
}

/// What was published is what the decided leaves add up to, and ranks follow from it.
fn follows(campaign: &pb::Campaign, sheets: &BTreeMap<String, Sheet>) {
    assert_eq!(campaign.outcomes.len(), sheets.len());
    let mut ranked: BTreeMap<&str, Vec<(Decimal, i32)>> = BTreeMap::new();
    for outcome in &campaign.outcomes {
        let sheet = &sheets[&outcome.unit];
        let sum = sets::sum(&sheet.set, &sheet.decided);
        let points = |text: &str| text.parse::<Decimal>().expect("points");
        let told = (points(&outcome.total), points(&outcome.max));
        assert_eq!(told, (rounded(sum.total), sum.max), "{}", outcome.unit);
        let value = sum.total / sum.max;
        let group = ranked.entry(group(&outcome.unit)).or_default();
        group.push((value, outcome.rank));
    }
    for (group, units) in ranked {
        assert_eq!(units.len(), 10, "{group}");
        for (value, rank) in &units {
            let above = units.iter().filter(|(other, _)| other > value).count();
            assert_eq!(usize::try_from(*rank), Ok(above + 1), "{group}: {units:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_departments_and_ten_districts_are_assessed_by_role_and_published() {
    let province = Province::start_at("campaign", PLANNED).await;
    given_province(&province).await;
    let cast = Cast(&province);
    let mut organiser = cast.campaigns(Person::Organiser);
    organiser.plan_campaign(plan()).await.expect("planned");
    survey::planned(&cast).await;
    let mut refused = everybody_tries(&cast, Phase::Planned, 0).await;
    opened(&cast).await;
    survey::opened(&cast).await;
    refused += everybody_tries(&cast, Phase::In(Stage::SelfAssessment), 0).await;

    let mut sheets = sheets();
    survey::counted(&cast, &province, &sheets[SURVEYED]).await;
    rounds::shows_a_file(&cast, of(&mut sheets, ASKED)).await;
    filled_in(&cast, &mut sheets, false).await;
    extended(&cast).await;
    // The deadline passes while nothing runs: whoever is late finds it locked, but for the one that got more time.
    let province = past(province, Stage::SelfAssessment).await;
    let cast = Cast(&province);
    refused += everybody_tries(&cast, Phase::In(Stage::FirstAppraisal), 1).await;
    filled_in(&cast, &mut sheets, true).await;
    rounds::reopened(&cast, of(&mut sheets, REOPENED)).await;
    first_appraisal(&cast, &mut sheets).await;
    closed(&cast, Stage::FirstAppraisal).await;

    refused += everybody_tries(&cast, Phase::In(Stage::Explanation), 2).await;
    rounds::explained(&cast, &sheets[ASKED]).await;
    rounds::contested(&cast, &sheets[CONTESTING], "it was issued").await;
    let province = past(province, Stage::Explanation).await;
    let cast = Cast(&province);
    refused += everybody_tries(&cast, Phase::In(Stage::SecondAppraisal), 2).await;
    rounds::second_appraisal(&cast, &sheets[CONTESTING], &sheets[ASKED]).await;
    closed(&cast, Stage::SecondAppraisal).await;

    refused += everybody_tries(&cast, Phase::In(Stage::Council), 2).await;
    let late = "it was issued, a week late";
    rounds::contested(&cast, &sheets[CONTESTING], late).await;
    council(&cast, of(&mut sheets, CONTESTING)).await;
    let province = past(province, Stage::Council).await;
    let cast = Cast(&province);
    refused += everybody_tries(&cast, Phase::Reviewed, 2).await;
    approved(&cast).await;
    refused += everybody_tries(&cast, Phase::Approved, 2).await;
    let campaign = published(&cast).await;
    refused += everybody_tries(&cast, Phase::Published, 2).await;

    assert_eq!(campaign.phase(), pb::CampaignPhase::Published);
    follows(&campaign, &sheets);
    let first = publications::verified(&cast, &sheets[ASKED]).await;
    let contesting = of(&mut sheets, CONTESTING);
    let corrected = publications::corrected(&cast, contesting, &first).await;
    follows(&corrected, &sheets);
    // Of 7 steps about all, 12 about each of three units, and 9 of the survey, by 13 people in 9 phases, most are refused.
    assert!(refused > 5_500, "{refused}");
    province.verified().await;
}
