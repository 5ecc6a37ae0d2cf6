//! What a unit is like: some are much better than others, and most get better over the year.

use crate::dice::Dice;

/// Shares in permille.
#[derive(Debug, Clone)]
pub(crate) struct Character {
    /// 0 to 100.
    pub(crate) quality: u32,
    /// Dossiers that end late.
    pub(crate) late: u32,
    /// Dossiers of the last months that nobody takes care of.
    pub(crate) stuck: u32,
    /// Filed online, where the procedure is online in full.
    pub(crate) online: Growing,
    /// Fees paid online.
    pub(crate) paid_online: Growing,
    /// With digitised components.
    pub(crate) digitised: Growing,
    /// Reusing digitised data.
    pub(crate) reused: Growing,
    /// With an electronic result.
    pub(crate) electronic: Growing,
    /// Applicants whose account is verified against population data.
    pub(crate) identity: Growing,
    /// Synchronised to the national portal.
    pub(crate) portal: u32,
    /// Results synchronised to the applicant's store.
    pub(crate) store: Growing,
    /// Raters who are satisfied.
    pub(crate) satisfied: u32,
    /// Dossiers that are petitioned about.
    pub(crate) petitions: u32,
    /// Petitions answered in time.
    pub(crate) answered: u32,
}

/// A share that grows from January to December.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growing {
    from: u32,
    until: u32,
}

impl Growing {
    /// The share in a month, 1 to 12.
    pub(crate) fn in_month(self, month: i8) -> u32 {
        let passed = u32::from(month.unsigned_abs()).clamp(1, 12) - 1;
        self.from + (self.until - self.from) * passed / 11
    }
}

/// No share is all: somebody always forgets.
const MOST: u32 = 992;
/// How far a unit's shares lie around what its quality says.
const SPREAD: u32 = 160;

impl Character {
    /// The character of the unit with that code in the year of that seed.
    pub(crate) fn of(unit: &str, seed: u64) -> Self {
        let mut dice = Dice::named(seed, unit);
        // Two draws: the middling are more than the very good and the very bad.
        let quality = dice.within(0..=50) + dice.within(0..=50);
        let lack = 100 - quality;
        let mut growing = |base: u32, slope: u32, growth: u32| {
            let drawn =
                (base + quality * slope + dice.within(0..=SPREAD)).saturating_sub(SPREAD / 2);
            let from = drawn.min(MOST);
            Growing {
                from,
                until: (from + growth).min(MOST),
            }
        };
        let online = growing(200, 3, 220);
        let paid_online = growing(220, 5, 150);
        let digitised = growing(320, 5, 120);
        let reused = growing(70, 5, 120);
        let electronic = growing(380, 5, 100);
        let identity = growing(520, 4, 80);
        let store = growing(150, 6, 100);
        Self {
            quality,
            late: 4 + lack * lack * 110 / 10_000 + dice.within(0..=12),
            stuck: 2 + lack / 4,
            online,
            paid_online,
            digitised,
            reused,
            electronic,
            identity,
            portal: (870 + quality * 12 / 10).min(MOST),
            store,
            satisfied: (880 + quality).min(MOST),
            petitions: 2 + lack / 12,
            answered: 840 + quality * 12 / 10,
        }
    }
}
