//! Commands to instruments and waves.

use std::collections::{BTreeMap, BTreeSet};

use contracts::assessments::v1 as pb;
use contracts::log::v1::CommandContext;
use contracts::problem::Problem;
use contracts::wire::instant;
use decider::Decider as _;
use eventlog::command::{Context, execute};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use identity::Permit;
use ids::{Period, UnitCode};
use jiff::Timestamp;
use prost::Message;
use survey::{
    Ballot, Code, Edition, Instrument, InstrumentCommand, InstrumentEvent, InstrumentRefusal, Plan,
    Stage, Wave, WaveCommand,
};
use uuid::Uuid;

use super::Api;
use crate::surveys::codec::{InstrumentCodec, WaveCodec, instrument_stream, wave_stream};
use crate::surveys::wire::{self, events};

/// Fewest answers that a figure rests on unless a plan says otherwise: official tables leave smaller cells blank.
const MINIMUM: i32 = 15;
/// Most tokens of a call: an answer stays far below what a message may hold.
const TOKENS_MAX: i32 = 10_000;
/// Units asked of the registry at a time.
const UNITS_IN_FLIGHT: usize = 16;
/// The namespace of the ids of commands that follow from planning a wave; drawn once, for ever.
const USES: Uuid = Uuid::from_u128(0x3b7e_90d4_1c6f_4a58_b2e9_07d3_5fa1_c864);

impl Api {
    pub(super) async fn put(
        &self,
        mut request: pb::PutInstrumentRequest,
        permit: &Permit,
    ) -> Result<pb::Instrument, Problem> {
        let context = request.context.take();
        let context = self.context(context, "PutInstrument", &request, permit)?;
        let edition = wire::sound_edition(request.edition)?;
        let name = edition.name.clone();
        let executed = execute::<InstrumentCodec, pb::Instrument>(
            &self.log,
            &instrument_stream(&edition.instrument),
            &context,
            |instrument, _| instrument.decide(InstrumentCommand::Put(edition.clone())),
            |instrument, version| match instrument.edition(Some(&name)) {
                Some((edition, used)) => {
                    wire::instrument(wire::edition::edition(edition), used, version)
                }
                None => pb::Instrument::default(),
            },
        )
        .await
        .map_err(|error| error.problem(wire::instrument_refused))?;
        self.shown(executed.position).await;
        Ok(pb::Instrument {
            position: executed.position,
            ..executed.response
        })
    }

    /// Plans a wave. The edition is taken into use first, and only when the wave would take the plan: so neither a
    /// refused plan nor a crash in between leaves more than an edition that stays as it is.
    pub(super) async fn plan(
        &self,
        mut request: pb::PlanWaveRequest,
        permit: &Permit,
    ) -> Result<pb::Wave, Problem> {
        let context = request.context.take();
        let context = self.context(context, "PlanWave", &request, permit)?;
        let plan = self.read_plan(&request).await?;
        self.judging.check(&plan).await?;
        let decide = |wave: &Wave| wave.decide(WaveCommand::Plan(Box::new(plan.clone())));
        let trial = Context {
            validate_only: true,
            ..context.clone()
        };
        let tried = self.wave_command(&plan.wave, &trial, decide).await?;
        let mut used = Context::internal(
            "PlanWave",
            &context.actor,
            Uuid::new_v5(
                &USES,
                format!("{}\0{}", plan.wave, plan.edition.name).as_bytes(),
            ),
            context.received_at,
        );
        used.repeatable = false;
        used.validate_only = context.validate_only;
        used.correlation_id = context.correlation_id;
        used.client.clone_from(&context.client);
        used.roles.clone_from(&context.roles);
        self.take_into_use(&used, &plan).await?;
        if context.validate_only {
            return Ok(tried);
        }
        self.wave_command(&plan.wave, &context, decide).await
    }

    async fn take_into_use(&self, context: &Context, plan: &Plan) -> Result<(), Problem> {
        let command = || InstrumentCommand::Use {
            edition: plan.edition.clone(),
            wave: plan.wave.clone(),
        };
        let decide = |instrument: &Instrument| -> Result<Vec<InstrumentEvent>, InstrumentRefusal> {
            instrument.decide(command())
        };
        execute::<InstrumentCodec, pb::Instrument>(
            &self.log,
            &instrument_stream(&plan.edition.instrument),
            context,
            |instrument, _| decide(instrument),
            |_, _| pb::Instrument::default(),
        )
        .await
        .map_err(|error| error.problem(wire::instrument_refused))?;
        Ok(())
    }

