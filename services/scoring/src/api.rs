//! The gRPC service: parse, wait for what was asked, answer.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use contracts::log::v1::{AtLeast, Cause};
use contracts::problem::Problem;
use contracts::scoring::v1 as pb;
use contracts::scoring::v1::scoring_service_server::ScoringService;
use eventlog::EventLog;
use figures::{Ledger, View};
use futures::Stream;
use identity::Permit;
use ids::{IndexKey, LeafCode, Period, Subject, UnitCode};
use index::InputKind;
use jetstream::Progress;
use jiff::tz::Offset;
use readmodel::{Rebuilding, Rebuilds, Shown};
use sqlx::PgPool;
use tokio::time::Instant;
use tonic::{Request, Response, Result};

use crate::explain::{self, Behind, Whose};
use crate::handler::Scorer;
use crate::model::Model;
use crate::organised::Judged;
use crate::rescore;

mod measures;
mod scores;

/// Dossiers named for each figure when the caller does not say.
const DOSSIERS_DEFAULT: usize = 10;
/// Dossiers named for each figure at most.
const DOSSIERS_MAX: usize = 200;
/// How long a query waits for `at_least`; the server cuts it off earlier when its own deadline comes first.
const WAIT: Duration = Duration::from_secs(60);

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

/// What the service is made of.
pub(crate) struct Parts {
    pub(crate) model: Shown<Model>,
    pub(crate) tables: PgPool,
    pub(crate) log: EventLog,
    pub(crate) progress: Progress,
    pub(crate) rebuilds: Arc<Rebuilds<Scorer>>,
    pub(crate) offset: Offset,
}

/// Answers calls.
pub(crate) struct Api {
    parts: Parts,
}

impl Api {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts }
    }

    async fn reflect(&self, at_least: &[AtLeast]) -> Result<(), Problem> {
        for AtLeast { log, position } in at_least {
            if *position < 0 {
                return Err(Problem::invalid(
                    "at_least.position",
                    "is negative; send one that a command answered",
                ));
            }
            let deadline = Instant::now() + WAIT;
            self.parts
                .progress
                .wait(log, *position, deadline)
                .await
                .map_err(|error| match error {
                    jetstream::WaitError::NotFollowed { .. } => {
                        Problem::invalid("at_least.log", error.to_string())
                    }
                    jetstream::WaitError::Behind { .. } => Problem::deadline(error.to_string()),
                })?;
        }
        Ok(())
    }

    fn basis(&self) -> Vec<Cause> {
        let positions = self.parts.progress.positions();
        let cause = |(log, position): (&str, i64)| Cause {
            log: log.to_owned(),
            position,
        };
        positions.into_iter().map(cause).collect()
    }
}

#[tonic::async_trait]
impl ScoringService for Api {
    async fn explain_score(
        &self,
        request: Request<pb::ExplainScoreRequest>,
    ) -> Result<Response<pb::ExplainScoreResponse>> {
        let permit = Permit::of(request.extensions())?;
        let request = request.into_inner();
        let asked = Asked::parse(&request)?;
        self.reflect(request.at_least.as_slice()).await?;
        let (mut answer, whose) = self.explained(&asked, &permit).await?;
        if asked.dossiers > 0 {
            self.add_dossiers(&asked, &whose, &mut answer).await?;
        }
        answer.basis = self.basis();
        Ok(Response::new(answer))
    }

    async fn get_measures(
        &self,
        request: Request<pb::GetMeasuresRequest>,
    ) -> Result<Response<pb::GetMeasuresResponse>> {
        let request = request.into_inner();
        let asked = measures::Asked::parse(&request)?;
        self.reflect(request.at_least.as_slice()).await?;
        Ok(Response::new(self.measures(&asked).await?))
    }

    async fn get_scores(
        &self,
        request: Request<pb::GetScoresRequest>,
    ) -> Result<Response<pb::GetScoresResponse>> {
        let request = request.into_inner();
        let asked = scores::Asked::parse(&request)?;
        self.reflect(request.at_least.as_slice()).await?;
        let model = self.parts.model.read().await?;
        let mut answer = scores::answer(&View::new(&model.ledger), &asked)?;
        answer.basis = self.basis();
        Ok(Response::new(answer))
    }

