//! When people file: more on Mondays and in December, hardly around Tết, online also in the evening.

use jiff::civil::{Date, DateTime, Weekday, date, time};
use jiff::{Timestamp, ToSpan as _};

use crate::dice::{Dice, cumulative};
use crate::world::World;

/// What a month brings, in percent of the usual.
const MONTHS: [u64; 12] = [96, 78, 116, 104, 108, 107, 112, 106, 98, 103, 102, 118];
/// Days closed in a row from which on it is Tết.
const TET_DAYS: usize = 5;
/// What the working days after Tết bring, in percent.
const AFTER_TET: [u64; 8] = [40, 50, 60, 70, 78, 85, 92, 96];
/// What the working days before Tết bring, the last one first, in percent.
const BEFORE_TET: [u64; 6] = [45, 60, 72, 82, 90, 95];
/// What a day off brings, in percent of the usual: only what is filed online.
const DAY_OFF: u64 = 11;

/// When people come to the counter: weight of each quarter of an hour from 07:00 on; the break has none.
const COUNTER: [u64; 40] = [
    2, 5, 8, 11, 13, 15, 15, 14, 13, 13, 12, 11, 9, 8, 6, 5, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 4, 7,
    10, 11, 11, 10, 9, 8, 7, 6, 4, 3, 2, 1,
];
/// When people file online: weight of each hour from midnight on.
const ONLINE: [u64; 24] = [
    3, 1, 1, 0, 0, 2, 5, 14, 34, 40, 36, 26, 15, 20, 35, 33, 28, 20, 14, 20, 30, 28, 18, 8,
];

/// The days of the year with their weights.
#[derive(Debug)]
pub(crate) struct Days {
    days: Vec<Date>,
    weights: Vec<u64>,
    tet: Option<(Date, Date)>,
}

impl Days {
    /// The days of `year` up to `until` that the calendar covers.
    pub(crate) fn of(world: &World, year: i16, until: Date) -> Self {
        let first = date(year, 1, 1);
        let days: Vec<(Date, bool)> = first
            .series(1.day())
            .take_while(|day| day.year() == year && *day <= until)
            .map_while(|day| Some((day, world.calendar.is_working_day(day).ok()?)))
            .collect();
        let tet = tet(&days);
        let mut weights: Vec<u64> = days
            .iter()
            .map(|(day, works)| usual(*day, *works))
            .collect();
        if let Some((from, until)) = tet {
            let mut quieten = |indices: &mut dyn Iterator<Item = usize>, percents: &[u64]| {
                let working = indices.filter(|index| days[*index].1);
                for (index, percent) in working.zip(percents) {
                    weights[index] = weights[index] * percent / 100;
                }
            };
            quieten(&mut (0..from).rev(), &BEFORE_TET);
            quieten(&mut (until..days.len()), &AFTER_TET);
            // Nobody files anything on the days of Tết.
            weights[from..until].fill(5);
        }
        let tet = tet.map(|(from, until)| (days[from].0, days[until - 1].0));
        let days = days.into_iter().map(|(day, _)| day).collect();
        Self {
            days,
            weights: cumulative(weights),
            tet,
        }
    }

    /// A day on which a dossier is filed.
    pub(crate) fn draw(&self, dice: &mut Dice) -> Option<Date> {
        self.days.get(dice.weighted(&self.weights)).copied()
    }

    /// Whether what is due on that day suffers from Tết: from the days off to ten days after them.
    pub(crate) fn near_tet(&self, day: Date) -> bool {
        self.tet.is_some_and(|(from, until)| {
            from.checked_sub(2.days()).is_ok_and(|from| day >= from)
                && until.checked_add(10.days()).is_ok_and(|until| day <= until)
        })
    }
}

fn usual(day: Date, works: bool) -> u64 {
    let weekday = match day.weekday() {
        Weekday::Monday => 124,
        Weekday::Tuesday => 108,
        Weekday::Wednesday => 101,
        Weekday::Thursday => 97,
        Weekday::Friday => 87,
        Weekday::Saturday | Weekday::Sunday => 60,
    };
    let month = MONTHS[usize::from(day.month().unsigned_abs() - 1)];
    weekday * month * if works { 100 } else { DAY_OFF } / 100
}

/// The longest run of days off before March, as indices from and until, if it is long enough.
fn tet(days: &[(Date, bool)]) -> Option<(usize, usize)> {
    let (mut best, mut from) = ((0, 0), 0);
    for (index, (day, works)) in days.iter().enumerate() {
        if day.month() > 2 {
            break;
        }
        if *works {
            from = index + 1;
        } else if index + 1 - from > best.1 - best.0 {
            best = (from, index + 1);
        }
    }
    (best.1 - best.0 >= TET_DAYS).then_some(best)
}

/// The time of day at which somebody stands at the counter.
pub(crate) fn at_counter(day: Date, dice: &mut Dice, world: &World) -> Option<Timestamp> {
    let quarter = dice.weighted(&cumulative(COUNTER));
    let minutes = 7 * 60 + i64::try_from(quarter).ok()? * 15 + i64::from(dice.within(0..=14));
    on(day, minutes, dice, world)
}

/// The time of day at which somebody sends a form.
pub(crate) fn from_home(day: Date, dice: &mut Dice, world: &World) -> Option<Timestamp> {
    let hour = dice.weighted(&cumulative(ONLINE));
    let minutes = i64::try_from(hour).ok()? * 60 + i64::from(dice.within(0..=59));
    on(day, minutes, dice, world)
}

fn on(day: Date, minutes: i64, dice: &mut Dice, world: &World) -> Option<Timestamp> {
    let span = minutes.minutes().seconds(dice.within(0..=59));
    let local = DateTime::from_parts(day, time(0, 0, 0, 0))
        .checked_add(span)
        .ok()?;
    world.moment(local)
}
