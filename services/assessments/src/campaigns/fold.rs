//! Campaigns and sheets as the log tells them.

use std::collections::BTreeMap;

use assessment::{Campaign, Sheet};
use decider::Decider as _;
use eventlog::Recorded;
use eventlog::command::{Codec as _, DecodeError};
use ids::{CampaignCode, UnitCode};
use jiff::Timestamp;

use super::codec::{CAMPAIGN, CampaignCodec, SHEET, SheetCodec, campaign_stream, sheet_stream};
use crate::view::Kept;

/// Every campaign and every sheet, by stream.
#[derive(Debug, Default)]
pub(crate) struct Campaigns {
    campaigns: BTreeMap<String, Kept<Campaign>>,
    sheets: BTreeMap<String, Kept<Sheet>>,
}

impl Campaigns {
    /// Whether a stream is one of these.
    pub(crate) fn holds(stream: &str) -> bool {
        stream.starts_with(CAMPAIGN) || stream.starts_with(SHEET)
    }

    /// Takes in an event of such a stream.
    pub(crate) fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        if event.stream.starts_with(CAMPAIGN) {
            let told = CampaignCodec::read(event)?;
            let kept = self.campaigns.entry(event.stream.clone()).or_default();
            kept.apply(event, |state| state.evolve(&told));
        } else {
            let told = SheetCodec::read(event)?;
            let kept = self.sheets.entry(event.stream.clone()).or_default();
            kept.apply(event, |state| state.evolve(&told));
        }
        Ok(())
    }

    /// A campaign that somebody planned.
    pub(crate) fn campaign(&self, code: &CampaignCode) -> Option<&Kept<Campaign>> {
        self.campaigns.get(&campaign_stream(code))
    }

    /// A unit's sheet; none while nothing stands in it.
    pub(crate) fn sheet(&self, campaign: &CampaignCode, unit: &UnitCode) -> Option<&Kept<Sheet>> {
        self.sheets.get(&sheet_stream(campaign, unit))
    }

    /// Whether an appraiser is assigned to a unit in any campaign.
    pub(crate) fn assigned(&self, appraiser: &str, unit: &UnitCode) -> bool {
        self.campaigns.values().any(|kept| {
            let assignment = kept.state.assignments().get(appraiser);
            assignment.is_some_and(|it| it.units.contains(unit))
        })
    }

    /// Every campaign by code.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Kept<Campaign>)> {
        let campaigns = self.campaigns.iter();
        campaigns.map(|(stream, kept)| (stream.strip_prefix(CAMPAIGN).unwrap_or(stream), kept))
    }

    /// The stream of the campaign whose deadline has to be locked next, and when.
    pub(super) fn next_lock(&self) -> Option<(Timestamp, &str)> {
        let campaigns = self.campaigns.iter();
        campaigns
            .filter_map(|(stream, kept)| Some((kept.state.next_lock()?, stream.as_str())))
            .min()
    }
}
