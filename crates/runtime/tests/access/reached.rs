//! Services that say only that a call has reached them, and for which unit it may act.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use contracts::problem::Problem;
use http::{Request, Response};
use identity::Permit;
use runtime::grpc::Server;
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

/// What is named in place of a unit for an aggregate to refuse it for who calls.
pub(crate) const REFUSED: &str = "OWN_REASON";

/// The metadata in which a caller names the unit that the call is about.
pub(crate) const UNIT: &str = "unit";

/// Services of these names.
macro_rules! reached {
    ($($service:ident = $name:literal;)+) => {
        $(
            #[derive(Clone)]
            struct $service;

            impl NamedService for $service {
                const NAME: &'static str = $name;
            }

            impl Service<Request<Body>> for $service {
                type Response = Response<Body>;
                type Error = Infallible;
                type Future = Ready<Result<Response<Body>, Infallible>>;

                fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                    Poll::Ready(Ok(()))
                }

                fn call(&mut self, request: Request<Body>) -> Self::Future {
                    ready(Ok(answer(&request).into_http()))
                }
            }
        )+

        /// Their names.
        pub(crate) const NAMES: &[&str] = &[$($name),+];

        /// A server with all of them.
        pub(crate) fn serving(server: Server) -> Server {
            server$(.add($service))+
        }
    };
}

reached! {
    Assessments = "chiso.assessments.v1.AssessmentsService";
    Campaigns = "chiso.assessments.v1.CampaignsService";
    Evidence = "chiso.assessments.v1.EvidenceService";
    Improvements = "chiso.assessments.v1.ImprovementsService";
    Initiatives = "chiso.assessments.v1.InitiativesService";
    Official = "chiso.assessments.v1.OfficialResultsService";
    Publications = "chiso.assessments.v1.PublicationsService";
    Surveys = "chiso.assessments.v1.SurveysService";
    Dossiers = "chiso.dossiers.v1.DossiersService";
    Log = "chiso.log.v1.LogService";
    Projection = "chiso.projection.v1.ProjectionService";
    Registry = "chiso.registry.v1.RegistryService";
    Scoring = "chiso.scoring.v1.ScoringService";
}

fn answer(request: &Request<Body>) -> Status {
    let permit = match Permit::of(request.extensions()) {
        Ok(permit) => permit,
        Err(problem) => return problem.into(),
    };
    let unit = request
        .headers()
        .get(UNIT)
        .and_then(|unit| unit.to_str().ok());
    if unit == Some(REFUSED) {
        return Problem::denied(REFUSED, "let somebody else do it").into();
    }
    let may = unit.map_or(Ok(()), |unit| permit.may_act_for(&unit.parse().unwrap()));
    match may {
        Ok(()) => {
            let caller = permit.caller().map(|caller| caller.subject.as_str());
            Status::ok(caller.unwrap_or("nobody was asked"))
        }
        Err(problem) => problem.into(),
    }
}
