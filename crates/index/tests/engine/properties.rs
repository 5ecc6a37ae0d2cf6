//! What holds for any figures.

use std::collections::BTreeMap;

use index::{Definition, LeafScore};
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::given::{UNROUNDED, code, given_leaf, head, one_leaf, score, sound};

/// Points of 12 leaves: in thousandths of a maximum of 10, not scored, or not applicable.
#[derive(Debug, Clone, Copy)]
enum Given {
    Points(i64),
    Missing,
    NotApplicable,
}

fn given() -> impl Strategy<Value = Given> {
    prop_oneof![
        8 => (0_i64..=10_000).prop_map(Given::Points),
        1 => Just(Given::Missing),
        1 => Just(Given::NotApplicable),
    ]
}

/// Three components of four leaves each.
fn tree(missing: &str, at: &str) -> Definition {
    let more = format!(
        "rounding: {{ digits: 2, at: [{at}] }}\nranking: {{ ties: dense, on: rounded }}\nmissing: {missing}"
    );
    let mut document = head("120", &more) + "components:\n";
    for part in 0..3 {
        let header =
            format!("  - code: C{part}\n    name: {{ vi: P, en: P }}\n    max: 40\n    leaves:\n");
        document.push_str(&header);
        for leaf in 0..4 {
            let leaf = given_leaf(&format!("L{}", part * 4 + leaf), "10", "");
            document.push_str(&format!("    {leaf}"));
        }
    }
    sound(&document)
}

fn scores(given: &[Given]) -> BTreeMap<ids::LeafCode, LeafScore> {
    let score = |(place, given): (usize, &Given)| {
        let ten = Decimal::TEN;
        let score = match given {
            Given::Points(points) => LeafScore::told(Some(Decimal::new(*points, 3)), ten, ""),
            Given::Missing => LeafScore::told(None, ten, "not known"),
            Given::NotApplicable => LeafScore::not_applicable("for the test"),
        };
        (code(&format!("L{place}")), score)
    };
    given.iter().enumerate().map(score).collect()
}

/// The same in whole thousandths: total and maximum.
fn naive(given: &[Given], withhold: bool, round_components: bool) -> Option<(i64, i64)> {
    let (mut total, mut max) = (0, 0);
    for part in given.chunks(4) {
        let mut sum = 0;
        for given in part {
            match given {
                Given::Points(points) => {
                    sum += points;
                    max += 10_000;
                }
                Given::Missing if withhold => return None,
                Given::Missing | Given::NotApplicable => {}
            }
        }
        total += if round_components {
            (sum + 5) / 10 * 10
        } else {
            sum
        };
    }
    (max > 0).then_some((total, max))
}

proptest! {
    #[test]
    fn totals_equal_a_naive_recomputation(
        given in prop::collection::vec(given(), 12),
        withhold: bool,
        round_components: bool,
    ) {
        let missing = if withhold { "withhold" } else { "leave_out" };
        let definition = tree(missing, if round_components { "component" } else { "total" });
        let result = definition.aggregate(&scores(&given));
        let expected = naive(&given, withhold, round_components);
        prop_assert_eq!(result.exact, expected.map(|(total, _)| Decimal::new(total, 3)));
        if let Some((total, max)) = expected {
            prop_assert_eq!(result.max, Decimal::new(max, 3));
            let rounded = Decimal::new((total + 5) / 10, 2);
            prop_assert_eq!(result.total, Some(rounded));
            let percent = (Decimal::from(total * 100) / Decimal::from(max))
                .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
            prop_assert_eq!(result.percent, Some(percent));
        }
        let missing = given.iter().filter(|given| matches!(given, Given::Missing)).count();
        prop_assert_eq!(result.unscored.len(), missing);
    }

    #[test]
    fn a_ratio_stays_within_the_leaf_and_never_falls_when_more_is_done(
        to in 1_i64..1_000_000,
        of in 0_i64..1_200_000,
        more in 0_i64..10_000,
        full_at in 1_i64..=100,
        floor in 0_i64..=100,
    ) {
        let floor = if floor > 0 && floor <= full_at { format!(", floor: {floor}%") } else { String::new() };
        let rule = format!("{{ ratio: {{ of: done, to: planned, full_at: {full_at}%{floor} }} }}");
        let definition = sound(&one_leaf("6", "{ done: number, planned: number }", &rule));
        let points = |of: i64| {
            let (of, to) = (of.to_string(), to.to_string());
            score(&definition, &[("done", &of), ("planned", &to)]).points.expect("points")
        };
        let (before, after) = (points(of), points(of + more));
        prop_assert!(before >= Decimal::ZERO && after <= Decimal::from(6));
        prop_assert!(before <= after);
        prop_assert_eq!(of * 100 >= full_at * to, before == Decimal::from(6));
    }

    #[test]
    fn every_share_lies_in_exactly_one_step(of in 0_i64..3_000, to in 1_i64..2_000) {
        let rule = "{ bands: { of: done, to: planned, steps: \
                    { '< 50%': 0, '[50%..70%)': 1, '70%..90%': 2, '> 90%': 3 } } }";
        let definition = sound(&one_leaf("3", "{ done: number, planned: number }", rule));
        let (share, whole) = (of.to_string(), to.to_string());
        let got = score(&definition, &[("done", &share), ("planned", &whole)]).points;
        let expected = match of * 100 {
            hundredfold if hundredfold > 90 * to => 3,
            hundredfold if hundredfold >= 70 * to => 2,
            hundredfold if hundredfold >= 50 * to => 1,
            _ => 0,
        };
        prop_assert_eq!(got, Some(Decimal::from(expected)));
    }

    #[test]
    fn any_text_is_refused_or_read_without_a_panic(text in "[ -~\\n]{0,300}") {
        let _ = Definition::parse(&text, "any.yaml");
        let _ = Definition::parse(&one_leaf("3", "{ done: number }", &text), "any.yaml");
    }

    #[test]
    fn ranks_do_not_depend_on_the_order_of_units(values in prop::collection::vec(0_i64..50, 1..20)) {
        let definition = sound(&format!("{}leaves:\n{}", head("100", UNROUNDED), given_leaf("A", "100", "")));
        let standing = |(place, value): (usize, &i64)| index::Standing {
            unit: format!("H40.{place}"),
            value: Some(Decimal::from(*value)),
            exact: Some(Decimal::from(*value)),
            max: Decimal::ONE_HUNDRED,
            reason: String::new(),
        };
        let standings: Vec<_> = values.iter().enumerate().map(standing).collect();
        let ranked = definition.rank(standings.iter().cloned());
        prop_assert_eq!(&ranked, &definition.rank(standings.iter().rev().cloned()));
        for place in &ranked {
            let own = standings.iter().find(|it| it.unit == place.unit).expect("the unit");
            let better = standings.iter().filter(|it| it.exact > own.exact).count();
            prop_assert_eq!(place.rank.map(|rank| rank as usize), Some(better + 1));
        }
    }
}
