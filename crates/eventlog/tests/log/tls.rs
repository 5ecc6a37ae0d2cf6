//! PostgreSQL over TLS. The stack's own build has none, so this is Debian's, where it is installed.

use std::path::{Path, PathBuf};

use eventlog::Expected;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use stack::{Authority, Options, Stack};

use crate::support;

/// Where Debian keeps PostgreSQL, by version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The programs of the newest PostgreSQL of Debian that are all there.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).ok()?.flatten();
    let mut complete: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            let number = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .filter(|(_, folder)| {
            let has = |name: &str| folder.join(name).is_file();
            ["postgres", "initdb", "psql"].into_iter().all(has)
        })
        .collect();
    complete.sort();
    complete.pop().map(|(_, folder)| folder)
}

async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    options.connect().await
}

/// The same database in another way.
fn instead(url: &str, parameters: &str) -> String {
    let (address, _) = url.split_once('?').unwrap();
    format!("{address}?{parameters}")
}

#[tokio::test]
async fn a_log_is_kept_over_tls_with_a_server_that_proves_who_it_is() {
    let Some(programs) = programs() else {
        eprintln!("SKIPPED: nothing of {DEBIAN}/*/bin is there; apt-get install postgresql");
        return;
    };
    let options = Options::named("postgres-tls").postgres_with_tls(programs);
    let start = move || Stack::start(&options);
    let stack = tokio::task::spawn_blocking(start).await.unwrap().unwrap();
    let url = stack.fresh_database("log").unwrap();
    assert!(url.contains("?sslmode=verify-full&sslrootcert="), "{url}");
    let mut connection = connect(&url).await.unwrap();
    let version: String =
        sqlx::query_scalar("select version from pg_stat_ssl where pid = pg_backend_pid() and ssl")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(version, "TLSv1.3");
    let log = support::open(&url.parse().unwrap()).await;
    support::append(&log, "thing-x", Expected::NoStream, &["kept"])
        .await
        .unwrap();
    support::assert_sound(&log).await;

    let plain = connect(&instead(&url, "sslmode=disable"))
        .await
        .unwrap_err();
    assert!(plain.to_string().contains("no encryption"), "{plain}");
    let authority = Authority::create(stack.folder().join("another")).unwrap();
    let wrong = parameters(&authority.ca());
    let strange = connect(&instead(&url, &wrong)).await.unwrap_err();
    let why = "invalid peer certificate";
    assert!(strange.to_string().contains(why), "{strange}");
    // The certificate is for the address only.
    let elsewhere = connect(&url.replace("@127.0.0.1", "@localhost")).await;
    let elsewhere = elsewhere.unwrap_err().to_string();
    assert!(elsewhere.contains("not valid for name"), "{elsewhere}");
}

fn parameters(ca: &Path) -> String {
    format!("sslmode=verify-full&sslrootcert={}", ca.display())
}
