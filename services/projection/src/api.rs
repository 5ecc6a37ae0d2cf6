//! The gRPC service: parse, wait for what was asked, answer.

mod histories;

use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use contracts::projection::v1 as pb;
use contracts::projection::v1::projection_service_server::ProjectionService;
use contracts::projection::v1::watch_indices_response::Kind;
use contracts::scoring::v1 as scoring;
use contracts::wire;
use eventlog::EventLog;
use futures::Stream;
use ids::{IndexKey, Period, Subject};
use jetstream::Progress;
use jiff::Timestamp;
use readmodel::{Rebuilding, Rebuilds, Shown};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Request, Response, Result};

use crate::handler::Projector;
use crate::model::{IndexRow, Model};
use crate::watch::{Broadcast, Filter};
use crate::{aggregate, ask, history, organised, resource, watch};

/// A group's ranking fits on one page.
const RANKING: Sizes = Sizes {
    default: 200,
    max: 1_000,
};
/// Subjects that a watch may name.
const SUBJECTS_MAX: usize = 1_000;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

/// What the service is made of.
pub(crate) struct Parts {
    pub(crate) model: Shown<Model>,
    pub(crate) log: EventLog,
    pub(crate) live: Broadcast,
    pub(crate) progress: Progress,
    pub(crate) scoring: Channel,
    pub(crate) rebuilds: Arc<Rebuilds<Projector>>,
}

/// Answers calls.
pub(crate) struct Api {
    parts: Parts,
}

impl Api {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts }
    }

    async fn reflect(&self, at_least: Option<contracts::log::v1::AtLeast>) -> Result<()> {
        ask::reflect(&self.parts.progress, &self.parts.scoring, at_least).await
    }

    /// How far the scoring log is applied.
    fn position(&self) -> i64 {
        self.parts.progress.position("scoring").unwrap_or(0)
    }
}

#[tonic::async_trait]
impl ProjectionService for Api {
    async fn get_unit_index(
        &self,
        request: Request<pb::GetUnitIndexRequest>,
    ) -> Result<Response<pb::UnitIndex>> {
        let request = request.into_inner();
        let (index, period) = (ask::index(&request.index)?, ask::period(&request.period)?);
        let moment = request.as_of.map(|at| {
            wire::instant(&at)
                .ok_or_else(|| Problem::invalid("as_of", "is not a moment of the years 1 to 9999"))
        });
        let moment = moment.transpose()?;
        let now = organised::now(request.organised)?;
        if now && moment.is_some() {
            let why = "cannot come together with as_of; ask as units were organised then";
            return Err(Problem::invalid("organised", why).into());
        }
        self.reflect(request.at_least).await?;
        let model = self.parts.model.read().await?;
        let subject = ask::subject(&model, &request.subject)?;
        if now {
            let asked = organised::Asked::of(&model, index, period, subject);
            drop(model);
            let found = self.as_organised_now(&asked, request.with_leaves).await?;
            return Ok(Response::new(found));
        }
        let key = IndexKey {
            index,
            period,
            subject,
        };
        if let Some(moment) = moment {
            drop(model);
            return Ok(Response::new(
                self.then(&key, moment, request.with_leaves).await?,
            ));
        }
        let row = model.indices.get(&key).ok_or_else(|| ask::unknown(&key))?;
        let found = resource::unit_index(&model, &key, row, request.with_leaves, self.position());
        Ok(Response::new(found))
    }

    async fn list_rankings(
        &self,
        request: Request<pb::ListRankingsRequest>,
    ) -> Result<Response<pb::ListRankingsResponse>> {
        let request = request.into_inner();
        let (index, period) = (ask::index(&request.index)?, ask::period(&request.period)?);
        let group = ask::group(&request.group)?;
        let organised = request.organised;
        let list = format!("rankings {index} {period} {group} {organised}");
        let page = Page::parse(list, request.page_size, &request.page_token, RANKING)?;
        let now = organised::now(request.organised)?;
        self.reflect(request.at_least).await?;
        if now {
            let asked = organised::Asked {
                index,
                period,
                subject: None,
                group: Some(group),
            };
            let mut indices = self.reckoned(&asked).await?;
            indices.iter_mut().for_each(|index| index.leaves.clear());
            let (indices, next_page_token) = page.take(indices.into_iter(), organised::place);
            return Ok(Response::new(pb::ListRankingsResponse {
                indices,
                next_page_token,
            }));
        }
        let model = self.parts.model.read().await?;
        let rows = ranking(&model, &index, period, group);
        let (rows, next_page_token) = page.take(rows.into_iter(), |(key, row)| place(key, row));
        let position = self.position();
        let indices = rows
            .into_iter()
            .map(|(key, row)| resource::unit_index(&model, key, row, false, position));
        let answer = pb::ListRankingsResponse {
            indices: indices.collect(),
            next_page_token,
        };
        Ok(Response::new(answer))
    }

    async fn get_history(
        &self,
        request: Request<pb::GetHistoryRequest>,
    ) -> Result<Response<pb::GetHistoryResponse>> {
        Ok(Response::new(self.history(request.into_inner()).await?))
    }

    type WatchIndicesStream = Answers<pb::WatchIndicesResponse>;

