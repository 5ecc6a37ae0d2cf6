//! The only source of ids.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Draws ids.
#[derive(Clone, Debug)]
pub struct Ids(Source);

#[derive(Clone, Debug)]
enum Source {
    /// Version 7: ordered by the time they were drawn, which keeps index pages dense.
    Random,
    /// 1, 2, 3, … as ids.
    Sequence(Arc<AtomicU64>),
}

impl Ids {
    /// Version 7 ids: unique everywhere, ordered by time.
    pub fn random() -> Self {
        Self(Source::Random)
    }

    /// Always the same ids in the same order, for tests. Clones draw from the same sequence.
    pub fn sequence() -> Self {
        Self(Source::Sequence(Arc::new(AtomicU64::new(1))))
    }

    /// A new id.
    #[allow(clippy::disallowed_methods, reason = "this is where ids enter")]
    pub fn uuid(&self) -> Uuid {
        match &self.0 {
            Source::Random => Uuid::now_v7(),
            Source::Sequence(next) => {
                Uuid::from_u64_pair(0x7000, next.fetch_add(1, Ordering::Relaxed) | 1 << 63)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_the_same_every_time() {
        let draw = || {
            let ids = Ids::sequence();
            [ids.uuid(), ids.clone().uuid(), ids.uuid()]
        };
        assert_eq!(draw(), draw());
        assert_eq!(
            draw()[2].to_string(),
            "00000000-0000-7000-8000-000000000003"
        );
    }

    #[test]
    fn random_ids_are_of_version_7_and_differ() {
        let ids = Ids::random();
        let (first, second) = (ids.uuid(), ids.uuid());
        assert_eq!(first.get_version_num(), 7);
        assert!(first < second);
    }
}
