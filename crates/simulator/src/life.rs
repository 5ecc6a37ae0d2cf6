//! The life of one dossier, from its filing to what people say of it.

mod fees;
mod handling;
mod story;

use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::import_dossiers_request::Fact;
use jiff::{SignedDuration, Timestamp};

use crate::character::Character;
use crate::days::Days;
use crate::dice::Dice;
use crate::world::{Procedure, Unit, World};
use crate::year::Filing;
use story::Story;

/// Name of the made-up system that these facts are from.
const SOURCE: &str = "simulated-one-stop";
/// Receptions refused, in permille of what is filed online.
const REFUSED: u32 = 18;

/// What a dossier lives in.
pub(crate) struct Surroundings<'a> {
    pub(crate) world: &'a World,
    pub(crate) character: &'a Character,
    pub(crate) days: &'a Days,
    pub(crate) now: Timestamp,
}

/// The facts of one dossier up to now, in the order of time.
pub(crate) fn live(
    surroundings: Surroundings<'_>,
    filing: &Filing,
    code: String,
) -> Vec<pb::ImportDossiersRequest> {
    let month = surroundings.world.date(filing.at).month();
    let mut life = Life {
        unit: &surroundings.world.units[filing.unit],
        procedure: &surroundings.world.procedures[filing.procedure],
        online: filing.channel == pb::Channel::Online,
        channel: filing.channel,
        month,
        dice: Dice::seeded(filing.seed),
        story: Story::new(surroundings.world, filing, code),
        surroundings,
    };
    // None is the end of what the calendar covers: nothing after it can be told.
    let _ = life.tell();
    let Life {
        story,
        surroundings,
        ..
    } = life;
    story.until(surroundings.now)
}

struct Life<'a> {
    surroundings: Surroundings<'a>,
    unit: &'a Unit,
    procedure: &'a Procedure,
    channel: pb::Channel,
    online: bool,
    month: i8,
    dice: Dice,
    story: Story<'a>,
}

