//! A campaign of one unit, brought by its events to where the table says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use assessment::campaign::{
    Action, Assignment, Command, Event, Fact, Issue, Plan, Refusal, Rules, STAGES, Seal,
};
use assessment::sheet::{
    Action as OfSheet, Claim, Command as ToSheet, Event as SheetEvent, Fact as SheetFact, Ground,
    Mark, Refusal as SheetRefusal, Verdict,
};
use assessment::{Campaign, Person, Role, Sheet};
use decider::{Decider as _, fold};
use identity::table::Stage;
use ids::LeafCode;
use index::Definition;
use jiff::Timestamp;

const DOCUMENT: &str = include_str!("../../../../deploy/catalog/indices/par-departments.yaml");
/// The assessed unit, and another one.
pub(crate) const UNIT: &str = "H40.12";
pub(crate) const OTHER_UNIT: &str = "H40.13";
/// Who is assigned to the unit.
pub(crate) const APPRAISER: &str = "binh";
/// Who claims for it.
pub(crate) const CLAIMANT: &str = "dung";

static DEFINITION: LazyLock<Arc<Definition>> =
    LazyLock::new(|| Arc::new(Definition::parse(DOCUMENT, "par-departments").unwrap()));

/// Stages end at hours 10, 20, 30, 40 and 50.
pub(crate) fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_735_689_600 + hour * 3_600).unwrap()
}

pub(crate) fn leaf() -> LeafCode {
    "1.1.1".parse().unwrap()
}

pub(crate) fn plan(title: &str) -> Plan {
    let rules = Rules {
        index: "par-departments".parse().unwrap(),
        edition: "2024-model".to_owned(),
        sha256: [7; 32],
    };
    Plan {
        title: title.to_owned(),
        period: "2024".parse().unwrap(),
        as_of: "2024-12-31".parse().unwrap(),
        rules: [("department".to_owned(), rules)].into(),
        participants: [(UNIT.parse().unwrap(), "department".to_owned())].into(),
        deadlines: STAGES.into_iter().zip((1..).map(|n| at(n * 10))).collect(),
    }
}

/// The campaign, approved and published by `by` if it is.
pub(crate) fn campaign(stage: Stage, by: &str) -> Campaign {
    let assignment = Assignment {
        own: OTHER_UNIT.parse().unwrap(),
        units: BTreeSet::from([UNIT.parse().unwrap()]),
        components: BTreeSet::new(),
    };
    let assigned = Fact::AppraiserAssigned {
        appraiser: APPRAISER.to_owned(),
        assignment,
    };
    let closed = |stage| Fact::StageClosed {
        stage,
        reason: "everybody is done".to_owned(),
    };
    let approved = Fact::Approved {
        document: "12/BB".to_owned(),
        outcomes: BTreeMap::new(),
    };
    let published = Fact::Published {
        document: "99/QĐ".to_owned(),
        seal: None,
    };
    // One fact leads from each to the next.
    let facts: Vec<Fact> = [Fact::Planned(plan("2024")), Fact::Opened]
        .into_iter()
        .chain(STAGES.map(closed))
        .chain([approved, published])
        .collect();
    let reached = Stage::ALL.iter().position(|it| *it == stage).unwrap();
    let mut facts: Vec<Fact> = facts.into_iter().take(reached).collect();
    if reached > 0 {
        facts.insert(1, assigned);
    }
    let event = |fact| Event {
        at: at(0),
        by: by.to_owned(),
        fact,
    };
    let events: Vec<Event> = facts.into_iter().map(event).collect();
    let campaign: Campaign = fold(&events);
    assert_eq!(campaign.phase().to_string(), stage.to_string());
    campaign
}

pub(crate) fn person(id: &str, role: Role, unit: &str) -> Person {
    Person {
        id: id.to_owned(),
        role,
        units: [unit.parse().unwrap()].into(),
    }
}

pub(crate) fn to_campaign(
    campaign: &Campaign,
    by: Person,
    action: Action,
) -> Result<Vec<Event>, Refusal> {
    campaign.decide(Command {
        at: at(2),
        by: Some(by),
        action,
    })
}

/// A sheet in which nothing stands.
pub(crate) fn sheet() -> Sheet {
    Sheet::default()
}

/// A sheet in which somebody claimed a leaf.
pub(crate) fn claimed_by(claimant: &str) -> Sheet {
    let claimed = SheetEvent {
        at: at(1),
        by: claimant.to_owned(),
        fact: SheetFact::Claimed {
            leaf: leaf(),
            claim: Claim {
                figures: [("plan_issued", "not_issued")].into_iter().collect(),
                mark: Some(Mark::Points(0.into())),
                explanation: String::new(),
                evidence: vec![],
                measured: None,
            },
        },
    };
    fold([&claimed])
}

/// What a sheet makes of a command at a stage.
pub(crate) fn to_sheet(
    sheet: &Sheet,
    stage: Stage,
    by: Person,
    action: OfSheet,
) -> Result<Vec<SheetEvent>, SheetRefusal> {
    let ground = Ground {
        unit: UNIT.parse().unwrap(),
        campaign: Arc::new(campaign(stage, "hoa")),
        definition: DEFINITION.clone(),
        measured: None,
        revoked: BTreeSet::new(),
    };
    sheet.decide(ToSheet {
        at: at(2),
        by,
        ground,
        action,
    })
}

/// Another value for the claimed leaf.
pub(crate) fn appraisal() -> OfSheet {
    OfSheet::Appraise {
        leaf: leaf(),
        expected: 1,
        verdict: Verdict::Change {
            mark: Mark::Points(1.into()),
            reason: "it was issued".to_owned(),
        },
    }
}

/// A remark of the council on the claimed leaf.
pub(crate) fn remark(mark: Option<Mark>) -> OfSheet {
    OfSheet::Remark {
        leaf: leaf(),
        expected: 1,
        mark,
        remark: "see the minutes".to_owned(),
    }
}

fn issue(decided_by: &str) -> Box<Issue> {
    Box::new(Issue {
        seal: Seal {
            number: 1,
            corrects: None,
            reason: String::new(),
            rests_on: vec![],
            counted_on: None,
            sha256: [1; 32],
            signature: [2; 64],
            public_key: [3; 32],
            outcomes: [(UNIT.parse().unwrap(), outcome())].into(),
        },
        figures: BTreeMap::new(),
        decided_by: [decided_by.to_owned()].into(),
    })
}

fn outcome() -> assessment::campaign::Outcome {
    assessment::campaign::Outcome {
        total: Some(84.into()),
        max: 100.into(),
        percent: Some(84.into()),
        exact_value: Some(84.into()),
        band: "b".to_owned(),
        rank: Some(1),
        sheet_version: 9,
    }
}

/// Why somebody does not publish what another approved.
pub(crate) fn published_by(approver: &str, chair: &str) -> Option<Refusal> {
    let by = person(chair, Role::Chair, OTHER_UNIT);
    let document = "99/QĐ".to_owned();
    let issue = Some(issue(approver));
    let publish = Action::Publish { document, issue };
    to_campaign(&campaign(Stage::Approved, approver), by, publish).err()
}

/// Why somebody does not correct what another decided anew.
pub(crate) fn corrected_by(decided: &str, chair: &str) -> Option<Refusal> {
    let by = person(chair, Role::Chair, OTHER_UNIT);
    let document = "120/QĐ".to_owned();
    let issue = Some(issue(decided));
    let correct = Action::Correct { document, issue };
    to_campaign(&campaign(Stage::Published, "hoa"), by, correct).err()
}
