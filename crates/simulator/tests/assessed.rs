//! What is said of a unit's year, held against the sets that it is assessed by.

use std::collections::BTreeMap;

use index::{Definition, InputKind, Inputs, Value};
use rust_decimal::Decimal;
use simulator::{Figure, Stated, assessed};

const SETS: [&str; 2] = [
    include_str!("../../../deploy/catalog/indices/par-departments.yaml"),
    include_str!("../../../deploy/catalog/indices/par-districts.yaml"),
];
const SEED: u64 = 766;

fn sets() -> [Definition; 2] {
    SETS.map(|text| Definition::parse(text, "a set").expect("a sound set"))
}

/// Made-up units, as many as show what holds for most.
fn units() -> Vec<String> {
    (100..180).map(|number| format!("H40.{number}")).collect()
}

fn value(said: &Stated) -> Value {
    match said {
        Stated::Number(number) => Value::Number(Decimal::from(*number)),
        Stated::YesNo(answer) => Value::YesNo(*answer),
        Stated::State(state) => Value::State((*state).to_owned()),
    }
}

/// What the figures come to by a set, in per cent.
fn index(
    set: &Definition,
    figures: &BTreeMap<&'static str, Figure>,
    of: fn(&Figure) -> &Stated,
) -> Decimal {
    let figures = figures
        .iter()
        .map(|(name, figure)| (*name, value(of(figure))));
    let inputs: Inputs = figures.collect();
    let scores = set.leaves().iter().map(|leaf| {
        let score = leaf.score(&inputs);
        let why = score.no_score.as_ref().map(ToString::to_string);
        let fine = score.points.is_some() || score.max.is_zero();
        assert!(fine, "{} of {}: {why:?}", leaf.code(), set.code());
        (leaf.code().clone(), score)
    });
    let result = set.aggregate(&scores.collect());
    result.percent.expect("every leaf has a score")
}

#[test]
fn a_unit_and_year_have_the_same_figures_again_and_others_have_others() {
    let one = assessed("H40.05", 2024, SEED);
    assert_eq!(one, assessed("H40.05", 2024, SEED));
    for other in [
        assessed("H40.06", 2024, SEED),
        assessed("H40.05", 2023, SEED),
        assessed("H40.05", 2024, SEED + 1),
    ] {
        assert!(other.keys().eq(one.keys()));
        assert_ne!(one, other);
    }
}

#[test]
fn units_say_everything_that_the_shipped_sets_ask_and_never_less_than_they_can_show() {
    for unit in units() {
        let figures = assessed(&unit, 2024, SEED);
        for set in sets() {
            let shown = index(&set, &figures, |figure| &figure.shown);
            let declared = index(&set, &figures, |figure| &figure.declared);
            assert!(
                declared >= shown,
                "{unit}: {declared} is declared, {shown} shown"
            );
            assert!(
                shown > Decimal::from(50),
                "{unit} has {shown} of {}",
                set.code()
            );
        }
    }
}

#[test]
fn what_others_count_is_not_overstated_and_what_units_declare_sometimes_is() {
    let (mut overstated, mut proven) = (0, 0);
    for unit in units() {
        let figures = assessed(&unit, 2024, SEED);
        for set in sets() {
            for input in set.inputs() {
                let figure = &figures[input.name.as_str()];
                let differs = figure.declared != figure.shown;
                assert!(differs || !figure.proven_later, "{}", input.name);
                let own = input.kind == InputKind::Appraised;
                assert!(own || !differs, "{} of {unit}", input.name);
            }
        }
        overstated += figures
            .values()
            .filter(|it| it.declared != it.shown)
            .count();
        proven += figures.values().filter(|it| it.proven_later).count();
    }
    let each = overstated / units().len();
    assert!(
        (1..=8).contains(&each),
        "{each} figures of a unit are overstated"
    );
    assert!(
        proven * 5 > overstated && proven * 2 < overstated,
        "{proven} of {overstated}"
    );
}

#[test]
fn good_units_have_good_years() {
    let set = &sets()[0];
    let of_year = |year: i16| -> Vec<Decimal> {
        let shown = |unit: &String| index(set, &assessed(unit, year, SEED), |it| &it.shown);
        units().iter().map(shown).collect()
    };
    let (before, now) = (of_year(2023), of_year(2024));
    let (best, worst) = (now.iter().max(), now.iter().min());
    let apart = best.expect("units") - worst.expect("units");
    assert!(
        apart > Decimal::from(8),
        "all are alike: {apart} points apart"
    );
    // Of two units, the one that was better is better again, more often than not.
    let (mut again, mut pairs) = (0, 0);
    for one in 0..now.len() {
        for other in 0..one {
            pairs += 1;
            again += u32::from((before[one] > before[other]) == (now[one] > now[other]));
        }
    }
    assert!(
        again * 100 > pairs * 60,
        "{again} of {pairs} pairs stay in order"
    );
}
