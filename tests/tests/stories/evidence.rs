//! A unit's files: who may bring them, who sees them, and that `chiso` brings back what it sent.

use std::path::Path;

use cli::evidence::{Upload, download, list, upload};
use cli::{Exit, Failure, Service, Services};
use contracts::assessments::v1 as pb;
use contracts::assessments::v1::initiatives_service_client::InitiativesServiceClient;
use identity::Role;
use system_tests::{Province, given};
use tonic::Code;

const CAMPAIGN: &str = given::CAMPAIGN;
/// The unit whose files these are, and another one.
const UNIT: &str = given::DEPARTMENT;
const OTHER: &str = given::OTHER_DEPARTMENT;

fn bringing(file: &Path, unit: &str) -> Upload {
    Upload {
        file: file.to_owned(),
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
        leaf: "1.1.1".to_owned(),
        media_type: None,
        actor: String::new(),
    }
}

/// Both ways to see a file have to answer alike: whether it is there is not to be told either.
async fn sees(services: &Services, sha256: &[u8], folder: &Path) -> Result<(), Failure> {
    let file = folder.join("seen.pdf");
    let came = download(services, UNIT, sha256.to_vec(), &file).await;
    let unknown = download(services, UNIT, vec![1; 32], &file).await;
    let listed = list(services, UNIT, CAMPAIGN).await;
    if came.is_err() {
        assert_eq!(
            came, unknown,
            "a file that is there is as hidden as another"
        );
        assert_eq!(listed.map(drop), came.clone().map(drop));
    } else {
        assert_eq!(unknown.expect_err("no such file").exit, Exit::Failed);
        assert_eq!(listed.expect("listed").len(), 1);
    }
    came.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_units_files_are_its_own_and_of_those_who_judge_it() {
    let province = Province::start("evidence").await;
    given::catalog(&province.services).await;
    given::campaign_rules(&province.services).await;
    let admin = province.as_caller("anh", &[Role::Administrator], &["H40"]);
    given::campaign(&admin, "binh").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.pdf");
    let content = [b"%PDF-1.7\n".as_slice(), &[7; 200_000]].concat();
    std::fs::write(&file, &content).expect("written");

    let mai = province.as_caller("mai", &[Role::Assessor], &[UNIT]);
    let kept = upload(&mai, &bringing(&file, UNIT)).await.expect("kept");
    assert_eq!(kept.places[0].uploaded_by, "mai");
    let back = folder.path().join("back.pdf");
    let came = download(&mai, UNIT, kept.sha256.clone(), &back).await;
    assert_eq!(came.expect("came").sha256, kept.sha256);
    assert_eq!(std::fs::read(&back).expect("written"), content);

    let head = province.head(Service::Assessments).await;
    for (role, unit) in [
        (Role::Assessor, OTHER),
        (Role::Appraiser, OTHER),
        (Role::Council, "H40"),
        (Role::Administrator, "H40"),
        (Role::Auditor, "H40"),
        (Role::Clerk, UNIT),
    ] {
        let somebody = province.as_caller("nam", &[role], &[unit]);
        let refused = upload(&somebody, &bringing(&file, UNIT)).await;
        assert_eq!(
            refused.expect_err("not theirs").exit,
            Exit::NoPermission,
            "{role}"
        );
    }
    assert_eq!(province.head(Service::Assessments).await, head);

    let seen = async |subject: &str, role: Role, unit: &str| {
        let somebody = province.as_caller(subject, &[role], &[unit]);
        let seen = sees(&somebody, &kept.sha256, folder.path()).await;
        seen.map_err(|failure| failure.exit)
    };
    for role in [
        Role::Council,
        Role::Chair,
        Role::Administrator,
        Role::Auditor,
    ] {
        assert_eq!(seen("lan", role, "H40").await, Ok(()), "{role}");
    }
    assert_eq!(seen("binh", Role::Appraiser, OTHER).await, Ok(()));
    for (subject, role, unit) in [
        ("nam", Role::Assessor, OTHER),
        ("nam", Role::Appraiser, OTHER),
        ("binh", Role::Appraiser, UNIT),
        ("binh", Role::Clerk, OTHER),
        ("nam", Role::Clerk, UNIT),
        ("nam", Role::Analyst, "H40"),
        ("nam", Role::Integrator, "H40"),
    ] {
        let told = seen(subject, role, unit).await;
        assert_eq!(told, Err(Exit::NoPermission), "{subject} {role} {unit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn initiatives_are_entered_by_administrators_alone() {
    let province = Province::start("initiatives").await;
    given::catalog(&province.services).await;
    let recognise = pb::RecogniseInitiativeRequest {
        number: "SK-2024-017".to_owned(),
        date: "2024-06-30".to_owned(),
        level: pb::InitiativeLevel::Province.into(),
        unit: UNIT.to_owned(),
        title: "Một biểu mẫu cho hai thủ tục".to_owned(),
        document: "2796/QĐ-UBND".to_owned(),
        ..Default::default()
    };
    let revoke = pb::RevokeInitiativeRequest {
        number: recognise.number.clone(),
        reason: "copied".to_owned(),
        ..Default::default()
    };
    for role in Role::ALL.into_iter().filter(|it| *it != Role::Service) {
        let somebody = province.as_caller("nam", &[role], &["H40"]);
        let link = somebody.link(Service::Assessments);
        let mut initiatives = InitiativesServiceClient::new(link);
        let entered = initiatives.recognise_initiative(recognise.clone()).await;
        let revoked = initiatives.revoke_initiative(revoke.clone()).await;
        let codes = [entered.map(drop), revoked.map(drop)].map(|it| it.map_err(|it| it.code()));
        let expected = match role {
            Role::Administrator => Ok(()),
            _ => Err(Code::PermissionDenied),
        };
        assert_eq!(codes, [expected; 2], "{role}");
        let listed = initiatives.list_initiatives(pb::ListInitiativesRequest::default());
        listed.await.expect("everybody lists");
    }
}