    async fn watch_indices(
        &self,
        request: Request<pb::WatchIndicesRequest>,
    ) -> Result<Response<Self::WatchIndicesStream>> {
        let request = request.into_inner();
        let model = self.parts.model.read().await?;
        let filter = filter(&model, &request)?;
        let (position, first) = if request.resume_token.is_empty() {
            // The model cannot move while it is read, and the log was told before the model was shown.
            let position = *self.parts.log.heads().borrow();
            let current = if request.changes_only {
                VecDeque::new()
            } else {
                current(&model, &filter, self.position())
            };
            (position, current)
        } else {
            (
                watch::resume(&self.parts.log, &filter, &request.resume_token)?,
                VecDeque::new(),
            )
        };
        drop(model);
        let answers = watch::start(&self.parts.live, filter, position, first);
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }

    type RebuildModelStream = Answers<pb::RebuildModelResponse>;

    async fn rebuild_model(
        &self,
        _request: Request<pb::RebuildModelRequest>,
    ) -> Result<Response<Self::RebuildModelStream>> {
        let answers = self.parts.rebuilds.start(rebuilding)?;
        Ok(Response::new(Box::pin(answers)))
    }
}

impl Api {
    /// What follows for the units as they are organised now.
    async fn reckoned(&self, asked: &organised::Asked) -> Result<Vec<pb::UnitIndex>> {
        let scores = asked.scores(&self.parts.scoring).await?;
        let model = self.parts.model.read().await?;
        Ok(asked.indices(&model, scores)?)
    }

    /// A subject's index as units are organised now.
    async fn as_organised_now(
        &self,
        asked: &organised::Asked,
        with_leaves: bool,
    ) -> Result<pb::UnitIndex> {
        let wanted = asked.subject.as_ref().map(ToString::to_string);
        let mut indices = self.reckoned(asked).await?.into_iter();
        let found = indices.find(|index| Some(&index.subject) == wanted.as_ref());
        let mut found = found.ok_or_else(|| asked.unknown())?;
        if !with_leaves {
            found.leaves.clear();
        }
        Ok(found)
    }

    /// An index as the log knew it at a moment.
    async fn then(
        &self,
        key: &IndexKey,
        moment: Timestamp,
        with_leaves: bool,
    ) -> Result<pb::UnitIndex, Problem> {
        let then = history::as_of(&self.parts.log, key, moment)
            .await?
            .ok_or_else(|| ask::unknown(key).with("as_of", moment.to_string()))?;
        let told = then.index;
        let row = IndexRow {
            edition: told.edition,
            exact: told.total.clone(),
            total: told.total,
            max: told.max,
            reason: String::new(),
            components: told.components.into_iter().map(Into::into).collect(),
            band: told.band,
            rank: told.rank,
            ranked: told.ranked,
        };
        let model = self.parts.model.read().await?;
        let mut found = resource::unit_index(&model, key, &row, false, 0);
        // What it changed by is against the period before as it is known now: not what was known then.
        found.change = String::new();
        found.rank_before = 0;
        if with_leaves {
            found.leaves = then
                .leaves
                .into_values()
                .map(|leaf| scoring::LeafScore {
                    leaf: leaf.leaf,
                    points: leaf.points,
                    max: leaf.max,
                    ..scoring::LeafScore::default()
                })
                .collect();
        }
        Ok(found)
    }
}

/// A group's indices: ranked ones by rank, then the others, by code.
fn ranking<'a>(
    model: &'a Model,
    index: &str,
    period: Period,
    group: &str,
) -> Vec<(&'a IndexKey, &'a IndexRow)> {
    let mut rows: Vec<_> = model
        .indices
        .iter()
        .filter(|(key, _)| key.index == index && key.period == period)
        .filter(|(key, _)| matches!(key.subject, Subject::Unit(_)))
        .filter(|(key, _)| aggregate::group_of(model, key) == Some(group))
        .collect();
    rows.sort_by_cached_key(|(key, row)| place(key, row));
    rows
}

/// Sorts a ranking: no rank comes last.
fn place(key: &IndexKey, row: &IndexRow) -> String {
    let rank = if row.rank == 0 { i32::MAX } else { row.rank };
    format!("{rank:010} {}", key.subject)
}

fn filter(model: &Model, request: &pb::WatchIndicesRequest) -> Result<Filter, Problem> {
    if !request.index.is_empty() {
        ask::index(&request.index)?;
    }
    if !request.period.is_empty() {
        ask::period(&request.period)?;
    }
    if request.subjects.len() > SUBJECTS_MAX {
        let why =
            format!("names more than {SUBJECTS_MAX}; watch every subject and choose at your end");
        return Err(Problem::invalid("subjects", why));
    }
    let mut subjects = BTreeSet::new();
    for subject in &request.subjects {
        subjects.insert(ask::subject(model, subject)?.to_string());
    }
    Ok(Filter {
        index: request.index.clone(),
        period: request.period.clone(),
        subjects,
    })
}

/// What a watch starts with.
fn current(model: &Model, filter: &Filter, position: i64) -> VecDeque<Kind> {
    model
        .indices
        .iter()
        .filter(|(key, _)| {
            filter.admits(
                &key.index,
                &key.period.to_string(),
                &key.subject.to_string(),
            )
        })
        .map(|(key, row)| Kind::Current(resource::unit_index(model, key, row, false, position)))
        .collect()
}

fn rebuilding(told: Rebuilding) -> pb::RebuildModelResponse {
    pb::RebuildModelResponse {
        applied: told.applied,
        total: told.total,
        rate: told.rate,
        seconds_left: told.seconds_left,
        stage: told.stage.to_owned(),
        differences: told.differences,
        content_hash: told.content_hash,
    }
}
