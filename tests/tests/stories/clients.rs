//! Programs of others, in another language, with nothing of ours but the contracts.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cli::Service;
use identity::Role;
use system_tests::program::Running;
use system_tests::{CEILING, Province, given, province, root, skipped};

fn client(name: &str) -> PathBuf {
    root().join("tests/clients").join(name)
}

/// Python with what the clients need, in the project's cache: made once, as it is fetched from a package index.
fn python() -> Option<PathBuf> {
    let found = Command::new("python3").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let wanted = std::fs::read_to_string(client("requirements.txt")).expect("requirements");
    let folder = root().join(".cache/clients");
    let (python, made) = (folder.join("bin/python"), folder.join("made.txt"));
    if std::fs::read_to_string(&made).is_ok_and(|made| made == wanted) {
        return Some(python);
    }
    let folder = folder.to_str().expect("a path");
    run(Command::new("python3").args(["-m", "venv", "--clear", folder]));
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
    ];
    run(Command::new(&python)
        .args(install)
        .arg(client("requirements.txt")));
    std::fs::write(made, wanted).expect("written");
    Some(python)
}

/// Runs a program to its end; what it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}{complaint}");
    said
}

/// Client code for every contract.
fn generate(python: &Path, into: &Path) {
    let contracts = root().join("proto");
    let mut files = Vec::new();
    let mut folders = vec![contracts.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "proto")
            {
                files.push(path);
            }
        }
    }
    let mut command = Command::new(python);
    command
        .args(["-m", "grpc_tools.protoc", "-I"])
        .arg(&contracts);
    for option in ["python_out", "grpc_python_out"] {
        command.arg(format!("--{option}={}", into.display()));
    }
    run(command.args(files));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integrator_and_an_analyst_in_python_see_what_happens() {
    let Some(python) = tokio::task::spawn_blocking(python).await.expect("made") else {
        return skipped("clients", "python3 is not on the PATH");
    };
    let province = Province::start("clients").await;
    given::catalog(&province.services).await;
    province.settled().await;
    // Afterwards the dossiers service knows the catalog, and the unit has an index to be changed.
    let first = given::dossier(&province.services, given::DEPARTMENT).await;
    let month = given::month(first.received_at.as_ref());
    given::index(
        &province,
        &month,
        given::DEPARTMENT,
        ("dossiers", first.position),
    )
    .await;
    let generated = tempfile::tempdir().expect("a folder");
    generate(&python, generated.path());

    let mut analyst = Command::new(&python);
    let (feed, ca) = feed(&province.code());
    analyst
        .arg(client("analyst.py"))
        .args([feed, ca, province.code()])
        .stdout(Stdio::piped());
    let mut analyst = Running::start(&mut analyst);
    let heard = listening(BufReader::new(analyst.output())).await;
    let portal = province::caller("portal", &[Role::Integrator], &["H40"]);
    let mut integrator = Command::new(&python);
    let authority = |service| {
        let address = province.services.address(service);
        address.trim_start_matches("https://").to_owned()
    };
    integrator
        .arg(client("integrator.py"))
        .args([authority(Service::Dossiers), authority(Service::Projection)])
        .args([
            given::DEPARTMENT,
            given::PROCEDURE,
            given::INDEX,
            month.as_str(),
        ])
        .env("PYTHONPATH", generated.path())
        .env("CHISO_TLS_CA", province.development().ca())
        .env("CHISO_TOKEN", province.token(&portal));
    let said = tokio::task::spawn_blocking(move || run(&mut integrator));
    let said = said.await.expect("it runs");

    let verbs: Vec<_> = said
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(verbs, ["received", "completed", "changed"], "{said}");
    let change = format!("changed {} {month} ", given::DEPARTMENT);
    assert!(said.contains(&change), "{said}");
    assert_eq!(told(heard, &month).await, given::DEPARTMENT);
}

/// Address of the public feed, with the analyst's user and password, and the authority of its certificate.
fn feed(province: &str) -> (String, String) {
    let access = stack::shared().nats(province, "analyst").expect("a user");
    let login = access.credentials.map_or_else(String::new, |file| {
        let line = std::fs::read_to_string(file).expect("a password");
        format!("{}@", line.trim())
    });
    let ca = access.ca.unwrap_or_default().to_string_lossy().into_owned();
    (access.url.replacen("://", &format!("://{login}"), 1), ca)
}

/// Waits until the analyst hears what happens from now on.
async fn listening(
    mut heard: BufReader<std::process::ChildStdout>,
) -> BufReader<std::process::ChildStdout> {
    let reading = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        heard.read_line(&mut line).expect("a line");
        assert_eq!(line.trim(), "listening");
        heard
    });
    let read = tokio::time::timeout(CEILING, reading).await;
    read.expect("the analyst connects").expect("it listens")
}

/// Reads what the analyst prints until it is about a department in this month; its code.
async fn told(mut heard: BufReader<std::process::ChildStdout>, month: &str) -> String {
    let (lines, mut told) = tokio::sync::mpsc::channel(16);
    tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        while heard.read_line(&mut line).is_ok_and(|length| length > 0) {
            if lines.blocking_send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    });
    let about = async {
        loop {
            let line = told.recv().await.expect("the analyst goes on");
            let changed: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            if changed["period"] == month && changed["subject"] == given::DEPARTMENT {
                return changed["subject"].as_str().unwrap_or_default().to_owned();
            }
        }
    };
    tokio::time::timeout(CEILING, about)
        .await
        .expect("the feed tells of it")
}

/// The page for analysts promises ten lines.
#[test]
fn an_analyst_needs_no_more_than_ten_lines() {
    let program = std::fs::read_to_string(client("analyst.py")).expect("a program");
    assert!(program.lines().count() <= 10, "{program}");
}
