//! The figures and points of a unit as they are counted and reported, asked of scoring.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use assessment::campaign::{Basis, FiguresBasis, Plan};
use contracts::log::v1::AtLeast;
use contracts::scoring::v1 as pb;
use contracts::scoring::v1::scoring_service_client::ScoringServiceClient;
use contracts::scoring::v1::{GetMeasuresRequest, GetScoresRequest, Input, LeafScore};
use eventlog::Position;
use ids::{IndexCode, Period, UnitCode};
use index::{Definition, InputKind, Inputs};
use rust_decimal::Decimal;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::LOG;

use crate::codec::report_stream;
use crate::view::View;

/// Longest wait for figures: they stand beside what people write and must not hold that up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Longest wait for the figures of many units, which a publication cannot do without.
const PATIENCE_TO_FREEZE: Duration = Duration::from_secs(10);
/// Units asked for at a time: the most that scoring answers for.
const UNITS_AT_A_TIME: usize = 200;
/// The log that scores are told in.
pub(in crate::campaigns) const SCORING: &str = "scoring";

/// The logs that figures are counted from.
pub(in crate::campaigns) const COUNTED: [&str; 3] = [REGISTRY, DOSSIERS, LOG];
/// The log of units and procedures.
pub(in crate::campaigns) const REGISTRY: &str = "registry";
/// The log of what is counted.
pub(in crate::campaigns) const DOSSIERS: &str = "dossiers";

/// Asks scoring.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    scoring: ScoringServiceClient<Channel>,
}

/// Figures as they were at one moment.
#[derive(Debug, Default)]
pub(super) struct Frozen {
    pub(super) figures: BTreeMap<UnitCode, Inputs>,
    /// How far the log of scoring had come, and what the figures were counted from; none where nothing is counted.
    pub(super) basis: Option<(Basis, FiguresBasis)>,
}

/// Scoring does not answer, or not what it was asked.
#[derive(Debug)]
pub(super) struct Away;

/// Whether the rules of a definition take figures that scoring knows.
pub(in crate::campaigns) fn counts(definition: &Definition) -> bool {
    definition.inputs().any(|input| counted(input.kind))
}

pub(in crate::campaigns) fn counted(kind: InputKind) -> bool {
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
    pub(crate) fn new(scoring: Channel) -> Self {
        let scoring = ScoringServiceClient::new(scoring);
        Self { scoring }
    }

    /// The figures of all participants that the rules of their groups take, with exactly what they were counted from: at
    /// least all that was reported up to a position of this log; none when events came while the units were asked for.
    pub(super) async fn frozen(
        &self,
        plan: &Plan,
        editions: &BTreeMap<String, Arc<Definition>>,
        reported: Position,
    ) -> Result<Option<Frozen>, Away> {
        let mut frozen = Frozen::default();
        let units: Vec<_> = plan.participants.iter().collect();
        for units in units.chunks(UNITS_AT_A_TIME) {
            let subjects = units.iter().map(|(unit, _)| unit.to_string()).collect();
            let answer = self.of_many(plan.period, subjects, reported).await?;
            let basis = basis(&answer).ok_or(Away)?;
            if answer.subjects.len() != units.len() {
                return Err(Away);
            }
            if *frozen.basis.get_or_insert_with(|| basis.clone()) != basis {
                return Ok(None);
            }
            for ((unit, group), of_unit) in units.iter().zip(answer.subjects) {
                if let Some(definition) = editions.get(*group) {
                    let taken = taken(definition, of_unit.measures);
                    frozen.figures.insert((*unit).clone(), taken);
                }
            }
        }
        Ok(Some(frozen))
    }

    async fn of_many(
        &self,
        period: Period,
        subjects: Vec<String>,
        reported: Position,
    ) -> Result<pb::GetMeasuresResponse, Away> {
        let mut request = Request::new(GetMeasuresRequest {
            period: period.to_string(),
            subjects,
            at_least: Some(AtLeast {
                log: LOG.to_owned(),
                position: reported,
            }),
            ..GetMeasuresRequest::default()
        });
        request.set_timeout(PATIENCE_TO_FREEZE);
        let mut scoring = self.scoring.clone();
        let answer = tokio::time::timeout(PATIENCE_TO_FREEZE, scoring.get_measures(request));
        match answer.await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => {
                tracing::warn!(%status, "scoring does not say the figures of units");
                Err(Away)
            }
            Err(_) => {
                tracing::warn!("scoring does not answer in time");
                Err(Away)
            }
        }
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
        Some(Arc::new(taken(definition, measures)))
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

/// The figures that a definition's rules take, of all that there are of a unit, and which are withheld.
pub(in crate::campaigns) fn taken(definition: &Definition, measures: Vec<Input>) -> Inputs {
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
    figures
}

/// What an answer follows from; none when it does not say all of it.
fn basis(answer: &pb::GetMeasuresResponse) -> Option<(Basis, FiguresBasis)> {
    let mut logs = Vec::new();
    for head in &answer.heads {
        logs.push(Basis {
            log: head.log.clone(),
            epoch: head.epoch.clone(),
            position: head.position,
            hash: head.hash.as_slice().try_into().ok()?,
        });
    }
    let own = logs.iter().position(|basis| basis.log == SCORING)?;
    let own = logs.remove(own);
    let named = |log: &&str| logs.iter().any(|basis| basis.log == **log);
    if !COUNTED.iter().all(named) {
        return None;
    }
    let utc_offset_minutes = answer.utc_offset_minutes;
    let counted_on = FiguresBasis {
        logs,
        utc_offset_minutes,
    };
    Some((own, counted_on))
}
