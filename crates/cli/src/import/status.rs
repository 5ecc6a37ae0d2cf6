//! The national portal's status codes: what a change from one to another means.

use super::field::Happening;

/// What the rows of a case said so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// The last status; 0 before the first.
    status: u8,
    received: bool,
    ended: bool,
}

impl Standing {
    /// What happened when a row brings a status. `due` says whether a due date is known, which only a received dossier
    /// has; `paid` whether an amount is.
    pub(super) fn change(
        &mut self,
        status: &str,
        due: bool,
        paid: bool,
    ) -> Result<Vec<Happening>, String> {
        use Happening as H;

        let now: u8 = status
            .parse()
            .ok()
            .filter(|now| (1..=10).contains(now))
            .ok_or_else(|| {
                format!("status: {status:?} is not one of the portal's codes 1 to 10")
            })?;
        let mut facts = Vec::new();
        self.file(now, due, &mut facts);
        facts.extend(match (self.status, now) {
            (_, 1) if self.status == 0 => vec![H::Registered],
            (5, 2 | 4) if self.received => vec![H::SupplementCompleted],
            (6, 4) if paid => vec![H::PaymentRecorded],
            (_, 2) if !self.received => vec![H::Received],
            (_, 3) => vec![H::Refused],
            (9, 4) => vec![H::ResultCorrected],
            (0..=2 | 5, 4) => vec![H::ProcessingStarted],
            (before, 5) if before != 5 => vec![H::SupplementRequested],
            (before, 6) if before != 6 && paid => vec![H::PaymentRequested],
            (_, 7) => vec![H::Withdrawn],
            (_, 8) => vec![H::Stopped],
            (_, 9) => vec![H::Completed],
            // The end is delivery where the status of completion is missing.
            (_, 10) if !self.ended => vec![H::Completed, H::Delivered],
            (_, 10) => vec![H::Delivered],
            _ => vec![H::Activity],
        });
        self.received |= facts.contains(&H::Received);
        self.ended = matches!(now, 3 | 7..=10);
        self.status = now;
        Ok(facts)
    }

    /// What must have happened before the first row, or before one that skips reception.
    fn file(&self, now: u8, due: bool, facts: &mut Vec<Happening>) {
        let needs_reception = matches!(now, 4 | 6 | 8..=10) || (due && matches!(now, 5 | 7));
        if self.status == 0 && matches!(now, 3 | 5 | 7) && !needs_reception {
            facts.push(Happening::Registered);
        }
        if !self.received && needs_reception && (self.status == 0 || !matches!(now, 5 | 7)) {
            facts.push(Happening::Received);
        }
        if matches!(self.status, 0..=2) && matches!(now, 6 | 8) {
            // Only what is in process waits for a payment or is stopped.
            facts.push(Happening::ProcessingStarted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(statuses: &[&str]) -> String {
        let mut standing = Standing::default();
        let facts: Vec<String> = statuses
            .iter()
            .map(|status| {
                let facts = standing.change(status, false, true).expect("a status");
                let names: Vec<&str> = facts.iter().map(|fact| fact.name()).collect();
                names.join("+")
            })
            .collect();
        facts.join(" ")
    }

    #[test]
    fn changes_of_status_are_facts() {
        for (statuses, facts) in [
            (
                vec!["1", "2", "4", "9", "10"],
                "registered received processing_started completed delivered",
            ),
            (
                vec!["2", "4", "5", "4", "9"],
                "received processing_started supplement_requested supplement_completed completed",
            ),
            (
                vec!["1", "5", "2", "4"],
                "registered supplement_requested received processing_started",
            ),
            (vec!["1", "3"], "registered refused"),
            (vec!["3"], "registered+refused"),
            (
                vec!["4", "6", "4", "10"],
                "received+processing_started payment_requested payment_recorded completed+delivered",
            ),
            (vec!["8"], "received+processing_started+stopped"),
            (
                vec!["2", "9", "4", "9"],
                "received completed result_corrected completed",
            ),
            (
                vec!["2", "4", "8", "10"],
                "received processing_started stopped delivered",
            ),
            (
                vec!["2", "2", "4", "4"],
                "received activity processing_started activity",
            ),
        ] {
            assert_eq!(path(&statuses), facts, "{statuses:?}");
        }
    }

    #[test]
    fn what_is_no_status_is_refused() {
        for status in ["0", "11", "", "x"] {
            let refused = Standing::default()
                .change(status, false, false)
                .expect_err(status);
            assert!(refused.contains("1 to 10"), "{refused}");
        }
    }
}
