//! Rules in words and numbers.

use rust_decimal::Decimal;

use super::{Measured, Rule, Share, WhenZero};
use crate::expression::Expression;

impl Rule {
    /// The rule as a formula; `value` may put a figure in the place of an input's name. `exceeds` says that the share
    /// is known to be above the whole, so that the cut at the maximum has to be shown.
    pub(crate) fn formula(
        &self,
        full: Decimal,
        exceeds: bool,
        value: impl Fn(&str) -> Option<String>,
    ) -> String {
        let shown = |of: &Expression| of.with_values(&value);
        let share = |share: &Share| format!("{} / {}", shown(&share.of), shown(&share.to));
        let measured = |of: &Measured| match of {
            Measured::Figure(of) => shown(of),
            Measured::Share(of) => share(of),
        };
        let sum = |each: &[(Expression, Decimal)]| {
            let terms: Vec<_> = each
                .iter()
                .map(|(of, weight)| format!("{} × {weight}", shown(of)))
                .collect();
            terms.join(" + ")
        };
        match self {
            Self::Ratio {
                share: of,
                full_at,
                floor,
            } => {
                let floor = floor
                    .map(|floor| format!(", nothing below {floor}"))
                    .unwrap_or_default();
                match (*full_at == Decimal::ONE, exceeds) {
                    (true, false) => format!("{full} × {}{floor}", share(of)),
                    (true, true) => format!("min({full}, {full} × {}){floor}", share(of)),
                    _ => format!("min({full}, {full} × {} / {full_at}){floor}", share(of)),
                }
            }
            Self::Bands { of, steps } => format!("{} in {{{steps}}}", measured(of)),
            Self::Linear { of, from, until } => {
                format!(
                    "{full} × ({} − {from}) / ({until} − {from}), within 0 to {full}",
                    measured(of)
                )
            }
            Self::Credit { each, cap } => format!("min({cap}, {})", sum(each)),
            Self::Deduct { each } => format!("max(0, {full} − ({}))", sum(each)),
            Self::Likert { weights, .. } => {
                let counted: Vec<_> = weights.iter().map(|(of, _)| shown(of)).collect();
                format!("{full} × ({}) / ({})", sum(weights), counted.join(" + "))
            }
            Self::State { of, points } => {
                let points: Vec<_> = points
                    .iter()
                    .map(|(state, points)| format!("{state}: {points}"))
                    .collect();
                let state = value(of).unwrap_or_else(|| of.clone());
                format!("{state} in {{{}}}", points.join(", "))
            }
            Self::AllOf { conditions } => {
                let conditions: Vec<_> = conditions.iter().map(shown).collect();
                format!("{full} if {}, otherwise 0", conditions.join(" and "))
            }
            Self::Given { of } | Self::Points { expression: of } => shown(of),
            Self::Value { of, out_of } => format!("{full} × {} / {out_of}", shown(of)),
            Self::Info { of } => measured(of),
        }
    }

    /// The rule as a formula, with what a formula does not show: what a share of nothing gives, how many answers it needs.
    pub(crate) fn told(&self, full: Decimal) -> String {
        let formula = self.formula(full, false, |_| None);
        let share = match self {
            Self::Ratio { share, .. }
            | Self::Bands {
                of: Measured::Share(share),
                ..
            }
            | Self::Linear {
                of: Measured::Share(share),
                ..
            }
            | Self::Info {
                of: Measured::Share(share),
            } => share,
            Self::Likert { at_least, .. } => {
                return format!("{formula}, of at least {at_least}");
            }
            _ => return formula,
        };
        match share.when_zero {
            WhenZero::NoScore => formula,
            WhenZero::NotApplicable => format!("{formula}, of nothing: not applicable"),
            WhenZero::Points(points) => format!("{formula}, of nothing: {points}"),
        }
    }

    /// What stands between the formula and its result: a picked case is not an equation.
    pub(crate) fn sign(&self) -> &'static str {
        match self {
            Self::Bands { .. } | Self::State { .. } | Self::AllOf { .. } => "→",
            _ => "=",
        }
    }
}
