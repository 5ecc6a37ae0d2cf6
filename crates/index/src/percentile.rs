//! Percentiles of a population.

use rust_decimal::Decimal;

/// The value below which `percent` per cent of `sorted` (lowest first) lie, counting both ends and going straight from
/// one value to the next: `PERCENTILE.INC` of spreadsheets, type 7 of statisticians. Exact for quartiles of decimals.
///
/// None where there are no values; `percent` is from 0 to 100.
pub(crate) fn percentile(sorted: &[Decimal], percent: Decimal) -> Option<Decimal> {
    let last = sorted.len().checked_sub(1)?;
    let place = Decimal::from(last).checked_mul(percent)? / Decimal::ONE_HUNDRED;
    let below = usize::try_from(place.floor()).ok()?;
    let low = *sorted.get(below)?;
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[i64], percent: i64) -> Option<Decimal> {
        let values: Vec<_> = values.iter().map(|value| Decimal::from(*value)).collect();
        percentile(&values, percent.into())
    }

    #[test]
    fn percentiles_lie_between_values_as_spreadsheets_say() {
        let values = [10, 20, 40, 80];
        for (percent, expected) in [(0, "10"), (25, "17.5"), (50, "30"), (75, "50"), (100, "80")] {
            assert_eq!(of(&values, percent), expected.parse().ok(), "{percent}");
        }
        assert_eq!(of(&[1, 2, 3, 4, 5], 25), Some(Decimal::TWO));
        assert_eq!(of(&[7], 75), Some(7.into()));
        assert_eq!(of(&[], 50), None);
    }
}
