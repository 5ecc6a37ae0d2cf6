//! What is made public, and made public anew.

use super::Moment;
use crate::campaign::{Campaign, Event, Fact, Issue, Phase, Refusal};
use crate::person::Person;

impl Campaign {
    pub(super) fn publish(
        &self,
        document: String,
        issue: Option<Box<Issue>>,
        by: &Person,
        moment: &Moment<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        match moment.phase {
            Phase::Absent => Err(Refusal::Absent),
            Phase::Approved if self.approved_by.as_ref() == Some(&by.id) => {
                Err(Refusal::ApprovedByYou(by.id.clone()))
            }
            Phase::Approved => self.issue(document, issue, moment),
            Phase::Published => Ok(vec![]),
            phase @ (Phase::Planned | Phase::In(_) | Phase::Reviewed) => {
                let possible = "publish what the council has approved";
                Err(Refusal::Phase { phase, possible })
            }
        }
    }

    pub(super) fn correct(
        &self,
        document: String,
        issue: Option<Box<Issue>>,
        by: &Person,
        moment: &Moment<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        match moment.phase {
            Phase::Absent => return Err(Refusal::Absent),
            Phase::Published => {}
            phase @ (Phase::Planned | Phase::In(_) | Phase::Reviewed | Phase::Approved) => {
                let possible = "correct what is published";
                return Err(Refusal::Phase { phase, possible });
            }
        }
        if let Some(issue) = &issue {
            if issue.seal.outcomes == self.outcomes {
                let newest = self.next_publication().saturating_sub(1);
                return Err(Refusal::NothingCorrected(newest));
            }
            if issue.decided_by.contains(&by.id) {
                return Err(Refusal::ApprovedByYou(by.id.clone()));
            }
        }
        self.issue(document, issue, moment)
    }

    /// The frozen figures of every unit that has some, and then the publication.
    fn issue(
        &self,
        document: String,
        issue: Option<Box<Issue>>,
        moment: &Moment<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        let next = self.next_publication();
        let issue = issue.filter(|issue| issue.seal.number == next);
        let Issue { seal, figures, .. } = *issue.ok_or(Refusal::MovedOn)?;
        let frozen = figures
            .into_iter()
            .map(|(unit, figures)| Fact::FiguresFrozen { unit, figures });
        let seal = Some(Box::new(seal));
        let published = Fact::Published { document, seal };
        Ok(frozen
            .chain([published])
            .map(|fact| moment.event(fact))
            .collect())
    }
}
