//! The editions of one index: drafted, put in force, retired. An edition is immutable once it is in force, and while a
//! campaign that judges by it runs it cannot be retired either.

mod refusal;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use decider::Decider;
use ids::{CampaignCode, IndexCode, Month, Period};

pub use self::refusal::DefinitionRefusal;

/// For which groups of units and which months an edition is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Names of the groups, as in [`ids::GROUPS`].
    pub groups: BTreeSet<String>,
    /// First month.
    pub from: Month,
    /// Last month; none while no end is known.
    pub until: Option<Month>,
}

/// One edition of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Code of the index.
    pub index: IndexCode,
    /// Its name, unique within the index.
    pub name: String,
    /// The document, exactly as it was checked.
    pub document: String,
    /// SHA-256 of the document.
    pub sha256: [u8; 32],
    /// Where it is in force.
    pub scope: Scope,
}

/// An edition that is being written. Its document may have faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Code of the index.
    pub index: IndexCode,
    /// Its name, unique within the index among drafts and editions.
    pub name: String,
    /// The document as it is so far.
    pub document: String,
    /// SHA-256 of the document.
    pub sha256: [u8; 32],
    /// Index and edition that it was copied from; empty when it was not.
    pub copied_from: String,
}

/// The end of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// The last month that it judges; one before its first means that it judges none.
    pub last: Month,
    /// Why.
    pub reason: String,
}

/// Who wants to judge by an edition, whom and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The edition.
    pub edition: String,
    /// The campaign.
    pub campaign: CampaignCode,
    /// The group of units.
    pub group: String,
    /// The period, in all of which the edition must be in force.
    pub period: Period,
}

/// All editions of one index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    editions: BTreeMap<String, Edition>,
    drafts: BTreeMap<String, Draft>,
    retired: BTreeMap<String, Retirement>,
    uses: BTreeMap<String, BTreeSet<CampaignCode>>,
    newest: Option<String>,
}

/// What may be asked of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefinitionCommand {
    /// Begins a draft.
    Draft(Draft),
    /// Gives a draft another document.
    Change {
        /// Name of the draft.
        name: String,
        /// The document.
        document: String,
        /// Its SHA-256.
        sha256: [u8; 32],
    },
    /// Puts a checked document in force.
    PutInForce(Edition),
    /// Puts a draft in force, of which this was checked.
    PutDraftInForce(Edition),
    /// Takes an edition into use.
    Use(Use),
    /// Ends an edition.
    Retire {
        /// Name of the edition.
        name: String,
        /// When and why.
        retirement: Retirement,
        /// The running campaigns that judge by it.
        running: BTreeSet<CampaignCode>,
    },
}

/// What happened to a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefinitionEvent {
    /// A draft was begun.
    Drafted(Draft),
    /// A draft has another document.
    DraftChanged {
        /// Code of the index.
        index: IndexCode,
        /// Name of the draft.
        name: String,
        /// The document.
        document: String,
        /// Its SHA-256.
        sha256: [u8; 32],
    },
    /// An edition is in force from now on.
    PutInForce(Edition),
    /// A campaign judges by an edition.
    Used {
        /// Code of the index.
        index: IndexCode,
        /// Name of the edition.
        name: String,
        /// The campaign.
        campaign: CampaignCode,
    },
    /// An edition ends.
    Retired {
        /// Code of the index.
        index: IndexCode,
        /// Name of the edition.
        name: String,
        /// When and why.
        retirement: Retirement,
    },
}

impl Definition {
    /// An edition by name; an empty name asks for the one put in force last.
    pub fn edition(&self, name: &str) -> Option<&Edition> {
        match name {
            "" => self.editions.get(self.newest.as_ref()?),
            name => self.editions.get(name),
        }
    }

    /// All editions by name.
    pub fn editions(&self) -> impl Iterator<Item = &Edition> {
        self.editions.values()
    }

    /// A draft by name.
    pub fn draft(&self, name: &str) -> Option<&Draft> {
        self.drafts.get(name)
    }

    /// All drafts by name.
    pub fn drafts(&self) -> impl Iterator<Item = &Draft> {
        self.drafts.values()
    }

    /// How an edition ended; none while it is as it was put in force.
    pub fn retirement(&self, name: &str) -> Option<&Retirement> {
        self.retired.get(name)
    }

    /// The campaigns that took an edition into use, whether or not they still judge by it.
    pub fn uses(&self, name: &str) -> impl Iterator<Item = &CampaignCode> {
        self.uses.get(name).into_iter().flatten()
    }

    fn begin(&self, draft: Draft) -> Result<Vec<DefinitionEvent>, DefinitionRefusal> {
        if self.editions.contains_key(&draft.name) {
            return Err(DefinitionRefusal::Immutable(draft.name));
        }
        match self.drafts.get(&draft.name) {
            Some(known) if *known == draft => Ok(vec![]),
            Some(_) => Err(DefinitionRefusal::Drafted(draft.name)),
            None => Ok(vec![DefinitionEvent::Drafted(draft)]),
        }
    }

    fn change(
        &self,
        name: String,
        document: String,
        sha256: [u8; 32],
    ) -> Result<Vec<DefinitionEvent>, DefinitionRefusal> {
        if self.editions.contains_key(&name) {
            return Err(DefinitionRefusal::Immutable(name));
        }
        match self.drafts.get(&name) {
            None => Err(DefinitionRefusal::NoDraft(name)),
            Some(draft) if draft.sha256 == sha256 => Ok(vec![]),
            Some(draft) => Ok(vec![DefinitionEvent::DraftChanged {
                index: draft.index.clone(),
                name,
                document,
                sha256,
            }]),
        }
    }