impl Life<'_> {
    fn tell(&mut self) -> Option<()> {
        if !self.file()? {
            return Some(());
        }
        self.take_up()?;
        if self.handle()? {
            self.hand_out()?;
            self.look_back()?;
        }
        Some(())
    }

    fn character(&self) -> &Character {
        self.surroundings.character
    }

    /// Registered online and received later, or received at the counter. False when reception is refused.
    fn file(&mut self) -> Option<bool> {
        let applicant = format!("0360{:08}", self.dice.within(0..=99_999_999));
        let identity = self.character().identity.in_month(self.month);
        let identity_verified = self.dice.chance(if self.online {
            identity
        } else {
            identity * 7 / 10
        });
        if !self.online {
            let reception = pb::ImportedReception {
                procedure: self.procedure.code.clone(),
                receiving_unit: String::new(),
                unit: self.unit.code.clone(),
                channel: self.channel.into(),
                applicant,
                identity_verified,
                due_at: None,
            };
            self.story.happens(Fact::Received(reception));
            return Some(true);
        }
        self.story
            .happens(Fact::Registered(pb::ImportedRegistration {
                procedure: self.procedure.code.clone(),
                receiving_unit: String::new(),
                unit: self.unit.code.clone(),
                channel: self.channel.into(),
                applicant,
                identity_verified,
            }));
        self.pay_when_filing();
        let minutes = self.dice.within(3..=170);
        self.story.work(minutes)?;
        self.officer();
        if self.dice.chance(REFUSED) {
            let reason = "Hồ sơ không thuộc phạm vi giải quyết".to_owned();
            self.story
                .happens(Fact::Refused(pb::ImportedReason { reason }));
            return Some(false);
        }
        self.story
            .happens(Fact::Received(pb::ImportedReception::default()));
        Some(true)
    }

    /// What follows reception at once: fee, scanner, the national portal, somebody's desk.
    fn take_up(&mut self) -> Option<()> {
        self.story.received(self.procedure.limit)?;
        self.pay_at_counter();
        let digitised = self.character().digitised.in_month(self.month);
        let reused = self.character().reused.in_month(self.month);
        let digitised = if self.dice.chance(digitised) {
            self.dice.within(1..=6)
        } else {
            0
        };
        let reused = if self.dice.chance(reused) {
            self.dice.within(1..=3)
        } else {
            0
        };
        if digitised + reused > 0 {
            self.story.passes(self.dice.within(60..=900));
            let count = |count: u32| i32::try_from(count).unwrap_or_default();
            let (digitised, reused) = (count(digitised), count(reused));
            self.story
                .happens(Fact::Digitised(pb::ImportedDigitisation {
                    digitised,
                    reused,
                }));
        }
        if self.dice.chance(self.character().portal) {
            self.story.passes(self.dice.within(1..=120));
            self.synchronise(pb::SyncTarget::NationalPortal);
        }
        self.officer();
        let minutes = self.dice.within(5..=150).min(self.story.minutes_left() / 4);
        self.story.work(minutes)?;
        self.story
            .happens(Fact::ProcessingStarted(pb::ImportedNothing {}));
        self.pay_when_asked()
    }

    /// The result goes to the applicant.
    fn hand_out(&mut self) -> Option<()> {
        let at_once = self.online || self.dice.chance(250);
        let minutes = if at_once {
            self.dice.within(1..=30)
        } else {
            self.dice.within(60..=1_900)
        };
        self.story.work(minutes)?;
        self.story.happens(Fact::Delivered(pb::ImportedNothing {}));
        if self
            .dice
            .chance(self.character().store.in_month(self.month))
        {
            self.story.passes(self.dice.within(5..=600));
            self.synchronise(pb::SyncTarget::PersonalStore);
        }
        Some(())
    }

    /// Ratings, petitions and their answers.
    fn look_back(&mut self) -> Option<()> {
        let late = self.story.is_late();
        if self.dice.chance(280) {
            self.story.passes(self.dice.within(120..=90_000));
            let rating = self.rating(late);
            self.story.happens(Fact::Rated(pb::ImportedRating {
                rating: rating.into(),
            }));
        }
        let petitions = self.character().petitions;
        if self
            .dice
            .chance(if late { petitions * 8 } else { petitions })
        {
            self.story.passes(self.dice.within(3_600..=400_000));
            self.story
                .happens(Fact::PetitionFiled(pb::ImportedNothing {}));
            let in_time = self.dice.chance(self.character().answered);
            let days = if in_time {
                self.dice.within(2..=13)
            } else {
                self.dice.within(16..=24)
            };
            self.story.work(days * calendar::MINUTES_A_DAY)?;
            self.officer();
            let satisfied = self.dice.chance(if in_time { 920 } else { 500 });
            self.story
                .happens(Fact::PetitionAnswered(pb::ImportedAnswer {
                    petition: 1,
                    satisfied,
                }));
        }
        Some(())
    }

    fn rating(&mut self, late: bool) -> pb::Rating {
        let satisfied = self.character().satisfied;
        if !self
            .dice
            .chance(if late { satisfied / 2 } else { satisfied })
        {
            return match self.dice.chance(450) {
                true => pb::Rating::Dissatisfied,
                false => pb::Rating::Neutral,
            };
        }
        match self.dice.chance(600) {
            true => pb::Rating::VerySatisfied,
            false => pb::Rating::Satisfied,
        }
    }

    fn synchronise(&mut self, target: pb::SyncTarget) {
        let target = target.into();
        self.story
            .happens(Fact::Synchronised(pb::ImportedSynchronisation { target }));
    }

    /// Somebody of the unit acts from here on.
    fn officer(&mut self) {
        let digits = self.unit.code.rsplit('.').next().unwrap_or_default();
        self.story
            .officer(format!("CB{digits}-{:02}", self.dice.within(1..=9)));
    }
}

fn seconds(count: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(count))
}