    async fn get_progress(
        &self,
        request: Request<pb::GetProgressRequest>,
    ) -> Result<Response<pb::GetProgressResponse>> {
        self.reflect(&request.into_inner().at_least).await?;
        // What was derived is in the log already: it is committed together with the progress. The database is asked,
        // as another replica may have appended it.
        let head = self.parts.log.head().await.map_err(|error| {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot read the log's head"
            );
            Problem::unavailable("the log is out of reach; repeat the call")
        })?;
        let position = head.position;
        Ok(Response::new(pb::GetProgressResponse {
            applied: self.basis(),
            position,
        }))
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

/// A checked request for an explanation.
struct Asked {
    key: IndexKey,
    leaf: LeafCode,
    dossiers: usize,
    now: bool,
}

impl Asked {
    fn parse(request: &pb::ExplainScoreRequest) -> Result<Self, Problem> {
        let index: ids::IndexCode = request
            .index
            .parse()
            .map_err(|error: ids::CodeError| Problem::invalid("index", error.to_string()))?;
        let leaf = request
            .leaf
            .parse()
            .map_err(|error: ids::CodeError| Problem::invalid("leaf", error.to_string()))?;
        let dossiers = match usize::try_from(request.dossiers) {
            Ok(0) => DOSSIERS_DEFAULT,
            Ok(dossiers) => dossiers.min(DOSSIERS_MAX),
            Err(_) => return Err(Problem::invalid("dossiers", "is negative; give 0 to 200")),
        };
        let key = IndexKey {
            index: index.to_string(),
            period: parse_period(&request.period)?,
            subject: parse_subject(&request.subject)?,
        };
        Ok(Self {
            key,
            leaf,
            dossiers,
            now: parse_organised(request.organised)?,
        })
    }
}

impl Api {
    /// The explanation without dossiers, and whose those would be.
    async fn explained(
        &self,
        asked: &Asked,
        permit: &Permit,
    ) -> Result<(pb::ExplainScoreResponse, Whose), Problem> {
        let model = self.parts.model.read().await?;
        let IndexKey {
            index,
            period,
            subject,
        } = asked.key.clone();
        let subject = resolve(&model.ledger, subject);
        admit(permit, &model.ledger, &subject)?;
        let view = View::new(&model.ledger);
        let judged = judged(&view, period, subject, asked.now)?;
        let subject = &judged.subject;
        let definition = judged
            .definition(&index)
            .ok_or_else(|| no_definition(&index, subject, period))?;
        let leaf = definition.leaf(&asked.leaf).ok_or_else(|| {
            let message = format!("index {index} has no leaf {}", asked.leaf);
            Problem::not_found("NO_LEAF", message)
        })?;
        let score = judged.score(definition, leaf);
        let inputs = leaf.inputs().filter_map(|name| {
            let input = definition.input(name.as_str())?;
            let value = judged.figures.value(definition, name.as_str());
            let withheld = judged.figures.withheld(definition, name.as_str());
            Some(pb::ExplainedInput {
                name: name.to_string(),
                value: value
                    .map(|value| value.normalize().to_string())
                    .unwrap_or_default(),
                withheld_reason: match value {
                    Some(_) => String::new(),
                    None => withheld.unwrap_or_default().to_owned(),
                },
                label_vi: input.label.vi.clone(),
                label_en: input.label.en.clone(),
                source: source(input.kind).to_owned(),
                dossiers: Vec::new(),
                dossier_count: 0,
            })
        });
        let answer = pb::ExplainScoreResponse {
            index,
            edition: definition.edition().to_owned(),
            period: period.to_string(),
            subject: subject.to_string(),
            score: Some(rescore::wire(leaf.code(), &score)),
            leaf_number: leaf.number().to_owned(),
            leaf_name_vi: leaf.name().vi.clone(),
            leaf_name_en: leaf.name().en.clone(),
            rule: leaf.rule(),
            calculation: leaf.calculation(&score),
            inputs: inputs.collect(),
            basis: Vec::new(),
            predecessors: judged
                .predecessors(|name| leaf.inputs().any(|input| input.as_str() == name)),
        };
        let whose = Whose {
            units: judged.members.iter().map(ToString::to_string).collect(),
            offer: view.offer_of(&judged.members, period),
        };
        Ok((answer, whose))
    }

