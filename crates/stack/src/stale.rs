//! What dead runs left behind: their folders, and servers that outlived them.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// Name of the file that says whose a folder is.
const STATE: &str = "state.json";

/// A process, told apart from a later one with the same number by when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pid: i32,
    /// Clock ticks since the machine started.
    started: u64,
}

/// Whose a stack's folder is, and which servers run in it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    owner: Process,
    servers: Vec<Process>,
}

impl Process {
    /// The process with that number, if it runs (a zombie does not).
    pub(crate) fn find(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold anything; the fields follow the last parenthesis.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let (state, started) = (fields.first()?, fields.get(19)?);
        (*state != "Z").then_some(())?;
        Some(Self {
            pid: i32::try_from(pid).ok()?,
            started: started.parse().ok()?,
        })
    }

    /// The processes that `parent` started and that run.
    pub(crate) fn children(parent: u32) -> Vec<Self> {
        let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        pids.filter(|pid| parent_of(*pid) == Some(parent))
            .filter_map(Self::find)
            .collect()
    }

    /// Ends it at once.
    pub(crate) fn kill(self) {
        if let Some(pid) = Pid::from_raw(self.pid) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    pub(crate) fn runs(self) -> bool {
        u32::try_from(self.pid).ok().and_then(Self::find) == Some(self)
    }
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
}

impl State {
    /// The state of a folder of this process.
    pub(crate) fn own(servers: Vec<Process>) -> Option<Self> {
        Some(Self {
            owner: Process::find(std::process::id())?,
            servers,
        })
    }

    /// Writes it into its folder.
    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        let part = folder.join("state.json.part");
        fs::write(
            &part,
            serde_json::to_vec(self).map_err(std::io::Error::other)?,
        )?;
        fs::rename(part, folder.join(STATE))
    }
}

/// Removes the folders of dead runs under `root`, after ending the servers that still run in them.
pub(crate) fn clean(root: &Path) {
    let Ok(folders) = fs::read_dir(root) else {
        return;
    };
    let folders: Vec<PathBuf> = folders.flatten().map(|entry| entry.path()).collect();
    for folder in folders {
        let state = fs::read(folder.join(STATE)).ok();
        // A folder without a state is being made right now, or was left before its first server ran.
        let Some(state) = state.and_then(|state| serde_json::from_slice::<State>(&state).ok())
        else {
            if age_hours(&folder).is_some_and(|hours| hours >= 1) {
                let _ = fs::remove_dir_all(&folder);
            }
            continue;
        };
        if state.owner.runs() {
            continue;
        }
        for server in state.servers.iter().filter(|server| server.runs()) {
            tracing::warn!(pid = server.pid, "ending a server of a dead run");
            server.kill();
        }
        let _ = fs::remove_dir_all(&folder);
    }
}

fn age_hours(folder: &Path) -> Option<u64> {
    let modified = fs::metadata(folder).ok()?.modified().ok()?;
    Some(modified.elapsed().ok()?.as_secs() / 3600)
}
