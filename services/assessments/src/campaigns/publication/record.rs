//! A publication put together from the events of a feed, outside the service.

use std::collections::BTreeMap;
use std::sync::Arc;

use assessment::campaign::{Plan, Publication};
use assessment::{Campaign, Definition, Sheet};
use contracts::assessments::v1 as pb;
use decider::Decider as _;
use eventlog::command::{Codec as _, DecodeError};
use eventlog::{Position, Recorded, Version};
use ids::{CampaignCode, UnitCode};
use index::Inputs;

use super::document::{Act, Editions, Judged, head, units};
use crate::LOG;
use crate::campaigns::codec::{CampaignCodec, SHEET, SheetCodec, campaign_stream};
use crate::codec::definition_stream;
use crate::definitions::DefinitionCodec;

/// Why nothing can be recomputed from the events.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// An event that this version cannot read, or that was damaged.
    #[error("the event at position {position} cannot be read: {source}")]
    Event {
        /// Where.
        position: Position,
        /// Why.
        source: DecodeError,
    },
    /// An event of a followed log that figures cannot be counted from.
    #[error("log of {log}: the event at position {position} cannot be read: {source}")]
    Source {
        /// Which log.
        log: String,
        /// Where.
        position: Position,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The document names what no log holds.
    #[error("{0}")]
    Absent(String),
}

/// What the log of assessments says of one publication.
#[derive(Debug)]
pub struct Record {
    campaign: CampaignCode,
    number: u32,
    /// Claims and decisions after it belong to a later publication.
    until: Position,
    editions: BTreeMap<String, Definition>,
    state: Campaign,
    sheets: BTreeMap<UnitCode, (Sheet, Version)>,
}

/// A publication as the log has it.
#[derive(Debug)]
pub(super) struct Published<'a> {
    pub(super) plan: &'a Plan,
    pub(super) it: &'a Publication,
    /// By group.
    pub(super) editions: Editions,
}

impl Record {
    /// To recompute what a document says.
    ///
    /// # Errors
    /// When it names no campaign, or nothing of the log of assessments that it rests on.
    pub fn of(result: &pb::PublishedResult) -> Result<Self, Unreadable> {
        let absent = |why: &str| Unreadable::Absent(why.to_owned());
        let campaign = result.campaign.parse();
        let number = u32::try_from(result.number);
        let basis = result.rests_on.iter().find(|basis| basis.log == LOG);
        let basis = basis
            .ok_or_else(|| absent("the document does not name what of assessments it rests on"))?;
        let editions = result.rules.iter().map(|rules| {
            let stream = definition_stream(&rules.index);
            (stream, Definition::default())
        });
        Ok(Self {
            campaign: campaign.map_err(|_| absent("the document names no campaign"))?,
            number: number.map_err(|_| absent("the document has no number"))?,
            until: basis.position,
            editions: editions.collect(),
            state: Campaign::default(),
            sheets: BTreeMap::new(),
        })
    }

    /// The next event of the log of assessments.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn apply(&mut self, event: &Recorded) -> Result<(), Unreadable> {
        self.fold(event).map_err(|source| Unreadable::Event {
            position: event.position,
            source,
        })
    }

    fn fold(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let stream = event.stream.as_str();
        if let Some(definition) = self.editions.get_mut(stream) {
            definition.evolve(&DefinitionCodec::read(event)?);
        } else if stream == campaign_stream(&self.campaign) {
            self.state.evolve(&CampaignCodec::read(event)?);
        } else if event.position <= self.until
            && let Some(unit) = self.unit_of(stream)
        {
            let (sheet, version) = self.sheets.entry(unit).or_default();
            sheet.evolve(&SheetCodec::read(event)?);
            *version = event.version;
        }
        Ok(())
    }

    /// The unit whose sheet in the campaign a stream is.
    fn unit_of(&self, stream: &str) -> Option<UnitCode> {
        let sheet = stream.strip_prefix(SHEET)?;
        let unit = sheet.strip_prefix(self.campaign.as_str())?;
        unit.strip_prefix('-')?.parse().ok()
    }

    /// The publication as the log has it, and what its units were judged by.
    ///
    /// # Errors
    /// When the log has no such publication, or lacks the editions that it was judged by.
    pub(super) fn published(&self) -> Result<Published<'_>, Unreadable> {
        let absent = |why: String| Unreadable::Absent(why);
        let Self {
            campaign, number, ..
        } = self;
        let plan = self.state.plan();
        let publication = self.state.publications().get(number);
        let (plan, it) = plan.zip(publication).ok_or_else(|| {
            absent(format!(
                "the log has no publication {number} of campaign {campaign}"
            ))
        })?;
        Ok(Published {
            editions: self.editions(plan)?,
            plan,
            it,
        })
    }

    /// What was published by the log, computed again from its claims and decisions and from the figures of each unit.
    pub(super) fn recomputed(
        &self,
        published: &Published<'_>,
        figures: &BTreeMap<UnitCode, Inputs>,
    ) -> pb::PublishedResult {
        let Published { plan, it, editions } = published;
        let none = (Sheet::default(), 0);
        let no_figures = Inputs::new();
        let judged = plan.participants.keys().map(|unit| {
            let (sheet, version) = self.sheets.get(unit).unwrap_or(&none);
            let judged = Judged {
                sheet,
                version: *version,
                figures: figures.get(unit).unwrap_or(&no_figures),
            };
            (unit.clone(), judged)
        });
        let judged: BTreeMap<_, _> = judged.collect();
        let act = Act {
            campaign: self.campaign.as_str(),
            number: self.number,
            corrects: it.seal.corrects,
            reason: &it.seal.reason,
            document: &it.document,
            by: &it.by,
            at: it.at,
            rests_on: &it.seal.rests_on,
            counted_on: it.seal.counted_on.as_ref(),
        };
        pb::PublishedResult {
            units: units(plan, editions, &judged),
            ..head(act, plan)
        }
    }

    fn editions(&self, plan: &Plan) -> Result<Editions, Unreadable> {
        let mut editions = Editions::new();
        for (group, rules) in &plan.rules {
            let stream = definition_stream(rules.index.as_str());
            let definition = self.editions.get(&stream);
            let edition = definition.and_then(|it| it.edition(&rules.edition));
            let edition = edition.filter(|edition| edition.sha256 == rules.sha256);
            let parsed = edition
                .and_then(|edition| index::Definition::parse(&edition.document, "edition").ok());
            let parsed = parsed.ok_or_else(|| {
                let (index, edition) = (&rules.index, &rules.edition);
                let why = format!("the log has no edition {edition} of {index} with that digest");
                Unreadable::Absent(why)
            })?;
            editions.insert(group.clone(), Arc::new(parsed));
        }
        Ok(editions)
    }
}
