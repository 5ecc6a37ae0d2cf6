//! The gRPC service: parse, obey or ask, answer.

use std::collections::BTreeSet;

use contracts::log::v1::CommandContext;
use contracts::problem::Problem;
use contracts::registry::v1 as pb;
use contracts::registry::v1::registry_service_server::RegistryService;
use decider::Decider as _;
use directory::{Directory, stream, wire as common};
use eventlog::command::Context;
use identity::Permit;
use ids::UnitCode;
use jiff::civil::Date;
use jiff::tz::{self, Offset};
use prost::Message;
use runtime::{Clock, Ids, telemetry};
use tonic::{Request, Response, Result};
use unit::{Announcement, PolicyCommand, ProcedureCommand, UnitCommand, WorkingCalendarCommand};

use crate::command::{CalendarCodec, Commands, PolicyCodec, ProcedureCodec, UnitCodec};
use crate::query::Asked;
use crate::surroundings;
use crate::view::Viewer;
use crate::wire;

/// Local time of every province of Viet Nam (no daylight saving since 1975): what "today" is.
const LOCAL: Offset = tz::offset(7);

/// Answers calls.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    commands: Commands,
    view: Viewer,
    clock: Clock,
    ids: Ids,
}

impl Api {
    pub(crate) fn new(commands: Commands, view: Viewer, clock: Clock, ids: Ids) -> Self {
        Self {
            commands,
            view,
            clock,
            ids,
        }
    }

    fn context(
        &self,
        context: Option<CommandContext>,
        method: &'static str,
        content: &impl Message,
        permit: &Permit,
    ) -> Result<Context, Problem> {
        let context = Context::parse(context, method, content, self.clock.now(), self.ids.uuid())?;
        let context = context.by(permit)?;
        let traceparent = telemetry::traceparent().unwrap_or_default();
        Ok(Context {
            traceparent,
            ..context
        })
    }

    fn today(&self) -> Date {
        LOCAL.to_datetime(self.clock.now()).date()
    }

    fn asked(&self, on: &str) -> Result<Asked, Problem> {
        Ok(wire::on(on)?.map_or_else(|| Asked::Around(self.today()), Asked::On))
    }
}

/// The code that names the unit's stream; the code itself when no unit has it.
fn primary(directory: &Directory, code: UnitCode) -> UnitCode {
    directory.resolve(&code).cloned().unwrap_or(code)
}

/// As [`primary`], of each: the same units by other codes are the same content.
fn primaries(directory: &Directory, codes: BTreeSet<UnitCode>) -> BTreeSet<UnitCode> {
    codes
        .into_iter()
        .map(|code| primary(directory, code))
        .collect()
}

