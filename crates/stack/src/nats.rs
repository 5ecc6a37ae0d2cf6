//! A nats-server of our own, with JetStream.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::Signal;
use serde::Deserialize;

use crate::StackError;
use crate::process::{self, Spawner};
use crate::stale::Process;

/// A start after a kill checks what is stored: 0.2 s for 100,000 messages.
const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(5);

/// A server and its data.
#[derive(Debug)]
pub(crate) struct Nats {
    program: PathBuf,
    folder: PathBuf,
    log: PathBuf,
    /// 0 until it was chosen at the first start.
    port: u16,
    child: Option<Child>,
}

#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
}

impl Nats {
    /// Starts a server with its data in `folder`.
    pub(crate) fn start(
        program: &Path,
        folder: &Path,
        spawner: &Spawner,
    ) -> Result<Self, StackError> {
        let own = folder.join("nats");
        fs::create_dir(&own)
            .and_then(|()| spawner.identity().give(&own))
            .map_err(|source| StackError::Io {
                what: "making the folder of NATS".to_owned(),
                source,
            })?;
        let log = folder.join("nats.log");
        let mut nats = Self {
            program: program.to_owned(),
            folder: own,
            log,
            port: 0,
            child: None,
        };
        nats.run(spawner)?;
        Ok(nats)
    }

    /// Starts the server on its data, on the port that it had.
    pub(crate) fn run(&mut self, spawner: &Spawner) -> Result<(), StackError> {
        let port = if self.port == 0 {
            "-1".to_owned()
        } else {
            self.port.to_string()
        };
        let mut command = Command::new(&self.program);
        command.args([
            "--addr",
            "127.0.0.1",
            "--port",
            &port,
            "--jetstream",
            "--store_dir",
        ]);
        command
            .arg(self.folder.join("data"))
            .arg("--ports_file_dir")
            .arg(&self.folder);
        let mut child = spawner
            .spawn(command, &self.log, Signal::TERM)
            .map_err(|source| StackError::Io {
                what: "starting NATS".to_owned(),
                source,
            })?;
        let ports = self
            .folder
            .join(format!("nats-server_{}.ports", child.id()));
        self.port = process::wait_ready(&mut child, &self.log, START, || {
            let ports: Ports = serde_json::from_slice(&fs::read(&ports).ok()?).ok()?;
            ports.nats.first()?.rsplit_once(':')?.1.parse().ok()
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

    /// Stops or continues it, without ending it.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            process::signal(child, signal);
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
}

impl Drop for Nats {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            process::stop(child, Signal::TERM, STOP);
        }
    }
}