    async fn read_plan(&self, request: &pb::PlanWaveRequest) -> Result<Plan, Problem> {
        let invalid = |field: &'static str| move |why: String| Problem::invalid(field, why);
        let moment = |field: &'static str, at: Option<&prost_types::Timestamp>| {
            let at = at.and_then(instant);
            at.ok_or_else(|| Problem::invalid(field, "needs an instant of the years 1 to 9999"))
        };
        let units = request.units.iter().map(|text| events::unit(text));
        let units: BTreeSet<UnitCode> =
            units.collect::<Result<_, _>>().map_err(invalid("units"))?;
        let mut quotas = BTreeMap::new();
        for quota in &request.quotas {
            let unit = events::unit(&quota.unit).map_err(invalid("quotas"))?;
            let group = events::code(&quota.group).map_err(invalid("quotas"))?;
            let ballots = u32::try_from(quota.ballots).ok();
            let ballots = ballots.filter(|it| (1..=survey::BALLOTS_MAX).contains(it));
            let ballots = ballots
                .ok_or_else(|| Problem::invalid("quotas", "must be of 1 to 1,000,000 ballots"))?;
            quotas.insert((unit, group), ballots);
        }
        let minimum = match request.minimum {
            0 => MINIMUM,
            said => said,
        };
        let plan = Plan {
            wave: wire::code("wave", &request.wave)?,
            title: request.title.clone(),
            edition: self.edition(&request.instrument, &request.edition)?,
            period: request
                .period
                .parse::<Period>()
                .map_err(|error| Problem::invalid("period", error.to_string()))?,
            units,
            quotas,
            opens_at: moment("opens_at", request.opens_at.as_ref())?,
            closes_at: moment("closes_at", request.closes_at.as_ref())?,
            minimum: events::read_count(minimum).map_err(invalid("minimum"))?,
        };
        match plan.faults() {
            faults if faults.is_empty() => self.resolve(plan).await,
            faults => Err(wire::invalid(faults)),
        }
    }

    fn edition(&self, instrument: &str, edition: &str) -> Result<Edition, Problem> {
        let instrument = wire::code("instrument", instrument)?;
        let edition = wire::code("edition", edition)?;
        let view = self.view.borrow();
        let known = view.surveys.instruments.get(instrument.as_str());
        let found = known.and_then(|kept| kept.state.edition(Some(&edition)));
        found
            .map(|(edition, _)| edition.clone())
            .ok_or_else(|| super::answers::no_instrument(instrument.as_str(), edition.as_str()))
    }

    /// The plan with the units under their primary codes.
    async fn resolve(&self, plan: Plan) -> Result<Plan, Problem> {
        let known: BTreeMap<UnitCode, UnitCode> = stream::iter(plan.units.clone())
            .map(|unit| async { Ok::<_, Problem>((unit.clone(), self.units.resolve(unit).await?)) })
            .buffer_unordered(UNITS_IN_FLIGHT)
            .try_collect()
            .await?;
        let primary = |unit: &UnitCode| known.get(unit).unwrap_or(unit).clone();
        Ok(Plan {
            units: plan.units.iter().map(primary).collect(),
            quotas: plan
                .quotas
                .iter()
                .map(|((unit, group), ballots)| ((primary(unit), group.clone()), *ballots))
                .collect(),
            ..plan
        })
    }

    pub(super) async fn open(
        &self,
        mut request: pb::OpenWaveRequest,
        permit: &Permit,
    ) -> Result<pb::Wave, Problem> {
        let context = request.context.take();
        let context = self.context(context, "OpenWave", &request, permit)?;
        let wave = wire::code("wave", &request.wave)?;
        // What it feeds may have been retired since it was planned.
        let planned = self.planned(&wave);
        if let Some(plan) = planned {
            self.judging.check(&plan).await?;
        }
        let now: Timestamp = context.received_at;
        self.wave_command(&wave, &context, |wave| {
            wave.decide(WaveCommand::Open { now })
        })
        .await
    }

    /// The plan of a wave that is not open yet.
    fn planned(&self, wave: &Code) -> Option<Plan> {
        let view = self.view.borrow();
        let kept = view.surveys.wave(wave)?;
        let plan = kept.state.plan()?;
        (kept.state.stage() == Some(Stage::Planned)).then(|| plan.clone())
    }

    pub(super) async fn close(
        &self,
        mut request: pb::CloseWaveRequest,
        permit: &Permit,
    ) -> Result<pb::Wave, Problem> {
        let context = request.context.take();
        let context = self.context(context, "CloseWave", &request, permit)?;
        let wave = wire::code("wave", &request.wave)?;
        self.wave_command(&wave, &context, |wave| wave.decide(WaveCommand::Close))
            .await
    }

    pub(super) async fn withhold(
        &self,
        mut request: pb::WithholdResultsRequest,
        permit: &Permit,
    ) -> Result<pb::Wave, Problem> {
        let context = request.context.take();
        let (context, wave, unit, reason) = self.about_results(
            context,
            "WithholdResults",
            &request,
            [&request.wave, &request.unit, &request.reason],
            permit,
        )?;
        let decide = |wave: &Wave| {
            let (unit, reason) = (unit.clone(), reason.clone());
            wave.decide(WaveCommand::Withhold { unit, reason })
        };
        self.wave_command(&wave, &context, decide).await
    }

    pub(super) async fn lift(
        &self,
        mut request: pb::ReleaseResultsRequest,
        permit: &Permit,
    ) -> Result<pb::Wave, Problem> {
        let context = request.context.take();
        let (context, wave, unit, reason) = self.about_results(
            context,
            "ReleaseResults",
            &request,
            [&request.wave, &request.unit, &request.reason],
            permit,
        )?;
        let decide = |wave: &Wave| {
            let (unit, reason) = (unit.clone(), reason.clone());
            wave.decide(WaveCommand::Lift { unit, reason })
        };
        self.wave_command(&wave, &context, decide).await
    }

    fn about_results(
        &self,
        context: Option<CommandContext>,
        method: &'static str,
        request: &impl Message,
        [wave, unit, reason]: [&str; 3],
        permit: &Permit,
    ) -> Result<(Context, Code, Option<UnitCode>, String), Problem> {
        let context = self.context(context, method, request, permit)?;
        let wave = wire::code("wave", wave)?;
        let unit = events::some_unit(unit).map_err(|why| Problem::invalid("unit", why))?;
        Ok((context, wave, unit, wire::reason(reason)?))
    }

    async fn wave_command(
        &self,
        wave: &Code,
        context: &Context,
        decide: impl Fn(&Wave) -> Result<Vec<survey::WaveEvent>, survey::WaveRefusal>,
    ) -> Result<pb::Wave, Problem> {
        let executed = execute::<WaveCodec, pb::Wave>(
            &self.log,
            &wave_stream(wave),
            context,
            |wave, _| decide(wave),
            wire::wave,
        )
        .await
        .map_err(|error| error.problem(wire::wave_refused))?;
        self.shown(executed.position).await;
        Ok(pb::Wave {
            position: executed.position,
            ..executed.response
        })
    }

    /// Issues tokens. The receipt holds none of them: they follow from the request id and the key, so a repeat shows the
    /// same ones.
    pub(super) async fn issue(
        &self,
        mut request: pb::IssueTokensRequest,
        permit: &Permit,
    ) -> Result<pb::IssueTokensResponse, Problem> {
        let context = request.context.take();
        let context = self.context(context, "IssueTokens", &request, permit)?;
        let wave = wire::code("wave", &request.wave)?;
        let unit = events::unit(&request.unit).map_err(|why| Problem::invalid("unit", why))?;
        let unit = self.units.resolve(unit).await?;
        let group = wire::code("group", &request.group)?;
        if !(1..=TOKENS_MAX).contains(&request.count) {
            return Err(Problem::invalid("count", "must be 1 to 10,000"));
        }
        let count =
            events::read_count(request.count).map_err(|why| Problem::invalid("count", why))?;
        let executed = execute::<WaveCodec, pb::IssueTokensResponse>(
            &self.log,
            &wave_stream(&wave),
            &context,
            |wave, _| {
                let (unit, group) = (unit.clone(), group.clone());
                wave.decide(WaveCommand::Issue { unit, group, count })
            },
            |wave, version| pb::IssueTokensResponse {
                tokens: vec![],
                issued: events::count(wave.issued(&unit, &group)),
                version,
                position: 0,
            },
        )
        .await
        .map_err(|error| error.problem(wire::wave_refused))?;
        self.shown(executed.position).await;
        let mut answer = pb::IssueTokensResponse {
            position: executed.position,
            ..executed.response
        };
        if !context.validate_only {
            let cell = self.cell(&wave, &unit, &group)?;
            let (key, request) = (&self.urn.key, context.request_id);
            answer.tokens = key.tokens(&wave, cell, request, count);
        }
        Ok(answer)
    }

    /// The number of a unit and group; fixed from the first token on.
    fn cell(&self, wave: &Code, unit: &UnitCode, group: &Code) -> Result<u16, Problem> {
        let view = self.view.borrow();
        let plan = view.surveys.wave(wave).and_then(|kept| kept.state.plan());
        let cell = plan.and_then(|plan| plan.cell(unit, group));
        // Without a request id the tokens are lost, which harms nobody: new ones can be issued.
        cell.ok_or_else(|| {
            Problem::unavailable("the wave is not at hand yet; repeat the call with its request id")
        })
    }

    /// Casts a ballot. What is answered, logged and kept says nothing of it.
    pub(super) async fn cast(&self, request: pb::CastBallotRequest) -> Result<(), Problem> {
        let wave = wire::code("wave", &request.wave)?;
        let plan = self.open_plan(&wave)?;
        let token = self.urn.key.token(&wave, &request.token);
        let known = token.and_then(|token| Some((plan.cell_at(token.cell)?.1, token)));
        let (group, token) = known.ok_or_else(|| {
            let why = "is not one of this wave's; write it exactly as it was issued";
            Problem::invalid("token", why)
        })?;
        let answers = request.answers.iter();
        let answers = answers.map(|it| (it.question.as_str(), it.value.as_str()));
        let ballot = Ballot::read(&plan.edition, group, answers).map_err(wire::invalid)?;
        let mark = self.urn.key.spent(&wave, &token);
        if request.validate_only {
            return match self.urn.is_spent(&wave, mark).await? {
                true => Err(crate::surveys::urn::UrnError::Spent.into()),
                false => Ok(()),
            };
        }
        let held = self.urn.cast(&wave, token.cell, mark, ballot).await?;
        metrics::counter!("chiso_surveys_ballots_cast_total").increment(1);
        if held >= survey::mixing::FULL {
            self.full.notify_one();
        }
        Ok(())
    }
}
