//! Services die in the middle of an import: all at once, and the one that takes it in.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use cli::import::{Mapping, import};
use cli::{Service, Services};
use runtime::{Bearer, Security};
use stack::Stack;
use system_tests::program::{Running, chiso};
use system_tests::receipt::{self, FIGURES, Figures};
use system_tests::{Brake, CEILING, Province, eventually, skipped};

/// Prefix of the databases, which the crashed services and the ones after them share.
const NAME: &str = "crash";
/// Where the import is held while services are killed: in the middle of it.
const MIDDLE: i64 = 3_000;
/// How long the import asks for an answer before it gives up: long enough for the registry's news to reach dossiers.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn services_killed_in_the_middle_of_an_import_lose_and_double_nothing() {
    let Some(file) = receipt::file() else {
        return skipped("crash", "../shared/data/receipt.csv is not there");
    };
    let stack = stack::shared();
    let folder = tempfile::tempdir().expect("a folder");
    let (mut up, services) = up(stack, folder.path()).await;
    receipt::given_catalog(&services).await;

    let mapping = Mapping::read(&receipt::mapping()).expect("a mapping");
    let brake = Brake::at(stack, "crash_dossiers", MIDDLE);
    // Whoever imports gives up when nobody answers, and repeats the import later.
    let importing = import(&services, &mapping, &file, PATIENCE);
    let killing = async {
        let head = brake.held().await;
        up.kill();
        brake.release();
        head
    };
    let (imported, killed_at) = tokio::join!(importing, killing);
    assert!(killed_at > 0, "killed before the import");
    imported.expect_err("nobody answered any more");

    let province = Province::start(NAME).await;
    let again = receipt::import(&province, &file);
    assert_eq!(again["refused"], 0, "{again}");
    assert!(
        again["repeated"].as_i64() > Some(0),
        "what was in is known: {again}"
    );
    receipt::overdue_told(&province).await;
    let heads = province.settled().await;
    assert_eq!(
        heads["dossiers"],
        receipt::EVENTS,
        "no fact is lost or double"
    );
    assert_eq!(Figures::of_scoring(&province).await, FIGURES);
    receipt::projection_follows(&province).await;
    assert_eq!(Figures::of_sql(&province), FIGURES);
    assert_eq!(province.verified().await, heads);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_goes_on_by_itself_when_the_service_is_killed_and_comes_back() {
    let Some(file) = receipt::file() else {
        return skipped("killed", "../shared/data/receipt.csv is not there");
    };
    let mut province = Province::start("killed").await;
    let services = province.services.clone();
    receipt::given_catalog(&services).await;

    let mapping = Mapping::read(&receipt::mapping()).expect("a mapping");
    let brake = Brake::at(stack::shared(), "killed_dossiers", MIDDLE);
    let importing = import(&services, &mapping, &file, CEILING);
    let killing = async {
        let head = brake.held().await;
        // What was on its way may still be answered, or not: either is right.
        province.all().kill(Service::Dossiers).await;
        brake.release();
        // Its listener may close a moment after it was killed.
        eventually("it comes back", async || {
            province.all().restart(Service::Dossiers).await
        })
        .await;
        head
    };
    let (imported, killed_at) = tokio::join!(importing, killing);
    assert!(killed_at > 0, "killed before the import");

    let (summary, refused) = imported.expect("it is asked again until it answers");
    assert_eq!(refused, None, "{}", summary.text(None));
    assert_eq!(summary.accepted + summary.repeated, 8_577);
    receipt::overdue_told(&province).await;
    let heads = province.settled().await;
    assert_eq!(heads["dossiers"], receipt::EVENTS);
    assert_eq!(Figures::of_sql(&province), FIGURES);
    assert_eq!(province.verified().await, heads);
}

/// `chiso up` on the shared stack, in a process of its own.
async fn up(stack: &Stack, folder: &Path) -> (Running, Services) {
    let stack_file = folder.join("stack.json");
    let log = File::create(folder.join("up.log")).expect("a file");
    let arguments = [
        "up",
        "--listen-base-port",
        "0",
        "--database-prefix",
        "crash_",
        "--province",
        "T-crash",
        "--addresses",
        stack_file.to_str().expect("a path"),
    ];
    // Users for the province, which the other process only reads.
    let nats = stack.nats("T-crash", "analyst").expect("users of NATS");
    let mut command = chiso(&arguments);
    command
        .env("CHISO_STACK_POSTGRES_URL", stack.postgres_url("postgres"))
        .env("CHISO_STACK_NATS_URL", nats.url)
        .env("CHISO_STACK_NATS_CA", nats.ca.expect("an authority"))
        .env("CHISO_STACK_NATS_USERS", stack.nats_users().expect("users"))
        .stdout(log.try_clone().expect("a file"))
        .stderr(log);
    let mut up = Running::start(&mut command);
    let said = || std::fs::read_to_string(folder.join("up.log")).unwrap_or_default();
    let text = eventually("chiso up answers", async || {
        assert!(up.ended().is_none(), "chiso up ended: {}", said());
        std::fs::read_to_string(&stack_file).map_err(|error| (error, said()))
    })
    .await;
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let address = |service: Service| {
        json[service.name()]
            .as_str()
            .expect("an address")
            .to_owned()
    };
    let addresses = allinone::Addresses {
        registry: address(Service::Registry),
        dossiers: address(Service::Dossiers),
        assessments: address(Service::Assessments),
        scoring: address(Service::Scoring),
        projection: address(Service::Projection),
    };
    let security = Security {
        tls_ca: json["tls_ca"].as_str().map(Into::into),
        ..Security::default()
    };
    let bearer = Bearer::new(&token(stack_file.to_str().expect("a path"))).expect("a token");
    let mut services = Services::new(addresses, &security, &bearer).expect("certificates");
    services.timeout = CEILING;
    (up, services)
}

/// A token for the units of the file, which the province's own is not for.
fn token(stack_file: &str) -> String {
    let asked = ["--stack", stack_file, "token", "--unit", "H99"];
    let roles = ["--role", "administrator", "--role", "integrator"];
    let output = chiso(&[&asked[..], &roles].concat())
        .output()
        .expect("chiso runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    // Before it stand the lines of the test harness.
    said.split_whitespace()
        .last()
        .unwrap_or_default()
        .to_owned()
}
