//! The RPCs. Each command takes one path: parse, look up, decide, append, answer.

use std::num::NonZeroUsize;
use std::sync::Arc;

use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::dossiers_service_server::DossiersService;
use contracts::log::v1::CommandContext;
use contracts::problem::Problem;
use decider::Decider;
use eventlog::EventLog;
use eventlog::command::{Aggregates, Context, ExecuteError, Executed};
use identity::Permit;
use runtime::{Clock, Ids};
use tokio::sync::watch;
use tonic::{Request, Response, Streaming};

use crate::applicant::ApplicantKey;
use crate::case::{Ask, Case, Refusal};
use crate::codes::Series;
use crate::handover;
use crate::import::Importer;
use crate::model::Reached;
use crate::query;
use crate::reference::{Reference, References};
use crate::refusal;
use crate::wire::events::{self, Codec};
use crate::wire::fields::{self, EARLIEST};
use crate::wire::requests::{Asked, Command};
use crate::wire::resource;
use crate::wire::wishes::Wish;

mod handlers;

/// How many numbers of a series are tried for one dossier. Each that is in use means that the
/// counter is behind its log, which lasts for moments after a rebuild.
const NUMBERS_TRIED: usize = 20;

/// Dossiers kept in memory to decide on, about a kilobyte each: those of a busy week.
const CASES_MAX: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();

/// The dossiers service.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    log: EventLog,
    cases: Aggregates<Codec>,
    references: References,
    key: ApplicantKey,
    clock: Clock,
    ids: Ids,
    reached: watch::Receiver<Reached>,
}

type Answer = Result<Executed<pb::Dossier>, ExecuteError<Refusal>>;

impl Api {
    pub(crate) fn new(
        log: EventLog,
        references: References,
        key: ApplicantKey,
        (clock, ids): (Clock, Ids),
        reached: watch::Receiver<Reached>,
    ) -> Self {
        Self {
            cases: Aggregates::new(log.clone(), CASES_MAX),
            log,
            references,
            key,
            clock,
            ids,
            reached,
        }
    }

    /// Obeys a command.
    async fn obey<C: Command>(&self, request: Request<C>) -> tonic::Result<Response<pb::Dossier>> {
        let permit = Permit::of(request.extensions())?;
        let answer = self.command(request.into_inner(), permit).await?;
        Ok(Response::new(answer))
    }

    async fn command<C: Command>(
        &self,
        mut request: C,
        permit: Permit,
    ) -> Result<pb::Dossier, Problem> {
        request.conceal(&self.key)?;
        let given = request.take_context();
        let context = self.context(given, C::METHOD, &request, &permit)?;
        let Asked { code, wish } = request.parse()?;
        let reference = self.references.now()?;
        admit_acting(&reference, &context, &permit)?;
        let at = context.occurred_at;
        let own_answer = permit.clone();
        let answer = match code {
            Some(code) => {
                self.execute(
                    &Ask {
                        code,
                        at,
                        wish,
                        reference,
                        permit,
                    },
                    &context,
                )
                .await
            }
            None => self.file(wish, reference, permit, context).await?,
        };
        let Executed {
            response,
            position,
            replayed,
        } = answer.map_err(refusal::problem)?;
        if replayed {
            // It is what the same caller was answered when it was asked.
            own_answer.no_unit_to_check();
        }
        Ok(pb::Dossier {
            position,
            ..response
        })
    }

    /// The context of a command: who gives it, when, and on what conditions.
    fn context(
        &self,
        given: Option<CommandContext>,
        method: &'static str,
        request: &impl prost::Message,
        permit: &Permit,
    ) -> Result<Context, Problem> {
        let (now, fresh_id) = (self.clock.now(), self.ids.uuid());
        let mut context = Context::parse(given, method, request, now, fresh_id)?.by(permit)?;
        if context.occurred_at < EARLIEST {
            return Err(Problem::invalid(
                "context.occurred_at",
                "lies before 1990; correct it",
            ));
        }
        context.traceparent = runtime::telemetry::traceparent().unwrap_or_default();
        Ok(context)
    }

    /// Hands the unfinished dossiers of a unit that ended over.
    async fn succeed(
        &self,
        mut request: pb::HandOverUnitRequest,
        permit: Permit,
    ) -> Result<pb::HandOverUnitResponse, Problem> {
        let given = request.context.take();
        let context = self.context(given, handover::METHOD, &request, &permit)?;
        if context.expected_version.is_some() {
            let why = "has no meaning for many dossiers; leave it out";
            return Err(Problem::invalid("context.expected_version", why));
        }
        let wanted = handover::Wanted::parse(request)?;
        let reference = self.references.now()?;
        admit_acting(&reference, &context, &permit)?;
        let hand_over = handover::HandOver {
            log: &self.log,
            reached: self.reached.clone(),
            reference,
            permit,
            context,
        };
        hand_over.run(wanted).await
    }

    /// Decides and appends.
    async fn execute(&self, ask: &Ask, context: &Context) -> Answer {
        let stream = events::stream(ask.code.as_str());
        self.cases
            .execute(
                &stream,
                context,
                |case, _| case.decide(ask.clone()),
                |case, version| resource::dossier(&case.0, version, 0, context.received_at),
            )
            .await
    }

