//! Who is turned away is counted by the reason, and stands in the log once.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use identity::Role;

use crate::reached::REFUSED;
use crate::world::{World, call};
use crate::{FOREIGN, GET_UNIT, OWN};

const RECEIVE: &str = "/chiso.dossiers.v1.DossiersService/ReceiveDossier";

/// Collects what the process logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, said: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(said);
        Ok(said.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn listen() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        log
    }

    /// The lines of a server about calls that were turned away.
    fn denials(&self, server: &str) -> Vec<String> {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&said).into_owned();
        let of_server = format!("service=\"{server}\" method=");
        let lines = text
            .lines()
            .filter(|line| line.contains("a call was denied"));
        let lines = lines.filter(|line| line.contains(&of_server));
        lines.map(str::to_owned).collect()
    }
}

/// How many were counted with these labels.
fn counted(server: &str, path: &str, reason: &str) -> Option<u64> {
    let metrics = runtime::ops::metrics_text();
    let method = path.trim_start_matches('/');
    let labels = [
        format!("service=\"{server}\""),
        format!("method=\"{method}\""),
        format!("reason=\"{reason}\""),
    ];
    let line = metrics.lines().find(|line| {
        let is_it = line.starts_with("grpc_server_denied_total{");
        is_it && labels.iter().all(|label| line.contains(label))
    });
    line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok())
}

#[tokio::test]
async fn every_denial_is_counted_by_its_reason_and_logged_once() {
    let log = Log::listen();
    let server = "denials";
    let world = World::start(server).await;
    let channel = world.channel();
    let clerk = world.token(&[Role::Clerk, Role::Auditor]);
    let analyst = world.token(&[Role::Analyst]);
    for (path, token, unit, reason) in [
        (RECEIVE, Some(&analyst), Some(OWN), "ROLE_MISSING"),
        (RECEIVE, Some(&clerk), Some(FOREIGN), "UNIT_NOT_YOURS"),
        (GET_UNIT, None, None, "TOKEN_MISSING"),
        // What the aggregate behind it said, as it said it.
        (GET_UNIT, Some(&clerk), Some(REFUSED), REFUSED),
    ] {
        for time in 1..=2 {
            let answer = call(&channel, path, token.map(String::as_str), unit).await;
            assert!(answer.is_err(), "{answer:?}");
            assert_eq!(counted(server, path, reason), Some(time), "{reason}");
        }
        let lines = log.denials(server);
        let of_reason = lines.iter().filter(|line| line.contains(reason));
        assert_eq!(of_reason.count(), 2, "{reason}: {lines:#?}");
    }
    // Let in, and so neither counted nor logged.
    let let_in = call(&channel, RECEIVE, Some(&clerk), Some(OWN)).await;
    assert!(let_in.is_ok(), "{let_in:?}");
    let lines = log.denials(server);
    assert_eq!(lines.len(), 8, "{lines:#?}");
    let units = lines.iter().find(|line| line.contains("UNIT_NOT_YOURS"));
    let line = units.unwrap();
    for part in [
        " INFO ",
        "subject=\"nv-017\"",
        "roles=\"clerk auditor\"",
        "ReceiveDossier",
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    for line in &lines {
        assert!(!line.contains(&clerk) && !line.contains(FOREIGN), "{line}");
    }
}
