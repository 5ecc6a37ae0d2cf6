//! What became of what a leaf rests on: an initiative that was revoked, survey results that are withheld.

use std::collections::BTreeSet;

use super::appraisal::{appraise, appraised, appraised_once};
use super::given_sheet::*;
use crate::sheet::{Action, Column, Fact, Flag, Round, Sheet, Verdict};

#[test]
fn a_leaf_that_cites_a_revoked_initiative_is_flagged_and_waits_for_a_look() {
    let number: ids::InitiativeNumber = "SK-2024-017".parse().expect("a number");
    let cites = |number: &ids::InitiativeNumber| {
        let mut cited = decree();
        cited[0].initiative = Some(number.clone());
        cited
    };
    let mut events = filled_in();
    if let Fact::Claimed { claim, .. } = &mut events[0].fact {
        claim.evidence = cites(&number);
    }
    let explained = Fact::Explained {
        leaf: leaf("tasks"),
        text: "as recognised".to_owned(),
        evidence: cites(&"SK-2024-018".parse().expect("a number")),
    };
    let with_explanation = [events.clone(), vec![event(5, "dung", explained)]].concat();
    let sheet: Sheet = decider::fold(&with_explanation);
    assert_eq!(sheet.cited().len(), 2);
    let definition = definition();
    let flagged = |code: &str, revoked: &BTreeSet<_>| {
        let rule = definition.leaf(&leaf(code)).expect("a leaf");
        let flags = sheet.flags(rule, &planned(10), revoked);
        flags.contains(&Flag::EvidenceRevoked)
    };
    let revoked = BTreeSet::from([number]);
    assert!(flagged("plan", &revoked) && !flagged("tasks", &revoked));
    assert!(!flagged("plan", &BTreeSet::new()));
    let by_explanation = BTreeSet::from(["SK-2024-018".parse().expect("a number")]);
    assert!(flagged("tasks", &by_explanation) && !flagged("plan", &by_explanation));

    let mut accept = command(11, chau(), Action::AcceptAll);
    accept.ground.revoked.clone_from(&revoked);
    after(&events).when(accept).then([
        event(11, "chau", appraised("tasks", Round::First, "2", true, "")),
        event(
            11,
            "chau",
            appraised("speed", Round::First, "0.4", true, ""),
        ),
    ]);
    // Who looks at it may still accept it.
    let mut looked_at = command(11, chau(), appraise("plan", 1, Verdict::Accept));
    looked_at.ground.revoked = revoked;
    let fact = appraised("plan", Round::First, "2", true, "");
    after(&events)
        .when(looked_at)
        .then([event(11, "chau", fact)]);
}

#[test]
fn a_survey_leaf_whose_figures_are_withheld_needs_no_decision_and_counts_nowhere() {
    let survey = leaf("survey");
    let mut events = appraised_once();
    let first = appraised("survey", Round::First, "1", false, "as surveyed");
    events.push(event(12, "chau", first));
    let decided: Sheet = decider::fold(&events);
    let mut figures: index::Inputs = [("done", 4)].into_iter().collect();
    let definition = definition();
    let of_survey = definition.leaf(&survey).expect("the leaf");
    assert_eq!(decided.marks(of_survey, &figures).last, Some(points("1")));

    figures.withhold("satisfied", "interference");
    let marks = decided.marks(of_survey, &figures);
    assert_eq!((marks.first, marks.last), (Some(points("1")), None));
    assert!(!decided.undecided(&definition, &figures).contains(&survey));
    let result = decided.index(&definition, Column::Last, &figures);
    assert_eq!(result.total, None);
    assert!(
        result.reason.contains("withheld: interference"),
        "{}",
        result.reason
    );

    // What the council says in the knowledge of it does count.
    let remarked = Fact::Remarked {
        leaf: survey.clone(),
        mark: Some(points("0.5")),
        remark: "by other evidence".to_owned(),
    };
    events.push(event(46, "hoa", remarked));
    let decided: Sheet = decider::fold(&events);
    assert_eq!(decided.marks(of_survey, &figures).last, Some(points("0.5")));
}
