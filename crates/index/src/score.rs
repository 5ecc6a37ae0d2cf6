//! The score of a leaf, with its why.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::value::Value;

/// The score of one leaf.
///
/// Three cases: points; a maximum above zero without points (the score could not be made, see `no_score`); a maximum
/// of zero (the leaf only informs, or does not apply here).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafScore {
    /// The points that count, 0 to `max`: rounded if the definition rounds leaves, `exact` otherwise.
    pub points: Option<Decimal>,
    /// The points before rounding, to 28 digits.
    pub exact: Option<Decimal>,
    /// The most that the leaf can give here; 0 where it does not apply or only informs.
    pub max: Decimal,
    /// The ratio or figure that the rule came to on the way, e.g. 0.7248; for a leaf that only informs, the information.
    pub value: Option<Decimal>,
    /// Why there are no points.
    pub no_score: Option<NoScore>,
    /// What the rule was given, by name.
    pub inputs: BTreeMap<String, Value>,
}

/// Why a leaf has no points.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoScore {
    /// The leaf informs and never gives points.
    #[error("for information, gives no points")]
    Information,
    /// The leaf does not apply here; it leaves the maximum.
    #[error("does not apply: {0}")]
    NotApplicable(String),
    /// Inputs have no value.
    #[error("no value for {}", .0.join(", "))]
    Missing(Vec<String>),
    /// An input's value is of another type than the definition says.
    #[error("{input} is {value}, which is not {expected}")]
    WrongType {
        /// Name of the input.
        input: String,
        /// Its value.
        value: Value,
        /// What the definition says.
        expected: String,
    },
    /// A base is zero and the definition does not say what follows from that.
    #[error("{0} is 0: nothing to take a share of")]
    ZeroBase(String),
    /// A share or a count that cannot be negative is.
    #[error("{what} is {value}: it cannot be negative")]
    Negative {
        /// The expression.
        what: String,
        /// Its value.
        value: Decimal,
    },
    /// Too little data.
    #[error("only {have} answers, at least {need} are needed")]
    TooFew {
        /// How many there are.
        have: Decimal,
        /// How many there have to be.
        need: Decimal,
    },
    /// The expression divided by zero or came to a number too large for a decimal.
    #[error("{0} cannot be computed: it divides by zero or becomes too large")]
    NotComputable(String),
    /// The rule gives points that the leaf cannot have.
    #[error("the rule gives {points} points, outside 0 to {max}")]
    OutOfRange {
        /// What the rule came to.
        points: Decimal,
        /// The leaf's maximum.
        max: Decimal,
    },
    /// A figure is withheld, for this reason.
    #[error("{WITHHELD}{0}")]
    Withheld(String),
    /// Told by whoever made the score.
    #[error("{0}")]
    Told(String),
}

/// What the words of a reason begin with when a figure is withheld, so that it is known again where only they are told.
const WITHHELD: &str = "withheld: ";

impl NoScore {
    /// A reason as it was told in words.
    fn told(reason: &str) -> Self {
        match reason.strip_prefix(WITHHELD) {
            Some(reason) => Self::Withheld(reason.to_owned()),
            None => Self::Told(reason.to_owned()),
        }
    }
}

impl LeafScore {
    /// A score that was made elsewhere, such as an appraiser's decision or one read back from an event: points that
    /// count, the maximum, and the reason why there are no points.
    pub fn told(points: Option<Decimal>, max: Decimal, reason: &str) -> Self {
        let no_score = points.is_none().then(|| NoScore::told(reason));
        Self {
            points,
            exact: points,
            max,
            value: None,
            no_score,
            inputs: BTreeMap::new(),
        }
    }

    /// The leaf does not apply here, by decision.
    pub fn not_applicable(reason: &str) -> Self {
        let why = NoScore::NotApplicable(reason.to_owned());
        Self {
            no_score: Some(why),
            ..Self::told(None, Decimal::ZERO, "")
        }
    }

    /// Why a figure that it needs is withheld; none when that is not why there are no points.
    pub fn withheld(&self) -> Option<&str> {
        match &self.no_score {
            Some(NoScore::Withheld(reason)) => Some(reason),
            _ => None,
        }
    }

    /// Why there are no points, in words; empty when there are points.
    pub fn reason(&self) -> String {
        self.no_score
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    }
}
