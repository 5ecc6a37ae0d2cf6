//! A PostgreSQL server of our own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::authority::Certificate;
use crate::error::doing;
use crate::folder::{Folder, write_private};
use crate::ports::on_free_port;
use crate::process::{self, Spawner};
use crate::stale;
use crate::{Options, StackError};

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
    access: Access,
    fsync: bool,
    /// With it, clients are let in with TLS only.
    certificate: Option<Certificate>,
    child: Option<Child>,
}

/// How clients get in. Kept beside the data, as a kept folder's addresses should stay the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Access {
    port: u16,
    password: String,
}

impl Postgres {
    /// Starts a server on the data in `folder`, which it makes when there are none.
    pub(crate) fn start(
        programs: &Path,
        folder: &Folder,
        spawner: &Spawner,
        options: &Options,
    ) -> Result<Self, StackError> {
        let file = folder.path().join("postgres.json");
        let had = fs::read(&file)
            .ok()
            .and_then(|text| serde_json::from_slice::<Access>(&text).ok());
        let port = had.as_ref().map(|access| access.port);
        let fresh = || Access {
            port: 0,
            password: uuid::Uuid::new_v4().simple().to_string(),
        };
        let certificate = options
            .postgres_with_tls
            .as_ref()
            .map(|_| Certificate::open(folder.path(), "postgres", spawner.identity()))
            .transpose()?;
        let mut postgres = Self {
            programs: programs.to_owned(),
            data: folder.path().join("postgres"),
            log: folder.path().join("postgres.log"),
            access: had.unwrap_or_else(fresh),
            fsync: options.fsync,
            certificate,
            child: None,
        };
        if port.is_none() {
            postgres.init(folder, spawner)?;
            postgres.demand_tls()?;
        }
        on_free_port(port, |port| {
            postgres.access.port = port;
            postgres.run(spawner)
        })?;
        let text = serde_json::to_vec(&postgres.access).map_err(std::io::Error::other);
        text.and_then(|text| write_private(&file, &text))
            .map_err(doing("noting the port"))?;
        Ok(postgres)
    }

    fn init(&self, folder: &Folder, spawner: &Spawner) -> Result<(), StackError> {
        let making = || doing("making a database cluster");
        // What a start that was cut off left: nothing has been stored before the first one succeeds.
        if self.data.exists() {
            fs::remove_dir_all(&self.data).map_err(making())?;
        }
        fs::create_dir(&self.data).map_err(making())?;
        spawner.identity().give(&self.data).map_err(making())?;
        let password = folder.path().join("password");
        write_private(&password, self.access.password.as_bytes()).map_err(making())?;
        spawner.identity().give(&password).map_err(making())?;
        let mut command = Command::new(self.programs.join("initdb"));
        command
            .arg("--pgdata")
            .arg(&self.data)
            .arg("--pwfile")
            .arg(&password);
        command.args(["--username", USER, "--auth", "scram-sha-256"]);
        command.args(["--locale", "C", "--encoding", "UTF8"]);
        if !folder.is_kept() {
            command.arg("--no-sync");
        }
        command.current_dir(&self.data);
        let mut child = spawner
            .spawn(command, &self.log, Signal::KILL)
            .map_err(making())?;
        let status = child.wait().map_err(making())?;
        fs::remove_file(&password).map_err(making())?;
        if status.success() {
            return Ok(());
        }
        let why = format!("{status}; its log ends with: {}", process::tail(&self.log));
        Err(StackError::Start {
            server: "initdb",
            why,
        })
    }

    /// Lets nobody in without TLS, when there is any.
    fn demand_tls(&self) -> Result<(), StackError> {
        if self.certificate.is_none() {
            return Ok(());
        }
        let rule = "hostssl all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(self.data.join("pg_hba.conf"), rule)
            .map_err(doing("saying who PostgreSQL lets in"))
    }

    /// Starts the server on its data, on the port that it had.
    pub(crate) fn run(&mut self, spawner: &Spawner) -> Result<(), StackError> {
        // One left by a killed server names a process number that may be somebody else's by now. It is what guards
        // the data, so it goes only when no process of the cluster is left.
        let pid_file = self.data.join("postmaster.pid");
        if !stale::has_servers(&self.data) {
            let _ = fs::remove_file(&pid_file);
        }
        let port = self.access.port.to_string();
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
        let mut command = Command::new(self.programs.join("postgres"));
        command.arg("-D").arg(&self.data).current_dir(&self.data);
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        if let Some(Certificate { shown, .. }) = &self.certificate {
            for (name, file) in [("ssl_cert_file", &shown.cert), ("ssl_key_file", &shown.key)] {
                command.arg("-c").arg(format!("{name}={}", file.display()));
            }
            command.args(["-c", "ssl=on"]);
        }
        // SIGINT is a fast shutdown: clients are cut off, and the data is left clean.
        let starting = doing("starting PostgreSQL");
        let mut child = spawner
            .spawn(command, &self.log, Signal::INT)
            .map_err(starting)?;
        let pid = child.id().to_string();
        process::wait_ready(&mut child, &self.log, START, || {
            let text = fs::read_to_string(&pid_file).ok()?;
            let mut lines = text.lines().map(str::trim);
            (lines.next()? == pid && lines.nth(6)? == "ready").then_some(())
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
        let Access { port, password } = &self.access;
        let tls = self
            .certificate
            .as_ref()
            .map_or_else(String::new, |certificate| {
                let ca = certificate.ca.display();
                format!("?sslmode=verify-full&sslrootcert={ca}")
            });
        format!("postgres://{USER}:{password}@127.0.0.1:{port}/{database}{tls}")
    }

    /// Ends it as a crash would: all its processes at once. Were only the first killed, those of its connections would
    /// go on for a moment, and keep the next from starting.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            stale::kill_servers(&self.data);
            let _ = child.wait();
        }
    }

    pub(crate) fn runs(&mut self) -> bool {
        process::runs(self.child.as_mut())
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
