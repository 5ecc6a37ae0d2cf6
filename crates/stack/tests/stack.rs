//! The private stack, as demo and tests use it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stack::{Options, Stack};

fn start() -> Stack {
    Stack::start(&Options::named("stack-test")).expect("a stack")
}

fn sql(stack: &Stack, database: &str, statement: &str) -> String {
    let output = Command::new(stack.psql())
        .args(["-XAtc", statement])
        .arg(stack.postgres_url(database))
        .output()
        .expect("psql");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn broker(stack: &Stack) -> String {
    stack.nats_operator().url
}

/// What NATS says first to everyone who connects.
fn greeting(url: &str) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("tls://")).expect("NATS listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("a time-out");
    let mut said = [0; 4];
    stream.read_exact(&mut said).expect("a greeting");
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
    for _ in 0..2 {
        stack.create_database("registry").expect("a database");
    }
    assert_eq!(sql(&stack, "registry", "select 1 + 1"), "2");
    for setting in ["fsync", "synchronous_commit"] {
        assert_eq!(
            sql(&stack, "registry", &format!("show {setting}")),
            "on",
            "{setting}"
        );
    }
    assert_eq!(greeting(&broker(&stack)), "INFO");
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
    assert_ne!(broker(&one), broker(&other));
    assert_ne!(one.postgres_url("postgres"), other.postgres_url("postgres"));
    assert_eq!(sql(&one, "postgres", "select 1"), "1");
    assert_eq!(sql(&other, "postgres", "select 1"), "1");
}

#[test]
fn fresh_databases_are_nobody_elses() {
    let stack = start();
    let one = stack.fresh_database("same").expect("a database");
    assert_ne!(one, stack.fresh_database("same").expect("a database"));
}

#[test]
fn killed_servers_come_back_on_their_ports() {
    let stack = start();
    let (nats, postgres) = (broker(&stack), stack.postgres_url("postgres"));
    sql(
        &stack,
        "postgres",
        "create table kept as select 42 as answer",
    );
    assert!(
        stack.wipe_nats().is_err(),
        "a running server's data is not deleted"
    );
    stack.kill_nats().expect("killed");
    assert!(TcpStream::connect(nats.trim_start_matches("tls://")).is_err());
    stack.wipe_nats().expect("wiped");
    stack.start_nats().expect("started");
    stack.kill_postgres().expect("killed");
    stack.start_postgres().expect("started");
    assert_eq!(
        (broker(&stack), stack.postgres_url("postgres")),
        (nats.clone(), postgres)
    );
    assert_eq!(greeting(&nats), "INFO");
    assert_eq!(sql(&stack, "postgres", "select answer from kept"), "42");
}

#[test]
fn postgres_killed_under_load_comes_back_at_once() {
    let stack = start();
    sql(&stack, "postgres", "create table rows(x int)");
    for _ in 0..3 {
        let mut writers: Vec<Child> = (0..4).map(|_| endless_writer(&stack)).collect();
        let written = || sql(&stack, "postgres", "select count(*) > 0 from rows") == "t";
        wait_until("something is written", written);
        stack.kill_postgres().expect("killed");
        stack.start_postgres().expect("started");
        for writer in &mut writers {
            let _ = writer.kill();
            writer.wait().expect("ended");
        }
        sql(&stack, "postgres", "truncate rows");
    }
}

/// A client that inserts and commits until its server is gone.
fn endless_writer(stack: &Stack) -> Child {
    let insert = "do $$ begin loop insert into rows values (1); commit; end loop; end $$";
    Command::new(stack.psql())
        .args(["-XAtc", insert])
        .arg(stack.postgres_url("postgres"))
        .stderr(Stdio::null())
        .spawn()
        .expect("psql")
}

#[test]
fn users_of_nats_have_passwords_that_only_their_owner_reads() {
    let stack = start();
    let access = stack.nats("H40", "dossiers").expect("a user");
    let file = access.credentials.clone().expect("a file");
    let line = std::fs::read_to_string(&file).expect("a password");
    let (user, password) = line.trim().split_once(':').expect("user:password");
    assert_eq!((user, password.len()), ("H40-dossiers", 32));
    let open = |file: &Path| file.metadata().expect("a file").permissions().mode() & 0o077;
    assert_eq!(open(&file), 0);
    assert_eq!(open(&stack.folder().join("nats.conf")), 0);
    let other = stack.nats("H41", "dossiers").expect("a user");
    assert_ne!(other.credentials, access.credentials);
    assert_eq!(stack.nats("H40", "dossiers").expect("a user"), access);
    assert!(stack.nats("H40", "postgres").is_err());
    assert!(stack.nats("H 40", "dossiers").is_err());
}

#[test]
fn a_paused_nats_says_nothing_until_it_goes_on() {
    let stack = start();
    stack.pause_nats().expect("paused");
    let address = broker(&stack);
    let mut stream = TcpStream::connect(address.trim_start_matches("tls://")).expect("a backlog");
    let patience = Some(Duration::from_millis(200));
    stream.set_read_timeout(patience).expect("a time-out");
    assert!(stream.read_exact(&mut [0; 4]).is_err());
    stack.resume_nats().expect("resumed");
    assert_eq!(greeting(&address), "INFO");
}

