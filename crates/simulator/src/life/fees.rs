//! Fees: paid online when filing, at the counter when received, or when asked for.

use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::import_dossiers_request::Fact;

use super::Life;

/// Usual fees in dong.
const FEES: [i64; 7] = [10_000, 20_000, 30_000, 50_000, 100_000, 150_000, 500_000];

impl Life<'_> {
    /// Half of those who pay online do so when they file.
    pub(super) fn pay_when_filing(&mut self) {
        if self.procedure.payment_duty && self.pays_online() && self.dice.chance(500) {
            self.story.passes(self.dice.within(30..=600));
            let method = self.gateway();
            self.pay(method);
        }
    }

    /// Whoever stands at the counter pays there, some of them with a telephone.
    pub(super) fn pay_at_counter(&mut self) {
        if self.procedure.payment_duty && !self.online {
            self.story.passes(self.dice.within(20..=300));
            let method = match self.pays_online() {
                true => self.gateway(),
                false if self.dice.chance(250) => pb::PaymentMethod::Transfer,
                false => pb::PaymentMethod::Cash,
            };
            self.pay(method);
        }
    }

    /// Who filed online and has not paid is asked to.
    pub(super) fn pay_when_asked(&mut self) -> Option<()> {
        if !self.procedure.payment_duty || !self.online || self.story.has_paid() {
            return Some(());
        }
        self.story.passes(self.dice.within(30..=1_200));
        let amount_dong = self.dice.one_of(&FEES);
        let asked = pb::ImportedPayment {
            amount_dong,
            method: pb::PaymentMethod::Unspecified.into(),
        };
        self.story.happens(Fact::PaymentRequested(asked));
        let minutes = self.dice.within(5..=400).min(self.story.minutes_left() / 3);
        self.story.work(minutes)?;
        let method = match self.pays_online() {
            true => self.gateway(),
            false => pb::PaymentMethod::Transfer,
        };
        let paid = pb::ImportedPayment {
            amount_dong,
            method: method.into(),
        };
        self.story.happens(Fact::PaymentRecorded(paid));
        Some(())
    }

    fn pays_online(&mut self) -> bool {
        let share = self.character().paid_online.in_month(self.month);
        self.dice.chance(if self.online {
            (share * 13 / 10).min(985)
        } else {
            share * 6 / 10
        })
    }

    fn gateway(&self) -> pb::PaymentMethod {
        match self.procedure.payment_integrated {
            true => pb::PaymentMethod::OnlinePortal,
            false => pb::PaymentMethod::OnlineLocal,
        }
    }

    fn pay(&mut self, method: pb::PaymentMethod) {
        let amount_dong = self.dice.one_of(&FEES);
        let paid = pb::ImportedPayment {
            amount_dong,
            method: method.into(),
        };
        self.story.happens(Fact::PaymentRecorded(paid));
    }
}
