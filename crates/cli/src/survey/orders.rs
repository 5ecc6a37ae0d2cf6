//! What `chiso survey` asks for.

use contracts::assessments::v1 as pb;

use crate::{Failure, Service, Services};

/// Puts an edition of an instrument.
///
/// # Errors
/// What the service refuses, or that it does not answer.
pub async fn put(
    services: &Services,
    edition: pb::SurveyEdition,
) -> Result<pb::Instrument, Failure> {
    let request = pb::PutInstrumentRequest {
        context: None,
        edition: Some(edition),
    };
    let mut surveys = services.surveys.clone();
    let call = async move |request| surveys.put_instrument(request).await;
    services.call(Service::Assessments, request, call).await
}

/// Plans a wave.
///
/// # Errors
/// What the service refuses, or that it does not answer.
pub async fn plan(services: &Services, plan: pb::PlanWaveRequest) -> Result<pb::Wave, Failure> {
    let mut surveys = services.surveys.clone();
    let call = async move |request| surveys.plan_wave(request).await;
    services.call(Service::Assessments, plan, call).await
}

/// Lets ballots in.
///
/// # Errors
/// What the service refuses, or that it does not answer.
pub async fn open(services: &Services, wave: &str) -> Result<pb::Wave, Failure> {
    let request = pb::OpenWaveRequest {
        context: None,
        wave: wave.to_owned(),
    };
    let mut surveys = services.surveys.clone();
    let call = async move |request| surveys.open_wave(request).await;
    services.call(Service::Assessments, request, call).await
}

/// Lets no more ballots in.
///
/// # Errors
/// What the service refuses, or that it does not answer.
pub async fn close(services: &Services, wave: &str) -> Result<pb::Wave, Failure> {
    let request = pb::CloseWaveRequest {
        context: None,
        wave: wave.to_owned(),
    };
    let mut surveys = services.surveys.clone();
    let call = async move |request| surveys.close_wave(request).await;
    services.call(Service::Assessments, request, call).await
}

/// Takes the results of a unit, or of the whole wave where `unit` is empty, out of everything.
///
/// # Errors
/// What the service refuses, or that it does not answer.
pub async fn withhold(
    services: &Services,
    wave: &str,
    unit: &str,
    reason: &str,
) -> Result<pb::Wave, Failure> {
    let request = pb::WithholdResultsRequest {
        context: None,
        wave: wave.to_owned(),
        unit: unit.to_owned(),
        reason: reason.to_owned(),
    };
    let mut surveys = services.surveys.clone();
    let call = async move |request| surveys.withhold_results(request).await;
    services.call(Service::Assessments, request, call).await
}

/// Takes withheld results in again; the same units as [`withhold`].
///
/// # Errors
/// What the service refuses, or that it does not answer.
pub async fn release(
    services: &Services,
    wave: &str,
    unit: &str,
    reason: &str,
) -> Result<pb::Wave, Failure> {
    let request = pb::ReleaseResultsRequest {
        context: None,
        wave: wave.to_owned(),
        unit: unit.to_owned(),
        reason: reason.to_owned(),
    };
    let mut surveys = services.surveys.clone();
    let call = async move |request| surveys.release_results(request).await;
    services.call(Service::Assessments, request, call).await
}
