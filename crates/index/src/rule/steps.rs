//! Steps: which points a value gives, with ends that are closed or open as the rule's text says.

use std::fmt;

use rust_decimal::Decimal;

use crate::read::decimal;

/// Steps that cover every value from 0 up, without gap or overlap, lowest first.
#[derive(Debug, Clone)]
pub(crate) struct Steps(Vec<(Interval, Decimal)>);

/// The values from one end to the other; a missing end is open without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    low: Option<End>,
    high: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End {
    at: Decimal,
    closed: bool,
}

impl Interval {
    /// Reads `> 0.9`, `>= 90%`, `< 0.7`, `<= 0.7`, `0.7..0.9` (both ends belong to it) and `[0.7..0.9)` (as
    /// the brackets say).
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is not a step: write \"> 0.9\", \">= 90%\", \"< 0.7\", \"0.7..0.9\" or \"[0.7..0.9)\""
            )
        };
        let text = text.trim();
        let end = |text: &str, closed| {
            decimal(text)
                .map(|at| Some(End { at, closed }))
                .ok_or_else(wrong)
        };
        let signs = [
            (">=", true, true),
            ("<=", false, true),
            (">", true, false),
            ("<", false, false),
        ];
        for (sign, above, closed) in signs {
            if let Some(cut) = text.strip_prefix(sign) {
                let end = end(cut, closed)?;
                let (low, high) = if above { (end, None) } else { (None, end) };
                return Ok(Self { low, high });
            }
        }
        let (low, high) = text.split_once("..").ok_or_else(wrong)?;
        let (low, low_closed) = match low.strip_prefix('(') {
            Some(low) => (low, false),
            None => (low.strip_prefix('[').unwrap_or(low), true),
        };
        let (high, high_closed) = match high.strip_suffix(')') {
            Some(high) => (high, false),
            None => (high.strip_suffix(']').unwrap_or(high), true),
        };
        let step = Self {
            low: end(low, low_closed)?,
            high: end(high, high_closed)?,
        };
        if step.is_empty() {
            Err(format!("the step {text:?} holds no value"))
        } else {
            Ok(step)
        }
    }

    fn is_empty(&self) -> bool {
        match (self.low, self.high) {
            (Some(low), Some(high)) => {
                low.at > high.at || (low.at == high.at && !(low.closed && high.closed))
            }
            _ => false,
        }
    }

    /// Whether `of / to` lies in it; `to` is above 0.
    fn holds(&self, of: Decimal, to: Decimal) -> Option<bool> {
        let above = match self.low {
            None => true,
            Some(End { at, closed }) => {
                let cut = at.checked_mul(to)?;
                of > cut || (closed && of == cut)
            }
        };
        let below = match self.high {
            None => true,
            Some(End { at, closed }) => {
                let cut = at.checked_mul(to)?;
                of < cut || (closed && of == cut)
            }
        };
        Some(above && below)
    }
}

impl Steps {
    /// Checks that the steps, in any order, cover everything from 0 up exactly once.
    pub(crate) fn new(mut steps: Vec<(Interval, Decimal)>) -> Result<Self, Vec<String>> {
        steps.sort_by_key(|(step, _)| {
            (
                step.low.map(|low| low.at),
                step.low.is_some_and(|low| !low.closed),
            )
        });
        let mut faults = Vec::new();
        match steps.first() {
            None => faults.push("there are no steps".to_owned()),
            Some((step, _)) => {
                if let Some(End { at, closed }) = step.low
                    && (at > Decimal::ZERO || (at.is_zero() && !closed))
                {
                    let low = if closed { "below" } else { "up to" };
                    faults.push(format!("no step holds the values {low} {at}"));
                }
            }
        }
        for pair in steps.windows(2) {
            if let Err(fault) = joint(pair[0].0.high, pair[1].0.low) {
                faults.push(fault);
            }
        }
        if let Some(End { at, .. }) = steps.last().and_then(|(step, _)| step.high) {
            faults.push(format!(
                "no step holds the values above {at}: write the highest as \"> …\" or \">= …\""
            ));
        }
        if faults.is_empty() {
            Ok(Self(steps))
        } else {
            Err(faults)
        }
    }

