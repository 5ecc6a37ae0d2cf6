//! What events make of a campaign.

use ids::UnitCode;
use jiff::Timestamp;

use super::{Campaign, Event, Fact, Phase, Publication, Seal, Stage, Window};

impl Campaign {
    pub(super) fn fold(&mut self, event: &Event) {
        match &event.fact {
            Fact::Planned(plan) => {
                self.phase = Phase::Planned;
                self.plan = Some(plan.clone());
            }
            Fact::Opened => self.phase = Phase::In(Stage::SelfAssessment),
            Fact::StageLocked { stage, .. } | Fact::StageClosed { stage, .. } => {
                self.phase = stage.over();
            }
            Fact::StageExtended { stage, until, .. } => {
                if let Some(plan) = &mut self.plan {
                    plan.deadlines.insert(*stage, *until);
                }
            }
            Fact::UnitExtended {
                unit, stage, until, ..
            } => {
                let before = self.windows.get(unit);
                let reopened_at = before
                    .filter(|window| window.stage == *stage)
                    .and_then(|window| window.reopened_at);
                self.grant(unit, *stage, *until, reopened_at);
            }
            Fact::UnitReopened {
                unit, stage, until, ..
            } => self.grant(unit, *stage, *until, Some(event.at)),
            Fact::UnitLocked { unit, .. } => {
                self.windows.remove(unit);
            }
            Fact::AppraiserAssigned {
                appraiser,
                assignment,
            } => {
                self.assignments
                    .insert(appraiser.clone(), assignment.clone());
            }
            Fact::AppraiserReleased { appraiser } => {
                self.assignments.remove(appraiser);
            }
            Fact::Approved { outcomes, .. } => {
                self.phase = Phase::Approved;
                self.approved_by = Some(event.by.clone());
                self.outcomes.clone_from(outcomes);
            }
            Fact::FiguresFrozen { unit, figures } => {
                self.frozen.insert(unit.clone(), figures.clone());
            }
            Fact::Published { document, seal } => {
                self.phase = Phase::Published;
                let figures = std::mem::take(&mut self.frozen);
                if let Some(seal) = seal {
                    self.outcomes.clone_from(&seal.outcomes);
                    let publication = Publication {
                        document: document.clone(),
                        by: event.by.clone(),
                        at: event.at,
                        seal: Seal::clone(seal),
                        figures,
                    };
                    self.publications.insert(seal.number, publication);
                }
            }
        }
    }

    fn grant(
        &mut self,
        unit: &UnitCode,
        stage: Stage,
        until: Timestamp,
        reopened_at: Option<Timestamp>,
    ) {
        let window = Window {
            stage,
            reopened_at,
            until,
        };
        self.windows.insert(unit.clone(), window);
    }
}
