//! A server with TLS and tokens, and callers of all kinds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use identity::{Caller, Role, Signer, Terms, key_pem};
use jiff::{SignedDuration, Timestamp};
use runtime::grpc::{ServeError, Server};
use runtime::{Bearer, Clock, Security, Settings, Shutdown};
use stack::{Authority, Issued};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::client::Grpc;
use tonic::service::Interceptor as _;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::reached;
use crate::verbatim::Verbatim;

pub(crate) const ISSUER: &str = "https://issuer.test";
pub(crate) const AUDIENCE: &str = "chiso";
/// Longer than anything here may take; reached only when something hangs.
pub(crate) const CEILING: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) signer: Signer,
    pub(crate) url: String,
    authority: Authority,
    /// What the server shows, and the authorities that it believes.
    shown: Issued,
    believed: PathBuf,
    folder: tempfile::TempDir,
    name: &'static str,
    settings: Settings,
    running: (JoinHandle<Result<(), ServeError>>, Shutdown),
}

impl World {
    pub(crate) async fn start(name: &'static str) -> Self {
        runtime::ops::install_metrics();
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::create(folder.path()).unwrap();
        let shown = authority
            .issue("server", &["localhost", "127.0.0.1"])
            .unwrap();
        let believed = folder.path().join("believed.pem");
        std::fs::copy(authority.ca(), &believed).unwrap();
        let signer = signer(1);
        let keys = folder.path().join("keys.json");
        std::fs::write(&keys, signer.key_set()).unwrap();
        let mut settings = Settings::local("postgres://x@127.0.0.1/y", "nats://127.0.0.1");
        settings.insecure_loopback = false;
        settings.security = Security {
            tls_cert: Some(shown.cert.clone()),
            tls_key: Some(shown.key.clone()),
            tls_client_ca: Some(believed.clone()),
            tls_reload_s: 1,
            jwks: Some(keys.to_str().unwrap().parse().unwrap()),
            token_issuer: Some(ISSUER.to_owned()),
            ..Security::default()
        };
        assert_eq!(settings.problems(), Vec::<String>::new());
        let listener = TcpListener::bind(settings.listen).await.unwrap();
        settings.listen = listener.local_addr().unwrap();
        Self {
            signer,
            url: format!("https://{}", settings.listen),
            authority,
            shown,
            believed,
            folder,
            name,
            running: serve(name, &settings, listener),
            settings,
        }
    }

    /// Ends the server and starts it again at the same address.
    pub(crate) async fn restart(&mut self) {
        self.running.1.cancel();
        let ended = tokio::time::timeout(CEILING, &mut self.running.0).await;
        ended.unwrap().unwrap().unwrap();
        let listener = TcpListener::bind(self.settings.listen).await.unwrap();
        self.running = serve(self.name, &self.settings, listener);
    }

    /// Certificate and key of the server.
    pub(crate) fn shown(&self) -> Issued {
        self.shown.clone()
    }

    /// The file with whose certificates the server believes.
    pub(crate) fn believed(&self) -> PathBuf {
        self.believed.clone()
    }

    /// The authority that the server's certificate is from at first.
    pub(crate) fn authority(&self) -> PathBuf {
        self.authority.ca()
    }

    pub(crate) fn other_authority(&self, name: &str) -> Authority {
        Authority::create(self.folder.path().join(name)).unwrap()
    }

    /// A client's own files: a certificate of this name, and the authority that it believes.
    pub(crate) fn client_files(&self, name: &str) -> (Issued, PathBuf) {
        let ca = self.folder.path().join("client-ca.pem");
        std::fs::copy(self.authority.ca(), &ca).unwrap();
        (self.authority.issue("client", &[name]).unwrap(), ca)
    }

    /// A channel of somebody who shows `issued` and believes `ca`.
    pub(crate) fn channel_with(&self, issued: &Issued, ca: &Path) -> Channel {
        self.connected(&Security {
            tls_cert: Some(issued.cert.clone()),
            tls_key: Some(issued.key.clone()),
            ..believing(ca)
        })
    }

