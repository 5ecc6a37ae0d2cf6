//! Figures that are withheld: no score, no total, no rank, and the reason at every step.

use std::collections::BTreeMap;

use index::{Inputs, LeafScore, NoScore};

use crate::given::{UNROUNDED, code, dec, given_leaf, head, sound};

const REASON: &str = "survey sipas: interference";

#[test]
fn a_reason_goes_from_the_figure_to_the_rank() {
    let leaves = given_leaf("A", "6", "") + &given_leaf("B", "4", "");
    let definition = sound(&format!("{}leaves:\n{leaves}", head("10", UNROUNDED)));
    let mut inputs: Inputs = [("points_a", 5)].into_iter().collect();
    inputs.withhold("points_b", REASON);
    let scores = definition.leaves().iter().map(|leaf| {
        let score = leaf.score(&inputs);
        (leaf.code().clone(), score)
    });
    let scores: BTreeMap<_, _> = scores.collect();
    let withheld = &scores[&code("B")];
    assert_eq!(withheld.no_score, Some(NoScore::Withheld(REASON.into())));
    assert_eq!(withheld.reason(), format!("withheld: {REASON}"));

    // Told in words, as between services, it is still known for what it is.
    let told = LeafScore::told(None, dec("4"), &withheld.reason());
    assert_eq!(told.withheld(), Some(REASON));
    let other = LeafScore::told(None, dec("4"), "no value for points_b");
    assert_eq!(other.withheld(), None);

    let result = definition.aggregate(&scores);
    let why = format!("no score for B; withheld: {REASON}");
    assert_eq!((result.total, &result.reason), (None, &why));
    let ranked = definition.rank([result.standing("H40.01")]);
    assert_eq!(ranked[0].rank, None);
    assert_eq!(ranked[0].reason, format!("no total: {why}"));

    // A value is a value, whatever was said before.
    inputs.set("points_b", 3);
    let score = definition.leaves()[1].score(&inputs);
    assert_eq!(score.points, Some(dec("3")));
}
