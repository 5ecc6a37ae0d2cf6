//! Campaigns and sheets as the log knew them.

use std::collections::BTreeSet;
use std::sync::Arc;

use assessment::campaign::Rules;
use assessment::sheet::Ground;
use assessment::{Campaign, Sheet};
use contracts::problem::Problem;
use ids::{CampaignCode, InitiativeNumber, UnitCode};
use index::{Definition, Inputs};
use jiff::Timestamp;

use super::api::Api;
use super::cited::citable;
use super::codec::{CampaignCodec, SheetCodec, campaign_stream, sheet_stream};
use super::figures;
use super::ground::{no_campaign, no_part};
use crate::initiatives::{InitiativeCodec, initiative_stream};
use crate::past::{self, Past, Until};
use crate::view::Kept;

impl Api {
    /// A campaign as it was.
    ///
    /// # Errors
    /// When there is none, when the log did not know it yet, or when the database does not answer.
    pub(super) async fn campaign_then(
        &self,
        code: &CampaignCode,
        until: Until,
    ) -> Result<Past<Campaign>, Problem> {
        let (stream, now) = (campaign_stream(code), self.clock.now());
        if self.view.borrow().campaigns.campaign(code).is_none() {
            return Err(no_campaign(code));
        }
        let past = past::fold::<CampaignCodec>(&self.log, &stream, until, now).await?;
        if past.kept.version == 0 {
            let message =
                format!("the log did not know campaign {code} yet; ask for a later moment");
            return Err(Problem::not_found("CAMPAIGN_NOT_FOUND", message));
        }
        Ok(past)
    }

    /// A unit's sheet as it was, with what it rested on, and the moment that this is of.
    ///
    /// # Errors
    /// As [`campaign_then`](Self::campaign_then), and when the unit took no part or the sheet has no such version.
    pub(super) async fn sheet_then(
        &self,
        code: &CampaignCode,
        unit: &UnitCode,
        until: Until,
    ) -> Result<(Ground, Kept<Sheet>, Timestamp), Problem> {
        let (stream, now) = (sheet_stream(code, unit), self.clock.now());
        let sheet = past::fold::<SheetCodec>(&self.log, &stream, until, now).await?;
        let campaign = self.campaign_then(code, sheet.beside).await?;
        let campaign = Arc::new(campaign.kept.state);
        let mut ground = self.ground_then(code, campaign, unit)?;
        ground.revoked = self
            .revoked_then(&ground, &sheet.kept.state, sheet.beside)
            .await?;
        Ok((ground, sheet.kept, sheet.at))
    }

    /// A unit's sheet as it was at a moment, in a campaign of that moment.
    ///
    /// # Errors
    /// As [`sheet_then`](Self::sheet_then).
    pub(super) async fn sheet_of(
        &self,
        code: &CampaignCode,
        campaign: Arc<Campaign>,
        unit: &UnitCode,
        moment: Timestamp,
    ) -> Result<(Ground, Kept<Sheet>), Problem> {
        let (stream, until) = (sheet_stream(code, unit), Until::Moment(moment));
        let sheet = past::fold::<SheetCodec>(&self.log, &stream, until, moment).await?;
        let mut ground = self.ground_then(code, campaign, unit)?;
        ground.revoked = self.revoked_then(&ground, &sheet.kept.state, until).await?;
        Ok((ground, sheet.kept))
    }

    fn ground_then(
        &self,
        code: &CampaignCode,
        campaign: Arc<Campaign>,
        unit: &UnitCode,
    ) -> Result<Ground, Problem> {
        let rules: &Rules = campaign.rules_of(unit).ok_or_else(|| no_part(code, unit))?;
        let definition = self.editions.of(rules, &self.view)?;
        Ok(Ground {
            unit: unit.clone(),
            measured: frozen(&campaign, &definition, unit),
            campaign,
            definition,
            revoked: BTreeSet::new(),
        })
    }

    /// The initiatives that a sheet cited and that its unit could not cite any more then.
    async fn revoked_then(
        &self,
        ground: &Ground,
        sheet: &Sheet,
        until: Until,
    ) -> Result<BTreeSet<InitiativeNumber>, Problem> {
        let (mut revoked, now) = (BTreeSet::new(), self.clock.now());
        for number in sheet.cited() {
            let stream = initiative_stream(number);
            let past = past::fold::<InitiativeCodec>(&self.log, &stream, until, now).await?;
            if citable(&past.kept.state, ground).is_err() {
                revoked.insert(number.clone());
            }
        }
        Ok(revoked)
    }
}

/// The figures of a unit that the newest publication froze; none before the first, where figures are counted at all.
fn frozen(campaign: &Campaign, definition: &Definition, unit: &UnitCode) -> Option<Arc<Inputs>> {
    if !figures::counts(definition) {
        return Some(Arc::default());
    }
    let (_, newest) = campaign.publications().last_key_value()?;
    Some(Arc::new(
        newest.figures.get(unit).cloned().unwrap_or_default(),
    ))
}
