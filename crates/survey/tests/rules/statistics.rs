//! Figures against a computation that shares nothing with the product: whole numbers, two passes, long division.

use std::collections::BTreeMap;

use decider::fold;
use proptest::prelude::*;
use rust_decimal::Decimal;
use survey::{Batch, Cell, Kind, Level, Wave, WaveEvent, results};

use crate::{code, hundredths, plan, unit};

/// `numerator / denominator` in millionths, rounded half away from zero.
fn millionths(numerator: i128, denominator: i128) -> i128 {
    let twice = 2 * numerator.abs() * 1_000_000 + denominator;
    twice / (2 * denominator) * numerator.signum()
}

/// The root of `numerator / denominator` in units of 10⁻⁹, rounded down.
fn root(numerator: i128, denominator: i128) -> i128 {
    let square = numerator * 1_000_000_000_000_000_000 / denominator;
    let (mut low, mut high) = (0_i128, 1_i128 << 62);
    while low + 1 < high {
        let middle = i128::midpoint(low, high);
        if middle * middle <= square {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

fn wave(values: &[i64]) -> Wave {
    weighted(values, &vec![100; values.len()])
}

/// The same with weights in hundredths.
fn weighted(values: &[i64], weights: &[u16]) -> Wave {
    let mut planned = plan();
    planned.edition.questions[4].kind = Kind::Number {
        min: hundredths("-1000000"),
        max: hundredths("1000000"),
    };
    let read = |value: &i64| {
        let text = Decimal::new(*value, 2).to_string();
        let answers = [("hours", text.as_str())];
        survey::Ballot::read(&planned.edition, &code("citizen"), answers).expect("a number")
    };
    let weights = weights.iter().map(|weight| survey::Weight::new(*weight));
    let ballots = values.iter().map(read).zip(weights);
    let ballots = ballots.map(|(ballot, weight)| ballot.weighing(weight.expect("a weight")));
    let ballots = ballots.collect();
    let batch = Batch {
        cell: Cell {
            unit: Some(unit("H40.01")),
            group: Some(code("citizen")),
        },
        ballots,
    };
    fold(&[
        WaveEvent::Planned(Box::new(planned)),
        WaveEvent::Opened,
        WaveEvent::Released(batch),
        WaveEvent::Closed,
        WaveEvent::Counted {
            cast: BTreeMap::new(),
            destroyed: 0,
        },
    ])
}

fn in_millionths(value: Decimal) -> i128 {
    assert_eq!(value.scale(), 6);
    value.mantissa()
}

proptest! {
    #[test]
    fn figures_agree_with_a_naive_recomputation(
        values in prop::collection::vec(-10_000..=10_000i64, 15..200),
    ) {
        let wave = wave(&values);
        let plan = wave.plan().expect("planned");
        let block = results(&wave, plan, None, None, Level::P90);
        let estimate = block.items[4].estimate.expect("a figure");

        let n = values.len() as i128;
        let sum: i128 = values.iter().copied().map(i128::from).sum();
        prop_assert_eq!(in_millionths(estimate.mean), millionths(sum, 100 * n));
        // Each deviation times n is whole; their squares over n²·(n−1)·n and 100² are the error's square.
        let squares: i128 = values
            .iter()
            .map(|value| (i128::from(*value) * n - sum).pow(2))
            .sum();
        let error = root(squares, n * n * n * (n - 1) * 10_000);
        let shown = in_millionths(estimate.standard_error) * 1_000;
        prop_assert!((shown - error).abs() <= 501, "{} {}", shown, error);
        let mean = sum * 1_000_000_000 / (100 * n);
        for (end, side) in [(estimate.low, -1), (estimate.high, 1)] {
            let expected = mean + side * error * 1_645 / 1_000;
            let shown = in_millionths(end) * 1_000;
            prop_assert!((shown - expected).abs() <= 505, "{} {}", shown, expected);
        }
    }

    #[test]
    fn the_order_of_ballots_does_not_matter(
        values in prop::collection::vec(-10_000..=10_000i64, 15..60), turn in 0..15usize,
    ) {
        let mut turned = values.clone();
        turned.rotate_left(turn);
        prop_assert_eq!(wave(&values), wave(&turned));
    }
}

#[test]
fn a_worked_case() {
    // 1 to 15: mean 8, variance 20, standard error √(20/15) = 1.154701.
    let values: Vec<i64> = (1..=15).map(|value| value * 100).collect();
    let wave = wave(&values);
    let plan = wave.plan().expect("planned");
    for (level, low, high) in [
        (Level::P90, "6.100518", "9.899482"),
        (Level::P95, "5.736787", "10.263213"),
        (Level::P99, "5.025491", "10.974509"),
    ] {
        let estimate = results(&wave, plan, None, None, level).items[4]
            .estimate
            .expect("a figure");
        assert_eq!(estimate.mean.to_string(), "8.000000");
        assert_eq!(estimate.standard_error.to_string(), "1.154701");
        assert_eq!(
            (
                estimate.low.to_string().as_str(),
                estimate.high.to_string().as_str()
            ),
            (low, high)
        );
    }
}

#[test]
fn extremes_do_not_overflow() {
    let values: Vec<i64> = (0..1_000)
        .map(|at| {
            if at % 2 == 0 {
                100_000_000
            } else {
                -100_000_000
            }
        })
        .collect();
    let wave = wave(&values);
    let plan = wave.plan().expect("planned");
    let estimate = results(&wave, plan, None, None, Level::P99).items[4]
        .estimate
        .expect("a figure");
    assert_eq!(estimate.mean.to_string(), "0.000000");
    // 10⁶ · √(1000/999) / √1000 = 10⁶ / √999
    assert_eq!(estimate.standard_error.to_string(), "31638.599858");
}

proptest! {
    #[test]
    fn weighted_figures_agree_with_a_naive_recomputation(
        answers in prop::collection::vec((-100..=100i64, 1..=30u16), 15..20),
    ) {
        let values: Vec<i64> = answers.iter().map(|(value, _)| *value).collect();
        let weights: Vec<u16> = answers.iter().map(|(_, weight)| *weight).collect();
        let wave = weighted(&values, &weights);
        let plan = wave.plan().expect("planned");
        let estimate = results(&wave, plan, None, None, Level::P90).items[4].estimate;
        let estimate = estimate.expect("a figure");

        let wide = || answers.iter().map(|(x, w)| (i128::from(*x), i128::from(*w)));
        let weight: i128 = wide().map(|(_, w)| w).sum();
        let sum: i128 = wide().map(|(x, w)| w * x).sum();
        prop_assert_eq!(in_millionths(estimate.mean), millionths(sum, 100 * weight));
        // n / (n − 1) × Σ w² (x − sum / weight)² / weight², and 100² for hundredths.
        let squares: i128 = wide().map(|(x, w)| w * w * (x * weight - sum).pow(2)).sum();
        let n = answers.len() as i128;
        let error = root(n * squares, (n - 1) * weight.pow(4) * 10_000);
        let shown = in_millionths(estimate.standard_error) * 1_000;
        prop_assert!((shown - error).abs() <= 501, "{} {}", shown, error);
    }
}