    /// A channel of somebody without a certificate who believes `ca`.
    pub(crate) fn channel_believing(&self, ca: &Path) -> Channel {
        self.connected(&believing(ca))
    }

    /// A channel of somebody without a certificate.
    pub(crate) fn channel(&self) -> Channel {
        self.channel_believing(&self.authority())
    }

    /// A channel of somebody whose certificate has this name.
    pub(crate) fn channel_of(&self, name: &str) -> Channel {
        self.channel_from(&self.authority, name)
    }

    /// A channel of somebody whose certificate is from an authority that nobody knows here.
    pub(crate) fn channel_of_stranger(&self, name: &str) -> Channel {
        self.channel_from(&self.other_authority("theirs"), name)
    }

    /// A channel of somebody whose certificate has this name and is from this authority.
    pub(crate) fn channel_from(&self, authority: &Authority, name: &str) -> Channel {
        let issued = authority.issue("caller", &[name]).unwrap();
        self.channel_with(&issued, &self.authority())
    }

    fn connected(&self, security: &Security) -> Channel {
        runtime::secure_channel(&self.url, security).unwrap()
    }

    /// A good token.
    pub(crate) fn token(&self, roles: &[Role]) -> String {
        self.signer.token(&caller(roles), terms())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.running.1.cancel();
    }
}

fn serve(
    name: &'static str,
    settings: &Settings,
    listener: TcpListener,
) -> (JoinHandle<Result<(), ServeError>>, Shutdown) {
    let shutdown = Shutdown::new();
    let server = reached::serving(Server::new(name, contracts::FILE_DESCRIPTOR_SET, settings));
    let task = tokio::spawn(server.serve(listener, shutdown.clone()));
    (task, shutdown)
}

fn believing(ca: &Path) -> Security {
    Security {
        tls_ca: Some(ca.to_owned()),
        ..Security::default()
    }
}

/// A signer with a key of its own.
pub(crate) fn signer(number: u8) -> Signer {
    Signer::from_pem(key_pem([number; 32]).as_bytes()).unwrap()
}

pub(crate) fn caller(roles: &[Role]) -> Caller {
    Caller {
        subject: "nv-017".to_owned(),
        client: "desk".to_owned(),
        roles: roles.iter().copied().collect(),
        units: ["H40.12".parse().unwrap()].into(),
    }
}

pub(crate) fn now() -> Timestamp {
    Clock::system().now()
}

pub(crate) fn terms() -> Terms<'static> {
    Terms {
        issuer: ISSUER,
        audience: AUDIENCE,
        from: now(),
        until: now() + SignedDuration::from_mins(10),
    }
}

/// Calls `path` with an empty message; the answer of a service that was reached is `Ok`, with what
/// it says.
pub(crate) async fn call(
    channel: &Channel,
    path: &str,
    token: Option<&str>,
    unit: Option<&str>,
) -> Result<String, Status> {
    let bearer = token.map_or_else(Bearer::default, |token| Bearer::new(token).unwrap());
    let mut request = bearer
        .clone()
        .call(Request::new(()))?
        .map(|()| Bytes::new());
    if let Some(unit) = unit {
        request
            .metadata_mut()
            .insert(reached::UNIT, unit.parse().unwrap());
    }
    send(channel, path, request).await
}

pub(crate) async fn send(
    channel: &Channel,
    path: &str,
    request: Request<Bytes>,
) -> Result<String, Status> {
    let mut client = Grpc::new(channel.clone());
    client
        .ready()
        .await
        .map_err(|error| Status::unknown(error.to_string()))?;
    let path: PathAndQuery = path.parse().unwrap();
    let asked = tokio::time::timeout(CEILING, client.server_streaming(request, path, Verbatim));
    // Whoever was reached answers with a status that is no error and no message.
    asked.await.unwrap().map(|answer| {
        let metadata = answer.metadata();
        metadata
            .get("grpc-message")
            .map_or_else(String::new, |said| said.to_str().unwrap().to_owned())
    })
}
