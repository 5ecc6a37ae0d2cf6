//! The connection to NATS, and how JetStream streams and subjects are named.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{self, Context, context::ContextBuilder};
use async_nats::{Client, ConnectOptions, Event};

use crate::credentials::{Credentials, Kept};

/// How long the broker may take to answer one request or acknowledge one message. Far above what a healthy one needs
/// (under a millisecond), so that a time-out means trouble.
pub(crate) const BROKER_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest pause between two tries to connect: short, because whoever waits falls behind.
const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(2);

/// The bus could not be set up. A broker that does not answer is no such error: the connection is made in the
/// background, for as long as it takes.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The province cannot be part of a subject.
    #[error("province {0:?} cannot be part of a subject; use letters, digits, - and _")]
    Province(String),
    /// The address or its credentials are of no use.
    #[error("cannot use {url} as the address of NATS; give it as nats://host:port")]
    Url {
        /// What was given, without any credentials.
        url: String,
        /// What is wrong with it.
        #[source]
        source: async_nats::ConnectError,
    },
    /// A file of the access cannot be read.
    #[error("cannot read {path}, which says how to get into NATS; see that it exists and may be read", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The credentials are of no kind that is known.
    #[error("{path} holds no credentials; write user:password in one line, or the JWT and seed of a user", path = path.display())]
    Credentials {
        /// The file.
        path: PathBuf,
    },
}

/// How to get into NATS.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// `nats://host:port`, or `tls://host:port` for TLS or nothing; several, separated by commas, for a cluster.
    pub url: &'a str,
    /// Certificate authorities of the server, PEM; with them TLS is a must. None: those of the host.
    pub ca: Option<&'a Path>,
    /// File with one line, `user:password`, or with the JWT and seed of a user.
    pub credentials: Option<&'a Path>,
}

impl Access<'_> {
    /// What the client is told of it.
    fn options(&self) -> Result<ConnectOptions, ConnectError> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|source| ConnectError::File {
                path: path.to_owned(),
                source,
            })
        };
        let tls = self.url.split(',').any(|url| url.starts_with("tls://"));
        let mut options = match self.credentials {
            None => ConnectOptions::new(),
            Some(path) => {
                let found = Credentials::parse(&read(path)?);
                let found = found.ok_or_else(|| ConnectError::Credentials {
                    path: path.to_owned(),
                })?;
                let kept = Arc::new(Kept::new(path, found));
                ConnectOptions::with_auth_callback(move |nonce| {
                    let kept = Arc::clone(&kept);
                    async move { kept.answer(&nonce).await }
                })
            }
        };
        options = options.require_tls(tls || self.ca.is_some());
        if let Some(ca) = self.ca {
            // The client looks at it with every try to connect, and would never say that it is not there.
            read(ca)?;
            options = options.add_root_certificates(ca.to_owned());
        }
        Ok(options)
    }
}

/// One province's part of a NATS server. Cheap to clone; the clones share one connection.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    context: Context,
    province: String,
}

impl Bus {
    /// Sets up the connection of a service, called after its log, and returns at once: the connection is made, and made
    /// again whenever it breaks, in the background. Answers come to `_INBOX_<province>_<service>.>`, which nobody else
    /// needs to hear.
    ///
    /// # Errors
    /// When the address or the credentials are of no use, or the province cannot be part of a subject.
    pub async fn connect(
        access: Access<'_>,
        province: &str,
        service: &str,
    ) -> Result<Self, ConnectError> {
        if token(province) != province {
            return Err(ConnectError::Province(province.to_owned()));
        }
        let complaints = Arc::new(Complaints::default());
        let client = access
            .options()?
            .name(format!("chiso {service}"))
            .custom_inbox_prefix(format!("_INBOX_{province}_{}", token(service)))
            .event_callback(move |event| {
                let complaints = complaints.clone();
                async move { complaints.hear(&event) }
            })
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(reconnect_delay)
            .request_timeout(Some(BROKER_TIMEOUT))
            .connect(access.url)
            .await
            .map_err(|source| ConnectError::Url {
                url: without_credentials(access.url),
                source,
            })?;
        let context = ContextBuilder::new()
            .timeout(BROKER_TIMEOUT)
            .ack_timeout(BROKER_TIMEOUT)
            .build(client.clone());
        Ok(Self {
            client,
            context,
            province: province.to_owned(),
        })
    }

    /// The connection.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// JetStream over the connection.
    pub fn context(&self) -> &jetstream::Context {
        &self.context
    }

    /// The province that this is a part of, e.g. `H40`.
    pub fn province(&self) -> &str {
        &self.province
    }

    /// Whether there is a connection right now.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Name of the JetStream stream that carries a log, e.g. `CHISO_H40_DOSSIERS`.
    pub fn stream_name(&self, log: &str) -> String {
        format!("CHISO_{}_{}", self.province, token(log)).to_uppercase()
    }

    /// What every subject of a log begins with, e.g. `chiso.H40.dossiers`.
    pub fn prefix(&self, log: &str) -> String {
        format!("chiso.{}.{}", self.province, token(log))
    }
}

/// What went wrong with a connection: refused rights and passwords, certificates that are not believed. A client that
/// tries again and again would say the same again and again.
#[derive(Debug, Default)]
struct Complaints {
    last: Mutex<String>,
}

impl Complaints {
    fn hear(&self, event: &Event) {
        let said = match event {
            Event::Connected => String::new(),
            Event::ServerError(error) => error.to_string(),
            Event::ClientError(error) => error.to_string(),
            _ => return,
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != said && !said.is_empty() {
            tracing::warn!(error = said, "NATS refuses something");
        }
        *last = said;
    }
}

/// A token of a subject: everything but letters, digits, `-` and `_` becomes `_`.
pub(crate) fn token(text: &str) -> String {
    if text.is_empty() {
        return "_".to_owned();
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .collect()
}

fn reconnect_delay(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(6);
    (Duration::from_millis(50) * 2_u32.pow(doublings)).min(MAX_RECONNECT_DELAY)
}

/// Addresses end up in logs; passwords must not.
fn without_credentials(url: &str) -> String {
    let servers = url
        .split(',')
        .map(|server| match (server.find("://"), server.rfind('@')) {
            (Some(scheme), Some(at)) if scheme < at => {
                format!("{}{}", &server[..scheme + 3], &server[at + 1..])
            }
            (None, Some(at)) => server[at + 1..].to_owned(),
            _ => server.to_owned(),
        });
    servers.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_subject_cannot_hold_becomes_an_underscore() {
        assert_eq!(
            token("000.00.12.H40-240415-0007"),
            "000_00_12_H40-240415-0007"
        );
        assert_eq!(token("Xã > *"), "X_____");
        assert_eq!(token(""), "_");
    }

    #[test]
    fn credentials_are_left_out_of_errors() {
        assert_eq!(
            without_credentials("nats://me:secret@a:4222,b:1"),
            "nats://a:4222,b:1"
        );
        assert_eq!(without_credentials("me:secret@a"), "a");
        assert_eq!(without_credentials("nats://a:4222"), "nats://a:4222");
    }

    #[test]
    fn reconnecting_slows_down_to_a_bound() {
        assert_eq!(reconnect_delay(0), Duration::from_millis(50));
        assert_eq!(reconnect_delay(usize::MAX), MAX_RECONNECT_DELAY);
    }
}
