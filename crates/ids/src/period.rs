//! Periods: the months, quarters and years that indices are kept for.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// The first year that a period may name; nothing that Chiso judges is older.
const YEAR_MIN: i16 = 1990;
/// The last year that a period may name.
const YEAR_MAX: i16 = 2200;

/// A calendar month of the province's local time, `2024-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

/// A month, a quarter (`2024-Q1`) or a year (`2024`).
///
/// Ordered by first month, then longer first, so that a year stands before its quarters and months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// One calendar month.
    Month(Month),
    /// Three months; `quarter` is 1 to 4.
    Quarter {
        /// The year.
        year: i16,
        /// 1 to 4.
        quarter: i8,
    },
    /// Twelve months.
    Year(i16),
}

/// Why a text is not a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a period: write a month (2024-03), a quarter (2024-Q1) or a year (2024)")]
pub struct PeriodError(String);

impl Month {
    /// The month of `year` (1990 to 2200) and `month` (1 to 12), if there is one.
    pub fn new(year: i16, month: i8) -> Option<Self> {
        ((YEAR_MIN..=YEAR_MAX).contains(&year) && (1..=12).contains(&month))
            .then_some(Self { year, month })
    }

    /// The month that `date` lies in; dates before 1990 or after 2200 count for the nearest month.
    pub fn of(date: Date) -> Self {
        if date.year() < YEAR_MIN {
            return Self {
                year: YEAR_MIN,
                month: 1,
            };
        }
        if date.year() > YEAR_MAX {
            return Self {
                year: YEAR_MAX,
                month: 12,
            };
        }
        Self {
            year: date.year(),
            month: date.month(),
        }
    }

    /// A number that grows by one a month: `year × 12 + month − 1`.
    pub fn ordinal(self) -> i32 {
        i32::from(self.year) * 12 + i32::from(self.month) - 1
    }

    /// The month with that [`ordinal`](Self::ordinal), if it lies in 1990 to 2200.
    pub fn from_ordinal(ordinal: i32) -> Option<Self> {
        let year = i16::try_from(ordinal.div_euclid(12)).ok()?;
        let month = i8::try_from(ordinal.rem_euclid(12)).ok()? + 1;
        Self::new(year, month)
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.year
    }

    /// The month of the year, 1 to 12.
    pub fn month(self) -> i8 {
        self.month
    }

    /// The month, the quarter and the year that contain this month.
    pub fn periods(self) -> [Period; 3] {
        let quarter = (self.month - 1) / 3 + 1;
        [
            Period::Month(self),
            Period::Quarter {
                year: self.year,
                quarter,
            },
            Period::Year(self.year),
        ]
    }
}

impl Period {
    /// Its first month.
    pub fn first_month(self) -> Month {
        match self {
            Self::Month(month) => month,
            Self::Quarter { year, quarter } => Month {
                year,
                month: quarter * 3 - 2,
            },
            Self::Year(year) => Month { year, month: 1 },
        }
    }

    /// Its last month.
    pub fn last_month(self) -> Month {
        match self {
            Self::Month(month) => month,
            Self::Quarter { year, quarter } => Month {
                year,
                month: quarter * 3,
            },
            Self::Year(year) => Month { year, month: 12 },
        }
    }

    /// How many months it has: 1, 3 or 12.
    pub fn months(self) -> i32 {
        self.last_month().ordinal() - self.first_month().ordinal() + 1
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        let Month { year, month } = self.first_month();
        Date::constant(year, month, 1)
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        let Month { year, month } = self.last_month();
        Date::constant(year, month, 1).last_of_month()
    }

    /// The period of the same length just before; none before 1990.
    pub fn previous(self) -> Option<Self> {
        match self {
            Self::Month(month) => Month::from_ordinal(month.ordinal() - 1).map(Self::Month),
            Self::Quarter { year, quarter: 1 } => (year > YEAR_MIN).then(|| Self::Quarter {
                year: year - 1,
                quarter: 4,
            }),
            Self::Quarter { year, quarter } => Some(Self::Quarter {
                year,
                quarter: quarter - 1,
            }),
            Self::Year(year) => (year > YEAR_MIN).then(|| Self::Year(year - 1)),
        }
    }
}

impl PartialOrd for Period {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Period {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |period: &Self| (period.first_month(), std::cmp::Reverse(period.months()));
        key(self).cmp(&key(other))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => month.fmt(f),
            Self::Quarter { year, quarter } => write!(f, "{year:04}-Q{quarter}"),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let refuse = || PeriodError(text.chars().take(32).collect());
        let number = |part: &str, digits: usize| {
            let sound = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
            if sound {
                part.parse::<i16>().ok()
            } else {
                None
            }
        };
        let (year, rest) = match text.split_once('-') {
            Some((year, rest)) => (year, Some(rest)),
            None => (text, None),
        };
        let year = number(year, 4)
            .filter(|year| (YEAR_MIN..=YEAR_MAX).contains(year))
            .ok_or_else(refuse)?;
        match rest {
            None => Ok(Self::Year(year)),
            Some(rest) => match rest.strip_prefix('Q') {
                Some(quarter) => number(quarter, 1)
                    .and_then(|quarter| i8::try_from(quarter).ok())
                    .filter(|quarter| (1..=4).contains(quarter))
                    .map(|quarter| Self::Quarter { year, quarter })
                    .ok_or_else(refuse),
                None => number(rest, 2)
                    .and_then(|month| i8::try_from(month).ok())
                    .and_then(|month| Month::new(year, month))
                    .map(Self::Month)
                    .ok_or_else(refuse),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_read_as_it_is_printed() {
        for text in ["2024-03", "2024-Q1", "2024", "1990-01", "2200"] {
            assert_eq!(
                text.parse::<Period>().map(|period| period.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "24",
            "2024-13",
            "2024-Q5",
            "2024-1",
            "2024-Q",
            "+024",
            "1989",
            "2024-03-01",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_month_lies_in_its_quarter_and_its_year() {
        let march = Month::new(2024, 3).expect("a month");
        let printed = march.periods().map(|period| period.to_string());
        assert_eq!(printed, ["2024-03", "2024-Q1", "2024"]);
        assert_eq!(Month::from_ordinal(march.ordinal()), Some(march));
    }

    #[test]
    fn the_period_before_has_the_same_length() {
        let before = |text: &str| {
            text.parse::<Period>()
                .ok()
                .and_then(Period::previous)
                .map(|period| period.to_string())
        };
        assert_eq!(before("2024-01").as_deref(), Some("2023-12"));
        assert_eq!(before("2024-Q1").as_deref(), Some("2023-Q4"));
        assert_eq!(before("1990"), None);
    }

    #[test]
    fn a_year_stands_before_its_quarters_and_months() {
        let mut periods: Vec<Period> = ["2024-01", "2024", "2024-Q1"]
            .iter()
            .map(|text| text.parse().expect("a period"))
            .collect();
        periods.sort();
        let printed: Vec<_> = periods.iter().map(ToString::to_string).collect();
        assert_eq!(printed, ["2024", "2024-Q1", "2024-01"]);
    }
}
