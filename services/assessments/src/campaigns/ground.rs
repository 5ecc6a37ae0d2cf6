//! What a command to a sheet rests on: the campaign, the edition, the measured figures.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assessment::campaign::Rules;
use assessment::sheet::Ground;
use assessment::{Campaign, Edition};
use contracts::problem::Problem;
use eventlog::Version;
use eventlog::command::load;
use ids::{CampaignCode, UnitCode};
use index::Definition;
use lru::LruCache;

use super::api::Api;
use super::codec::{CampaignCodec, campaign_stream};
use crate::codec::definition_stream;
use crate::view::Viewer;

/// Compiled editions that are kept: a few groups over a few years.
const EDITIONS: NonZeroUsize = NonZeroUsize::new(32).expect("not zero");

/// Editions compiled once. What is in force never changes, so its digest names it for ever.
#[derive(Debug, Clone)]
pub(crate) struct Editions {
    compiled: Arc<Mutex<LruCache<[u8; 32], Arc<Definition>>>>,
}

impl Editions {
    pub(crate) fn new() -> Self {
        let compiled = Arc::new(Mutex::new(LruCache::new(EDITIONS)));
        Self { compiled }
    }

    /// The edition that a campaign's group is judged by.
    pub(crate) fn of(&self, rules: &Rules, view: &Viewer) -> Result<Arc<Definition>, Problem> {
        if let Some(known) = self.known(&rules.sha256) {
            return Ok(known);
        }
        let named = {
            let view = view.borrow();
            let kept = view
                .definitions
                .get(&definition_stream(rules.index.as_str()));
            let edition = kept.and_then(|kept| kept.state.edition(&rules.edition));
            edition
                .filter(|edition| edition.sha256 == rules.sha256)
                .cloned()
        };
        let Some(named) = named else {
            tracing::error!(
                index = %rules.index,
                edition = rules.edition,
                "the edition that a campaign names is not in the log"
            );
            let message = "the edition that the campaign names cannot be read; tell the operator";
            return Err(Problem::internal(message));
        };
        self.compiled(&named)
    }

    /// An edition of the log, with its rules compiled.
    pub(crate) fn compiled(&self, edition: &Edition) -> Result<Arc<Definition>, Problem> {
        if let Some(known) = self.known(&edition.sha256) {
            return Ok(known);
        }
        let Ok(definition) = Definition::parse(&edition.document, "edition") else {
            let (index, name) = (&edition.index, &edition.name);
            tracing::error!(%index, name, "an edition in force does not pass the checks any more");
            let message = format!("{index} {name} cannot be read; tell the operator");
            return Err(Problem::internal(message));
        };
        let definition = Arc::new(definition);
        self.kept().put(edition.sha256, definition.clone());
        Ok(definition)
    }

    fn known(&self, sha256: &[u8; 32]) -> Option<Arc<Definition>> {
        self.kept().get(sha256).cloned()
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<[u8; 32], Arc<Definition>>> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// There is no such campaign.
pub(crate) fn no_campaign(code: &CampaignCode) -> Problem {
    let message = format!("there is no campaign {code}; list those that are planned");
    Problem::not_found("CAMPAIGN_NOT_FOUND", message)
}

/// A unit takes no part.
pub(super) fn no_part(code: &CampaignCode, unit: &UnitCode) -> Problem {
    let message = format!("unit {unit} takes no part in campaign {code}; read its participants");
    Problem::not_found("ASSESSMENT_NOT_FOUND", message)
}

impl Api {
    /// What a command to a sheet rests on, with the version of the campaign that it was read at.
    pub(super) async fn ground(
        &self,
        code: &CampaignCode,
        unit: &UnitCode,
    ) -> Result<(Ground, Version), Problem> {
        let loaded = load::<CampaignCodec>(&self.log, &campaign_stream(code)).await?;
        let campaign: Campaign = loaded.state;
        let plan = campaign.plan().ok_or_else(|| no_campaign(code))?;
        let rules = campaign.rules_of(unit).ok_or_else(|| no_part(code, unit))?;
        let definition = self.editions.of(rules, &self.view)?;
        let measured = self.figures.of(&definition, unit, plan.period).await;
        let ground = Ground {
            unit: unit.clone(),
            campaign: Arc::new(campaign),
            definition,
            measured,
        };
        Ok((ground, loaded.version))
    }
}
