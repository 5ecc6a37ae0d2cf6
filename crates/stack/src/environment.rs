//! What the environment says about the stack, and where that finds the programs.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::StackError;
use crate::fetch;

/// The oldest that will do: `uuidv7()` and asynchronous I/O, and first sequences of JetStream streams.
const POSTGRES_MIN: u32 = 18;
const NATS_MIN: (u32, u32) = (2, 12);
/// What a folder must have to serve as PostgreSQL's.
const POSTGRES_PROGRAMS: [&str; 3] = ["postgres", "initdb", "psql"];
const NATS_PROGRAM: &str = "nats-server";
/// Where root keeps what others are to run.
const OPEN_CACHE: &str = "/var/cache/chiso/stack";

/// What may be said about the stack.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// A running PostgreSQL.
    pub(crate) postgres_url: Option<String>,
    /// A running NATS,
    pub(crate) nats_url: Option<String>,
    /// the authority of its certificate,
    pub(crate) nats_ca: Option<PathBuf>,
    /// and the folder of its users' passwords.
    pub(crate) nats_users: Option<PathBuf>,
    /// Where fetched programs are kept.
    pub(crate) cache: Option<PathBuf>,
    /// Where programs are looked for.
    pub(crate) path: Vec<PathBuf>,
    binaries: Option<PathBuf>,
}

impl Environment {
    /// Reads what is said.
    #[expect(
        clippy::disallowed_methods,
        reason = "the stack serves tests and the demo, which have no settings of their own; this is its one reader"
    )]
    pub(crate) fn read() -> Self {
        let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let cache = text("CHISO_STACK_CACHE").map(PathBuf::from).or_else(|| {
            // In a checkout, the project's own folder; elsewhere the user's cache.
            let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            if project.join("Cargo.toml").is_file() && writable(&project) {
                return Some(project.join(".cache/stack"));
            }
            text("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or_else(|| text("HOME").map(|home| Path::new(&home).join(".cache")))
                .map(|cache| cache.join("chiso/stack"))
        });
        Self {
            postgres_url: text("CHISO_STACK_POSTGRES_URL"),
            nats_url: text("CHISO_STACK_NATS_URL"),
            nats_ca: text("CHISO_STACK_NATS_CA").map(PathBuf::from),
            nats_users: text("CHISO_STACK_NATS_USERS").map(PathBuf::from),
            binaries: text("CHISO_STACK_BIN").map(PathBuf::from),
            path: std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect(),
            cache,
        }
    }

    /// Keeps fetched programs where anybody can run them: the project or the home of root is often closed to others.
    pub(crate) fn open_to_all(mut self) -> Self {
        if !self.cache.as_deref().is_some_and(is_open_to_all) {
            self.cache = Some(PathBuf::from(OPEN_CACHE));
        }
        self
    }

    /// Folder of `postgres`, `initdb` and `psql`.
    ///
    /// # Errors
    /// When the named folder lacks one, or they can be neither found nor fetched; the message says what to do.
    pub(crate) fn postgres(&self) -> Result<PathBuf, StackError> {
        let complete = |folder: &&PathBuf| {
            POSTGRES_PROGRAMS
                .iter()
                .all(|name| folder.join(name).is_file())
        };
        if let Some(folder) = &self.binaries {
            return Some(folder)
                .filter(complete)
                .cloned()
                .ok_or_else(|| lacks(folder));
        }
        let new_enough = |folder: &&PathBuf| {
            version(&folder.join("postgres"))
                .is_some_and(|version| version.first().is_some_and(|major| *major >= POSTGRES_MIN))
        };
        match self.path.iter().filter(complete).find(new_enough) {
            Some(folder) => Ok(folder.clone()),
            None => Ok(fetch::fetched(self)?.postgres),
        }
    }

    /// The `nats-server` program.
    ///
    /// # Errors
    /// As [`postgres`](Self::postgres).
    pub(crate) fn nats(&self) -> Result<PathBuf, StackError> {
        let there = |program: &PathBuf| program.is_file();
        if let Some(folder) = &self.binaries {
            let program = Some(folder.join(NATS_PROGRAM)).filter(there);
            return program.ok_or_else(|| lacks(folder));
        }
        let mut programs = self
            .path
            .iter()
            .map(|folder| folder.join(NATS_PROGRAM))
            .filter(there);
        let new_enough = |program: &PathBuf| {
            version(program).is_some_and(|version| {
                matches!(version.as_slice(), [major, minor, ..] if (*major, *minor) >= NATS_MIN)
            })
        };
        match programs.find(new_enough) {
            Some(program) => Ok(program),
            None => Ok(fetch::fetched(self)?.nats),
        }
    }

    /// A `psql` to talk to somebody else's PostgreSQL with: any version will do.
    ///
    /// # Errors
    /// As [`postgres`](Self::postgres).
    pub(crate) fn psql(&self) -> Result<PathBuf, StackError> {
        let folders = self.binaries.iter().chain(&self.path);
        let mut programs = folders.map(|folder| folder.join("psql"));
        match programs.find(|program| program.is_file()) {
            Some(program) => Ok(program),
            None => Ok(fetch::fetched(self)?.postgres.join("psql")),
        }
    }
}

fn lacks(folder: &Path) -> StackError {
    StackError::Missing {
        what: format!(
            "CHISO_STACK_BIN names {}, which lacks a program",
            folder.display()
        ),
        remedy: fetch::REMEDY,
    }
}

/// Whether anybody may pass through to a folder that is there or will be made.
fn is_open_to_all(folder: &Path) -> bool {
    let mut there = folder
        .ancestors()
        .filter_map(|folder| folder.metadata().ok());
    there.all(|folder| folder.mode() & 0o001 != 0)
}

fn writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

/// The first word of `--version` that is a number, e.g. 18, 6 of `postgres (PostgreSQL) 18.6`.
fn version(program: &Path) -> Option<Vec<u32>> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut words = text
        .split_whitespace()
        .map(|word| word.trim_start_matches('v'));
    let number = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(
        number
            .split('.')
            .map_while(|part| part.parse().ok())
            .collect(),
    )
}
