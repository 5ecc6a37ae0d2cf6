//! The program itself: `chiso demo` and `chiso up`, from their start to their end.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use calamine::{DataType as _, Reader as _, Xlsx};

/// Longest wait for something that takes seconds.
const CEILING: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(50);

fn chiso(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chiso"));
    command
        .args(arguments)
        .env("CHISO_LOG", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// Plays the demo in a folder of its own; what it says.
fn demo(folder: &Path, more: &[&str]) -> String {
    let mut command = chiso(&["demo", "--dossiers", "400", "--seed", "766"]);
    command.args(more).current_dir(folder);
    let output = command.output().expect("the program starts");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
    said.to_owned()
}

/// The lines of a part of what was said, from its heading on.
fn part<'a>(said: &'a str, heading: &str) -> Vec<&'a str> {
    let from = said
        .find(heading)
        .unwrap_or_else(|| panic!("{heading:?} is not in\n{said}"));
    let mut lines = said[from..].lines();
    let heading = lines.next().into_iter();
    // An empty line after the heading, and one at the end.
    heading
        .chain(lines.skip(1).take_while(|line| !line.is_empty()))
        .collect()
}

#[test]
fn the_demo_shows_the_whole_path_and_ends_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = demo(folder.path(), &[]);
    for part in [
        "400 dossiers",
        "Departments, 2024",
        "Districts, 2024",
        "Sở Tư pháp",
        "Ủy ban nhân dân thành phố Nam Định",
        "Why ·",
        "DossierReceived",
        "Live ·",
        "watcher saw it after",
        "It is completed",
        "Contested ·",
        "Improvement ·",
        "decided in par-2024",
        "five logs verified",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    assert_eq!(said.matches("  sound  ").count(), 5, "{said}");
    let wide: Vec<&str> = said
        .lines()
        .filter(|line| line.chars().count() > 120)
        .collect();
    assert!(wide.is_empty(), "too wide: {wide:#?}");
    campaigns_are_published(&said);
    a_leaf_is_contested(&said, folder.path());
    papi_is_as_published(&said);
}

/// Every unit has three values or more beside each other, a rank and a change; what was published follows from the logs.
fn campaigns_are_published(said: &str) {
    for (group, units) in [("Departments", 18), ("Districts", 9)] {
        let table = part(said, &format!("{group}, 2024 · as published"));
        // A heading, the columns, a rule.
        let rows = &table[3..];
        assert_eq!(rows.len(), units, "{table:#?}");
        // Rank, unit, self, first, second, final, what was possible, the index, the band, two changes.
        let cells = |row: &str| -> Vec<String> {
            let cells = row
                .split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty());
            cells.map(ToOwned::to_owned).collect()
        };
        assert!(rows.iter().all(|row| cells(row).len() == 11), "{table:#?}");
        let index = |row: &&str| cells(row)[7].parse::<f64>().expect("an index");
        assert!(
            rows.is_sorted_by(|above, below| index(above) >= index(below)),
            "{table:#?}"
        );
    }
    let verified = part(said, "Published ·");
    assert_eq!(verified.len(), 3, "{verified:#?}");
    assert!(
        verified[1..]
            .iter()
            .all(|line| line.contains("no figure differs, signature good")),
        "{verified:#?}"
    );
}

/// The contested leaf has all values beside each other, and its minutes are a workbook that says the same.
fn a_leaf_is_contested(said: &str, folder: &Path) {
    let contested = part(said, "Contested ·");
    let values = contested[1];
    for value in [
        "self",
        "first appraisal",
        "second",
        "council",
        "what counts",
    ] {
        assert!(values.contains(value), "{values}");
    }
    let wanted = "biên bản nghiệm thu";
    assert!(
        contested.iter().any(|line| line.contains(wanted)),
        "{contested:#?}"
    );
    let (_, path) = said.split_once("to print and to sign: ").expect("a path");
    let path = folder.join(path.lines().next().expect("a path"));
    let mut book: Xlsx<_> = calamine::open_workbook(&path).expect("a workbook");
    let names = book.sheet_names();
    let [unit] = names.as_slice() else {
        panic!("{names:?}");
    };
    let sheet = book.worksheet_range(unit).expect("a worksheet");
    let texts: Vec<&str> = sheet
        .cells()
        .filter_map(|(_, _, cell)| cell.get_string())
        .collect();
    assert_eq!(texts[0], "BIÊN BẢN THẨM ĐỊNH");
    assert!(texts.iter().any(|text| text.contains(wanted)), "{texts:#?}");
}

/// Six dimensions of eight rise, as the province reported, and totals are those that were printed.
fn papi_is_as_published(said: &str) {
    let papi = part(said, "PAPI ·");
    assert!(papi[0].contains("6 of 8 dimensions rise"), "{papi:#?}");
    let rises = papi.iter().filter(|line| line.contains("▲ 0."));
    assert_eq!(rises.count(), 6, "{papi:#?}");
    for part in [
        "43.1782",
        "44.35 ",
        "44.3575",
        "23 of 61",
        "20 of 61",
        "▲ 1.1794",
    ] {
        assert!(
            papi.iter().any(|line| line.contains(part)),
            "{part}: {papi:#?}"
        );
    }
}

#[test]
fn up_says_where_it_listens_and_ends_with_a_signal() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("addresses.json");
    let path = file.to_str().expect("a plain path");
    let up = chiso(&["up", "--listen-base-port", "0", "--addresses", path]).spawn();
    let up = Running(up.expect("the program starts"));
    wait_for(&file);
    let verified = chiso(&["--stack", path, "log", "verify"])
        .output()
        .expect("the program starts");
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    let output = up.end();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).contains("projection"),
        "{}",
        text(&output.stdout)
    );
}

