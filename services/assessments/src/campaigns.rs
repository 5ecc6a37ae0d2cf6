//! Campaigns: units assess themselves, appraisers and the council decide, the chair publishes.
//!
//! A campaign is one stream, each unit's sheet in it another. A command to a sheet is decided on the campaign as well and
//! is appended only if neither has moved on, so that no claim slips in after its stage.

mod api;
mod cited;
pub(crate) mod codec;
mod figures;
mod fold;
mod ground;
mod locks;
mod participants;
pub mod publication;
mod query;
mod refusal;
mod resource;
pub(crate) mod terms;
mod uses;
mod who;
mod wish;

pub(crate) use api::Api;
pub(crate) use codec::{CampaignCodec, campaign_stream};
pub(crate) use figures::Figures;
pub(crate) use fold::Campaigns;
pub(crate) use ground::{Editions, no_campaign, no_part};
pub(crate) use locks::Locks;
pub(crate) use participants::group;
pub(crate) use uses::running;
pub(crate) use who::{Call, Own, about, who};
pub(crate) use wish::{Faults, campaign, code, evidence, some_words, words};
