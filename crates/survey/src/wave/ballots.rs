//! Into the box, out of it, and whether all are accounted for.

use std::collections::BTreeMap;

use ids::UnitCode;

use super::{Batch, Stage, Wave, WaveEvent, WaveRefusal};
use crate::Code;
use crate::mixing::COMPANY;

impl Wave {
    pub(super) fn import(
        &self,
        source: String,
        ballots: BTreeMap<(UnitCode, Code), u32>,
    ) -> Result<Vec<WaveEvent>, WaveRefusal> {
        let (plan, stage) = self.planned()?;
        match stage {
            Stage::Planned => return Err(WaveRefusal::NotOpen),
            Stage::Open => {}
            Stage::Closed | Stage::Counted => return Err(WaveRefusal::Closed),
        }
        let unasked = |(unit, group): &&(UnitCode, Code)| plan.cell(unit, group).is_none();
        if let Some((unit, group)) = ballots.keys().find(unasked).cloned() {
            return Err(WaveRefusal::NoCell { unit, group });
        }
        Ok(match ballots.is_empty() {
            true => vec![],
            false => vec![WaveEvent::Imported { source, ballots }],
        })
    }

    pub(super) fn release(&self, batches: Vec<Batch>) -> Result<Vec<WaveEvent>, WaveRefusal> {
        let (_, stage) = self.planned()?;
        if !matches!(stage, Stage::Open | Stage::Closed) {
            return Err(WaveRefusal::Closed);
        }
        if batches.iter().any(|batch| batch.ballots.len() < COMPANY) {
            return Err(WaveRefusal::Alone);
        }
        Ok(batches.into_iter().map(WaveEvent::Released).collect())
    }

    pub(super) fn count(
        &self,
        cast: BTreeMap<(UnitCode, Code), u32>,
        destroyed: u32,
    ) -> Result<Vec<WaveEvent>, WaveRefusal> {
        if self.planned()?.1 != Stage::Closed {
            return Err(WaveRefusal::NotClosed);
        }
        let came: u64 = cast.values().copied().map(u64::from).sum();
        let left = self.released() + u64::from(destroyed);
        if came != left {
            return Err(WaveRefusal::Miscounted { came, left });
        }
        Ok(vec![WaveEvent::Counted { cast, destroyed }])
    }
}
