//! Clients of the services.

use std::time::Duration;

use allinone::{Addresses, AllInOne, Service};
use contracts::assessments::v1::assessments_service_client::AssessmentsServiceClient;
use contracts::assessments::v1::campaigns_service_client::CampaignsServiceClient;
use contracts::assessments::v1::evidence_service_client::EvidenceServiceClient;
use contracts::assessments::v1::improvements_service_client::ImprovementsServiceClient;
use contracts::assessments::v1::official_results_service_client::OfficialResultsServiceClient;
use contracts::assessments::v1::publications_service_client::PublicationsServiceClient;
use contracts::assessments::v1::surveys_service_client::SurveysServiceClient;
use contracts::dossiers::v1::dossiers_service_client::DossiersServiceClient;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::projection::v1::projection_service_client::ProjectionServiceClient;
use contracts::registry::v1::registry_service_client::RegistryServiceClient;
use contracts::scoring::v1::scoring_service_client::ScoringServiceClient;
use identity::Caller;
use jiff::SignedDuration;
use runtime::{Bearer, Security};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Uri};
use tonic::{Request, Response, Status};

use crate::{Exit, Failure};

/// How long a call may take when nothing is said: three times a server's own default, as some questions wait for
/// positions.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// Longer than a demo or a test runs.
pub(crate) const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// A connection to a service that says with every call who makes it.
pub type Link = InterceptedService<Channel, Bearer>;

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

/// Clients of the five services. They connect with the first call, and again after a loss.
#[derive(Debug, Clone)]
pub struct Services {
    /// The registry.
    pub registry: RegistryServiceClient<Link>,
    /// Dossiers.
    pub dossiers: DossiersServiceClient<Link>,
    /// Assessments.
    pub assessments: AssessmentsServiceClient<Link>,
    /// Client of evidence, at the address of assessments.
    pub evidence: EvidenceServiceClient<Link>,
    /// Client of campaigns, at the address of assessments.
    pub campaigns: CampaignsServiceClient<Link>,
    /// Client of improvement plans, at the address of assessments.
    pub improvements: ImprovementsServiceClient<Link>,
    /// Client of surveys, at the address of assessments.
    pub surveys: SurveysServiceClient<Link>,
    /// Client of official results, at the address of assessments.
    pub official: OfficialResultsServiceClient<Link>,
    /// Client of publications, at the address of assessments.
    pub publications: PublicationsServiceClient<Link>,
    /// Scoring.
    pub scoring: ScoringServiceClient<Link>,
    /// Projection.
    pub projection: ProjectionServiceClient<Link>,
    logs: Addresses<LogServiceClient<Link>>,
    links: Addresses<Link>,
    channels: Addresses<Channel>,
    addresses: Addresses,
    /// How long a unary call may take.
    pub timeout: Duration,
}

impl Services {
    /// Clients of services that ask nobody who calls.
    ///
    /// # Errors
    /// When one is no address.
    pub fn at(addresses: Addresses) -> Result<Self, Failure> {
        Self::new(addresses, &Security::default(), &Bearer::default())
    }

    /// Clients of the services at these addresses, which believe the servers' certificates as `security` says, show its
    /// own if it has one, and send a token.
    ///
    /// # Errors
    /// When one is no address or would be sent a token in the clear, or a certificate cannot be read.
    pub fn new(
        addresses: Addresses,
        security: &Security,
        bearer: &Bearer,
    ) -> Result<Self, Failure> {
        let channel = |service| {
            let address = addresses.of(service);
            if bearer.is_some() && travels_in_the_clear(address) {
                let why = format!(
                    "{address} has no TLS, and whoever listens on the way would get your token; give its https address"
                );
                return Err(Failure::new(Exit::Usage, why));
            }
            runtime::secure_channel(address, security)
                .map_err(|error| Failure::new(Exit::Usage, error.to_string()))
        };
        let channels = Addresses {
            registry: channel(Service::Registry)?,
            dossiers: channel(Service::Dossiers)?,
            assessments: channel(Service::Assessments)?,
            scoring: channel(Service::Scoring)?,
            projection: channel(Service::Projection)?,
        };
        Ok(Self::on(channels, addresses, bearer))
    }

