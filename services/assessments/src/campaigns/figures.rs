//! The figures and points of a unit as they are counted and reported, asked of scoring.

use std::sync::Arc;
use std::time::Duration;

use assessment::campaign::Basis;
use contracts::log::v1::GetHeadRequest;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::scoring::v1::scoring_service_client::ScoringServiceClient;
use contracts::scoring::v1::{GetMeasuresRequest, GetScoresRequest, Input, LeafScore};
use ids::{IndexCode, Period, UnitCode};
use index::{Definition, InputKind, Inputs};
use rust_decimal::Decimal;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

/// Longest wait for figures: they stand beside what people write and must not hold that up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks scoring.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    scoring: ScoringServiceClient<Channel>,
    log: LogServiceClient<Channel>,
}

/// Whether the rules of a definition take figures that scoring knows.
pub(super) fn counts(definition: &Definition) -> bool {
    definition.inputs().any(|input| counted(input.kind))
}

fn counted(kind: InputKind) -> bool {
    match kind {
        InputKind::Flow
        | InputKind::Stock
        | InputKind::Registry
        | InputKind::Reported
        | InputKind::Surveyed => true,
        InputKind::Appraised => false,
    }
}

impl Figures {
    pub(crate) fn new(scoring: Channel) -> Self {
        let log = LogServiceClient::new(scoring.clone());
        let scoring = ScoringServiceClient::new(scoring);
        Self { scoring, log }
    }

    /// How far the log of scoring is; none when scoring does not answer.
    pub(super) async fn head(&self) -> Option<Basis> {
        let mut log = self.log.clone();
        let head = tokio::time::timeout(PATIENCE, log.get_head(bounded(GetHeadRequest {}))).await;
        let head = head.ok()?.ok()?.into_inner();
        Some(Basis {
            log: head.log,
            epoch: head.epoch,
            position: head.position,
            hash: head.hash.as_slice().try_into().ok()?,
        })
    }

    /// The figures that a definition's rules take; none when scoring does not answer.
    pub(super) async fn of(
        &self,
        definition: &Definition,
        unit: &UnitCode,
        period: Period,
    ) -> Option<Arc<Inputs>> {
        if !counts(definition) {
            return Some(Arc::default());
        }
        let measures = self.measures(unit, period).await?;
        let figures = measures.into_iter().filter_map(|measure| {
            let kind = definition.input(&measure.name)?.kind;
            let value = match kind {
                InputKind::Stock if !measure.newest.is_empty() => &measure.newest,
                _ if !counted(kind) => return None,
                _ => &measure.value,
            };
            let value: Decimal = value.parse().ok()?;
            Some((measure.name, value))
        });
        Some(Arc::new(figures.collect()))
    }

    /// Every figure of a unit; empty for one that nothing is counted of, none when scoring does not answer.
    pub(crate) async fn measures(&self, unit: &UnitCode, period: Period) -> Option<Vec<Input>> {
        let request = GetMeasuresRequest {
            period: period.to_string(),
            subject: unit.to_string(),
            ..GetMeasuresRequest::default()
        };
        let mut scoring = self.scoring.clone();
        let answer = answered(unit, scoring.get_measures(bounded(request))).await?;
        Some(answer.map(|it| it.measures).unwrap_or_default())
    }

    /// The points of every leaf of a unit, as they are counted; empty where the index does not judge it, none when
    /// scoring does not answer.
    pub(crate) async fn scores(
        &self,
        index: &IndexCode,
        unit: &UnitCode,
        period: Period,
    ) -> Option<Vec<LeafScore>> {
        let request = GetScoresRequest {
            index: index.to_string(),
            period: period.to_string(),
            subject: unit.to_string(),
            ..GetScoresRequest::default()
        };
        let mut scoring = self.scoring.clone();
        let answer = answered(unit, scoring.get_scores(bounded(request))).await?;
        let subjects = answer.map(|it| it.subjects).unwrap_or_default();
        Some(subjects.into_iter().flat_map(|it| it.leaves).collect())
    }
}

fn bounded<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

/// What scoring says of a unit; nothing of one that it does not know, none when it does not answer.
async fn answered<T>(
    unit: &UnitCode,
    asked: impl Future<Output = Result<Response<T>, Status>>,
) -> Option<Option<T>> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Some(Some(answer.into_inner())),
        Ok(Err(status)) if status.code() == Code::NotFound => Some(None),
        Ok(Err(status)) => {
            tracing::warn!(%status, %unit, "scoring does not say the figures of a unit");
            None
        }
        Err(_) => {
            tracing::warn!(%unit, "scoring does not answer in time");
            None
        }
    }
}
