//! A nats-server of our own, with JetStream.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::Signal;

use crate::StackError;
use crate::error::doing;
use crate::folder::Folder;
use crate::ports::on_free_port;
use crate::process::{self, Spawner};

/// A start after a kill checks what is stored: 0.2 s for 100,000 messages.
const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(5);

/// A server and its data.
#[derive(Debug)]
pub(crate) struct Nats {
    program: PathBuf,
    folder: PathBuf,
    log: PathBuf,
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
            port: 0,
            child: None,
        };
        fs::create_dir_all(&nats.folder)
            .and_then(|()| spawner.identity().give(&nats.folder))
            .map_err(doing("making the folder of NATS"))?;
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

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
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
