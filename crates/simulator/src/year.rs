//! The year: what is filed when, dossier by dossier.

use std::collections::BTreeMap;

use contracts::dossiers::v1::{Channel, ImportDossiersRequest};
use jiff::Timestamp;
use jiff::civil::{Date, date};

use crate::character::Character;
use crate::days::{self, Days};
use crate::dice::{Dice, cumulative};
use crate::life;
use crate::world::{Group, Online, Procedure, World};
use calendar::Limit;

/// Share of the districts in all dossiers, in percent.
const DISTRICTS: u64 = 58;
/// Dossiers by public post, in permille of those not filed online.
const POST: u32 = 40;

/// Which year is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many dossiers are filed in it.
    pub dossiers: usize,
    /// Whatever is drawn follows from it.
    pub seed: u64,
    /// The year.
    pub year: i16,
    /// Nothing happens after this moment.
    pub now: Timestamp,
}

/// Plays the year: the rows of one dossier after the other, in the order in which they are filed; the rows of a
/// dossier in the order of time. A dossier's rows follow from the plan alone.
pub fn simulate(world: &World, plan: Plan) -> Year<'_> {
    let mut dice = Dice::seeded(plan.seed);
    let characters: Vec<Character> = world
        .units
        .iter()
        .map(|unit| Character::of(&unit.code, plan.seed))
        .collect();
    let choices = Choices::of(world, &mut dice);
    let until = world.date(plan.now).min(date(plan.year, 12, 31));
    let days = Days::of(world, plan.year, until);
    let mut filings: Vec<Filing> = match choices.pairs.is_empty() {
        true => Vec::new(),
        false => (0..plan.dossiers)
            .filter_map(|_| Filing::draw(world, plan, &characters, &choices, &days, &mut dice))
            .collect(),
    };
    filings.sort_by_key(|filing| (filing.at, filing.seed));
    Year {
        world,
        plan,
        characters,
        days,
        filings: filings.into_iter(),
        numbers: BTreeMap::new(),
    }
}

/// The dossiers of a year, an iterator of each one's rows.
#[derive(Debug)]
pub struct Year<'a> {
    world: &'a World,
    plan: Plan,
    characters: Vec<Character>,
    days: Days,
    filings: std::vec::IntoIter<Filing>,
    numbers: BTreeMap<(usize, Date), u32>,
}

impl Iterator for Year<'_> {
    type Item = Vec<ImportDossiersRequest>;

    fn next(&mut self) -> Option<Self::Item> {
        let filing = self.filings.next()?;
        let day = self.world.date(filing.at);
        let number = self.numbers.entry((filing.unit, day)).or_default();
        *number += 1;
        let code = format!(
            "{}-{:02}{:02}{:02}-{:04}",
            self.world.units[filing.unit].prefix,
            day.year().rem_euclid(100),
            day.month(),
            day.day(),
            number
        );
        let surroundings = life::Surroundings {
            world: self.world,
            character: &self.characters[filing.unit],
            days: &self.days,
            now: self.plan.now,
        };
        Some(life::live(surroundings, &filing, code))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.filings.size_hint()
    }
}

impl ExactSizeIterator for Year<'_> {}

/// Who files what with whom, when and how.
#[derive(Debug, Clone)]
pub(crate) struct Filing {
    pub(crate) unit: usize,
    pub(crate) procedure: usize,
    pub(crate) channel: Channel,
    pub(crate) at: Timestamp,
    pub(crate) seed: u64,
}

impl Filing {
    fn draw(
        world: &World,
        plan: Plan,
        characters: &[Character],
        choices: &Choices,
        days: &Days,
        dice: &mut Dice,
    ) -> Option<Self> {
        let (unit, procedure) = choices.pairs[dice.weighted(&choices.weights)];
        let day = days.draw(dice)?;
        let share = characters[unit].online.in_month(day.month());
        let online = match world.procedures[procedure].online {
            Online::None => 0,
            Online::Partial => share * 6 / 10,
            Online::Full => share,
        };
        let works = world.calendar.is_working_day(day).unwrap_or(false);
        // On a day off only the portal is open, where there is one for the procedure.
        let channel = match dice.chance(online) || (!works && online > 0) {
            true => Channel::Online,
            false if dice.chance(POST) => Channel::Post,
            false => Channel::Counter,
        };
        let at = match channel {
            Channel::Online => days::from_home(day, dice, world)?,
            _ => {
                let wanted = days::at_counter(day, dice, world)?;
                world.calendar.next_opening(wanted).ok()?
            }
        };
        let unit = world.at_work(unit, world.date(at));
        let seed = dice.seed();
        Some(Self {
            unit,
            procedure,
            channel,
            at: at.min(plan.now),
            seed,
        })
    }
}

/// Which units handle which procedures, and how often.
#[derive(Debug)]
struct Choices {
    pairs: Vec<(usize, usize)>,
    weights: Vec<u64>,
}

impl Choices {
    fn of(world: &World, dice: &mut Dice) -> Self {
        let popularity: Vec<u64> = world
            .procedures
            .iter()
            .map(|procedure| u64::from(dice.within(3..=10)) * frequency(procedure))
            .collect();
        let mut pairs = Vec::new();
        let mut weights = Vec::new();
        for (unit, who) in world.units.iter().enumerate() {
            let size = u64::from(who.size * dice.within(70..=130));
            for (procedure, what) in world.procedures.iter().enumerate() {
                if world.handles(who, what) {
                    pairs.push((unit, procedure));
                    weights.push(popularity[procedure] * size);
                }
            }
        }
        let group = |unit: usize| world.units[unit].group;
        let sum = |wanted: Group| -> u64 {
            let of_group = pairs
                .iter()
                .zip(&weights)
                .filter(|((unit, _), _)| group(*unit) == wanted);
            of_group.map(|(_, weight)| *weight).sum::<u64>().max(1)
        };
        let (departments, districts) = (sum(Group::Department), sum(Group::District));
        // Each group gets its share, whatever the sums of its weights.
        let scaled = pairs
            .iter()
            .zip(&weights)
            .map(|((unit, _), weight)| match group(*unit) {
                Group::District => weight * 1_000_000 / districts * DISTRICTS,
                Group::Department => weight * 1_000_000 / departments * (100 - DISTRICTS),
            });
        let weights = cumulative(scaled);
        Self { pairs, weights }
    }
}

/// What is quickly done is asked for often.
fn frequency(procedure: &Procedure) -> u64 {
    match procedure.limit {
        Limit::Minutes(_) | Limit::Days(0) => 7,
        Limit::Days(1..=3) => 6,
        Limit::Days(4..=7) => 4,
        Limit::Days(8..=15) => 2,
        Limit::Days(_) => 1,
    }
}
