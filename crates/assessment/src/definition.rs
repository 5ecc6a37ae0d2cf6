//! The editions of one index. An edition is immutable once it is in force.

use std::collections::{BTreeMap, BTreeSet};

use decider::Decider;
use ids::{IndexCode, Month};

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

/// All editions of one index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    editions: BTreeMap<String, Edition>,
    newest: Option<String>,
}

/// What may be asked of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefinitionCommand {
    /// Puts a checked document in force.
    PutInForce(Edition),
}

/// What happened to a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefinitionEvent {
    /// An edition is in force from now on.
    PutInForce(Edition),
}

/// Why a definition is not put in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionRefusal {
    /// The edition is in force with another content.
    #[error(
        "edition {0} is in force with another content and cannot change; give the changed document a new edition"
    )]
    Immutable(String),
    /// Another edition is in force for the same units at the same time.
    #[error(
        "edition {edition} would be in force beside edition {other} for group {group} in {month}; let the new one \
         begin after the other ends, or judge another group"
    )]
    Overlap {
        /// The edition asked for.
        edition: String,
        /// The edition in force.
        other: String,
        /// A group that both judge.
        group: String,
        /// The first month that both are in force in.
        month: Month,
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
}

impl Scope {
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
        let DefinitionCommand::PutInForce(edition) = command;
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

    fn evolve(&mut self, event: &DefinitionEvent) {
        let DefinitionEvent::PutInForce(edition) = event;
        self.newest = Some(edition.name.clone());
        self.editions.insert(edition.name.clone(), edition.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decider::spec::given;

    fn edition(name: &str, document: u8, months: std::ops::RangeInclusive<i8>) -> Edition {
        let month = |month| Month::new(2024, month).expect("a month");
        Edition {
            index: "service-quality".parse().expect("a code"),
            name: name.into(),
            document: document.to_string(),
            sha256: [document; 32],
            scope: Scope {
                groups: BTreeSet::from(["department".into()]),
                from: month(*months.start()),
                until: Some(month(*months.end())),
            },
        }
    }

    fn in_force(edition: Edition) -> DefinitionEvent {
        DefinitionEvent::PutInForce(edition)
    }

    #[test]
    fn an_edition_is_put_in_force_once() {
        given::<Definition>([])
            .when(DefinitionCommand::PutInForce(edition("1", 1, 1..=6)))
            .then([in_force(edition("1", 1, 1..=6))]);
        given::<Definition>([in_force(edition("1", 1, 1..=6))])
            .when(DefinitionCommand::PutInForce(edition("1", 1, 1..=6)))
            .then([]);
    }

    #[test]
    fn an_edition_in_force_cannot_change() {
        given::<Definition>([in_force(edition("1", 1, 1..=6))])
            .when(DefinitionCommand::PutInForce(edition("1", 2, 1..=6)))
            .then_refused(&DefinitionRefusal::Immutable("1".into()));
    }

    #[test]
    fn two_editions_never_judge_the_same_group_at_the_same_time() {
        let given = || given::<Definition>([in_force(edition("1", 1, 1..=6))]);
        given()
            .when(DefinitionCommand::PutInForce(edition("2", 2, 7..=12)))
            .then([in_force(edition("2", 2, 7..=12))]);
        given()
            .when(DefinitionCommand::PutInForce(edition("2", 2, 6..=12)))
            .then_refused(&DefinitionRefusal::Overlap {
                edition: "2".into(),
                other: "1".into(),
                group: "department".into(),
                month: Month::new(2024, 6).expect("a month"),
            });
    }
}
