//! The figures of a unit as they are counted and reported, asked of scoring.

use std::sync::Arc;
use std::time::Duration;

use assessment::campaign::Basis;
use contracts::log::v1::GetHeadRequest;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::scoring::v1::GetMeasuresRequest;
use contracts::scoring::v1::scoring_service_client::ScoringServiceClient;
use ids::{Period, UnitCode};
use index::{Definition, InputKind, Inputs};
use rust_decimal::Decimal;
use tonic::transport::Channel;
use tonic::{Code, Request};

use crate::codec::report_stream;
use crate::view::View;

/// Longest wait for figures: they stand beside what people write and must not hold that up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks scoring.
#[derive(Debug, Clone)]
pub(super) struct Figures {
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

/// The surveyed inputs of a unit that have no figure in a period as results are withheld, by the log of this service.
pub(super) fn withheld(
    view: &View,
    definition: &Definition,
    unit: &UnitCode,
    period: Period,
) -> Inputs {
    let mut inputs = Inputs::new();
    let surveyed = definition
        .inputs()
        .filter(|input| input.kind == InputKind::Surveyed);
    for input in surveyed {
        let kept = view.reports.get(&report_stream(unit, &input.name));
        let months = kept.into_iter().flat_map(|kept| kept.state.months());
        let mut months = months
            .filter(|(month, ..)| (period.first_month()..=period.last_month()).contains(month));
        let reason = months.find_map(|(_, stated, _)| stated.withheld());
        if let Some(reason) = reason {
            inputs.withhold(input.name.as_str(), reason);
        }
    }
    inputs
}

impl Figures {
    pub(super) fn new(scoring: Channel) -> Self {
        let log = LogServiceClient::new(scoring.clone());
        let scoring = ScoringServiceClient::new(scoring);
        Self { scoring, log }
    }

    /// How far the log of scoring is; none when scoring does not answer.
    pub(super) async fn head(&self) -> Option<Basis> {
        let mut request = Request::new(GetHeadRequest {});
        request.set_timeout(PATIENCE);
        let mut log = self.log.clone();
        let head = tokio::time::timeout(PATIENCE, log.get_head(request)).await;
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
        let mut request = Request::new(GetMeasuresRequest {
            period: period.to_string(),
            subject: unit.to_string(),
            ..GetMeasuresRequest::default()
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
        let mut figures = Inputs::new();
        for measure in measures {
            let Some(kind) = definition.input(&measure.name).map(|input| input.kind) else {
                continue;
            };
            let value = match kind {
                InputKind::Stock if !measure.newest.is_empty() => &measure.newest,
                _ if !counted(kind) => continue,
                _ => &measure.value,
            };
            match value.parse::<Decimal>() {
                Ok(value) => figures.set(measure.name, value),
                Err(_) if measure.withheld_reason.is_empty() => {}
                Err(_) => figures.withhold(measure.name, measure.withheld_reason),
            }
        }
        Some(Arc::new(figures))
    }
}