    fn put_draft(&self, edition: Edition) -> Result<Vec<DefinitionEvent>, DefinitionRefusal> {
        match self.drafts.get(&edition.name) {
            Some(draft) if draft.sha256 == edition.sha256 => self.put(edition),
            Some(_) => Err(DefinitionRefusal::DraftMoved(edition.name)),
            None if self.editions.contains_key(&edition.name) => self.put(edition),
            None => Err(DefinitionRefusal::NoDraft(edition.name)),
        }
    }

    fn put(&self, edition: Edition) -> Result<Vec<DefinitionEvent>, DefinitionRefusal> {
        if let Some(known) = self.editions.get(&edition.name) {
            return if known.sha256 == edition.sha256 {
                Ok(vec![])
            } else {
                Err(DefinitionRefusal::Immutable(edition.name))
            };
        }
        for other in self.editions.values() {
            if let Some((group, month)) = edition.scope.shared(&other.scope) {
                let (group, other) = (group.clone(), other.name.clone());
                return Err(DefinitionRefusal::Overlap {
                    edition: edition.name,
                    other,
                    group,
                    month,
                });
            }
        }
        Ok(vec![DefinitionEvent::PutInForce(edition)])
    }

    fn take_into_use(&self, wanted: Use) -> Result<Vec<DefinitionEvent>, DefinitionRefusal> {
        let Use {
            edition: name,
            campaign,
            group,
            period,
        } = wanted;
        let known = self.editions.get(&name);
        let Some(known) = known.filter(|edition| edition.scope.holds(&group, period)) else {
            return Err(DefinitionRefusal::NotInForce {
                edition: name,
                group,
                period,
            });
        };
        if self.uses(&name).any(|known| *known == campaign) {
            return Ok(vec![]);
        }
        Ok(vec![DefinitionEvent::Used {
            index: known.index.clone(),
            name,
            campaign,
        }])
    }

    fn retire(
        &self,
        name: String,
        retirement: Retirement,
        running: BTreeSet<CampaignCode>,
    ) -> Result<Vec<DefinitionEvent>, DefinitionRefusal> {
        let Some(edition) = self.editions.get(&name) else {
            return Err(DefinitionRefusal::NoEdition(name));
        };
        if !running.is_empty() {
            let campaigns = running.into_iter().collect();
            return Err(DefinitionRefusal::InUse {
                edition: name,
                campaigns,
            });
        }
        match edition.scope.until {
            Some(until) if until == retirement.last => Ok(vec![]),
            Some(until) if until < retirement.last => Err(DefinitionRefusal::Ended {
                edition: name,
                until,
            }),
            _ => Ok(vec![DefinitionEvent::Retired {
                index: edition.index.clone(),
                name,
                retirement,
            }]),
        }
    }
}

impl Scope {
    /// Whether it holds a group in all of a period.
    pub fn holds(&self, group: &str, period: Period) -> bool {
        self.groups.contains(group)
            && self.from <= period.first_month()
            && self.until.is_none_or(|until| period.last_month() <= until)
    }

    /// A group and the first month that both scopes hold.
    fn shared<'a>(&'a self, other: &Self) -> Option<(&'a String, Month)> {
        let group = self
            .groups
            .iter()
            .find(|group| other.groups.contains(*group))?;
        let from = self.from.max(other.from);
        let until = [self.until, other.until].into_iter().flatten().min();
        until
            .is_none_or(|until| from <= until)
            .then_some((group, from))
    }
}

impl Decider for Definition {
    type Command = DefinitionCommand;
    type Event = DefinitionEvent;
    type Refusal = DefinitionRefusal;

    fn decide(
        &self,
        command: DefinitionCommand,
    ) -> Result<Vec<DefinitionEvent>, DefinitionRefusal> {
        match command {
            DefinitionCommand::Draft(draft) => self.begin(draft),
            DefinitionCommand::Change {
                name,
                document,
                sha256,
            } => self.change(name, document, sha256),
            DefinitionCommand::PutInForce(edition) => self.put(edition),
            DefinitionCommand::PutDraftInForce(edition) => self.put_draft(edition),
            DefinitionCommand::Use(wanted) => self.take_into_use(wanted),
            DefinitionCommand::Retire {
                name,
                retirement,
                running,
            } => self.retire(name, retirement, running),
        }
    }

    fn evolve(&mut self, event: &DefinitionEvent) {
        match event {
            DefinitionEvent::Drafted(draft) => {
                self.drafts.insert(draft.name.clone(), draft.clone());
            }
            DefinitionEvent::DraftChanged {
                name,
                document,
                sha256,
                ..
            } => {
                if let Some(draft) = self.drafts.get_mut(name) {
                    draft.document.clone_from(document);
                    draft.sha256 = *sha256;
                }
            }
            DefinitionEvent::PutInForce(edition) => {
                self.drafts.remove(&edition.name);
                self.newest = Some(edition.name.clone());
                self.editions.insert(edition.name.clone(), edition.clone());
            }
            DefinitionEvent::Used { name, campaign, .. } => {
                let uses = self.uses.entry(name.clone()).or_default();
                uses.insert(campaign.clone());
            }
            DefinitionEvent::Retired {
                name, retirement, ..
            } => {
                if let Some(edition) = self.editions.get_mut(name) {
                    edition.scope.until = Some(retirement.last);
                }
                self.retired.insert(name.clone(), retirement.clone());
            }
        }
    }
}
