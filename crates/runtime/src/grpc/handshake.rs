//! TLS of accepted connections, each with the certificates of its moment.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::task::{JoinError, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::TcpIncoming;

use crate::security::Renewed;

/// How long a client may take to agree on TLS.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Clients that agree on TLS at once; others wait to be accepted.
const HANDSHAKES_MAX: usize = 1_000;

struct Accepting {
    incoming: TcpIncoming,
    tls: Arc<Renewed<ServerConfig>>,
    handshakes: JoinSet<io::Result<TlsStream<TcpStream>>>,
}

/// The connections of `incoming`, once they have agreed on TLS. Those that do not are left out.
pub(super) fn secured(
    incoming: TcpIncoming,
    tls: Arc<Renewed<ServerConfig>>,
) -> impl Stream<Item = io::Result<TlsStream<TcpStream>>> + Send {
    let accepting = Accepting {
        incoming,
        tls,
        handshakes: JoinSet::new(),
    };
    stream::unfold(accepting, |mut accepting| async {
        let next = accepting.next().await?;
        Some((next, accepting))
    })
}

impl Accepting {
    async fn next(&mut self) -> Option<io::Result<TlsStream<TcpStream>>> {
        loop {
            tokio::select! {
                accepted = self.incoming.next(), if self.handshakes.len() < HANDSHAKES_MAX => {
                    match accepted? {
                        Ok(connection) => self.begin(connection),
                        Err(error) => return Some(Err(error)),
                    }
                }
                Some(ended) = self.handshakes.join_next() => {
                    if let Some(secured) = agreed(ended) {
                        return Some(Ok(secured));
                    }
                }
            }
        }
    }

    fn begin(&mut self, connection: TcpStream) {
        let acceptor = TlsAcceptor::from(self.tls.current());
        self.handshakes.spawn(async move {
            tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(connection)).await?
        });
    }
}

fn agreed(
    ended: Result<io::Result<TlsStream<TcpStream>>, JoinError>,
) -> Option<TlsStream<TcpStream>> {
    match ended.map_err(io::Error::other).flatten() {
        Ok(secured) => Some(secured),
        Err(error) => {
            tracing::debug!(%error, "a client did not agree on TLS");
            None
        }
    }
}