    /// Clients of services in this process, for somebody; or for nobody, where nobody is asked.
    ///
    /// # Errors
    /// When their certificates cannot be read.
    pub fn of(all: &AllInOne, caller: &Caller) -> Result<Self, Failure> {
        let addresses = all.addresses().clone();
        match all.development() {
            Some(development) => {
                let bearer = bearer(&development.token(caller, TOKEN_LIFETIME))?;
                Self::new(addresses, &development.client(), &bearer)
            }
            None => Self::at(addresses),
        }
    }

    /// The same clients, on the same connections, for somebody else.
    #[must_use]
    pub fn by(&self, bearer: &Bearer) -> Self {
        let timeout = self.timeout;
        Self {
            timeout,
            ..Self::on(self.channels.clone(), self.addresses.clone(), bearer)
        }
    }

    fn on(channels: Addresses<Channel>, addresses: Addresses, bearer: &Bearer) -> Self {
        let links = Addresses::each(|service| {
            InterceptedService::new(channels.of(service).clone(), bearer.clone())
        });
        Self {
            logs: Addresses::each(|service| LogServiceClient::new(links.of(service).clone())),
            registry: RegistryServiceClient::new(links.registry.clone()),
            dossiers: DossiersServiceClient::new(links.dossiers.clone()),
            evidence: EvidenceServiceClient::new(links.assessments.clone()),
            campaigns: CampaignsServiceClient::new(links.assessments.clone()),
            improvements: ImprovementsServiceClient::new(links.assessments.clone()),
            surveys: SurveysServiceClient::new(links.assessments.clone()),
            official: OfficialResultsServiceClient::new(links.assessments.clone()),
            publications: PublicationsServiceClient::new(links.assessments.clone()),
            assessments: AssessmentsServiceClient::new(links.assessments.clone()),
            scoring: ScoringServiceClient::new(links.scoring.clone()),
            projection: ProjectionServiceClient::new(links.projection.clone()),
            links,
            channels,
            addresses,
            timeout: TIMEOUT,
        }
    }

    /// A connection to a service, for clients of other kinds.
    pub fn link(&self, service: Service) -> Link {
        self.links.of(service).clone()
    }

    /// A client of a service's log.
    pub fn log(&self, service: Service) -> LogServiceClient<Link> {
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

/// What sends a token.
pub(crate) fn bearer(token: &str) -> Result<Bearer, Failure> {
    Bearer::new(token).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
}

/// Whether others may read what is sent to an address; what is none is refused elsewhere.
fn travels_in_the_clear(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else {
        return false;
    };
    let own = match uri.host() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
        }
        None => false,
    };
    uri.scheme_str() == Some("http") && !own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_refused() {
        let wrong = Services::at(Addresses::each(|_| "not an address".to_owned()));
        assert_eq!(wrong.expect_err("no address").exit, Exit::Usage);
    }

    #[test]
    fn a_token_is_not_sent_in_the_clear() {
        let bearer = bearer("a.b.c").expect("a token");
        let at = |address: &str| {
            let addresses = Addresses::each(|_| address.to_owned());
            Services::new(addresses, &Security::default(), &bearer)
        };
        let refused = at("http://chiso.example:7401").expect_err("others listen");
        assert!(refused.message.contains("https"), "{refused}");
    }

    #[tokio::test]
    async fn a_token_may_be_sent_on_this_machine() {
        let bearer = bearer("a.b.c").expect("a token");
        for address in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"] {
            let addresses = Addresses::each(|_| address.to_owned());
            assert!(Services::new(addresses, &Security::default(), &bearer).is_ok());
        }
    }
}
