//! Handling: what an office does between taking a dossier up and its result.

use calendar::{Limit, MINUTES_A_DAY};
use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::import_dossiers_request::Fact;
use contracts::wire;
use jiff::SignedDuration;

use super::Life;
use crate::world::Group;

/// Dossiers that lack something, in permille.
const INCOMPLETE: u32 = 55;
/// Applicants who never bring what is missing, in permille of those.
const GIVEN_UP: u32 = 45;
/// Dossiers withdrawn or stopped for other reasons, in permille.
const WITHDRAWN: u32 = 7;
const STOPPED: u32 = 6;
/// Dossiers of a department that another one should have got, in permille.
const MISDIRECTED: u32 = 4;
/// Late dossiers whose date is put off in time, in permille of those that leave the time for it.
const PUT_OFF: u32 = 380;
/// Results that are wrong and found so before delivery, in permille.
const WRONG: u32 = 3;
/// How long a dossier may have lain around at the end of the year, in days.
const FORGOTTEN_DAYS: i64 = 100;

impl Life<'_> {
    /// True when there is a result.
    pub(super) fn handle(&mut self) -> Option<bool> {
        if self.is_forgotten() {
            return Some(false);
        }
        if self.dice.chance(INCOMPLETE) && !self.supplement()? {
            return Some(false);
        }
        if self.unit.group == Group::Department && self.dice.chance(MISDIRECTED) {
            self.hand_over()?;
        }
        if self.dice.chance(WITHDRAWN) {
            self.some_work(500)?;
            let reason = "Theo đề nghị của người nộp".to_owned();
            self.story
                .happens(Fact::Withdrawn(pb::ImportedReason { reason }));
            return Some(false);
        }
        if self.dice.chance(STOPPED) {
            self.some_work(700)?;
            let reason = "Không đủ điều kiện giải quyết".to_owned();
            self.story
                .happens(Fact::Stopped(pb::ImportedReason { reason }));
            return Some(false);
        }
        self.bring_to_end()?;
        self.result()?;
        Some(true)
    }

    /// Of what came in during the last months, something lies around at every unit.
    fn is_forgotten(&mut self) -> bool {
        let age = self.surroundings.now.duration_since(self.story.at());
        self.dice.chance(self.character().stuck * 2)
            && age < SignedDuration::from_hours(24 * FORGOTTEN_DAYS)
    }

    /// Works `permille` of the time that is left.
    fn some_work(&mut self, permille: u32) -> Option<()> {
        let left = u64::from(self.story.minutes_left()) * u64::from(permille) / 1_000;
        self.story.work(u32::try_from(left).unwrap_or_default())
    }

    /// Something is missing. False when the applicant never brings it.
    fn supplement(&mut self) -> Option<bool> {
        let early = self.dice.within(30..=350);
        self.some_work(early)?;
        let reason = self.dice.one_of(&[
            "Thiếu bản sao giấy tờ tùy thân",
            "Bổ sung bản vẽ, sơ đồ kèm theo",
            "Thông tin trong đơn chưa thống nhất với giấy tờ",
            "Thiếu chữ ký, xác nhận",
        ]);
        let reason = reason.to_owned();
        self.story
            .happens(Fact::SupplementRequested(pb::ImportedReason { reason }));
        let days = self.dice.within(1..=12);
        if self.dice.chance(GIVEN_UP) {
            self.story.work((days + 15) * MINUTES_A_DAY)?;
            let reason = "Quá thời hạn bổ sung hồ sơ".to_owned();
            self.story
                .happens(Fact::Stopped(pb::ImportedReason { reason }));
            return Some(false);
        }
        let minutes = self.dice.within(0..=MINUTES_A_DAY);
        self.story.work(days * MINUTES_A_DAY / 2 + minutes)?;
        self.story
            .happens(Fact::SupplementCompleted(pb::ImportedNothing {}));
        // The policy of the catalog: the whole limit starts again.
        self.story.received(self.procedure.limit)?;
        Some(true)
    }

    fn hand_over(&mut self) -> Option<()> {
        self.some_work(100)?;
        let world = self.surroundings.world;
        let today = world.date(self.story.at());
        let others: Vec<&str> = (world.units.iter().enumerate())
            .filter(|(index, unit)| {
                let exists = world.at_work(*index, today) == *index;
                exists && unit.group == self.unit.group && unit.code != self.unit.code
            })
            .map(|(_, unit)| unit.code.as_str())
            .collect();
        if !others.is_empty() {
            let to_unit = self.dice.one_of(&others).to_owned();
            let reason = "Chuyển đúng thẩm quyền".to_owned();
            self.story
                .happens(Fact::HandedOver(pb::ImportedHandOver { to_unit, reason }));
        }
        Some(())
    }

    /// Works until the result is ready, in time or late.
    fn bring_to_end(&mut self) -> Option<()> {
        let near_tet = self.story.due().is_some_and(|due| {
            self.surroundings
                .days
                .near_tet(self.surroundings.world.date(due))
        });
        let late = self.character().late * if near_tet { 3 } else { 1 };
        if !self.dice.chance(late) {
            return self.end_in_time();
        }
        if self.put_off()? && self.dice.chance(750) {
            return self.end_in_time();
        }
        self.story.goes_on_at(self.story.due()?);
        let limit = u32::try_from(self.procedure.limit.minutes()).unwrap_or(MINUTES_A_DAY);
        let slip = self.dice.within(20..=(limit / 2).max(MINUTES_A_DAY));
        let slip = if self.dice.chance(60) { slip * 6 } else { slip };
        self.story.work(slip + 1)
    }

    fn end_in_time(&mut self) -> Option<()> {
        // Good offices take half of the time, others most of it.
        let usual = 880 - self.character().quality * 4;
        let pace = self.dice.within(usual / 3..=usual + 90);
        match self.procedure.limit {
            Limit::Days(0) => {
                let minutes = self.dice.within(5..=60).min(self.story.minutes_left());
                self.story.work(minutes)
            }
            _ => self.some_work(pace),
        }
    }

    /// The office sees that it will be late and says so, with an apology, a day before at the latest.
    fn put_off(&mut self) -> Option<bool> {
        let wants = self.dice.chance(PUT_OFF);
        if !wants || self.procedure.limit.minutes() < 3 * i64::from(MINUTES_A_DAY) {
            return Some(false);
        }
        let far = self.dice.within(400..=650);
        self.some_work(far)?;
        let due = self.story.due()?;
        let calendar = self.story.calendar();
        if calendar.date_of(self.story.at()) >= calendar.date_of(due) {
            return Some(false);
        }
        let third = u32::try_from(self.procedure.limit.minutes() / 3).unwrap_or(MINUTES_A_DAY);
        let due_at = calendar
            .add_working_minutes(due, third.max(MINUTES_A_DAY))
            .ok()?;
        self.story
            .happens(Fact::DueDateExtended(pb::ImportedDueDate {
                due_at: Some(wire::timestamp(due_at)),
                reason: "Cần thẩm tra, xác minh thêm".to_owned(),
            }));
        self.story.extended(due_at);
        Some(true)
    }

    /// The result, on paper, electronic or both; sometimes a wrong one first.
    fn result(&mut self) -> Option<()> {
        if self
            .dice
            .chance(self.character().electronic.in_month(self.month))
        {
            self.story
                .happens(Fact::ElectronicResultIssued(pb::ImportedNothing {}));
            if self.dice.chance(880) {
                self.story
                    .happens(Fact::ResultSigned(pb::ImportedNothing {}));
            }
        }
        self.story.happens(Fact::Completed(pb::ImportedNothing {}));
        if self.dice.chance(WRONG) {
            self.story.work(self.dice.within(5..=120))?;
            let reason = "Sai sót thông tin trên kết quả".to_owned();
            self.story
                .happens(Fact::ResultCorrected(pb::ImportedReason { reason }));
            self.story.work(self.dice.within(10..=200))?;
            self.story.happens(Fact::Completed(pb::ImportedNothing {}));
        }
        self.story.ends();
        Some(())
    }
}
