//! Fields of events: how each kind of value stands on the wire.

use contracts::wire::{instant, timestamp};
use ids::UnitCode;
use jiff::Timestamp;

use crate::wire::terms::Term;

/// A value that is one way in the domain and another on the wire.
pub(super) trait Field: Sized {
    /// Its way on the wire.
    type Wire;
    /// The value for the wire.
    fn to_wire(&self) -> Self::Wire;
    /// The value that the wire says; none when it is no such value.
    fn from_wire(wire: Self::Wire) -> Option<Self>;
}

macro_rules! same {
    ($($type:ty),+) => {
        $(impl Field for $type {
            type Wire = Self;

            fn to_wire(&self) -> Self {
                self.clone()
            }

            fn from_wire(wire: Self) -> Option<Self> {
                Some(wire)
            }
        })+
    };
}

same!(String, bool, i64);

impl<T: Term> Field for T {
    type Wire = i32;

    fn to_wire(&self) -> i32 {
        self.number()
    }

    fn from_wire(wire: i32) -> Option<Self> {
        Self::from_number(wire)
    }
}

impl Field for u32 {
    type Wire = i32;

    fn to_wire(&self) -> i32 {
        // Counts within a dossier, far below.
        i32::try_from(*self).unwrap_or(i32::MAX)
    }

    fn from_wire(wire: i32) -> Option<Self> {
        wire.try_into().ok()
    }
}

impl Field for u64 {
    type Wire = i64;

    fn to_wire(&self) -> i64 {
        // Dong, at most 10^12.
        i64::try_from(*self).unwrap_or(i64::MAX)
    }

    fn from_wire(wire: i64) -> Option<Self> {
        wire.try_into().ok()
    }
}

impl Field for Timestamp {
    type Wire = Option<prost_types::Timestamp>;

    fn to_wire(&self) -> Self::Wire {
        Some(timestamp(*self))
    }

    fn from_wire(wire: Self::Wire) -> Option<Self> {
        instant(&wire?)
    }
}

impl Field for Option<Timestamp> {
    type Wire = Option<prost_types::Timestamp>;

    fn to_wire(&self) -> Self::Wire {
        self.map(timestamp)
    }

    fn from_wire(wire: Self::Wire) -> Option<Self> {
        wire.as_ref()
            .map(instant)
            .map_or(Some(None), |at| at.map(Some))
    }
}

impl Field for UnitCode {
    type Wire = String;

    fn to_wire(&self) -> String {
        self.to_string()
    }

    fn from_wire(wire: String) -> Option<Self> {
        wire.parse().ok()
    }
}

impl Field for [u8; 32] {
    type Wire = Vec<u8>;

    fn to_wire(&self) -> Vec<u8> {
        self.to_vec()
    }

    fn from_wire(wire: Vec<u8>) -> Option<Self> {
        wire.try_into().ok()
    }
}

impl Field for Option<[u8; 32]> {
    type Wire = Vec<u8>;

    fn to_wire(&self) -> Vec<u8> {
        self.as_ref().map_or_else(Vec::new, Field::to_wire)
    }

    fn from_wire(wire: Vec<u8>) -> Option<Self> {
        if wire.is_empty() {
            Some(None)
        } else {
            Field::from_wire(wire).map(Some)
        }
    }
}