    /// The points for `of / to`; `to` is above 0. None where a decimal would overflow.
    pub(crate) fn points(&self, of: Decimal, to: Decimal) -> Option<Decimal> {
        for (step, points) in &self.0 {
            if step.holds(of, to)? {
                return Some(*points);
            }
        }
        None
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = |end: End, closed: &'static str, open: &'static str| {
            if end.closed { closed } else { open }
        };
        match (self.low, self.high) {
            (None, None) => f.write_str("any"),
            (Some(low), None) => write!(f, "{} {}", closed(low, ">=", ">"), low.at),
            (None, Some(high)) => write!(f, "{} {}", closed(high, "<=", "<"), high.at),
            (Some(low), Some(high)) => {
                let (open, close) = (closed(low, "[", "("), closed(high, "]", ")"));
                write!(f, "{open}{}..{}{close}", low.at, high.at)
            }
        }
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (step, points)) in self.0.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            write!(f, "{comma}{step}: {points}")?;
        }
        Ok(())
    }
}

/// Two neighbours have to meet at one value, which belongs to exactly one of them.
fn joint(below: Option<End>, above: Option<End>) -> Result<(), String> {
    let (Some(below), Some(above)) = (below, above) else {
        return Err("steps overlap: two of them have no limit on the same side".to_owned());
    };
    if below.at < above.at {
        Err(format!(
            "no step holds the values between {} and {}",
            below.at, above.at
        ))
    } else if below.at > above.at {
        Err(format!(
            "steps overlap between {} and {}",
            above.at, below.at
        ))
    } else if below.closed && above.closed {
        Err(format!("steps overlap: both hold exactly {}", below.at))
    } else if !below.closed && !above.closed {
        Err(format!("no step holds exactly {}", below.at))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(texts: &[(&str, i64)]) -> Result<Steps, String> {
        let read = |(text, points): &(&str, i64)| {
            Interval::parse(text).map(|step| (step, Decimal::from(*points)))
        };
        let steps: Result<Vec<_>, _> = texts.iter().map(read).collect();
        Steps::new(steps?).map_err(|faults| faults.join("; "))
    }

    fn points(steps: &Steps, of: i64, to: i64) -> Option<Decimal> {
        steps.points(of.into(), to.into())
    }

    #[test]
    fn closed_ends_belong_to_the_step_that_names_them() {
        let steps = steps(&[("> 90%", 2), ("70%..90%", 1), ("< 70%", 0)]).expect("sound");
        for (of, expected) in [
            (0, 0),
            (69, 0),
            (70, 1),
            (71, 1),
            (90, 1),
            (91, 2),
            (100, 2),
            (130, 2),
        ] {
            assert_eq!(points(&steps, of, 100), Some(expected.into()), "{of}");
        }
        // A third has no end as a decimal; it is compared without dividing.
        let thirds = Interval::parse("[0.3333333333333333333333333333..1]").expect("sound");
        assert_eq!(thirds.holds(1.into(), 3.into()), Some(true));
    }

    #[test]
    fn gaps_and_overlaps_are_named() {
        let cases: [(&[(&str, i64)], &str); 9] = [
            (&[("> 0.9", 2), ("< 0.7", 0)], "between 0.7 and 0.9"),
            (&[("> 0.9", 2), ("< 0.9", 0)], "no step holds exactly 0.9"),
            (&[(">= 0.9", 2), ("<= 0.9", 0)], "both hold exactly 0.9"),
            (
                &[("> 0.8", 2), ("<= 0.9", 0)],
                "overlap between 0.8 and 0.9",
            ),
            (&[("0..1", 2)], "above 1"),
            (&[("> 0.5", 2)], "up to 0.5"),
            (&[(">= 0.5", 2)], "below 0.5"),
            (
                &[("< 0.5", 2), ("<= 3", 1), ("> 3", 0)],
                "no limit on the same side",
            ),
            (&[], "no steps"),
        ];
        for (texts, part) in cases {
            let error = steps(texts).expect_err(part);
            assert!(error.contains(part), "{error}");
        }
        for text in ["", "0.9", "> x", "1..0", "(1..1]", "0.5.."] {
            assert!(Interval::parse(text).is_err(), "{text}");
        }
    }
}
