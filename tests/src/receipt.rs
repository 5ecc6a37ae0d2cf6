//! The log of building-permit cases: real data whose figures are known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cli::{Service, Services};
use contracts::dossiers::v1::{Channel, ReceiveDossierRequest};
use contracts::log::v1::{CommandContext, ReadRequest};
use contracts::scoring::v1::{GetMeasuresRequest, Input};
use futures::TryStreamExt as _;
use tonic::{Code, Status};

use crate::province::at_least;
use crate::{Province, given, root};

/// Rows of the file.
pub const ROWS: i64 = 8_577;
/// Events of an import with nothing lost or double: of each row its activity, of each case its reception, of each
/// finished case its end, of each open one that it is overdue.
pub const EVENTS: i64 = ROWS + DOSSIERS + FINISHED + OPEN;
/// Cases.
pub const DOSSIERS: i64 = 1_434;
/// Cases with an end.
pub const FINISHED: i64 = 1_329;
/// Cases without one, all of them past their due date long ago.
pub const OPEN: i64 = 105;

/// Years in which something happened to a case.
const YEARS: [&str; 3] = ["2010", "2011", "2012"];

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Dossiers received.
    pub received: i64,
    /// Ended at or before the due date.
    pub on_time: i64,
    /// Ended after it.
    pub late: i64,
    /// Not ended.
    pub open: i64,
}

/// The figures of the file, counted by whoever made it.
pub const FIGURES: Figures = Figures {
    received: DOSSIERS,
    on_time: 952,
    late: 377,
    open: OPEN,
};

/// The file, if this machine has it.
pub fn file() -> Option<PathBuf> {
    let file = root().join("../shared/data/receipt.csv");
    file.is_file().then_some(file)
}

/// How its rows become facts.
pub fn mapping() -> PathBuf {
    data("receipt-mapping.yaml")
}

fn data(name: &str) -> PathBuf {
    root().join("crates/cli/tests/data").join(name)
}

/// Applies what the file needs to exist, and an index that was in force then.
pub async fn given_catalog(services: &Services) {
    let catalog = cli::catalog::read(&[data("receipt-catalog.yaml")]).expect("a catalog");
    cli::catalog::apply(services, &catalog, false, |_| ())
        .await
        .expect("applied");
    given::definition(services, &given::definition_since("2010-01-01")).await;
    // What refers to it is refused until the registry's news has come.
    crate::eventually("dossiers know the catalog", async || {
        let asked = services.dossiers.clone().receive_dossier(trial()).await;
        match asked {
            Err(status) if is_unknown(&status) => Err(status),
            _ => Ok(()),
        }
    })
    .await;
}

/// A dossier of the catalog's last unit and procedure, which is judged and not taken in.
fn trial() -> ReceiveDossierRequest {
    let during = "2011-03-01T03:00:00Z".parse().expect("a moment");
    ReceiveDossierRequest {
        context: Some(CommandContext {
            validate_only: true,
            occurred_at: Some(contracts::wire::timestamp(during)),
            ..CommandContext::default()
        }),
        procedure: "9.000001".into(),
        unit: "H99.03".into(),
        channel: Channel::Counter.into(),
        applicant: "036090001234".into(),
        ..ReceiveDossierRequest::default()
    }
}

/// Whether the registry's news has not come yet: nobody is of a unit that is not known.
fn is_unknown(status: &Status) -> bool {
    let details = String::from_utf8_lossy(status.details());
    status.code() == Code::PermissionDenied
        || status.message().contains("not known")
        || details.contains("not known")
}

/// Imports the file with the command-line tool, as people do; its summary.
pub fn import(province: &Province, file: &Path) -> serde_json::Value {
    let mapping = mapping();
    let connection = province.connection();
    let mut arguments = vec![
        "import",
        file.to_str().expect("a path"),
        "--mapping",
        mapping.to_str().expect("a path"),
        "--json",
    ];
    arguments.extend(connection.iter().map(String::as_str));
    crate::program::chiso_json(&arguments)
}

