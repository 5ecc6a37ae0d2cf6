//! Where the services are, and clients of them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use allinone::{Addresses, Service};
use clap::Args;
use contracts::assessments::v1::assessments_service_client::AssessmentsServiceClient;
use contracts::assessments::v1::official_results_service_client::OfficialResultsServiceClient;
use contracts::dossiers::v1::dossiers_service_client::DossiersServiceClient;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::projection::v1::projection_service_client::ProjectionServiceClient;
use contracts::registry::v1::registry_service_client::RegistryServiceClient;
use contracts::scoring::v1::scoring_service_client::ScoringServiceClient;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::{Exit, Failure};

/// How long a call may take when nothing is said: three times a server's own default, as some questions wait for
/// positions.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The environment variable of a service's address.
pub(crate) fn variable(service: Service) -> &'static str {
    match service {
        Service::Registry => "CHISO_REGISTRY_URL",
        Service::Dossiers => "CHISO_DOSSIERS_URL",
        Service::Assessments => "CHISO_ASSESSMENTS_URL",
        Service::Scoring => "CHISO_SCORING_URL",
        Service::Projection => "CHISO_PROJECTION_URL",
    }
}

/// Where the services are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    /// JSON file with the addresses, as `chiso up --addresses FILE` writes it; an address of its own wins over it
    #[arg(long, global = true, value_name = "FILE", env = "CHISO_STACK")]
    stack: Option<PathBuf>,

    /// Address of the registry [default: http://127.0.0.1:7401]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "URL",
        env = "CHISO_REGISTRY_URL"
    )]
    registry_url: Option<String>,

    /// Address of dossiers [default: http://127.0.0.1:7402]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "URL",
        env = "CHISO_DOSSIERS_URL"
    )]
    dossiers_url: Option<String>,

    /// Address of assessments [default: http://127.0.0.1:7403]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "URL",
        env = "CHISO_ASSESSMENTS_URL"
    )]
    assessments_url: Option<String>,

    /// Address of scoring [default: http://127.0.0.1:7404]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "URL",
        env = "CHISO_SCORING_URL"
    )]
    scoring_url: Option<String>,

    /// Address of projection [default: http://127.0.0.1:7405]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "URL",
        env = "CHISO_PROJECTION_URL"
    )]
    projection_url: Option<String>,

    /// Longest wait for an answer, in seconds; streams (imports, watches, rebuilds) may last longer
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = TIMEOUT.as_secs(),
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

impl Connection {
    /// Clients of the services that the command line names.
    pub(crate) fn services(&self) -> Result<Services, Failure> {
        let base = match &self.stack {
            Some(file) => stack_file(file)?,
            None => Addresses::default(),
        };
        let addresses = Addresses::each(|service| {
            let said = match service {
                Service::Registry => &self.registry_url,
                Service::Dossiers => &self.dossiers_url,
                Service::Assessments => &self.assessments_url,
                Service::Scoring => &self.scoring_url,
                Service::Projection => &self.projection_url,
            };
            said.as_ref().unwrap_or(base.of(service)).clone()
        });
        let services = Services::at(addresses)?;
        Ok(Services {
            timeout: Duration::from_secs(self.timeout),
            ..services
        })
    }
}

/// Reads `{"registry": "http://…", …}`; other keys are somebody else's.
fn stack_file(file: &Path) -> Result<Addresses, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::file(file, error))?;
    let wrong = |why: String| Failure::new(Exit::Data, format!("{}: {why}", file.display()));
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| wrong(format!("is not JSON: {error}")))?;
    if let Some(missing) = Service::ALL
        .iter()
        .find(|service| !value[service.name()].is_string())
    {
        return Err(wrong(format!(
            "has no address of {missing}, as \"{missing}\": \"http://127.0.0.1:7400\""
        )));
    }
    Ok(Addresses::each(|service| {
        value[service.name()]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }))
}

