//! Who acts.

use assessment::{Person, Role};
use contracts::problem::Problem;
use eventlog::command::Context;

use crate::units::Units;
use crate::wire;

/// The person behind a call, in the role that the call is for. Everything that says who somebody is is read here.
pub(super) async fn who(context: &Context, role: Role, units: &Units) -> Result<Person, Problem> {
    if context.actor.is_empty() {
        let why = "is empty; say who acts, as campaigns keep apart who claims and who confirms";
        return Err(Problem::invalid("context.actor", why));
    }
    let mut person = Person {
        id: context.actor.clone(),
        role,
        units: [].into(),
    };
    if !context.unit.is_empty() {
        let unit =
            wire::unit(&context.unit).map_err(|why| Problem::invalid("context.unit", why))?;
        person.units.insert(units.resolve(unit).await?);
    }
    Ok(person)
}