    async fn add_dossiers(
        &self,
        asked: &Asked,
        whose: &Whose,
        answer: &mut pb::ExplainScoreResponse,
    ) -> Result<(), Problem> {
        let unavailable = |error: sqlx::Error| {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot read the dossiers behind a score"
            );
            Problem::unavailable("the read model is out of reach; repeat the call")
        };
        let names: BTreeSet<&str> = answer
            .inputs
            .iter()
            .filter(|input| input.source == "dossiers")
            .map(|input| input.name.as_str())
            .collect();
        let mut connection = self.parts.tables.acquire().await.map_err(unavailable)?;
        let when = (asked.key.period, self.parts.offset);
        let mut behind =
            explain::dossiers_behind(&mut connection, whose, when, &names, asked.dossiers)
                .await
                .map_err(unavailable)?;
        for input in &mut answer.inputs {
            let found: Behind = behind.remove(&input.name).unwrap_or_default();
            input.dossier_count = found.count;
            input.dossiers = found.dossiers();
        }
        Ok(())
    }
}

fn source(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Flow | InputKind::Stock => "dossiers",
        InputKind::Registry => "registry",
        InputKind::Reported => "reported",
        InputKind::Appraised => "appraised",
        InputKind::Surveyed => "surveyed",
    }
}

fn parse_period(text: &str) -> Result<Period, Problem> {
    text.parse()
        .map_err(|error: ids::PeriodError| Problem::invalid("period", error.to_string()))
}

fn parse_subject(text: &str) -> Result<Subject, Problem> {
    text.parse()
        .map_err(|error: ids::CodeError| Problem::invalid("subject", error.to_string()))
}

/// Whether the subject is meant as units are organised now.
fn parse_organised(organised: i32) -> Result<bool, Problem> {
    match pb::Organised::try_from(organised) {
        Ok(organised) => Ok(organised == pb::Organised::Now),
        Err(_) => Err(Problem::invalid(
            "organised",
            "is no value of Organised; send ORGANISED_THEN or ORGANISED_NOW",
        )),
    }
}

fn judged<'a>(
    view: &View<'a>,
    period: Period,
    subject: Subject,
    now: bool,
) -> Result<Judged<'a>, Problem> {
    match now {
        true => Judged::now(view, period, subject),
        false => Ok(Judged::then(view, period, subject)),
    }
}

fn no_definition(index: &str, subject: &Subject, period: Period) -> Problem {
    let message = format!("index {index} does not judge {subject} in {period}");
    Problem::not_found("NO_DEFINITION", message)
}

/// A unit by the code that names it, whichever of its codes was asked with.
fn resolve(ledger: &Ledger, subject: Subject) -> Subject {
    match &subject {
        Subject::Unit(code) => ledger
            .directory
            .resolve(code)
            .cloned()
            .map_or(subject, Subject::Unit),
        Subject::Group(_) => subject,
    }
}

/// Whether a call may be about a subject; a group is nobody's own unit.
fn admit(permit: &Permit, ledger: &Ledger, subject: &Subject) -> Result<(), Problem> {
    match subject {
        Subject::Unit(unit) => {
            let concerns = |own: &UnitCode| ledger.directory.resolve(own).unwrap_or(own) == unit;
            permit.may_act_where(concerns, std::slice::from_ref(unit))
        }
        Subject::Group(_) if permit.depends_on_unit() => Err(permit.denial()),
        Subject::Group(_) => Ok(()),
    }
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