/// Clients of the five services. They connect with the first call, and again after a loss.
#[derive(Debug, Clone)]
pub struct Services {
    /// The registry.
    pub registry: RegistryServiceClient<Channel>,
    /// Dossiers.
    pub dossiers: DossiersServiceClient<Channel>,
    /// Assessments.
    pub assessments: AssessmentsServiceClient<Channel>,
    /// Client of official results, at the address of assessments.
    pub official: OfficialResultsServiceClient<Channel>,
    /// Scoring.
    pub scoring: ScoringServiceClient<Channel>,
    /// Projection.
    pub projection: ProjectionServiceClient<Channel>,
    logs: Addresses<LogServiceClient<Channel>>,
    addresses: Addresses,
    /// How long a unary call may take.
    pub timeout: Duration,
}

impl Services {
    /// Clients of the services at these addresses.
    ///
    /// # Errors
    /// When one is no address.
    pub fn at(addresses: Addresses) -> Result<Self, Failure> {
        let channel = |service| {
            runtime::channel(addresses.of(service))
                .map_err(|error| Failure::new(Exit::Usage, error.to_string()))
        };
        let channels = Addresses {
            registry: channel(Service::Registry)?,
            dossiers: channel(Service::Dossiers)?,
            assessments: channel(Service::Assessments)?,
            scoring: channel(Service::Scoring)?,
            projection: channel(Service::Projection)?,
        };
        Ok(Self {
            logs: Addresses::each(|service| LogServiceClient::new(channels.of(service).clone())),
            registry: RegistryServiceClient::new(channels.registry),
            dossiers: DossiersServiceClient::new(channels.dossiers),
            official: OfficialResultsServiceClient::new(channels.assessments.clone()),
            assessments: AssessmentsServiceClient::new(channels.assessments),
            scoring: ScoringServiceClient::new(channels.scoring),
            projection: ProjectionServiceClient::new(channels.projection),
            addresses,
            timeout: TIMEOUT,
        })
    }

    /// A client of a service's log.
    pub fn log(&self, service: Service) -> LogServiceClient<Channel> {
        self.logs.of(service).clone()
    }

    /// Where a service is.
    pub fn address(&self, service: Service) -> &str {
        self.addresses.of(service)
    }

    /// A call that was not answered as hoped, as a failure.
    pub fn failure(&self, service: Service, status: &Status) -> Failure {
        Failure::call(service, self.address(service), self.timeout, status)
    }

    /// Makes a unary call within the time limit.
    ///
    /// # Errors
    /// What the service refuses, or that it does not answer.
    pub async fn call<T, R>(
        &self,
        service: Service,
        message: T,
        call: impl AsyncFnOnce(Request<T>) -> Result<Response<R>, Status>,
    ) -> Result<R, Failure> {
        self.try_call(message, call)
            .await
            .map_err(|status| self.failure(service, &status))
    }

    /// As [`call`](Self::call), for callers that look at the status.
    ///
    /// # Errors
    /// The status.
    pub async fn try_call<T, R>(
        &self,
        message: T,
        call: impl AsyncFnOnce(Request<T>) -> Result<Response<R>, Status>,
    ) -> Result<R, Status> {
        let mut request = Request::new(message);
        request.set_timeout(self.timeout);
        call(request).await.map(Response::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_file_says_where_the_services_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("chiso.json");
        let text = r#"{"registry": "http://127.0.0.1:1", "dossiers": "http://127.0.0.1:2", "scoring": "http://127.0.0.1:4",
                       "assessments": "http://127.0.0.1:3", "projection": "http://127.0.0.1:5", "nats": "nats://127.0.0.1"}"#;
        std::fs::write(&file, text).expect("a file");
        let addresses = stack_file(&file).expect("sound");
        assert_eq!(addresses.of(Service::Projection), "http://127.0.0.1:5");
        std::fs::write(&file, "{}").expect("a file");
        let wrong = stack_file(&file).expect_err("no addresses");
        assert_eq!(wrong.exit, Exit::Data);
        assert!(
            wrong.message.contains("has no address of registry"),
            "{wrong}"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let wrong = Services::at(Addresses::each(|_| "not an address".to_owned()));
        assert_eq!(wrong.expect_err("no address").exit, Exit::Usage);
    }
}
