//! Figures that dossiers cannot say, reported month by month for one unit and one measure.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use decider::Decider;
use ids::{MeasureName, Month, UnitCode};
use rust_decimal::Decimal;

/// Most digits behind the point.
const SCALE_MAX: u32 = 6;
/// Most digits in all.
const DIGITS_MAX: usize = 18;

/// A reported figure: a decimal that is at least 0, with at most 18 digits and at most 6 of them behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure(Decimal);

/// Why a text is not a figure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a figure: write a decimal of at least 0 with at most 18 digits, at most 6 behind the point"
)]
pub struct FigureError(String);

impl Figure {
    /// A count: every one has few enough digits to be exact.
    pub fn count(count: u64) -> Self {
        Self(Decimal::from(count).normalize())
    }

    /// Its value.
    pub fn value(self) -> Decimal {
        self.0
    }
}

/// A mean or a share as the two sums that it is made of, so that those of several months and units add up exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mean {
    sum: Decimal,
    of: Decimal,
}

impl Mean {
    /// `sum` over `of`; none where that is nothing.
    pub fn new(sum: Decimal, of: Decimal) -> Option<Self> {
        let (sum, of) = (sum.normalize(), of.normalize());
        (of > Decimal::ZERO).then_some(Self { sum, of })
    }

    /// The sum of what was answered, each answer times its weight.
    pub fn sum(self) -> Decimal {
        self.sum
    }

    /// The sum of the weights, above 0.
    pub fn of(self) -> Decimal {
        self.of
    }
}

/// What is said of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stated {
    /// A figure.
    Figure(Figure),
    /// A mean or a share.
    Mean(Mean),
    /// There is no figure, and why: survey results that are withheld, or too few answers.
    Withheld(String),
}

impl Stated {
    /// The figure; none of a mean and of what is withheld.
    pub fn figure(&self) -> Option<Figure> {
        match self {
            Self::Figure(figure) => Some(*figure),
            Self::Mean(_) | Self::Withheld(_) => None,
        }
    }

    /// Why there is none; none where there is one.
    pub fn withheld(&self) -> Option<&str> {
        match self {
            Self::Withheld(reason) => Some(reason),
            Self::Figure(_) | Self::Mean(_) => None,
        }
    }
}

impl fmt::Display for Stated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Figure(figure) => write!(f, "{}", figure.value()),
            Self::Mean(mean) => write!(f, "{} / {}", mean.sum(), mean.of()),
            Self::Withheld(reason) => write!(f, "withheld: {reason}"),
        }
    }
}

impl From<Figure> for Stated {
    fn from(figure: Figure) -> Self {
        Self::Figure(figure)
    }
}

impl FromStr for Figure {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, FigureError> {
        let refuse = || FigureError(text.chars().take(32).collect());
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        if !plain || !(1..=DIGITS_MAX).contains(&digits) {
            return Err(refuse());
        }
        let value = Decimal::from_str_exact(text).map_err(|_| refuse())?;
        if value.scale() > SCALE_MAX {
            return Err(refuse());
        }
        Ok(Self(value.normalize()))
    }
}

/// What was reported of one unit and measure, by month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    months: BTreeMap<Month, (Stated, String)>,
}

/// What may be asked of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportCommand {
    /// States the figure of a month, or that there is none, in place of what was said earlier.
    State {
        /// The unit, the same in every command to a report.
        unit: UnitCode,
        /// The measure, the same in every command to a report.
        measure: MeasureName,
        /// The month.
        month: Month,
        /// The figure.
        figure: Stated,
        /// Where it is from.
        source: String,
    },
}

/// What happened to a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportEvent {
    /// The figure of a month is this, from now on.
    Stated {
        /// The unit.
        unit: UnitCode,
        /// The measure.
        measure: MeasureName,
        /// The month.
        month: Month,
        /// The figure.
        figure: Stated,
        /// Where it is from.
        source: String,
    },
}

/// Why a figure is not stated. A report by itself refuses nothing: what it must not say is no [`Figure`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportRefusal {
    /// It follows from a survey.
    #[error(
        "the figure follows from wave {0}, which is counted; withhold the wave's results for the unit first, or leave the \
         figure to it"
    )]
    Surveyed(String),
}

impl Report {
    /// The figure of a month and where it is from.
    pub fn month(&self, month: Month) -> Option<(&Stated, &str)> {
        self.months
            .get(&month)
            .map(|(figure, source)| (figure, source.as_str()))
    }

    /// Every month with its figure and source, in order.
    pub fn months(&self) -> impl Iterator<Item = (Month, &Stated, &str)> {
        self.months
            .iter()
            .map(|(month, (figure, source))| (*month, figure, source.as_str()))
    }
}

impl Decider for Report {
    type Command = ReportCommand;
    type Event = ReportEvent;
    type Refusal = ReportRefusal;

    fn decide(&self, command: ReportCommand) -> Result<Vec<ReportEvent>, ReportRefusal> {
        let ReportCommand::State {
            unit,
            measure,
            month,
            figure,
            source,
        } = command;
        if self.month(month) == Some((&figure, &source)) {
            return Ok(vec![]);
        }
        Ok(vec![ReportEvent::Stated {
            unit,
            measure,
            month,
            figure,
            source,
        }])
    }

    fn evolve(&mut self, event: &ReportEvent) {
        let ReportEvent::Stated {
            month,
            figure,
            source,
            ..
        } = event;
        self.months.insert(*month, (figure.clone(), source.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decider::fold;
    use proptest::prelude::*;

    #[test]
    fn figures_are_plain_decimals() {
        for (text, value) in [
            ("0", "0"),
            ("52", "52"),
            ("0.50", "0.5"),
            ("123456789012.123456", "123456789012.123456"),
        ] {
            let figure: Figure = text.parse().expect(text);
            assert_eq!(figure.value().to_string(), value);
        }
        for text in [
            "",
            ".",
            "-1",
            "+1",
            "1e3",
            "1,5",
            "0.1234567",
            "1234567890123456789",
            "NaN",
            "1.2.3",
            "１",
        ] {
            assert!(text.parse::<Figure>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn deciding_again_after_evolving_decides_nothing(
            statements in prop::collection::vec((1..=12i8, 0..100u32, "[a-c]{1}"), 1..10)
        ) {
            let mut events = Vec::new();
            for (month, value, source) in statements {
                let command = ReportCommand::State {
                    unit: "H40.01".parse().expect("a code"),
                    measure: "procedures_published".parse().expect("a name"),
                    month: Month::new(2024, month).expect("a month"),
                    figure: value.to_string().parse::<Figure>().expect("a figure").into(),
                    source,
                };
                let report: Report = fold(&events);
                events.extend(report.decide(command.clone()).expect("refuses nothing"));
                prop_assert_eq!(fold::<Report>(&events).decide(command), Ok(vec![]));
            }
        }
    }
}
