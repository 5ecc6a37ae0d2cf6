//! Figures that no dossier says: what a unit reports of each month.

use jiff::civil::date;

use crate::character::Character;
use crate::dice::Dice;
use crate::world::{Group, World};
use crate::year::Plan;

/// A figure of a unit and month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Code of the unit.
    pub unit: String,
    /// 1 to 12.
    pub month: i8,
    /// Name of the measure.
    pub measure: &'static str,
    /// The figure.
    pub value: u32,
}

/// What every unit reports of every month of the year that is not in the future at `plan.now`.
pub fn reported(world: &World, plan: Plan) -> Vec<Reported> {
    let now = world.date(plan.now);
    let months = if now.year() > plan.year {
        12
    } else {
        now.month()
    };
    let mut all = Vec::new();
    for unit in &world.units {
        let character = Character::of(&unit.code, plan.seed);
        let mut dice = Dice::named(plan.seed, &format!("{} reports", unit.code));
        let offered = world
            .procedures
            .iter()
            .filter(|of| world.handles(unit, of))
            .count();
        let offered = u32::try_from(offered).unwrap_or(u32::MAX);
        // The catalog holds a selection; a real unit publishes some times as many.
        let public = offered.saturating_mul(dice.within(6..=10)).max(1);
        let communes = dice.within(14..=32);
        let exists = |month: i8| {
            let first = date(plan.year, month, 1);
            unit.end.as_ref().is_none_or(|end| first < end.on)
        };
        for month in (1..=months).filter(|month| exists(*month)) {
            for (measure, value) in month_of(unit.group, public, communes, &character, &mut dice) {
                all.push(Reported {
                    unit: unit.code.clone(),
                    month,
                    measure,
                    value,
                });
            }
        }
    }
    all
}

fn month_of(
    group: Group,
    public: u32,
    communes: u32,
    character: &Character,
    dice: &mut Dice,
) -> Vec<(&'static str, u32)> {
    let share = 780 + character.quality * 2;
    let mut done = |of: u32| {
        let mut drawn = 0;
        for _ in 0..of {
            drawn += u32::from(dice.chance(share));
        }
        drawn
    };
    // The number of changes differs from month to month; its own draw keeps `done` independent of it.
    let published = done(4);
    let updated = done(published);
    let on_time = done(published);
    let complete = public - (public - done(public)) / 3;
    let mut figures = vec![
        ("procedures_published", published),
        ("procedures_published_on_time", on_time),
        ("procedures_to_update", published),
        ("procedures_updated_on_time", updated),
        ("procedures_public", public),
        ("procedures_complete", complete),
    ];
    // A district answers for its communes, a department for itself.
    let obliged = if group == Group::District {
        communes
    } else {
        1
    };
    figures.push(("certified_copy_units_obliged", obliged));
    figures.push(("certified_copy_units", done(obliged)));
    figures
}
