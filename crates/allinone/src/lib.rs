//! All five services in one process, each on its own database and port: for `chiso up`, the demo and the system tests.
//! They serve with TLS, know each other by certificates and everybody else by tokens, unless they are told not to.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let stack = stack::Stack::start(&stack::Options::named("example"))?;
//! let mut all = allinone::AllInOne::start(allinone::Options::on(&stack, "chiso_")?).await?;
//! println!("{}", all.addresses().projection);
//! all.end().await
//! # }
//! ```
#![forbid(unsafe_code)]

mod development;
mod launch;
mod options;
mod part;
mod service;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use contracts::log::v1::GetHeadRequest;
use contracts::log::v1::log_service_client::LogServiceClient;
use futures::future::{select_all, try_join_all};
use jiff::Timestamp;
use runtime::{Clock, Settings, Shutdown};
use tokio::net::TcpListener;
use tonic::transport::Channel;

pub use development::Development;
pub use options::Options;
use part::Part;
pub use service::{Addresses, Service};

/// How long the services may take to answer their first call: migrations on a slow disk, and room to spare.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Pause between two first calls to a service that is not up yet.
const READY_PAUSE: Duration = Duration::from_millis(50);

/// Five running services. Dropping it ends them without a drain.
#[derive(Debug)]
pub struct AllInOne {
    options: Options,
    clock: Clock,
    development: Option<Development>,
    sockets: BTreeMap<Service, SocketAddr>,
    addresses: Addresses,
    parts: BTreeMap<Service, Part>,
}

impl AllInOne {
    /// Binds five ports, starts the services and waits until each answers.
    ///
    /// # Errors
    /// When a port is taken, or a service ends instead of answering, with its error.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let folder = options.development.as_deref();
        let development = folder.map(Development::create).transpose()?;
        let mut listeners = BTreeMap::new();
        let mut sockets = BTreeMap::new();
        for (offset, service) in (0_u16..).zip(Service::ALL) {
            let port = options
                .base_port
                .map_or(0, |base| base.saturating_add(offset));
            let listener = bind(service, SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
            let socket = listener.local_addr().context("reading the bound address")?;
            sockets.insert(service, socket);
            listeners.insert(service, listener);
        }
        let scheme = development.as_ref().map_or("http", |_| "https");
        let addresses = Addresses::each(|service| format!("{scheme}://{}", sockets[&service]));
        let clock = options
            .clock_at
            .map_or_else(Clock::system, Clock::shifted_to);
        let parts = BTreeMap::new();
        let mut all = Self {
            options,
            clock,
            development,
            sockets,
            addresses,
            parts,
        };
        for (service, listener) in listeners {
            all.launch(service, listener);
        }
        all.ready().await?;
        Ok(all)
    }

    /// Where the services listen. A restarted service keeps its address.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The clock of all services.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The certificates and keys that they believe; none where nobody is asked who calls.
    pub fn development(&self) -> Option<&Development> {
        self.development.as_ref()
    }

    /// Ends one service in its tracks: no drain, what it was doing is dropped.
    pub async fn kill(&mut self, service: Service) {
        if let Some(part) = self.parts.remove(&service) {
            part.kill().await;
        }
    }

    /// Ends one service as a signal would, and waits until it has drained.
    ///
    /// # Errors
    /// When it ends with an error.
    pub async fn stop(&mut self, service: Service) -> anyhow::Result<()> {
        match self.parts.remove(&service) {
            Some(part) => part.stop().await,
            None => Ok(()),
        }
    }

    /// Starts a service again at its address (killing it first when it runs) and waits until it answers.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn restart(&mut self, service: Service) -> anyhow::Result<()> {
        self.kill(service).await;
        let listener = bind(service, self.sockets[&service]).await?;
        self.launch(service, listener);
        self.ready().await
    }

    /// Waits until a service ends by itself, and says why.
    pub async fn failed(&mut self) -> anyhow::Error {
        if self.parts.is_empty() {
            return std::future::pending().await;
        }
        let ends = self.parts.values_mut().map(|part| Box::pin(part.ended()));
        select_all(ends).await.0
    }

    /// Drains and ends all of them.
    ///
    /// # Errors
    /// The first error that one of them ends with.
    pub async fn end(mut self) -> anyhow::Result<()> {
        let parts = std::mem::take(&mut self.parts);
        try_join_all(parts.into_values().map(Part::stop))
            .await
            .map(drop)
    }

    fn launch(&mut self, service: Service, listener: TcpListener) {
        // Each service shifts its own clock when it starts: told what the shared one says then, they agree.
        let clock_at = self.options.clock_at.map(|_| self.clock.now());
        let shutdown = Shutdown::new();
        let work = launch::serve(
            service,
            &self.options,
            self.settings(service, clock_at),
            &self.addresses,
            listener,
            shutdown.clone(),
        );
        self.parts
            .insert(service, Part::spawn(service, shutdown, work));
    }

    fn settings(&self, service: Service, clock_at: Option<Timestamp>) -> Settings {
        launch::settings(service, &self.options, self.development.as_ref(), clock_at)
    }

    /// Waits until every running service answers.
    async fn ready(&mut self) -> anyhow::Result<()> {
        let mut running = Vec::new();
        for service in self.parts.keys() {
            // As the service itself: each of them may ask every log.
            let settings = self.settings(*service, None);
            running.push((*service, settings.channel(self.addresses.of(*service))?));
        }
        let answers = try_join_all(
            running
                .into_iter()
                .map(|(service, channel)| answers(service, channel)),
        );
        tokio::select! {
            ready = answers => ready.map(drop),
            error = self.failed() => Err(error),
        }
    }
}

async fn bind(service: Service, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("listening on {address} for {service}; choose other ports, or let them be chosen")
    })
}

/// Asks a service for the head of its log until it says it.
async fn answers(service: Service, channel: Channel) -> anyhow::Result<()> {
    let mut client = LogServiceClient::new(channel);
    let asking = async {
        while client.get_head(GetHeadRequest {}).await.is_err() {
            tokio::time::sleep(READY_PAUSE).await;
        }
    };
    tokio::time::timeout(READY_WITHIN, asking)
        .await
        .with_context(|| {
            format!(
                "{service} does not answer within {} s; see its log",
                READY_WITHIN.as_secs()
            )
        })
}
