//! A publication in the making: everything that it rests on is read, frozen and signed.

use std::collections::{BTreeMap, BTreeSet};

use assessment::campaign::{Action, Basis, FiguresBasis, Issue, Phase, Plan, Refusal, Seal};
use assessment::{Campaign, Role, Sheet};
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use eventlog::command::{ExecuteError, Executed, Loaded, load};
use eventlog::{Head, Version};
use ids::{CampaignCode, UnitCode};
use index::Inputs;
use prost::Message;
use sha2::{Digest as _, Sha256};

use super::canonical;
use super::document::{Act, Editions, Judged, head, outcomes, units};
use crate::LOG;
use crate::campaigns::api::{ATTEMPTS, Api};
use crate::campaigns::codec::{CampaignCodec, SheetCodec, campaign_stream, sheet_stream};
use crate::campaigns::figures::{Away, Frozen, counts};
use crate::campaigns::refusal;
use crate::campaigns::who::{Call, who};

/// What is asked: with a reason, a correction.
pub(in crate::campaigns) struct Wanted {
    pub(in crate::campaigns) campaign: CampaignCode,
    pub(in crate::campaigns) document: String,
    pub(in crate::campaigns) corrects_because: Option<String>,
}

/// Everything that a publication rests on, with the versions that it was read at.
struct Ground {
    editions: Editions,
    sheets: BTreeMap<UnitCode, Loaded<Sheet>>,
    figures: BTreeMap<UnitCode, Inputs>,
    rests_on: Vec<Basis>,
    counted_on: Option<FiguresBasis>,
}

impl Api {
    /// Publishes, or publishes a correction; anew when the campaign or a sheet moves on meanwhile.
    pub(in crate::campaigns) async fn publish<R: Message + Default>(
        &self,
        call: Call,
        wanted: &Wanted,
        respond: impl Fn(&Campaign, Version) -> R,
    ) -> Result<Executed<R>, Problem> {
        let code = &wanted.campaign;
        let mut moved = None;
        for _ in 0..ATTEMPTS {
            let (issue, beside) = self.issue(&call, wanted).await?.unzip();
            let (document, issue) = (wanted.document.clone(), issue.map(Box::new));
            let action = match wanted.corrects_because {
                None => Action::Publish { document, issue },
                Some(_) => Action::Correct { document, issue },
            };
            let beside = beside.unwrap_or_default();
            let decided = self.decided(&call, Role::Chair, code, &action, &beside, &respond);
            match decided.await? {
                Ok(executed) => return Ok(executed),
                Err(
                    error @ (ExecuteError::Conflict { .. }
                    | ExecuteError::Refused(Refusal::MovedOn)),
                ) if call.context.expected_version.is_none() => moved = Some(error),
                Err(error) => return Err(error.problem(refusal::of_campaign)),
            }
        }
        let error = moved.expect("every attempt but one that came too late returns");
        Err(error.problem(refusal::of_campaign))
    }

    /// What would be published now; none where the campaign is in no phase for it, so that it is refused by the campaign
    /// itself.
    async fn issue(
        &self,
        call: &Call,
        wanted: &Wanted,
    ) -> Result<Option<(Issue, Vec<(String, Version)>)>, Problem> {
        let stream = campaign_stream(&wanted.campaign);
        let campaign = load::<CampaignCodec>(&self.log, &stream).await?.state;
        let ready = match wanted.corrects_because {
            None => Phase::Approved,
            Some(_) => Phase::Published,
        };
        let Some(plan) = campaign.plan().filter(|_| campaign.phase() == ready) else {
            return Ok(None);
        };
        let key = self.key.as_ref().ok_or_else(|| {
            let message = "this service has no key to sign with; name one with --publication-key";
            Problem::refused("NO_PUBLICATION_KEY", message)
        })?;
        let ground = self.publication_ground(&wanted.campaign, plan).await?;
        let by = who(call, Role::Chair, &self.units).await?;
        let judged = ground.judged();
        let number = campaign.next_publication();
        let act = Act {
            campaign: wanted.campaign.as_str(),
            number,
            corrects: number.checked_sub(1).filter(|before| *before > 0),
            reason: wanted.corrects_because.as_deref().unwrap_or_default(),
            document: &wanted.document,
            by: &by.id,
            at: call.context.occurred_at,
            rests_on: &ground.rests_on,
            counted_on: ground.counted_on.as_ref(),
        };
        let result = pb::PublishedResult {
            units: units(plan, &ground.editions, &judged),
            ..head(act, plan)
        };
        let bytes = canonical(&result);
        let seal = Seal {
            number,
            corrects: act.corrects,
            reason: act.reason.to_owned(),
            rests_on: ground.rests_on.clone(),
            counted_on: ground.counted_on.clone(),
            sha256: Sha256::digest(&bytes).into(),
            signature: key.sign(&bytes),
            public_key: key.public(),
            outcomes: outcomes(plan, &ground.editions, &judged),
        };
        let issue = Issue {
            seal,
            decided_by: ground.decided_by(&campaign),
            figures: ground.frozen(),
        };
        Ok(Some((issue, ground.beside(&wanted.campaign))))
    }

