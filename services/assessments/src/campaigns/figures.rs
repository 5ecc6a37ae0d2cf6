//! The figures of a unit as they are counted and reported, asked of scoring.

use std::sync::Arc;
use std::time::Duration;

use contracts::scoring::v1::GetMeasuresRequest;
use contracts::scoring::v1::scoring_service_client::ScoringServiceClient;
use ids::{Period, UnitCode};
use index::{Definition, InputKind, Inputs};
use rust_decimal::Decimal;
use tonic::transport::Channel;
use tonic::{Code, Request};

/// Longest wait for figures: they stand beside what people write and must not hold that up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks scoring.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    scoring: ScoringServiceClient<Channel>,
}

impl Figures {
    pub(super) fn new(scoring: Channel) -> Self {
        let scoring = ScoringServiceClient::new(scoring);
        Self { scoring }
    }

    /// The figures that a definition's rules take; none when scoring does not answer.
    pub(super) async fn of(
        &self,
        definition: &Definition,
        unit: &UnitCode,
        period: Period,
    ) -> Option<Arc<Inputs>> {
        let counted = |kind| match kind {
            InputKind::Flow | InputKind::Stock | InputKind::Registry | InputKind::Reported => true,
            InputKind::Appraised | InputKind::Surveyed => false,
        };
        if !definition.inputs().any(|input| counted(input.kind)) {
            return Some(Arc::default());
        }
        let mut request = Request::new(GetMeasuresRequest {
            period: period.to_string(),
            subject: unit.to_string(),
            at_least: None,
        });
        request.set_timeout(PATIENCE);
        let mut scoring = self.scoring.clone();
        let answer = tokio::time::timeout(PATIENCE, scoring.get_measures(request));
        let measures = match answer.await {
            Ok(Ok(answer)) => answer.into_inner().measures,
            Ok(Err(status)) if status.code() == Code::NotFound => Vec::new(),
            Ok(Err(status)) => {
                tracing::warn!(%status, %unit, "scoring does not say the figures of a unit");
                return None;
            }
            Err(_) => {
                tracing::warn!(%unit, "scoring does not answer in time");
                return None;
            }
        };
        let figures = measures.into_iter().filter_map(|measure| {
            let value: Decimal = measure.value.parse().ok()?;
            Some((measure.name, value))
        });
        Some(Arc::new(figures.collect()))
    }
}