    /// Files a dossier under the next code of its agency and day.
    async fn file(
        &self,
        wish: Wish,
        reference: Arc<Reference>,
        permit: Permit,
        mut context: Context,
    ) -> Result<Answer, Problem> {
        if let Some(expected) = context.expected_version.filter(|expected| *expected > 0) {
            let message = "a new dossier has no version yet; leave expected_version out";
            return Err(Problem::conflict(message, expected, 0));
        }
        // What exists already under a code that is to be given conflicts, never mixes.
        context.expected_version = Some(0);
        let at = context.occurred_at;
        let content = match &wish {
            Wish::Register(content)
            | Wish::Receive {
                content: Some(content),
                ..
            } => content,
            _ => {
                return Err(Problem::invalid(
                    "code",
                    "is missing; name a registered dossier",
                ));
            }
        };
        let agency = reference.agency(&content.receiving_unit, at)?;
        let series = Series::new(agency.as_str(), reference.day(at)?);
        let ask = |code| Ask {
            code,
            at,
            wish: wish.clone(),
            reference: reference.clone(),
            permit: permit.clone(),
        };
        if let Some(code) = self.code_given_before(&context).await? {
            return Ok(self.execute(&ask(code), &context).await);
        }
        // A command that will be refused must not use up a number.
        if let Err(refused) = Case::default().decide(ask(series.first()?)) {
            return Ok(Err(ExecuteError::Refused(refused)));
        }
        for _ in 0..NUMBERS_TRIED {
            let code = match context.validate_only {
                true => series.peek(self.log.pool()).await?,
                false => series.take(self.log.pool()).await?,
            };
            match self.execute(&ask(code), &context).await {
                Err(ExecuteError::Conflict { .. }) => {}
                answer => return Ok(answer),
            }
        }
        Err(Problem::unavailable(
            "the counter of codes is being brought up to date; retry",
        ))
    }

    /// The code that the first call with this request id was given.
    async fn code_given_before(
        &self,
        context: &Context,
    ) -> Result<Option<ids::DossierCode>, Problem> {
        if !context.repeatable || context.validate_only {
            return Ok(None);
        }
        let Some(receipt) = self.log.receipt(context.request_id).await? else {
            return Ok(None);
        };
        let first = <pb::Dossier as prost::Message>::decode(receipt.response).unwrap_or_default();
        match first.code.parse() {
            Ok(code) if receipt.method == context.method => Ok(Some(code)),
            _ => Err(refusal::problem(ExecuteError::RequestIdReused)),
        }
    }

    async fn dossier(
        &self,
        request: pb::GetDossierRequest,
        permit: &Permit,
    ) -> Result<pb::Dossier, Problem> {
        let code = fields::dossier(&request.code)?;
        let as_of = fields::moment("as_of", request.as_of.as_ref())?;
        if request.version < 0 {
            return Err(Problem::invalid(
                "version",
                "is negative; 0 asks for the newest",
            ));
        }
        if request.version > 0 && as_of.is_some() {
            return Err(Problem::invalid(
                "as_of",
                "cannot come together with version; choose one",
            ));
        }
        if permit.depends_on_unit() {
            self.admit_reader(&code, permit).await?;
        }
        query::dossier(&self.log, &code, request.version, as_of, self.clock.now()).await
    }

    /// Whether a caller may read a dossier; the same refusal whether it is another unit's or none.
    async fn admit_reader(&self, code: &ids::DossierCode, permit: &Permit) -> Result<(), Problem> {
        let stream = events::stream(code.as_str());
        let loaded = eventlog::command::load::<Codec>(&self.log, &stream).await?;
        let units = loaded.state.0.filed().map(|filed| {
            let filing = &filed.filing;
            let steps = filed.steps.values().map(|step| &step.unit);
            [&filing.receiving_unit, &filing.unit]
                .into_iter()
                .chain(steps)
                .collect::<Vec<_>>()
        });
        let reference = self.references.now()?;
        reference.admit(permit, &units.unwrap_or_default())
    }

    async fn import(
        &self,
        rows: Streaming<pb::ImportDossiersRequest>,
        permit: Permit,
    ) -> tonic::Result<pb::ImportDossiersResponse> {
        let reference = self.references.now()?;
        Importer::new(&self.log, reference, &self.key, &self.clock, permit)
            .import(rows)
            .await
    }

    /// The code that names a unit, for a filter; a code that nobody knows stays as it is. Whoever
    /// may not read every unit's names one.
    fn canonical(&self, unit: &str, permit: &Permit) -> Result<Option<String>, Problem> {
        if unit.is_empty() {
            return match permit.depends_on_unit() {
                true => Err(permit.denial()),
                false => Ok(None),
            };
        }
        let code = fields::code("unit", unit)?;
        let reference = self.references.now()?;
        reference.admit(permit, &[&code])?;
        Ok(Some(reference.resolve(&code).to_string()))
    }
}

/// Whether a caller may act as of the unit that the command names.
fn admit_acting(reference: &Reference, context: &Context, permit: &Permit) -> Result<(), Problem> {
    if context.unit.is_empty() {
        return Ok(());
    }
    let unit = fields::code("context.unit", &context.unit)?;
    reference.admit(permit, &[&unit])
}
