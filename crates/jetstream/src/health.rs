//! How relays and consumers are doing.

use std::collections::BTreeMap;

use tokio::sync::watch;

/// How one relay or one consumer is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Another process does the work; this one takes over when that one is gone.
    Standby,
    /// It does its work.
    Working,
    /// It cannot work at the moment and keeps trying; says why.
    Degraded(String),
    /// It will not go on without help; says why and what to do.
    Stopped(String),
}

impl Condition {
    /// Whether nobody needs to be alarmed.
    pub fn is_healthy(&self) -> bool {
        matches!(self, Self::Standby | Self::Working)
    }
}

/// The conditions by log, for a health service to watch.
#[derive(Debug, Clone)]
pub struct Health {
    conditions: watch::Receiver<BTreeMap<&'static str, Condition>>,
}

impl Health {
    /// How each is doing now, by log.
    pub fn conditions(&self) -> BTreeMap<&'static str, Condition> {
        self.conditions.borrow().clone()
    }

    /// Whether none is degraded or stopped.
    pub fn is_healthy(&self) -> bool {
        self.conditions.borrow().values().all(Condition::is_healthy)
    }

    /// Waits for the next change; ends with `false` when there will be none any more.
    pub async fn changed(&mut self) -> bool {
        self.conditions.changed().await.is_ok()
    }
}

/// Where a relay or a consumer says how it is doing.
#[derive(Debug, Clone)]
pub(crate) struct Reporter {
    conditions: watch::Sender<BTreeMap<&'static str, Condition>>,
}

impl Reporter {
    pub(crate) fn new() -> Self {
        Self {
            conditions: watch::Sender::new(BTreeMap::new()),
        }
    }

    pub(crate) fn health(&self) -> Health {
        Health {
            conditions: self.conditions.subscribe(),
        }
    }

    /// Takes note, and says whether that is news.
    pub(crate) fn set(&self, log: &'static str, condition: Condition) -> bool {
        self.conditions.send_if_modified(|conditions| {
            let news = conditions.get(log) != Some(&condition);
            if news {
                conditions.insert(log, condition);
            }
            news
        })
    }

    /// Like [`set`](Self::set), except that what is stopped stays so.
    pub(crate) fn update(&self, log: &'static str, condition: Condition) -> bool {
        self.conditions.send_if_modified(|conditions| {
            let old = conditions.get(log);
            let news = old != Some(&condition) && !matches!(old, Some(Condition::Stopped(_)));
            if news {
                conditions.insert(log, condition);
            }
            news
        })
    }
}