/// What stands in the file that `chiso up` writes for other commands.
fn reach(file: &Path, name: &str) -> std::path::PathBuf {
    let text = std::fs::read_to_string(file).expect("the file");
    let stack: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    stack[name].as_str().expect("a path").into()
}

fn is_private(file: &Path) -> bool {
    let metadata = std::fs::metadata(file).expect("a file");
    metadata.mode() & 0o077 == 0
}

#[test]
fn other_commands_find_up_by_themselves_and_act_as_whom_they_are_told() {
    let home = tempfile::tempdir().expect("a folder");
    let at_home = |arguments: &[&str]| {
        let mut command = chiso(arguments);
        command.env("XDG_STATE_HOME", home.path());
        command
    };
    let file = home.path().join("chiso/up.json");
    let up = at_home(&["up", "--listen-base-port", "0"]).spawn();
    let up = Running(up.expect("the program starts"));
    wait_for(&file);
    let token = reach(&file, "token_file");
    assert!(is_private(&file) && is_private(&token) && is_private(&reach(&file, "token_key")));
    let run = |arguments: &[&str]| {
        let output = at_home(arguments).output().expect("the program starts");
        let said = text(&output.stdout).to_owned();
        (output.status.code(), said, text(&output.stderr).to_owned())
    };
    let (done, _, said) = run(&["log", "verify"]);
    assert_eq!(done, Some(0), "{said}");
    let (done, analyst, said) = run(&["token", "--role", "analyst"]);
    assert_eq!(done, Some(0), "{said}");
    let (refused, _, said) = run(&["log", "verify", "--token", analyst.trim()]);
    assert_eq!(refused, Some(77), "{said}");
    assert!(
        said.contains("needs the role administrator or auditor"),
        "{said}"
    );
    // Whoever names an address gets no token of this machine's.
    let text = std::fs::read_to_string(&file).expect("the file");
    let stack: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let registry = stack["registry"].as_str().expect("an address");
    let ca = reach(&file, "tls_ca");
    let ca = ca.to_str().expect("a plain path");
    let named = ["--registry-url", registry, "--tls-ca", ca];
    let (refused, _, said) = run(&[&["log", "verify", "registry"], &named[..]].concat());
    assert_eq!(refused, Some(77), "{said}");
    assert!(said.contains("no token came with the call"), "{said}");
    assert!(up.end().status.success());
    assert!(!file.exists(), "nobody is sent to what has ended");
}

#[test]
fn up_does_without_tls_and_tokens_where_it_is_told_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stack.json");
    let path = file.to_str().expect("a plain path");
    let plain = [
        "up",
        "--insecure-loopback",
        "--listen-base-port",
        "0",
        "--addresses",
        path,
    ];
    let up = Running(chiso(&plain).spawn().expect("the program starts"));
    wait_for(&file);
    let said = std::fs::read_to_string(&file).expect("the file");
    assert!(
        said.contains("http://127.0.0.1") && !said.contains("token"),
        "{said}"
    );
    let verified = chiso(&["--stack", path, "log", "verify", "registry"]).output();
    assert!(verified.expect("the program starts").status.success());
    assert!(up.end().status.success());
}

#[test]
fn up_goes_on_with_the_data_that_it_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let data = data.to_str().expect("a plain path");
    let catalog = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/receipt-catalog.yaml"
    );
    let heads = |number: u8| {
        let file = folder.path().join(format!("addresses-{number}.json"));
        let path = file.to_str().expect("a plain path");
        let up = [
            "up",
            "--listen-base-port",
            "0",
            "--data",
            data,
            "--addresses",
            path,
        ];
        let up = Running(chiso(&up).spawn().expect("the program starts"));
        wait_for(&file);
        let run = |arguments: &[&str]| {
            let arguments = [&["--stack", path], arguments].concat();
            let output = chiso(&arguments).output().expect("the program starts");
            assert!(output.status.success(), "{}", text(&output.stderr));
            text(&output.stdout).to_owned()
        };
        let applied = run(&["catalog", "apply", catalog]);
        let verified = run(&["--json", "log", "verify", "registry"]);
        assert!(up.end().status.success());
        (applied, verified)
    };
    let (first, kept) = heads(1);
    let (again, found) = heads(2);
    assert_ne!(first, again, "a second apply changes nothing");
    assert_eq!(kept, found, "the log goes on where it was");
    let key = std::path::Path::new(data).join("applicant.key");
    assert_eq!(std::fs::read(key).expect("a kept key").len(), 64);
}

#[test]
fn up_refuses_a_port_that_is_taken_and_names_the_service() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let output = chiso(&["up", "--listen-base-port", &port])
        .output()
        .expect("the program starts");
    let why = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{why}");
    assert!(why.contains(&port) && why.contains("registry"), "{why}");
}

/// A program that does not outlive its test.
struct Running(Child);

impl Running {
    /// Ends it as an operator would.
    fn end(mut self) -> Output {
        let id = self.0.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill");
        assert!(sent.success());
        let status = self.0.wait().expect("its end");
        let mut output = Output {
            status,
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        let (out, err) = (self.0.stdout.take(), self.0.stderr.take());
        std::io::copy(&mut out.expect("piped"), &mut output.stdout).expect("its output");
        std::io::copy(&mut err.expect("piped"), &mut output.stderr).expect("its output");
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for(file: &Path) {
    let began = Instant::now();
    while !file.exists() {
        assert!(
            began.elapsed() < CEILING,
            "{} is not written",
            file.display()
        );
        std::thread::sleep(PAUSE);
    }
}
