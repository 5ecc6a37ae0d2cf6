//! Who acts, and for which units.

use std::collections::BTreeMap;

use assessment::{Person, Role};
use contracts::problem::Problem;
use eventlog::command::Context;
use identity::Permit;
use ids::UnitCode;
use runtime::telemetry;
use tonic::Code;

use crate::units::Units;
use crate::wire;

/// A command's call: what it carries and what it may do.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) context: Context,
    pub(crate) permit: Permit,
}

impl Call {
    /// A call whose effects happen when it comes in, whatever its caller says of the time.
    ///
    /// # Errors
    /// When the caller is not whom the context says.
    pub(crate) fn now(context: Context, permit: Permit) -> Result<Self, Problem> {
        let context = Context {
            occurred_at: context.received_at,
            traceparent: telemetry::traceparent().unwrap_or_default(),
            ..context.by(&permit)?
        };
        Ok(Self { context, permit })
    }
}

/// The units that a caller's token names, each with its first code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own(BTreeMap<UnitCode, UnitCode>);

impl Own {
    /// What the token of a call names; nothing when nobody was asked.
    ///
    /// # Errors
    /// `UNAVAILABLE` while the registry does not answer.
    pub(crate) async fn of(permit: &Permit, units: &Units) -> Result<Self, Problem> {
        let mut own = BTreeMap::new();
        for unit in permit.caller().iter().flat_map(|caller| &caller.units) {
            match units.resolve(unit.clone()).await {
                Ok(first) => {
                    own.insert(unit.clone(), first);
                }
                // A token may outlive a unit, or be older than the registry.
                Err(problem) if problem.code() == Code::FailedPrecondition => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(Self(own))
    }

    /// Whether a unit, named by its first code, is among them.
    pub(crate) fn includes(&self, unit: &UnitCode) -> bool {
        self.0.values().any(|own| own == unit)
    }

    /// Whether a call may be about a unit, named by its first code.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, saying nothing of the unit.
    pub(crate) fn may(&self, permit: &Permit, unit: &UnitCode) -> Result<(), Problem> {
        let concerns = |own: &UnitCode| self.0.get(own) == Some(unit);
        permit.may_act_where(concerns, std::slice::from_ref(unit))
    }
}

/// The first code of a unit that a call is about, if the call may be about it.
///
/// # Errors
/// `PERMISSION_DENIED`, the same for a unit that does not exist.
pub(crate) async fn about(
    permit: &Permit,
    unit: &UnitCode,
    units: &Units,
) -> Result<UnitCode, Problem> {
    let first = match units.resolve(unit.clone()).await {
        Err(problem) if permit.depends_on_unit() && problem.code() == Code::FailedPrecondition => {
            return Err(permit.denial());
        }
        resolved => resolved?,
    };
    Own::of(permit, units).await?.may(permit, &first)?;
    Ok(first)
}

/// The person behind a call, in the role that the call is for. Where callers bring tokens, the units are the token's;
/// otherwise the one that the context names.
pub(crate) async fn who(call: &Call, role: Role, units: &Units) -> Result<Person, Problem> {
    let Call { context, permit } = call;
    if context.actor.is_empty() {
        let why = "is empty; say who acts, as whoever claims and whoever confirms are kept apart";
        return Err(Problem::invalid("context.actor", why));
    }
    let mut person = Person {
        id: context.actor.clone(),
        role,
        units: Own::of(permit, units).await?.0.into_values().collect(),
    };
    if !context.unit.is_empty() {
        let wrong = |why| Problem::invalid("context.unit", why);
        let unit = units
            .resolve(wire::unit(&context.unit).map_err(wrong)?)
            .await?;
        if permit.caller().is_some() && !person.is_of(&unit) {
            let why =
                "is not among the units that the token names; leave it out, or act for your own";
            return Err(Problem::invalid("context.unit", why));
        }
        person.units.insert(unit);
    }
    Ok(person)
}
