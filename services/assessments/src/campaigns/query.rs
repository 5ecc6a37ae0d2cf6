//! Questions, answered from the view.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assessment::sheet::{Discrepancy, Ground};
use assessment::{Campaign, Sheet};
use contracts::assessments::v1 as pb;
use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use identity::Permit;
use ids::{CampaignCode, UnitCode};
use jiff::Timestamp;

use super::api::Api;
use super::entitled::{entitled, may_see};
use super::ground::{no_campaign, no_part};
use super::resource::{Seen, campaign, in_list};
use super::terms::{flag_to_wire, mark_to_wire};
use super::who::Own;
use super::wish::{self, Place};
use crate::past::{self, Until};
use crate::view::Kept;

/// Rows of a page: campaigns without what is long in them, and leaves with a handful of values.
const SIZES: Sizes = Sizes {
    default: 100,
    max: 1_000,
};

impl Api {
    pub(super) async fn campaign(
        &self,
        request: &pb::GetCampaignRequest,
    ) -> Result<pb::Campaign, Problem> {
        let code = wish::campaign(&request.code)?;
        let now = self.clock.now();
        let until = past::until(request.version, request.as_of.as_ref(), now)?;
        let (kept, at) = match until {
            None => (self.known(&code)?, now),
            Some(until) => {
                let past = self.campaign_then(&code, until).await?;
                (past.kept, past.at)
            }
        };
        Ok(pb::Campaign {
            position: kept.position,
            ..campaign(code.as_str(), &kept.state, kept.version, at)
        })
    }

    /// A campaign as the view has it.
    pub(super) fn known(&self, code: &CampaignCode) -> Result<Kept<Campaign>, Problem> {
        let view = self.view.borrow();
        let kept = view.campaigns.campaign(code);
        kept.cloned().ok_or_else(|| no_campaign(code))
    }

    pub(super) fn campaigns(
        &self,
        request: &pb::ListCampaignsRequest,
    ) -> Result<pb::ListCampaignsResponse, Problem> {
        let page = Page::parse(
            "campaigns".to_owned(),
            request.page_size,
            &request.page_token,
            SIZES,
        )?;
        let now = self.clock.now();
        let view = self.view.borrow();
        let rows = view.campaigns.all().map(|(code, kept)| pb::Campaign {
            position: kept.position,
            ..in_list(campaign(code, &kept.state, kept.version, now))
        });
        let (campaigns, next_page_token) = page.take(rows, |campaign| campaign.code.clone());
        Ok(pb::ListCampaignsResponse {
            campaigns,
            next_page_token,
        })
    }

