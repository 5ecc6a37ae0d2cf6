//! A server with TLS and tokens, and callers of all kinds.

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use identity::{Caller, Role, Signer, Terms, key_pem};
use jiff::{SignedDuration, Timestamp};
use runtime::grpc::Server;
use runtime::{Bearer, Clock, Security, Settings, Shutdown};
use stack::Authority;
use tokio::net::TcpListener;
use tonic::client::Grpc;
use tonic::service::Interceptor as _;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::reached;
use crate::verbatim::Verbatim;

pub(crate) const ISSUER: &str = "https://issuer.test";
pub(crate) const AUDIENCE: &str = "chiso";
/// Longer than anything here may take; reached only when something hangs.
const CEILING: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) signer: Signer,
    pub(crate) url: String,
    authority: Authority,
    folder: tempfile::TempDir,
    shutdown: Shutdown,
}

impl World {
    pub(crate) async fn start(name: &'static str) -> Self {
        runtime::ops::install_metrics();
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::create(folder.path()).unwrap();
        let server = authority
            .issue("server", &["localhost", "127.0.0.1"])
            .unwrap();
        let signer = signer(1);
        let keys = folder.path().join("keys.json");
        std::fs::write(&keys, signer.key_set()).unwrap();
        let mut settings = Settings::local("postgres://x@127.0.0.1/y", "nats://127.0.0.1");
        settings.insecure_loopback = false;
        settings.security = Security {
            tls_cert: Some(server.cert),
            tls_key: Some(server.key),
            tls_client_ca: Some(authority.ca()),
            jwks: Some(keys.to_str().unwrap().parse().unwrap()),
            token_issuer: Some(ISSUER.to_owned()),
            ..Security::default()
        };
        assert_eq!(settings.problems(), Vec::<String>::new());
        let listener = TcpListener::bind(settings.listen).await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let shutdown = Shutdown::new();
        let server = Server::new(name, contracts::FILE_DESCRIPTOR_SET, &settings);
        tokio::spawn(reached::serving(server).serve(listener, shutdown.clone()));
        Self {
            signer,
            url,
            authority,
            folder,
            shutdown,
        }
    }

    /// A channel of somebody without a certificate.
    pub(crate) fn channel(&self) -> Channel {
        runtime::secure_channel(&self.url, &self.trusting()).unwrap()
    }

    /// A channel of somebody whose certificate has this name.
    pub(crate) fn channel_of(&self, name: &str) -> Channel {
        self.channel_from(&self.authority, name)
    }

    /// A channel of somebody whose certificate is from an authority that nobody knows here.
    pub(crate) fn channel_of_stranger(&self, name: &str) -> Channel {
        let theirs = Authority::create(self.folder.path().join("theirs")).unwrap();
        self.channel_from(&theirs, name)
    }

    fn channel_from(&self, authority: &Authority, name: &str) -> Channel {
        let issued = authority.issue("caller", &[name]).unwrap();
        let security = Security {
            tls_cert: Some(issued.cert),
            tls_key: Some(issued.key),
            ..self.trusting()
        };
        runtime::secure_channel(&self.url, &security).unwrap()
    }

    fn trusting(&self) -> Security {
        Security {
            tls_ca: Some(self.authority.ca()),
            ..Security::default()
        }
    }

    /// A good token.
    pub(crate) fn token(&self, roles: &[Role]) -> String {
        self.signer.token(&caller(roles), terms())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
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
