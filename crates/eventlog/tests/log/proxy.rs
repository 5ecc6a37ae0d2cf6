//! A way to PostgreSQL that breaks when told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Forwards connections, and swallows an answer now and then: what was asked for has been done by
/// then, but the asker sees only a closed connection.
#[derive(Clone)]
pub(crate) struct Proxy {
    port: u16,
    /// Answers until the next one that is swallowed; 0 for never.
    countdown: Arc<AtomicU64>,
    swallowed: Arc<AtomicU64>,
}

impl Proxy {
    pub(crate) async fn before(database: &PgConnectOptions) -> Self {
        let target = (database.get_host().to_owned(), database.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            countdown: Arc::default(),
            swallowed: Arc::default(),
        };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(target.clone()).await.unwrap();
                tokio::spawn(accepting.clone().forward(client, server));
            }
        });
        proxy
    }

    /// The same database, by way of the proxy.
    pub(crate) fn options(&self, database: &PgConnectOptions) -> PgConnectOptions {
        database.clone().host("127.0.0.1").port(self.port)
    }

    /// Swallows the `nth` answer from now on, counted over all connections.
    pub(crate) fn swallow(&self, nth: u64) {
        self.countdown.store(nth, Ordering::SeqCst);
    }

    /// How many answers were swallowed.
    pub(crate) fn swallowed(&self) -> u64 {
        self.swallowed.load(Ordering::SeqCst)
    }

    fn is_next(&self) -> bool {
        let less = |left: u64| left.checked_sub(1);
        self.countdown
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            == Ok(1)
    }

    async fn forward(self, mut client: TcpStream, mut server: TcpStream) {
        let (mut asked, mut answered) = ([0; 16 << 10], [0; 16 << 10]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => match read {
                    Ok(bytes @ 1..) if server.write_all(&asked[..bytes]).await.is_ok() => {}
                    _ => return,
                },
                read = server.read(&mut answered) => match read {
                    Ok(1..) if self.is_next() => {
                        self.swallowed.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                    Ok(bytes @ 1..) if client.write_all(&answered[..bytes]).await.is_ok() => {}
                    _ => return,
                },
            }
        }
    }
}