#[tonic::async_trait]
impl RegistryService for Api {
    async fn put_unit(&self, request: Request<pb::PutUnitRequest>) -> Result<Response<pb::Unit>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "PutUnit", &request, &permit)?;
        let mut wanted = wire::put_unit(request)?;
        {
            let directory = &self.view.borrow().directory;
            wanted.code = primary(directory, wanted.code);
            wanted.place.parent = wanted.place.parent.map(|parent| primary(directory, parent));
        }
        let (code, day) = (wanted.code.clone(), wanted.valid_from);
        let (answer, position) = self
            .commands
            .obey::<UnitCodec, pb::Unit>(
                stream::unit(&code),
                context,
                move |unit, directory| {
                    let events = unit.decide(UnitCommand::Put(wanted.clone()))?;
                    surroundings::admit_unit(directory, &code, &events)?;
                    Ok(events)
                },
                move |unit, version| {
                    unit.as_of(day)
                        .map(|unit| wire::unit(&unit, version))
                        .unwrap_or_default()
                },
            )
            .await?;
        Ok(Response::new(pb::Unit { position, ..answer }))
    }

    async fn succeed_unit(
        &self,
        request: Request<pb::SucceedUnitRequest>,
    ) -> Result<Response<pb::Unit>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "SucceedUnit", &request, &permit)?;
        let (code, mut wanted) = wire::succeed_unit(request)?;
        let code = {
            let directory = &self.view.borrow().directory;
            wanted.successors = primaries(directory, wanted.successors);
            primary(directory, code)
        };
        let day = wanted.valid_until;
        let (answer, position) = self
            .commands
            .obey::<UnitCodec, pb::Unit>(
                stream::unit(&code),
                context,
                move |unit, directory| {
                    let events = unit.decide(UnitCommand::Succeed(wanted.clone()))?;
                    surroundings::admit_unit(directory, &code, &events)?;
                    Ok(events)
                },
                move |unit, version| {
                    unit.nearest(day)
                        .map(|unit| wire::unit(&unit, version))
                        .unwrap_or_default()
                },
            )
            .await?;
        Ok(Response::new(pb::Unit { position, ..answer }))
    }

    async fn put_procedure(
        &self,
        request: Request<pb::PutProcedureRequest>,
    ) -> Result<Response<pb::Procedure>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "PutProcedure", &request, &permit)?;
        let (code, mut statement, valid_from) = wire::put_procedure(request)?;
        statement.units = primaries(&self.view.borrow().directory, statement.units);
        let stream = stream::procedure(&code);
        let command = ProcedureCommand::Put {
            code,
            statement,
            valid_from,
        };
        let (answer, position) = self
            .commands
            .obey::<ProcedureCodec, pb::Procedure>(
                stream,
                context,
                move |procedure, directory| {
                    let events = procedure.decide(command.clone())?;
                    surroundings::admit_procedure(directory, &events)?;
                    Ok(events)
                },
                move |procedure, version| {
                    let stated = procedure.as_of(valid_from);
                    stated
                        .map(|stated| wire::procedure(&stated, version))
                        .unwrap_or_default()
                },
            )
            .await?;
        Ok(Response::new(pb::Procedure { position, ..answer }))
    }

    async fn withdraw_procedure(
        &self,
        request: Request<pb::WithdrawProcedureRequest>,
    ) -> Result<Response<pb::Procedure>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "WithdrawProcedure", &request, &permit)?;
        let code = common::procedure_code("code", &request.code).map_err(wire::invalid)?;
        let valid_until =
            common::date("valid_until", &request.valid_until).map_err(wire::invalid)?;
        let (answer, position) = self
            .commands
            .obey::<ProcedureCodec, pb::Procedure>(
                stream::procedure(&code),
                context,
                move |procedure, _| procedure.decide(ProcedureCommand::Withdraw { valid_until }),
                move |procedure, version| {
                    let stated = procedure.nearest(valid_until);
                    stated
                        .map(|stated| wire::procedure(&stated, version))
                        .unwrap_or_default()
                },
            )
            .await?;
        Ok(Response::new(pb::Procedure { position, ..answer }))
    }

    async fn put_calendar(
        &self,
        request: Request<pb::PutCalendarRequest>,
    ) -> Result<Response<pb::Calendar>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "PutCalendar", &request, &permit)?;
        let wanted: Announcement = wire::put_calendar(request)?;
        let (answer, position) = self
            .commands
            .obey::<CalendarCodec, pb::Calendar>(
                stream::calendar(&wanted.name),
                context,
                move |calendar, _| calendar.decide(WorkingCalendarCommand(wanted.clone())),
                |calendar, version| {
                    let newest = calendar.newest();
                    newest
                        .map(|(_, newest)| wire::calendar(newest, version))
                        .unwrap_or_default()
                },
            )
            .await?;
        Ok(Response::new(pb::Calendar { position, ..answer }))
    }

    async fn put_policy(
        &self,
        request: Request<pb::PutPolicyRequest>,
    ) -> Result<Response<pb::Policy>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = self.context(context, "PutPolicy", &request, &permit)?;
        let wanted: PolicyCommand = wire::put_policy(request)?;
        let day = wanted.valid_from;
        let (answer, position) = self
            .commands
            .obey::<PolicyCodec, pb::Policy>(
                stream::policy(&wanted.name),
                context,
                move |policy, _| policy.decide(wanted.clone()),
                move |policy, version| {
                    policy
                        .as_of(day)
                        .map(|(from, setting)| wire::policy(policy.name(), from, setting, version))
                        .unwrap_or_default()
                },
            )
            .await?;
        Ok(Response::new(pb::Policy { position, ..answer }))
    }

    async fn get_unit(&self, request: Request<pb::GetUnitRequest>) -> Result<Response<pb::Unit>> {
        let request = request.into_inner();
        let code = common::unit_code("code", &request.code).map_err(wire::invalid)?;
        let asked = self.asked(&request.on)?;
        Ok(Response::new(self.view.borrow().get_unit(&code, asked)?))
    }

    async fn list_units(
        &self,
        request: Request<pb::ListUnitsRequest>,
    ) -> Result<Response<pb::ListUnitsResponse>> {
        let today = self.today();
        Ok(Response::new(
            self.view.borrow().list_units(request.get_ref(), today)?,
        ))
    }

    async fn get_procedure(
        &self,
        request: Request<pb::GetProcedureRequest>,
    ) -> Result<Response<pb::Procedure>> {
        let request = request.into_inner();
        let code = common::procedure_code("code", &request.code).map_err(wire::invalid)?;
        let asked = self.asked(&request.on)?;
        Ok(Response::new(
            self.view.borrow().get_procedure(&code, asked)?,
        ))
    }

    async fn list_procedures(
        &self,
        request: Request<pb::ListProceduresRequest>,
    ) -> Result<Response<pb::ListProceduresResponse>> {
        let today = self.today();
        Ok(Response::new(
            self.view
                .borrow()
                .list_procedures(request.get_ref(), today)?,
        ))
    }

    async fn get_calendar(
        &self,
        request: Request<pb::GetCalendarRequest>,
    ) -> Result<Response<pb::Calendar>> {
        let pb::GetCalendarRequest { name, version } = request.into_inner();
        Ok(Response::new(
            self.view.borrow().get_calendar(&name, version)?,
        ))
    }

    async fn get_policy(
        &self,
        request: Request<pb::GetPolicyRequest>,
    ) -> Result<Response<pb::Policy>> {
        let pb::GetPolicyRequest { name, on } = request.into_inner();
        let day = wire::on(&on)?.unwrap_or_else(|| self.today());
        Ok(Response::new(self.view.borrow().get_policy(&name, day)?))
    }
}
