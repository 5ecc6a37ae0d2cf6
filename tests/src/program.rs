//! Programs that tests run: `psql`, and this test program once more as `chiso`.

use std::process::{Child, ChildStdout, Command, Stdio};

use stack::Stack;

/// Where the arguments of `chiso` are handed over, one a line.
const ARGUMENTS: &str = "CHISO_TEST_ARGUMENTS";

/// Runs SQL; rows as `psql` prints them, columns parted by `|`.
///
/// # Panics
/// When it is refused.
pub fn sql(stack: &Stack, database: &str, statements: &str) -> String {
    let output = Command::new(stack.psql())
        .args(["-XqAt", "--set", "ON_ERROR_STOP=1", "--command", statements])
        .arg(stack.postgres_url(database))
        .output()
        .expect("psql runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{database}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// `chiso` in a process of its own. It is this test program, run again up to the test that calls [`become_chiso`]: the
/// same code as the program's `main`, without building that beside the tests.
pub fn chiso(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "program::runs_as_chiso", "--nocapture"])
        .env(ARGUMENTS, arguments.join("\n"))
        .stdin(Stdio::null());
    command
}

/// What the test `program::runs_as_chiso` of each test program does: nothing, unless [`chiso`] started it.
#[expect(
    clippy::disallowed_methods,
    reason = "says whether this is the second run"
)]
pub fn become_chiso() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else {
        return;
    };
    let arguments = std::iter::once("chiso").chain(arguments.lines());
    let exit = cli::run(arguments.map(Into::into));
    let done = format!("{exit:?}") == format!("{:?}", std::process::ExitCode::SUCCESS);
    // Ends here, so that the test harness adds nothing.
    std::process::exit(i32::from(!done));
}

/// Runs `chiso` to its end; the JSON object that it prints.
///
/// # Panics
/// When it fails or prints none.
pub fn chiso_json(arguments: &[&str]) -> serde_json::Value {
    let output = chiso(arguments).output().expect("chiso runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}{complaint}");
    // Before it stand the lines of the test harness, the last one without an end.
    let line = said.lines().last().unwrap_or_default();
    let json = line.find('{').map_or("", |at| &line[at..]);
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// A running program that goes with the test.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().expect("it starts"))
    }

    /// What it prints, once, when it was started to be read.
    pub fn output(&mut self) -> ChildStdout {
        self.0.stdout.take().expect("it is piped, and taken once")
    }

    /// Ends it as a crash would, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Whether it ended, and how.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.0.try_wait().expect("its state")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
