//! A PostgreSQL server of our own.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::StackError;
use crate::process::{self, POLL, Spawner};
use crate::stale::Process;

/// A start after a crash replays the log; a fresh one takes 20 ms.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(10);
/// The only user.
const USER: &str = "chiso";

/// A server and its data.
#[derive(Debug)]
pub(crate) struct Postgres {
    programs: PathBuf,
    data: PathBuf,
    log: PathBuf,
    port: u16,
    password: String,
    fsync: bool,
    child: Option<Child>,
}

impl Postgres {
    /// Makes a data folder in `folder` and starts a server on it.
    pub(crate) fn start(
        programs: &Path,
        folder: &Path,
        spawner: &Spawner,
        fsync: bool,
    ) -> Result<Self, StackError> {
        let data = folder.join("postgres");
        let io = |what: &'static str| {
            move |source| StackError::Io {
                what: what.to_owned(),
                source,
            }
        };
        fs::create_dir(&data).map_err(io("making the data folder of PostgreSQL"))?;
        spawner
            .identity()
            .give(&data)
            .map_err(io("giving PostgreSQL its data folder"))?;
        let mut postgres = Self {
            programs: programs.to_owned(),
            log: folder.join("postgres.log"),
            port: free_port().map_err(io("finding a free port"))?,
            password: uuid::Uuid::new_v4().simple().to_string(),
            fsync,
            data,
            child: None,
        };
        postgres.init(folder, spawner)?;
        postgres.run(spawner)?;
        Ok(postgres)
    }

    fn init(&self, folder: &Path, spawner: &Spawner) -> Result<(), StackError> {
        let io = |source| StackError::Io {
            what: "making a database cluster".to_owned(),
            source,
        };
        let password = folder.join("password");
        fs::write(&password, &self.password).map_err(io)?;
        spawner.identity().give(&password).map_err(io)?;
        let mut command = Command::new(self.programs.join("initdb"));
        command
            .arg("--pgdata")
            .arg(&self.data)
            .arg("--pwfile")
            .arg(&password);
        command.args(["--username", USER, "--auth", "scram-sha-256", "--no-sync"]);
        command.args(["--locale", "C", "--encoding", "UTF8"]);
        let mut child = spawner
            .spawn(command, &self.log, Signal::KILL)
            .map_err(io)?;
        let status = child.wait().map_err(io)?;
        fs::remove_file(&password).map_err(io)?;
        if status.success() {
            return Ok(());
        }
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        Err(StackError::Start {
            server: "initdb",
            why: format!("{status}: {}", log.trim()),
        })
    }

    /// Starts the server on its data, on the port that it had.
    pub(crate) fn run(&mut self, spawner: &Spawner) -> Result<(), StackError> {
        // One left by a killed server would be taken for the new one's.
        let pid_file = self.data.join("postmaster.pid");
        let _ = fs::remove_file(&pid_file);
        let mut command = Command::new(self.programs.join("postgres"));
        command.arg("-D").arg(&self.data);
        let port = self.port.to_string();
        let settings = [
            ("port", port.as_str()),
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", ""),
            ("max_connections", "300"),
            ("shared_buffers", "256MB"),
            ("max_wal_size", "4GB"),
            ("fsync", if self.fsync { "on" } else { "off" }),
            ("synchronous_commit", "on"),
        ];
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // SIGINT is a fast shutdown: clients are cut off, and the data is left clean.
        let mut child = spawner
            .spawn(command, &self.log, Signal::INT)
            .map_err(|source| StackError::Io {
                what: "starting PostgreSQL".to_owned(),
                source,
            })?;
        process::wait_ready(&mut child, &self.log, START, || {
            let text = fs::read_to_string(&pid_file).ok()?;
            text.lines()
                .nth(7)
                .filter(|line| line.trim() == "ready")
                .map(drop)
        })
        .map_err(|why| StackError::Start {
            server: "PostgreSQL",
            why,
        })?;
        self.child = Some(child);
        Ok(())
    }

    /// Address of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres://{USER}:{}@127.0.0.1:{}/{database}",
            self.password, self.port
        )
    }

    /// Ends it as a crash would, and waits for its backends: they hold the data until they notice.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let backends = Process::children(child.id());
        let _ = child.kill();
        let _ = child.wait();
        let deadline = Instant::now() + STOP;
        while backends.iter().any(|backend| backend.runs()) {
            if Instant::now() >= deadline {
                backends.iter().for_each(|backend| backend.kill());
                return;
            }
            std::thread::sleep(POLL);
        }
    }

    pub(crate) fn process(&self) -> Option<Process> {
        Process::find(self.child.as_ref()?.id())
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.child
            .as_mut()
            .is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    pub(crate) fn psql(&self) -> PathBuf {
        self.programs.join("psql")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            process::stop(child, Signal::INT, STOP);
        }
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
