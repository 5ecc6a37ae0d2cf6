//! Servers that outlived their run. A server works in a folder of its stack, so the folder finds them all: also those
//! started a moment before a kill, and the many processes of a PostgreSQL whose first was killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::POLL;

/// Programs that a stack runs. Others that happen to work in its folder, like somebody's shell, are let be.
const PROGRAMS: [&str; 3] = ["postgres", "nats-server", "initdb"];
/// How long PostgreSQL may take to go by itself, and how long the kernel to end what is killed.
const PATIENCE: Duration = Duration::from_secs(3);

/// Start of a process, in clock ticks since the machine started: tells it from a later one with the same number.
pub(crate) fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; the fields follow the last parenthesis.
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(19)?
        .parse()
        .ok()
}

/// Ends every server that works in `folder` or below, and waits until it is gone, within bounds.
pub(crate) fn end_servers(folder: &Path) {
    // An immediate shutdown lets PostgreSQL give back its shared memory, which outlives a killed process.
    for (pid, name) in servers(folder) {
        let signal = if name == "postgres" {
            Signal::QUIT
        } else {
            Signal::KILL
        };
        let _ = kill_process(pid, signal);
    }
    if !gone(folder) {
        kill_servers(folder);
    }
}

/// Kills every server that works in `folder` or below at once, as a crash of the machine would.
pub(crate) fn kill_servers(folder: &Path) {
    // Twice: one that was just being started by another is not yet in the first list.
    for _ in 0..2 {
        for (pid, _) in servers(folder) {
            let _ = kill_process(pid, Signal::KILL);
        }
        if gone(folder) {
            return;
        }
    }
}

/// Whether a server works in `folder` or below.
pub(crate) fn has_servers(folder: &Path) -> bool {
    !servers(folder).is_empty()
}

fn gone(folder: &Path) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while has_servers(folder) {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(POLL);
    }
    true
}

/// The servers that work in `folder` or below, with their names. Processes that ended and were not yet waited for work
/// nowhere.
fn servers(folder: &Path) -> Vec<(Pid, String)> {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let server = |process: PathBuf| {
        let pid = process.file_name()?.to_str()?.parse().ok()?;
        let works_in = fs::read_link(process.join("cwd")).ok()?;
        let name = fs::read_to_string(process.join("comm"))
            .ok()?
            .trim()
            .to_owned();
        let ours = works_in.starts_with(&folder) && PROGRAMS.contains(&name.as_str());
        ours.then_some((Pid::from_raw(pid)?, name))
    };
    processes.filter_map(|entry| server(entry.path())).collect()
}
