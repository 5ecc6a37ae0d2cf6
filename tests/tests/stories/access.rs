//! Everything is served with TLS and asks who calls; whoever is turned away is told what to do about it.

use cli::{Exit, Failure, Service, Services};
use contracts::dossiers::v1::{Dossier, ReceiveDossierRequest};
use contracts::registry::v1::ListUnitsRequest;
use contracts::scoring::v1::ExplainScoreRequest;
use identity::Role;
use runtime::{Bearer, Security};
use stack::Authority;
use system_tests::program::chiso;
use system_tests::{CEILING, Province, given};

/// How many units somebody sees, or why none.
async fn units(services: &Services) -> Result<usize, Failure> {
    let mut registry = services.registry.clone();
    let asked = ListUnitsRequest::default();
    let asking = async move |request| registry.list_units(request).await;
    let answer = services.call(Service::Registry, asked, asking).await?;
    Ok(answer.units.len())
}

async fn receive(services: &Services, unit: &str) -> Result<Dossier, Failure> {
    let asked = ReceiveDossierRequest {
        procedure: given::PROCEDURE.into(),
        unit: unit.into(),
        channel: contracts::dossiers::v1::Channel::Online.into(),
        applicant: "036090001234".into(),
        ..Default::default()
    };
    let mut dossiers = services.dossiers.clone();
    let asking = async move |request| dossiers.receive_dossier(request).await;
    services.call(Service::Dossiers, asked, asking).await
}

async fn explain(services: &Services, subject: &str) -> Result<String, Failure> {
    let asked = ExplainScoreRequest {
        index: given::INDEX.into(),
        period: "2024".into(),
        subject: subject.into(),
        leaf: "PROGRESS_ON_TIME".into(),
        ..Default::default()
    };
    let mut scoring = services.scoring.clone();
    let asking = async move |request| scoring.explain_score(request).await;
    let answer = services.call(Service::Scoring, asked, asking).await?;
    Ok(answer.subject)
}

/// Why a caller was turned away; it must have been with this exit code, and be told this.
fn turned_away<T: std::fmt::Debug>(answer: Result<T, Failure>, exit: Exit, told: &[&str]) {
    let failure = answer.expect_err("turned away");
    assert_eq!(failure.exit, exit, "{failure}");
    for part in told {
        assert!(
            failure.message.contains(part),
            "{part:?} is not in {failure}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_turned_away_is_told_what_to_do() {
    let province = Province::start("access").await;
    given::catalog(&province.services).await;
    given::dossier(&province.services, given::DEPARTMENT).await;

    let nobody = province.services.by(&Bearer::default());
    let remedy = ["registry at https://", "--token-file", "chiso token"];
    turned_away(units(&nobody).await, Exit::NoPermission, &remedy);
    let forged = province
        .services
        .by(&Bearer::new("eyJhbGciOiJub25lIn0.e30.").expect("a text"));
    turned_away(units(&forged).await, Exit::NoPermission, &["token"]);

    let clerk = province.as_caller("nv-017", &[Role::Clerk], &[given::DEPARTMENT]);
    assert_eq!(units(&clerk).await, Ok(4));
    receive(&clerk, given::DEPARTMENT)
        .await
        .expect("its own unit");
    let others = receive(&clerk, given::OTHER_DEPARTMENT).await;
    turned_away(others, Exit::NoPermission, &["units that your token names"]);
    let analyst = province.as_caller("pt-1", &[Role::Analyst], &[]);
    let told = ["needs the role clerk or integrator", "--role ROLE"];
    turned_away(
        receive(&analyst, given::DEPARTMENT).await,
        Exit::NoPermission,
        &told,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_score_is_what_it_is_is_told_to_its_own_unit() {
    let province = Province::start("why").await;
    given::catalog(&province.services).await;
    province.settled().await;
    let clerk = province.as_caller("nv-017", &[Role::Clerk], &[given::DEPARTMENT]);
    let own = explain(&clerk, given::DEPARTMENT).await;
    assert_eq!(own.as_deref(), Ok(given::DEPARTMENT));
    for other in [given::OTHER_DEPARTMENT, "H40.99", "H40", "group:department"] {
        let told = ["units that your token names"];
        turned_away(explain(&clerk, other).await, Exit::NoPermission, &told);
    }
    let auditor = province.as_caller("tt-1", &[Role::Auditor], &[]);
    let all = explain(&auditor, "group:department").await;
    assert_eq!(all.as_deref(), Ok("group:department"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_nobody_vouches_for_is_told_nothing() {
    let province = Province::start("trust").await;
    let folder = tempfile::tempdir().expect("a folder");
    let theirs = Authority::create(folder.path()).expect("an authority");
    let security = Security {
        tls_ca: Some(theirs.ca()),
        ..Security::default()
    };
    let mut stranger = Services::new(province.addresses().clone(), &security, &Bearer::default())
        .expect("addresses");
    stranger.timeout = CEILING;
    let told = ["cannot be trusted", "--tls-ca"];
    turned_away(units(&stranger).await, Exit::Untrusted, &told);

    let plain = allinone::Addresses::each(|service| {
        province.addresses().of(service).replace("https", "http")
    });
    let plain = Services::at(plain).expect("addresses");
    turned_away(units(&plain).await, Exit::Unavailable, &["does not answer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn chiso_acts_as_whom_its_token_names() {
    let province = Province::start("acts").await;
    given::catalog(&province.services).await;
    let mut connection = province.connection();
    let run = |connection: &[String]| {
        let mut arguments = vec!["log", "verify", "registry"];
        arguments.extend(connection.iter().map(String::as_str));
        let output = chiso(&arguments).output().expect("chiso runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said)
    };
    let (done, said) = run(&connection);
    assert!(done, "{said}");
    let analyst = system_tests::province::caller("pt-1", &[Role::Analyst], &[]);
    connection.pop();
    connection.push(province.token(&analyst));
    let (done, said) = run(&connection);
    assert!(
        !done && said.contains("needs the role administrator or auditor"),
        "{said}"
    );
}
