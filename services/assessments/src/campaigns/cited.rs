//! What the evidence of a claim or an explanation names: files of the unit, and recognised initiatives.

use std::collections::BTreeMap;

use assessment::Initiative;
use assessment::initiative::NotCitable;
use assessment::sheet::{Action, Evidence, Ground, Refusal, Unfounded};
use contracts::problem::Problem;
use eventlog::Version;
use eventlog::command::{Loaded, load};
use ids::InitiativeNumber;

use super::api::Api;
use crate::evidence::has;
use crate::initiatives::{InitiativeCodec, initiative_stream};

/// What was looked up.
#[derive(Debug, Default)]
pub(super) struct Cited {
    unfounded: Vec<(usize, Unfounded)>,
    /// The streams of initiatives, each at the version that was read of it: one may be revoked meanwhile. A file that is
    /// there stays.
    pub(super) beside: Vec<(String, Version)>,
}

impl Cited {
    /// Refuses evidence that is not there.
    pub(super) fn founded(&self) -> Result<(), Refusal> {
        match self.unfounded.as_slice() {
            [] => Ok(()),
            items => Err(Refusal::Unfounded(items.to_vec())),
        }
    }
}

fn evidence(action: &Action) -> &[Evidence] {
    match action {
        Action::Claim { evidence, .. } | Action::Explain { evidence, .. } => evidence,
        Action::Submit
        | Action::Appraise { .. }
        | Action::AcceptAll
        | Action::Contest { .. }
        | Action::Remark { .. } => &[],
    }
}

impl Api {
    /// Looks up what the evidence of an action names.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn cited(&self, ground: &Ground, action: &Action) -> Result<Cited, Problem> {
        let mut cited = Cited::default();
        let mut initiatives = BTreeMap::<&InitiativeNumber, Loaded<Initiative>>::new();
        for (place, item) in evidence(action).iter().enumerate() {
            if let Some(file) = &item.file
                && !has(&self.log, &self.view, &ground.unit, file).await?
            {
                cited.unfounded.push((place, Unfounded::NotUploaded));
            }
            let Some(number) = &item.initiative else {
                continue;
            };
            if !initiatives.contains_key(number) {
                let stream = initiative_stream(number);
                let loaded = load::<InitiativeCodec>(&self.log, &stream).await?;
                cited.beside.push((stream, loaded.version));
                initiatives.insert(number, loaded);
            }
            let initiative = initiatives.get(number).map(|loaded| &loaded.state);
            let period = ground.campaign.plan().map(|plan| plan.period);
            let citable = match initiative.zip(period) {
                Some((initiative, period)) => initiative.citable(&ground.unit, period),
                None => Err(NotCitable::NotRecognised),
            };
            if let Err(why) = citable {
                cited.unfounded.push((place, Unfounded::NotCitable(why)));
            }
        }
        Ok(cited)
    }
}
