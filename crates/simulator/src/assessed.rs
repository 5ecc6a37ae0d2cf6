//! What is said of a unit's whole year when it is assessed: what it declares, what its papers show, what others count.

mod names;

use std::collections::BTreeMap;

use crate::character::Character;
use crate::dice::Dice;
use names::{FAULTS, MERITS, QUESTIONS, SHARES, STATES, SURVEYS, Usual, YES_NO};

/// A figure of a unit and year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What the unit declares.
    pub declared: Stated,
    /// What papers and registers show. Where it differs, it is worse than what the unit declares.
    pub shown: Stated,
    /// Where they differ: whether the unit has a paper that it left out and that shows what it declares.
    pub proven_later: bool,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stated {
    /// A whole number.
    Number(u32),
    /// The answer to a question.
    YesNo(bool),
    /// One of the states that index definitions list.
    State(&'static str),
}

impl Figure {
    /// Nobody says otherwise.
    fn agreed(said: Stated) -> Self {
        Self {
            declared: said.clone(),
            shown: said,
            proven_later: false,
        }
    }

    /// The unit says more than it can show.
    fn overstated(declared: Stated, shown: Stated, dice: &mut Dice) -> Self {
        Self {
            proven_later: declared != shown && dice.chance(PROVEN_LATER),
            declared,
            shown,
        }
    }
}

/// How far a year is from what a unit's character says, in points of quality on both sides.
const YEARS_DIFFER: u32 = 8;
/// Units that say more than they can show, where there is more to say; in permille, the best and each point that a unit
/// is worse.
const OVERSTATED: (u32, u32) = (140, 3);
/// What was left out by mistake, in permille of what was overstated.
const PROVEN_LATER: u32 = 350;

/// Everything that an assessment may ask of a unit's year, by the name that index definitions give it. It follows from the
/// unit's code, the year and the seed alone; a good unit has good years.
pub fn assessed(unit: &str, year: i16, seed: u64) -> BTreeMap<&'static str, Figure> {
    let mut dice = Dice::named(seed, &format!("{unit} in {year}"));
    let character = Character::of(unit, seed).quality + dice.within(0..=2 * YEARS_DIFFER);
    let quality = character.saturating_sub(YEARS_DIFFER).min(100);
    let of = |name: &str| Drawing {
        dice: Dice::named(seed, &format!("{unit} in {year}: {name}")),
        quality,
    };
    let mut all = BTreeMap::new();
    for (done, whole, range, usual) in SHARES {
        let (part, total) = of(done).share(range.clone(), *usual);
        all.insert(*done, part);
        all.insert(*whole, total);
    }
    for (name, per_mille) in FAULTS {
        all.insert(*name, of(name).fault(*per_mille));
    }
    for (name, most) in MERITS {
        all.insert(*name, of(name).merit(*most));
    }
    for name in YES_NO {
        all.insert(*name, of(name).yes_no());
    }
    for (name, states) in STATES {
        all.insert(*name, of(name).state(states));
    }
    for (question, answers) in QUESTIONS.iter().zip(SURVEYS) {
        for (name, count) in answers.iter().zip(of(question).answers()) {
            all.insert(*name, Figure::agreed(Stated::Number(count)));
        }
    }
    let mut satisfied = of("sipas_percent");
    let percent = 78 + quality * 16 / 100 + satisfied.dice.within(0..=4);
    all.insert("sipas_percent", Figure::agreed(Stated::Number(percent)));
    // Who hands in within the window is not late.
    all.insert("filed_late", Figure::agreed(Stated::YesNo(false)));
    // Revenue may well be more than was estimated.
    let mut drawing = of("revenue");
    let estimate = drawing.dice.within(300..=900);
    let permille = 930 + quality * 2 + drawing.dice.within(0..=60);
    let revenue = estimate * permille / 1_000;
    all.insert("revenue", Figure::agreed(Stated::Number(revenue)));
    all.insert("revenue_estimate", Figure::agreed(Stated::Number(estimate)));
    all
}

