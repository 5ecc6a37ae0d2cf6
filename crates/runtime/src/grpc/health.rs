//! Health of the services of one server.

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::ops;

/// Says how the services of a server and their parts are, over gRPC and in `/readyz`.
#[derive(Clone, Debug)]
pub struct Health {
    name: &'static str,
    reporter: HealthReporter,
}

impl Health {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            reporter: HealthReporter::new(),
        }
    }

    /// Says whether a part of the service works, e.g. `consumer`. It is asked for as
    /// `<server>.<part>`.
    pub async fn set(&self, part: &str, works: bool) {
        let part = format!("{}.{part}", self.name);
        let status = if works {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        self.reporter.set_service_status(&part, status).await;
        ops::set_ready(part, works);
    }

    /// The health service, with every service serving.
    pub(super) async fn server(&self, services: &[&'static str]) -> HealthServer<HealthService> {
        self.set_all(services, ServingStatus::Serving).await;
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Sends clients elsewhere before connections end.
    pub(super) async fn stop(&self, services: &[&'static str]) {
        self.set_all(services, ServingStatus::NotServing).await;
    }

    async fn set_all(&self, services: &[&'static str], status: ServingStatus) {
        // The empty name is the server as a whole.
        for service in services.iter().copied().chain([""]) {
            self.reporter.set_service_status(service, status).await;
        }
        ops::set_ready(self.name, status == ServingStatus::Serving);
    }
}
