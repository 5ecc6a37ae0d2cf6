//! A real log of building-permit cases, imported into real services.

use std::path::{Path, PathBuf};
use std::time::Duration;

use allinone::{AllInOne, Development, Options};
use cli::catalog::{self, Change};
use cli::import::{self, Mapping, Summary};
use cli::{Service, Services, explain};
use contracts::dossiers::v1::{DossierCompleted, Timeliness};
use contracts::log::v1::ReadRequest;
use prost::Message as _;
use stack::Stack;

/// How long anything here may take before it counts as hung.
const CEILING: Duration = Duration::from_secs(60);

fn test_data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// The log in a folder of its own, as refused rows are written beside it; none where this machine
/// does not have it.
fn receipt() -> Option<(tempfile::TempDir, PathBuf)> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/receipt.csv");
    let Ok(text) = std::fs::read(&shared) else {
        eprintln!("SKIPPED: {} is not there", shared.display());
        return None;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("receipt.csv");
    std::fs::write(&file, text).expect("a copy");
    Some((folder, file))
}

struct World {
    // Ends before the servers that it runs on.
    _all: AllInOne,
    services: Services,
    _stack: Stack,
}

impl World {
    async fn start(name: &'static str) -> Self {
        let started = tokio::task::spawn_blocking(move || {
            let stack = Stack::start(&stack::Options::named(name)).expect("servers");
            let options = Options::on(&stack, "cli_").expect("databases");
            (stack, options)
        });
        let (stack, options) = started.await.expect("no panic");
        let all = AllInOne::start(options).await.expect("services");
        let services = Services::of(&all, &Development::developer("H99")).expect("certificates");
        Self {
            _all: all,
            services,
            _stack: stack,
        }
    }

    /// What applying the test catalog did: created, changed, unchanged.
    async fn apply(&self, dry_run: bool) -> [usize; 3] {
        let catalog = catalog::read(&[test_data("receipt-catalog.yaml")]).expect("sound");
        let mut counts = [0; 3];
        let applied = catalog::apply(&self.services, &catalog, dry_run, |applied| {
            let place = [Change::Created, Change::Changed, Change::Unchanged];
            let place = place
                .iter()
                .position(|change| *change == applied.change)
                .expect("one of three");
            counts[place] += 1;
        });
        applied.await.expect("applied");
        counts
    }

    /// Dossiers that ended on time and late, by the log.
    async fn ends(&self) -> (usize, usize) {
        let (mut on_time, mut late, mut after) = (0, 0, 0);
        loop {
            let request = ReadRequest {
                after,
                limit: 10_000,
            };
            let mut pages = self
                .services
                .log(Service::Dossiers)
                .read(request)
                .await
                .expect("the log")
                .into_inner();
            let before = after;
            while let Some(page) = pages.message().await.expect("a page") {
                for event in page.events {
                    after = event.position;
                    if event.r#type != "chiso.dossiers.v1.DossierCompleted" {
                        continue;
                    }
                    let ended = DossierCompleted::decode(&event.payload[..]).expect("sound");
                    on_time += usize::from(ended.timeliness() == Timeliness::OnTime);
                    late += usize::from(ended.timeliness() == Timeliness::Late);
                }
            }
            if after == before {
                return (on_time, late);
            }
        }
    }
}

async fn import(services: Services, file: PathBuf) -> Summary {
    let mapping = Mapping::read(&test_data("receipt-mapping.yaml")).expect("sound");
    let (summary, refused) = import::import(&services, &mapping, &file, CEILING)
        .await
        .expect("imported");
    assert_eq!(refused, None, "{}", summary.text(None));
    summary
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_log_comes_in_once_and_never_again() {
    let Some((_folder, file)) = receipt() else {
        return;
    };
    let world = World::start("cli-receipt").await;
    assert_eq!(world.apply(true).await, [7, 0, 0]);
    assert_eq!(world.apply(false).await, [7, 0, 0]);
    assert_eq!(world.apply(false).await, [0, 0, 7]);
    assert_eq!(world.apply(true).await, [0, 0, 7]);

    let first = import(world.services.clone(), file.clone()).await;
    assert_eq!(
        (first.rows, first.accepted, first.repeated),
        (8_577, 8_577, 0)
    );
    assert_eq!(world.ends().await, (952, 377));
    let history = explain::history(&world.services, "case-10011")
        .await
        .expect("a dossier");
    assert!(history.len() > 2);

    let again = import(world.services.clone(), file).await;
    assert_eq!(
        (again.rows, again.accepted, again.repeated),
        (8_577, 0, 8_577)
    );
    assert_eq!(again.position, 0);
    assert_eq!(world.ends().await, (952, 377));
}
