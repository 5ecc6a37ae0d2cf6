//! What the evidence of a claim or an explanation names: files of the unit, and recognised initiatives.

use std::collections::{BTreeMap, BTreeSet};

use assessment::initiative::NotCitable;
use assessment::sheet::{Action, Evidence, Ground, Refusal, Unfounded};
use assessment::{Initiative, Sheet};
use contracts::problem::Problem;
use eventlog::Version;
use eventlog::command::{Loaded, load};
use ids::InitiativeNumber;

use super::api::Api;
use super::codec::SheetCodec;
use crate::evidence::has;
use crate::initiatives::{InitiativeCodec, initiative_stream};

/// What was looked up.
#[derive(Debug, Default)]
pub(super) struct Cited {
    unfounded: Vec<(usize, Unfounded)>,
    /// The streams of initiatives, each at the version that was read of it: one may be revoked meanwhile. A file that is
    /// there stays.
    pub(super) beside: Vec<(String, Version)>,
    /// Of what a whole sheet cites.
    pub(super) of_sheet: Option<OfSheet>,
}

/// What a sheet cites, as the log has it.
#[derive(Debug)]
pub(super) struct OfSheet {
    /// Initiatives that the unit may not cite any more.
    pub(super) revoked: BTreeSet<InitiativeNumber>,
    /// The version of the sheet that was read; none where it cites nothing, so that nothing can be revoked.
    pub(super) version: Option<Version>,
}

/// Whether a unit may cite an initiative.
pub(super) fn citable(initiative: &Initiative, ground: &Ground) -> Result<(), NotCitable> {
    let plan = ground.campaign.plan().ok_or(NotCitable::NotRecognised)?;
    initiative.citable(&ground.unit, plan.period)
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
            let found = initiative.ok_or(NotCitable::NotRecognised);
            if let Err(why) = found.and_then(|it| citable(it, ground)) {
                cited.unfounded.push((place, Unfounded::NotCitable(why)));
            }
        }
        Ok(cited)
    }

    /// Looks up what a whole sheet cites, for whoever accepts what stands in it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn cited_by_sheet(
        &self,
        ground: &Ground,
        stream: &str,
    ) -> Result<Cited, Problem> {
        let sheet = load::<SheetCodec>(&self.log, stream).await?;
        let (mut beside, mut revoked) = (Vec::new(), BTreeSet::new());
        for number in sheet.state.cited() {
            let stream = initiative_stream(number);
            let loaded = load::<InitiativeCodec>(&self.log, &stream).await?;
            beside.push((stream, loaded.version));
            if citable(&loaded.state, ground).is_err() {
                revoked.insert(number.clone());
            }
        }
        let version = (!beside.is_empty()).then_some(sheet.version);
        Ok(Cited {
            unfounded: Vec::new(),
            beside,
            of_sheet: Some(OfSheet { revoked, version }),
        })
    }

    /// The initiatives that a sheet cites and that its unit may not cite any more, as the view has them.
    pub(super) fn revoked(&self, ground: &Ground, sheet: &Sheet) -> BTreeSet<InitiativeNumber> {
        let view = self.view.borrow();
        let stands = |number: &InitiativeNumber| {
            let kept = view.initiatives.of(number);
            kept.is_some_and(|kept| citable(&kept.state, ground).is_ok())
        };
        let cited = sheet.cited().into_iter();
        cited.filter(|number| !stands(number)).cloned().collect()
    }
}
