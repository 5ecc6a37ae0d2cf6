//! Draws, in whole numbers.

use std::ops::RangeInclusive;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// A seeded source of chance, the same on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Draws that belong to `name` alone, whatever else is drawn from the seed.
    pub(crate) fn named(seed: u64, name: &str) -> Self {
        // FNV-1a: the standard library's hash may differ from version to version.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self::seeded(seed ^ hash)
    }

    /// The seed of other dice.
    pub(crate) fn seed(&mut self) -> u64 {
        self.0.random()
    }

    /// Any number of the range, each as likely.
    pub(crate) fn within(&mut self, range: RangeInclusive<u32>) -> u32 {
        self.0.random_range(range)
    }

    /// True in `permille` of a thousand cases.
    pub(crate) fn chance(&mut self, permille: u32) -> bool {
        self.0.random_range(0..1_000) < permille
    }

    /// A place in a list of cumulative weights, each as likely as its weight is heavy. The list is not empty and its
    /// last entry is above 0.
    pub(crate) fn weighted(&mut self, cumulative: &[u64]) -> usize {
        let total = cumulative.last().copied().unwrap_or(1).max(1);
        let drawn = self.0.random_range(0..total);
        cumulative.partition_point(|sum| *sum <= drawn)
    }

    /// One of the values.
    pub(crate) fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.0.random_range(0..values.len())]
    }
}

/// Running sums of weights, for [`Dice::weighted`].
pub(crate) fn cumulative(weights: impl IntoIterator<Item = u64>) -> Vec<u64> {
    weights
        .into_iter()
        .scan(0_u64, |sum, weight| {
            *sum = sum.saturating_add(weight);
            Some(*sum)
        })
        .collect()
}