#[test]
fn a_kept_stack_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options::named("kept").kept_in(folder.path().join("data"));
    let stack = Stack::start(&options).expect("a stack");
    sql(
        &stack,
        "postgres",
        "create table kept as select 42 as answer",
    );
    let addresses = (broker(&stack), stack.postgres_url("postgres"));
    let second = Stack::start(&options).expect_err("one at a time");
    assert!(
        matches!(second, stack::StackError::InUse { .. }),
        "{second}"
    );
    drop(stack);
    let stack = Stack::start(&options).expect("the same stack");
    assert_eq!((broker(&stack), stack.postgres_url("postgres")), addresses);
    assert_eq!(sql(&stack, "postgres", "select answer from kept"), "42");
}

/// Runs this test binary again as somebody who holds a stack.
fn second_run(then: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "holds_a_stack", "--nocapture"])
        .env("STACK_TEST_HOLD", then)
        .stderr(Stdio::null());
    command
}

/// A second run, which holds a stack; the address of its NATS and its folder.
fn holder(then: &str) -> (Child, String, PathBuf) {
    let mut command = second_run(then);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("a run");
    let output = child.stdout.as_mut().expect("its output");
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("HELD")).expect("a stack");
    let mut words = line.split_whitespace().rev();
    let (nats, folder) = (words.next().expect("NATS"), words.next().expect("a folder"));
    let address = nats.trim_start_matches("tls://").to_owned();
    (child, address, PathBuf::from(folder))
}

/// Not a test of its own: what the tests below run a second time.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "says whether this is the second run"
)]
fn holds_a_stack() {
    let Ok(then) = std::env::var("STACK_TEST_HOLD") else {
        return;
    };
    let stack = stack::shared();
    let held = || println!("HELD {} {}", stack.folder().display(), broker(stack));
    match then.as_str() {
        "exit" => return held(),
        // It will not hear that it should end with its process.
        "paused" => stack.pause_nats().expect("paused"),
        other => panic!("{other} is not known"),
    }
    held();
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn what_a_killed_run_left_is_removed() {
    let (mut child, nats, folder) = holder("paused");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(folder.exists());
    assert!(TcpStream::connect(&nats).is_ok(), "NATS outlived its run");
    drop(start());
    assert!(!folder.exists(), "{} is still there", folder.display());
    assert!(TcpStream::connect(&nats).is_err(), "NATS is still there");
}

#[test]
fn a_stack_that_is_never_dropped_goes_with_its_process() {
    let (mut child, nats, folder) = holder("exit");
    assert!(child.wait().expect("ended").success());
    assert!(!folder.exists(), "{} is still there", folder.display());
    assert!(TcpStream::connect(nats).is_err());
}

#[test]
fn servers_named_by_the_environment_are_used_and_let_be() {
    let theirs = start();
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "uses_the_servers_that_are_named", "--nocapture"])
        .env(
            "CHISO_STACK_POSTGRES_URL",
            theirs.postgres_url("postgres") + "?application_name=theirs",
        )
        .env("CHISO_STACK_NATS_URL", broker(&theirs))
        .output()
        .expect("a second run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert_eq!(sql(&theirs, "made_by_another", "select 1"), "1");
}

/// Not a test of its own: what the test above runs a second time.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "says whether this is the second run"
)]
fn uses_the_servers_that_are_named() {
    let Ok(nats) = std::env::var("CHISO_STACK_NATS_URL") else {
        return;
    };
    let stack = start();
    assert_eq!(broker(&stack), nats);
    assert!(
        stack
            .postgres_url("x")
            .ends_with("/x?application_name=theirs")
    );
    stack
        .create_database("made_by_another")
        .expect("a database");
    for refused in [
        stack.kill_nats(),
        stack.wipe_nats(),
        stack.kill_postgres(),
        stack.start_postgres(),
    ] {
        assert!(matches!(refused, Err(stack::StackError::External(_))));
    }
}

/// What a start says that cannot find the programs; `path` is all there is on the PATH.
fn failed_start(path: &Path, cache: &Path) -> String {
    let output = second_run("exit")
        .env("PATH", path)
        .env("CHISO_STACK_CACHE", cache)
        .stderr(Stdio::piped())
        .output()
        .expect("a second run");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    said + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn without_pip_or_network_the_message_says_what_to_do() {
    let empty = tempfile::tempdir().expect("a folder");
    let cache = empty.path().join("cache");
    let no_pip = failed_start(empty.path(), &cache);
    assert!(no_pip.contains("there is no pip"), "{no_pip}");

    let pip = empty.path().join("pip3");
    std::fs::write(&pip, "#!/bin/sh\necho no route to host >&2\nexit 1\n").expect("a program");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&pip, executable).expect("a program");
    let no_network = failed_start(empty.path(), &cache);
    assert!(no_network.contains("no route to host"), "{no_network}");

    for said in [no_pip, no_network] {
        for remedy in ["python3-pip", "CHISO_STACK_BIN", "CHISO_STACK_POSTGRES_URL"] {
            assert!(said.contains(remedy), "{said}");
        }
    }
}