/// Draws that belong to one figure of one unit and year.
#[derive(Debug)]
struct Drawing {
    dice: Dice,
    quality: u32,
}

impl Drawing {
    fn lack(&self) -> u32 {
        100 - self.quality
    }

    fn overstates(&mut self) -> bool {
        let (best, slope) = OVERSTATED;
        let lack = self.lack();
        self.dice.chance(best + lack * slope)
    }

    /// So many of so many.
    fn share(&mut self, whole: std::ops::RangeInclusive<u32>, usual: Usual) -> (Figure, Figure) {
        let whole = self.dice.within(whole);
        let total = Figure::agreed(Stated::Number(whole));
        let done = match usual {
            Usual::Nearly { .. } if self.dice.chance(300 + self.quality * 6) => whole,
            Usual::Nearly { .. } => {
                let most = (whole * (40 + 2 * self.lack()) / 1_000).max(1);
                whole.saturating_sub(self.dice.within(1..=most))
            }
            Usual::Part { from, slope, .. } => {
                let spread = self.dice.within(0..=60);
                whole * (from + self.quality * slope + spread).min(1_000) / 1_000
            }
        };
        let own = match usual {
            Usual::Nearly { own } | Usual::Part { own, .. } => own,
        };
        let declared = if own && done < whole && self.overstates() {
            whole - (whole - done) / 3
        } else {
            done
        };
        let (declared, done) = (Stated::Number(declared), Stated::Number(done));
        (Figure::overstated(declared, done, &mut self.dice), total)
    }

    /// How often something went wrong; `per_mille` for each point that the unit is worse than the best.
    fn fault(&mut self, per_mille: u32) -> Figure {
        let lack = self.lack();
        let shown = match self.dice.chance(lack * per_mille) {
            true => self.dice.within(1..=2),
            false => 0,
        };
        let declared = match shown > 0 && self.overstates() {
            true => shown - 1,
            false => shown,
        };
        let (declared, shown) = (Stated::Number(declared), Stated::Number(shown));
        Figure::overstated(declared, shown, &mut self.dice)
    }

    /// How often something went especially well.
    fn merit(&mut self, most: u32) -> Figure {
        let drawn = self.dice.within(0..=200) + self.quality;
        let shown = (drawn * (most + 1) / 301).min(most);
        let declared = match shown < most && self.overstates() {
            true => shown + 1,
            false => shown,
        };
        let (declared, shown) = (Stated::Number(declared), Stated::Number(shown));
        Figure::overstated(declared, shown, &mut self.dice)
    }

    fn yes_no(&mut self) -> Figure {
        let shown = self.dice.chance(760 + self.quality * 2);
        let declared = shown || self.overstates();
        let (declared, shown) = (Stated::YesNo(declared), Stated::YesNo(shown));
        Figure::overstated(declared, shown, &mut self.dice)
    }

    /// One of the states, the best first.
    fn state(&mut self, states: &[&'static str; 3]) -> Figure {
        let place = match self.dice.chance(620 + self.quality * 3) {
            true => 0,
            false => 1 + usize::from(self.dice.chance(self.lack() * 3)),
        };
        let declared = match place > 0 && self.overstates() {
            true => place - 1,
            false => place,
        };
        let (declared, shown) = (
            Stated::State(states[declared]),
            Stated::State(states[place]),
        );
        Figure::overstated(declared, shown, &mut self.dice)
    }

    /// Answers to a question of a survey, from the best to the worst.
    fn answers(&mut self) -> [u32; 4] {
        let asked = self.dice.within(100..=160);
        let best = asked * (480 + self.quality * 4 + self.dice.within(0..=80)).min(1_000) / 1_000;
        let good = (asked - best) * 7 / 10;
        let poor = (asked - best - good) * 7 / 10;
        [best, good, poor, asked - best - good - poor]
    }
}