    /// What is told of a unit's sheet, and at which moment it is so.
    pub(super) async fn seen<R>(
        &self,
        permit: &Permit,
        place: &Place,
        until: Option<Until>,
        tell: impl FnOnce(&Seen<'_>, Timestamp) -> R,
    ) -> Result<R, Problem> {
        let code = &place.campaign;
        let known = (&self.units, &self.view);
        let unit = entitled(permit, &place.unit, Some(code), known).await?;
        let (ground, kept, at) = match until {
            None => {
                let campaign = Arc::new(self.known(code)?.state);
                let (ground, kept) = self.kept_sheet(code, campaign, &unit).await?;
                (ground, kept, self.clock.now())
            }
            Some(until) => self.sheet_then(code, &unit, until).await?,
        };
        let seen = Seen {
            code,
            ground: &ground,
            sheet: &kept.state,
            version: kept.version,
            position: kept.position,
        };
        Ok(tell(&seen, at))
    }

    async fn kept_sheet(
        &self,
        code: &CampaignCode,
        campaign: Arc<Campaign>,
        unit: &UnitCode,
    ) -> Result<(Ground, Kept<Sheet>), Problem> {
        let (rules, plan) = campaign
            .rules_of(unit)
            .zip(campaign.plan())
            .ok_or_else(|| no_part(code, unit))?;
        let definition = self.editions.of(rules, &self.view)?;
        let measured = self.figures.of(&definition, unit, plan.period).await;
        let kept = {
            let view = self.view.borrow();
            view.campaigns
                .sheet(code, unit)
                .cloned()
                .unwrap_or_default()
        };
        let mut ground = Ground {
            unit: unit.clone(),
            campaign,
            definition,
            measured,
            revoked: BTreeSet::new(),
        };
        ground.revoked = self.revoked(&ground, &kept.state);
        Ok((ground, kept))
    }

    /// Leaves that are worth a look, of units that the caller may see. Units are read one after the other until the page is full, as the figures of each
    /// have to be asked for.
    pub(super) async fn discrepancies(
        &self,
        permit: &Permit,
        request: &pb::ListDiscrepanciesRequest,
    ) -> Result<pb::ListDiscrepanciesResponse, Problem> {
        let code = wish::campaign(&request.campaign)?;
        let flag = pb::LeafFlag::try_from(request.flag)
            .map_err(|_| Problem::invalid("flag", "is no flag; name one, or none"))?;
        let only = match request.unit.as_str() {
            "" => None,
            unit => {
                let (unit, known) = (wish::unit(unit)?, (&self.units, &self.view));
                Some(entitled(permit, &unit, Some(&code), known).await?)
            }
        };
        let moment = past::moment(request.as_of.as_ref(), self.clock.now())?;
        let mut list = format!("discrepancies {code} {} {}", request.unit, request.flag);
        if let Some(moment) = moment {
            list = format!("{list} {moment}");
        }
        let page = Page::parse(list, request.page_size, &request.page_token, SIZES)?;
        let campaign = match moment {
            None => self.known(&code)?.state,
            Some(moment) => {
                let past = self.campaign_then(&code, Until::Moment(moment)).await?;
                past.kept.state
            }
        };
        let campaign = Arc::new(campaign);
        if let Some(unit) = only
            .as_ref()
            .filter(|unit| campaign.rules_of(unit).is_none())
        {
            return Err(no_part(&code, unit));
        }
        let units = match (&only, campaign.plan()) {
            (Some(unit), _) => vec![unit.clone()],
            (None, Some(plan)) => plan.participants.keys().cloned().collect(),
            (None, None) => Vec::new(),
        };
        let own = Own::of(permit, &self.units).await?;
        let reached = page.after().and_then(|after| after.split_once(' '));
        let units = units
            .into_iter()
            .filter(|unit| may_see(permit, &own, unit, Some(&code), &self.view).is_ok())
            .skip_while(|unit| reached.is_some_and(|(of, _)| unit.as_str() < of));
        let mut rows = BTreeMap::new();
        for unit in units {
            let (ground, kept) = match moment {
                None => self.kept_sheet(&code, campaign.clone(), &unit).await?,
                Some(moment) => {
                    let of_then = self.sheet_of(&code, campaign.clone(), &unit, moment);
                    of_then.await?
                }
            };
            let figures = ground.measured.as_deref().cloned().unwrap_or_default();
            let listed = {
                let sheet = &kept.state;
                sheet.discrepancies(&ground.definition, &figures, &ground.revoked)
            };
            for it in listed {
                let row = row(&unit, it);
                if flag != pb::LeafFlag::Unspecified && !row.flags.contains(&flag.into()) {
                    continue;
                }
                let key = format!("{unit} {}", row.leaf);
                if page.after().is_none_or(|after| key.as_str() > after) {
                    rows.insert(key, row);
                }
            }
            if rows.len() > page.size() {
                break;
            }
        }
        let (rows, next_page_token) = page.take(rows.into_iter(), |(key, _)| key.clone());
        Ok(pb::ListDiscrepanciesResponse {
            discrepancies: rows.into_iter().map(|(_, row)| row).collect(),
            next_page_token,
        })
    }
}

fn row(unit: &UnitCode, it: Discrepancy) -> pb::LeafDiscrepancy {
    pb::LeafDiscrepancy {
        unit: unit.to_string(),
        leaf: it.leaf.to_string(),
        flags: it
            .flags
            .into_iter()
            .map(|flag| flag_to_wire(flag).into())
            .collect(),
        claimed: mark_to_wire(it.marks.own),
        measured: mark_to_wire(it.marks.measured),
        first: mark_to_wire(it.marks.first),
        second: mark_to_wire(it.marks.second),
        decided: mark_to_wire(it.marks.last),
    }
}
