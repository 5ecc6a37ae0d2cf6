//! A nats-server of our own, with JetStream, TLS, and users who may do no more than they need.

pub(crate) mod users;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::StackError;
use crate::authority::{Certificate, Issued};
use crate::error::doing;
use crate::folder::{Folder, write_private};
use crate::nats::users::Users;
use crate::ports::on_free_port;
use crate::process::{self, Identity, Spawner};

/// A start after a kill checks what is stored: 0.2 s for 100,000 messages.
const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(5);
/// Reading its configuration again takes a few milliseconds.
const RELOAD: Duration = Duration::from_secs(30);
/// What the log says each time that was done.
const RELOADED: &str = "Reloaded server configuration";
/// Seconds that a client may take to agree on TLS, and then to say who it is. The server's own 2 s are little on a
/// machine that is busy compiling.
const HANDSHAKE_S: u32 = 10;

/// A server and its data.
#[derive(Debug)]
pub(crate) struct Nats {
    program: PathBuf,
    folder: PathBuf,
    log: PathBuf,
    config: PathBuf,
    certificate: Certificate,
    users: Users,
    identity: Identity,
    port: u16,
    child: Option<Child>,
}

impl Nats {
    /// Starts a server with its data in `folder`.
    pub(crate) fn start(
        program: &Path,
        folder: &Folder,
        spawner: &Spawner,
    ) -> Result<Self, StackError> {
        let file = folder.path().join("nats.port");
        let had = fs::read_to_string(&file)
            .ok()
            .and_then(|port| port.trim().parse().ok());
        let mut nats = Self {
            program: program.to_owned(),
            folder: folder.path().join("nats"),
            log: folder.path().join("nats.log"),
            config: folder.path().join("nats.conf"),
            certificate: Certificate::open(folder.path(), "nats", spawner.identity())?,
            users: Users::open(users_folder(folder.path()))?,
            identity: spawner.identity(),
            port: 0,
            child: None,
        };
        fs::create_dir_all(&nats.folder)
            .and_then(|()| spawner.identity().give(&nats.folder))
            .map_err(doing("making the folder of NATS"))?;
        nats.configure()?;
        on_free_port(had, |port| {
            nats.port = port;
            nats.run(spawner)
        })?;
        fs::write(&file, nats.port.to_string()).map_err(doing("noting the port"))?;
        Ok(nats)
    }

    /// Starts the server on its data, on the port that it had.
    pub(crate) fn run(&mut self, spawner: &Spawner) -> Result<(), StackError> {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.config);
        command.args([
            "--addr",
            "127.0.0.1",
            "--port",
            &self.port.to_string(),
            "--jetstream",
        ]);
        command.arg("--store_dir").arg(self.folder.join("data"));
        command
            .arg("--ports_file_dir")
            .arg(&self.folder)
            .current_dir(&self.folder);
        let starting = doing("starting NATS");
        let mut child = spawner
            .spawn(command, &self.log, Signal::TERM)
            .map_err(starting)?;
        // Written when it listens. One of an earlier server with the same process number names the same port at
        // worst, and whether that answers is looked at too.
        let ports = self
            .folder
            .join(format!("nats-server_{}.ports", child.id()));
        process::wait_ready(&mut child, &self.log, START, || {
            let listens = std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            (ports.is_file() && listens).then_some(())
        })
        .map_err(|why| StackError::Start {
            server: "NATS",
            why,
        })?;
        self.child = Some(child);
        Ok(())
    }

    /// Writes what the server is told: its certificate, and who may do what.
    fn configure(&self) -> Result<(), StackError> {
        let Issued { cert, key } = &self.certificate.shown;
        let text = format!(
            "tls {{cert_file: {cert:?}, key_file: {key:?}, timeout: {HANDSHAKE_S}}}\n\
             authorization {{timeout: {HANDSHAKE_S}}}\n{}",
            self.users.configuration()
        );
        write_private(&self.config, text.as_bytes())
            .and_then(|()| self.identity.give(&self.config))
            .map_err(doing("writing the configuration of NATS"))
    }

    /// Gives a province its users, and waits until they are let in.
    pub(crate) fn admit(&mut self, province: &str) -> Result<(), StackError> {
        if !self.users.admit(province)? {
            return Ok(());
        }
        self.configure()?;
        let Some(child) = &self.child else {
            return Ok(());
        };
        let reloads = || {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            log.matches(RELOADED).count()
        };
        let before = reloads();
        process::signal(child, Signal::HUP);
        let deadline = Instant::now() + RELOAD;
        while reloads() == before {
            if Instant::now() >= deadline {
                let said = process::tail(&self.log);
                return Err(StackError::Start {
                    server: "NATS",
                    why: format!("does not take new users; its log ends with: {said}"),
                });
            }
            std::thread::sleep(process::POLL);
        }
        Ok(())
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("tls://127.0.0.1:{}", self.port)
    }

    /// Who vouches for it.
    pub(crate) fn ca(&self) -> PathBuf {
        self.certificate.ca.clone()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Deletes everything that it stored.
    pub(crate) fn wipe(&self) -> std::io::Result<()> {
        match fs::remove_dir_all(self.folder.join("data")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Stops it without ending it.
    pub(crate) fn pause(&self) {
        if let Some(child) = &self.child {
            process::pause(child);
        }
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        if let Some(child) = &self.child {
            process::signal(child, Signal::CONT);
        }
    }

    pub(crate) fn runs(&mut self) -> bool {
        process::runs(self.child.as_mut())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            process::stop(child, Signal::TERM, STOP);
        }
    }
}

/// Where a stack keeps passwords.
pub(crate) fn users_folder(folder: &Path) -> PathBuf {
    folder.join("nats-users")
}