    async fn publication_ground(
        &self,
        code: &CampaignCode,
        plan: &Plan,
    ) -> Result<Ground, Problem> {
        let editions = self.editions_of(plan)?;
        let frozen = self.frozen_figures(plan, &editions).await?;
        let mut sheets = BTreeMap::new();
        for unit in plan.participants.keys() {
            let sheet = load::<SheetCodec>(&self.log, &sheet_stream(code, unit)).await?;
            sheets.insert(unit.clone(), sheet);
        }
        // After the sheets were read: they are all before it, as the append makes sure that none of them moves on.
        let head = self.own_head().await?;
        let own = Basis {
            log: LOG.to_owned(),
            epoch: self.log.epoch().to_string(),
            position: head.position,
            hash: head.hash,
        };
        let (scoring, counted_on) = frozen.basis.unzip();
        Ok(Ground {
            editions,
            sheets,
            figures: frozen.figures,
            rests_on: [own].into_iter().chain(scoring).collect(),
            counted_on,
        })
    }

    async fn own_head(&self) -> Result<Head, Problem> {
        self.log.head().await.map_err(|error| {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot read the log's head"
            );
            Problem::unavailable("the log is out of reach; repeat the call")
        })
    }

    /// The editions that the groups of a campaign are judged by.
    pub(in crate::campaigns) fn editions_of(&self, plan: &Plan) -> Result<Editions, Problem> {
        let mut editions = Editions::new();
        for (group, rules) in &plan.rules {
            editions.insert(group.clone(), self.editions.of(rules, &self.view)?);
        }
        Ok(editions)
    }

    /// The counted figures of every unit, all as scoring had them at one moment.
    async fn frozen_figures(&self, plan: &Plan, editions: &Editions) -> Result<Frozen, Problem> {
        if !editions.values().any(|it| counts(it)) {
            return Ok(Frozen::default());
        }
        // What was reported before is counted, however far behind scoring is.
        let reported = self.own_head().await?.position;
        for _ in 0..ATTEMPTS {
            match self.figures.frozen(plan, editions, reported).await {
                Ok(Some(frozen)) => return Ok(frozen),
                // Events came in between: once more.
                Ok(None) => {}
                Err(Away) => {
                    let message = "scoring does not say its figures; repeat the call";
                    return Err(Problem::unavailable(message));
                }
            }
        }
        let message = "figures change while they are frozen; repeat the call when dossiers rest";
        Err(Problem::unavailable(message))
    }
}

impl Ground {
    fn judged(&self) -> BTreeMap<UnitCode, Judged<'_>> {
        static NONE: std::sync::LazyLock<Inputs> = std::sync::LazyLock::new(Inputs::new);
        let judged = self.sheets.iter().map(|(unit, sheet)| {
            let judged = Judged {
                sheet: &sheet.state,
                version: sheet.version,
                figures: self.figures.get(unit).unwrap_or(&NONE),
            };
            (unit.clone(), judged)
        });
        judged.collect()
    }

    fn frozen(&self) -> BTreeMap<UnitCode, Inputs> {
        let figures = self.figures.iter();
        let some = figures.filter(|(_, of_unit)| {
            of_unit.iter().next().is_some() || of_unit.withheld().next().is_some()
        });
        some.map(|(unit, of_unit)| (unit.clone(), of_unit.clone()))
            .collect()
    }

    /// Who decided what differs from the newest publication.
    fn decided_by(&self, campaign: &Campaign) -> BTreeSet<String> {
        let newest = campaign.publications().values().next_back();
        let Some(since) = newest.map(|publication| publication.at) else {
            return BTreeSet::new();
        };
        let sheets = self.sheets.values();
        sheets
            .flat_map(|sheet| sheet.state.decided_after(since))
            .collect()
    }

    fn beside(&self, code: &CampaignCode) -> Vec<(String, Version)> {
        let sheets = self.sheets.iter();
        sheets
            .map(|(unit, sheet)| (sheet_stream(code, unit), sheet.version))
            .collect()
    }
}
