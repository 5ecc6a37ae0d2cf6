//! What projection knows, in memory: reference data, every leaf as last told, and every index that follows.
//!
//! All of it is a fold over the followed logs and does not depend on how they interleave: an index whose definition
//! or unit is not known yet is made when it is.

use std::collections::{BTreeMap, BTreeSet};

use contracts::assessments::v1 as assessments;
use contracts::scoring::v1 as scoring;
use directory::Directory;
use ids::{IndexKey, Period};
use index::Definition;
use prost::Message;

/// An index as the world sees it. Decimals are text, empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct IndexRow {
    pub(crate) edition: String,
    pub(crate) total: String,
    /// The total before its last rounding: what ranks may look at.
    pub(crate) exact: String,
    pub(crate) max: String,
    /// Why there is no total; empty when there is one.
    pub(crate) reason: String,
    pub(crate) components: Vec<Component>,
    /// Code of the band; empty when there is none.
    pub(crate) band: String,
    /// 1 is best; 0 when not ranked.
    pub(crate) rank: i32,
    /// How many are ranked beside it, itself included.
    pub(crate) ranked: i32,
}

/// A component's points.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Component {
    pub(crate) code: String,
    pub(crate) points: String,
    pub(crate) max: String,
}

/// Why an event could not be taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelError {
    #[error("the event is not what its type says")]
    Decode(#[from] prost::DecodeError),
    #[error("the registry's event cannot be read")]
    Directory(#[from] directory::DecodeError),
    #[error("the definition in force does not pass this service's checks: {0}")]
    Definition(String),
    #[error("no event of {log} is called {kind}; run a projection service as new as that one")]
    Kind { log: &'static str, kind: String },
    #[error("{what} {text:?} cannot be read")]
    Field { what: &'static str, text: String },
}

/// What a batch touched.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    pub(crate) everything: bool,
    pub(crate) keys: BTreeSet<IndexKey>,
    /// Leaves whose points changed: what they were before.
    pub(crate) before: BTreeMap<IndexKey, BTreeMap<String, String>>,
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) directory: Directory,
    /// By code of the index, then edition.
    pub(crate) definitions: BTreeMap<String, BTreeMap<String, Definition>>,
    /// By leaf; the edition is that of the newest.
    pub(crate) leaves: BTreeMap<IndexKey, BTreeMap<String, scoring::LeafScore>>,
    pub(crate) editions: BTreeMap<IndexKey, String>,
    pub(crate) indices: BTreeMap<IndexKey, IndexRow>,
}

impl Model {
    /// Takes in an event of a followed log.
    pub(crate) fn apply(
        &mut self,
        log: &str,
        (stream, kind, payload): (&str, &str, &[u8]),
        touched: &mut Touched,
    ) -> Result<(), ModelError> {
        match log {
            "registry" => {
                self.directory.apply(stream, kind, payload)?;
                // Of all that the registry says, an index shows its unit's name and is ranked in its unit's group.
                let kind = kind.strip_prefix("chiso.registry.v1.").unwrap_or(kind);
                touched.everything |= kind.starts_with("Unit");
                Ok(())
            }
            "assessments" => self.apply_assessments(kind, payload, touched),
            _ => self.apply_scoring(kind, payload, touched),
        }
    }

    fn apply_assessments(
        &mut self,
        kind: &str,
        payload: &[u8],
        touched: &mut Touched,
    ) -> Result<(), ModelError> {
        match kind.strip_prefix("chiso.assessments.v1.").unwrap_or(kind) {
            "DefinitionPutInForce" => {
                let event = assessments::DefinitionPutInForce::decode(payload)?;
                let name = format!("{} {}", event.code, event.edition);
                let definition = Definition::parse(&event.document, &name).map_err(|faults| {
                    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
                    ModelError::Definition(faults.join("; "))
                })?;
                self.definitions
                    .entry(event.code)
                    .or_default()
                    .insert(event.edition, definition);
                touched.everything = true;
                Ok(())
            }
            "DefinitionRetired" => {
                let event = assessments::DefinitionRetired::decode(payload)?;
                let Ok(Period::Month(last)) = event.last_month.parse() else {
                    return Err(ModelError::Field {
                        what: "month",
                        text: event.last_month,
                    });
                };
                let editions = self.definitions.get_mut(&event.code);
                if let Some(edition) = editions.and_then(|known| known.get_mut(&event.edition)) {
                    edition.end(Period::Month(last).last_day());
                }
                touched.everything = true;
                Ok(())
            }
            // Reported figures reach this service as the points that scoring makes of them.
            "MeasureReported" => Ok(()),
            // Campaigns, surveys and drafts reach no index that is kept here.
            _ if contracts::json::descriptors()
                .get_message_by_name(kind)
                .is_some() =>
            {
                Ok(())
            }
            _ => Err(ModelError::Kind {
                log: "assessments",
                kind: kind.to_owned(),
            }),
        }
    }

    fn apply_scoring(
        &mut self,
        kind: &str,
        payload: &[u8],
        touched: &mut Touched,
    ) -> Result<(), ModelError> {
        if kind != "chiso.scoring.v1.LeavesScored" {
            return Err(ModelError::Kind {
                log: "scoring",
                kind: kind.to_owned(),
            });
        }
        let event = scoring::LeavesScored::decode(payload)?;
        let unreadable = |what, text: &str| ModelError::Field {
            what,
            text: text.to_owned(),
        };
        let key = IndexKey {
            period: event
                .period
                .parse()
                .map_err(|_| unreadable("period", &event.period))?,
            subject: event
                .subject
                .parse()
                .map_err(|_| unreadable("subject", &event.subject))?,
            index: event.index,
        };
        if event.leaves.is_empty() {
            self.leaves.remove(&key);
            self.editions.remove(&key);
            touched.before.entry(key.clone()).or_default().clear();
            touched.keys.insert(key);
            return Ok(());
        }
        let leaves = self.leaves.entry(key.clone()).or_default();
        let before = touched.before.entry(key.clone()).or_default();
        if self
            .editions
            .insert(key.clone(), event.edition.clone())
            .is_some_and(|old| old != event.edition)
        {
            leaves.clear();
            // Who follows forgets them too, and has to be told every leaf of this edition.
            before.clear();
        }
        for leaf in event.leaves {
            let old = leaves
                .get(&leaf.leaf)
                .map(|old| old.points.clone())
                .unwrap_or_default();
            before.entry(leaf.leaf.clone()).or_insert(old);
            leaves.insert(leaf.leaf.clone(), leaf);
        }
        touched.keys.insert(key);
        Ok(())
    }

    /// The definition that an index was scored by, once both are known; none when it was retired and does not reach the
    /// period any more.
    pub(crate) fn definition(&self, key: &IndexKey) -> Option<&Definition> {
        self.definitions
            .get(&key.index)?
            .get(self.editions.get(key)?)
            .filter(|definition| definition.covers(key.period))
    }
}