impl Figures {
    /// What scoring has counted for the province: sums over the years, and what was open at the end.
    pub async fn of_scoring(province: &Province) -> Self {
        let mut figures = Self {
            received: 0,
            on_time: 0,
            late: 0,
            open: 0,
        };
        for year in YEARS {
            let measures = measures(province, year).await;
            figures.received += measures["dossiers_received"];
            figures.on_time += measures["handled_on_time"];
            figures.late += measures["handled_late"];
            figures.open = measures["in_process"];
        }
        figures
    }

    /// What the events in PostgreSQL say, read by SQL alone.
    pub fn of_sql(province: &Province) -> Self {
        let rows = province.sql(Service::Dossiers, include_str!("../sql/count_dossiers.sql"));
        let numbers: Vec<i64> = rows
            .split('|')
            .map(|number| number.parse().expect("a number"))
            .collect();
        let [received, on_time, late, open] = numbers[..] else {
            panic!("not four numbers: {rows}");
        };
        Self {
            received,
            on_time,
            late,
            open,
        }
    }
}

/// Waits until the timer has told that every open case is overdue: nothing happens by itself after that.
pub async fn overdue_told(province: &Province) {
    crate::eventually("the open cases are overdue", async || {
        let head = province.head(Service::Dossiers).await;
        let told = province.sql(
            Service::Dossiers,
            "select count(*) from eventlog.events where kind = 'chiso.dossiers.v1.DossierOverdue'",
        );
        if told == OPEN.to_string() {
            Ok(())
        } else {
            Err((told, head))
        }
    })
    .await;
}

/// What scoring has counted for the province in a year.
async fn measures(province: &Province, year: &str) -> BTreeMap<String, i64> {
    let request = GetMeasuresRequest {
        period: year.to_owned(),
        subject: "H99".to_owned(),
        at_least: Some(at_least("dossiers", province.head(Service::Dossiers).await)),
        ..GetMeasuresRequest::default()
    };
    let mut scoring = province.services.scoring.clone();
    let answer = scoring.get_measures(request).await.expect("measures");
    let whole = |input: Input| {
        let value = input.value.parse().expect("a whole number");
        (input.name, value)
    };
    answer
        .into_inner()
        .measures
        .into_iter()
        .map(whole)
        .collect()
}

/// Compares the projection's points for dossiers on time, year by year, with those that follow from the figures: 20
/// points for all, to the hundredth, half up. (The inputs of a leaf are those of its last change, not always the newest.)
pub async fn projection_follows(province: &Province) {
    for year in YEARS {
        let measures = measures(province, year).await;
        let on_time = measures["handled_on_time"] + measures["in_process_within_due"];
        let all = measures["handled"] + measures["in_process"];
        let hundredths = (2 * 2_000 * on_time + all) / (2 * all);
        let position = ("scoring", province.head(Service::Scoring).await);
        let index = crate::given::index(province, year, "H99", position).await;
        let leaf = index
            .leaves
            .iter()
            .find(|leaf| leaf.leaf == "PROGRESS_ON_TIME");
        assert_eq!(
            leaf.map(|leaf| leaf.points.as_str()),
            Some(format!("{}.{:02}", hundredths / 100, hundredths % 100).as_str()),
            "{year}: {on_time} of {all}"
        );
    }
}

/// Types of a log's events, as its feed gives them.
pub async fn kinds(services: &Services, service: Service) -> Vec<String> {
    let mut kinds = Vec::new();
    let mut after = 0;
    loop {
        let request = ReadRequest {
            after,
            limit: 10_000,
        };
        let read = services.log(service).read(request).await.expect("a feed");
        let batches: Vec<_> = read.into_inner().try_collect().await.expect("batches");
        let events: Vec<_> = batches.into_iter().flat_map(|batch| batch.events).collect();
        let Some(last) = events.last() else {
            return kinds;
        };
        after = last.position;
        kinds.extend(events.into_iter().map(|event| event.r#type));
    }
}
