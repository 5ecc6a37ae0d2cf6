//! A campaign of one unit with four leaves: two that it scores, one measured, one of a survey.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use decider::spec::{Given, given};
use ids::{LeafCode, UnitCode};
use index::{Definition, Inputs};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::campaign::{self, Assignment, Campaign, Plan, Rules, STAGES};
use crate::person::{Person, Role};
use crate::sheet::{Action, Claim, Command, Event, Evidence, Fact, Ground, Mark, Sheet};

const DOCUMENT: &str = r#"
code: par-model
edition: "2024"
name: { vi: Bộ mẫu, en: Model set }
source: a model, not a decision
groups: [department]
in_force: { from: 2024-01-01 }
rounding: { digits: 2, at: [leaf] }
missing: withhold
value: percent
total: { max: 10 }
ranking: { ties: standard, on: unrounded }
bands:
  at_cut: higher
  list: [{ code: a, name: { vi: Tốt, en: Good }, from: 0, until: 100 }]
inputs:
  done: { kind: flow, vi: Đã xong, en: done }
  planned: { kind: appraised, vi: Được giao, en: planned }
  satisfied: { kind: surveyed, vi: Hài lòng, en: satisfied }
components:
  - code: C1
    name: { vi: Chỉ đạo, en: Direction }
    max: 7
    leaves:
      - code: plan
        name: { vi: Kế hoạch, en: Plan }
        max: 2
        source: appraised
        inputs: { issued: [on_time, late, none] }
        rule: { state: { of: issued, points: { on_time: full, late: 1, none: 0 } } }
        examples: [{ inputs: { issued: late }, points: 1 }]
      - code: tasks
        name: { vi: Nhiệm vụ, en: Tasks }
        max: 5
        source: appraised
        rule: { ratio: { of: done, to: planned } }
        examples: [{ inputs: { done: 4, planned: 10 }, points: 2 }]
  - code: C2
    name: { vi: Kết quả, en: Results }
    max: 3
    leaves:
      - code: speed
        name: { vi: Đúng hạn, en: Speed }
        max: 1
        source: measured
        rule: { ratio: { of: done, to: "10" } }
        examples: [{ inputs: { done: 5 }, points: 0.5 }]
      - code: survey
        name: { vi: Khảo sát, en: Survey }
        max: 2
        source: surveyed
        rule: { given: satisfied }
        examples: [{ inputs: { satisfied: 1 }, points: 1 }]
examples:
  - inputs: { issued: late, done: 5, planned: 10, satisfied: 1 }
    expect: { total: 5 }
"#;

/// Stages end at hours 10, 20, 30, 40 and 50.
pub(super) fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_735_689_600 + hour * 3_600).expect("within range")
}

pub(super) fn unit(code: &str) -> UnitCode {
    code.parse().expect("a unit code")
}

pub(super) fn leaf(code: &str) -> LeafCode {
    code.parse().expect("a leaf code")
}

static DEFINITION: LazyLock<Arc<Definition>> = LazyLock::new(|| {
    let definition = Definition::parse(DOCUMENT, "model");
    Arc::new(definition.expect("a sound definition"))
});

pub(super) fn definition() -> Arc<Definition> {
    DEFINITION.clone()
}

pub(super) fn points(text: &str) -> Mark {
    Mark::Points(text.parse().expect("a decimal"))
}

/// The campaign, in which `binh` of H40.13 appraises component C1 and `chau` all.
pub(super) fn campaign() -> Campaign {
    let rules = Rules {
        index: "par-model".parse().expect("an index code"),
        edition: "2024".to_owned(),
        sha256: [7; 32],
    };
    let plan = Plan {
        title: "2024".to_owned(),
        period: ids::Period::Year(2024),
        as_of: Date::constant(2024, 12, 31),
        rules: BTreeMap::from([("department".to_owned(), rules)]),
        participants: BTreeMap::from([(unit("H40.12"), "department".to_owned())]),
        deadlines: STAGES.into_iter().zip((1..).map(|n| at(n * 10))).collect(),
    };
    let assigned = |appraiser: &str, components: &[&str]| campaign::Fact::AppraiserAssigned {
        appraiser: appraiser.to_owned(),
        assignment: Assignment {
            own: unit("H40.13"),
            units: BTreeSet::from([unit("H40.12")]),
            components: components.iter().map(|code| leaf(code)).collect(),
        },
    };
    let facts = [
        campaign::Fact::Planned(plan),
        campaign::Fact::Opened,
        assigned("binh", &["C1"]),
        assigned("chau", &[]),
    ];
    let events = facts.map(|fact| campaign::Event {
        at: at(0),
        by: "anh".to_owned(),
        fact,
    });
    decider::fold(&events)
}

pub(super) fn ground() -> Ground {
    let measured: Inputs = [("done", 4)].into_iter().collect();
    Ground {
        unit: unit("H40.12"),
        campaign: Arc::new(campaign()),
        definition: definition(),
        measured: Some(Arc::new(measured)),
        revoked: BTreeSet::new(),
    }
}

pub(super) fn person(id: &str, role: Role, of: &str) -> Person {
    Person {
        id: id.to_owned(),
        role,
        units: BTreeSet::from([unit(of)]),
    }
}

/// Somebody of the unit.
pub(super) fn dung() -> Person {
    person("dung", Role::Assessor, "H40.12")
}

/// An appraiser of all.
pub(super) fn chau() -> Person {
    person("chau", Role::Appraiser, "H40.13")
}

/// A member of the council.
pub(super) fn hoa() -> Person {
    person("hoa", Role::Council, "H40.01")
}

pub(super) fn command(hour: i64, by: Person, action: Action) -> Command {
    let ground = ground();
    let at = at(hour);
    Command {
        at,
        by,
        ground,
        action,
    }
}

pub(super) fn event(hour: i64, by: &str, fact: Fact) -> Event {
    Event {
        at: at(hour),
        by: by.to_owned(),
        fact,
    }
}

pub(super) fn decree() -> Vec<Evidence> {
    vec![Evidence {
        title: "Kế hoạch CCHC".to_owned(),
        number: "165/KH-UBND".to_owned(),
        item: "II.3".to_owned(),
        page: "4".to_owned(),
        ..Evidence::default()
    }]
}

pub(super) fn claim(code: &str, expected: usize, figures: Inputs) -> Action {
    Action::Claim {
        leaf: leaf(code),
        expected,
        figures,
        claimed: None,
        explanation: String::new(),
        evidence: decree(),
    }
}

pub(super) fn issued(state: &str) -> Inputs {
    [("issued", state)].into_iter().collect()
}

pub(super) fn planned(count: i64) -> Inputs {
    [("planned", count)].into_iter().collect()
}

pub(super) fn claimed(code: &str, figures: Inputs, mark: Option<Mark>) -> Fact {
    Fact::Claimed {
        leaf: leaf(code),
        claim: Claim {
            figures,
            mark,
            explanation: String::new(),
            evidence: decree(),
            measured: None,
        },
    }
}

/// The sheet is filled in and handed in.
pub(super) fn filled_in() -> Vec<Event> {
    vec![
        event(
            2,
            "dung",
            claimed("plan", issued("on_time"), Some(points("2"))),
        ),
        event(3, "dung", claimed("tasks", planned(10), Some(points("2")))),
        event(4, "dung", Fact::Submitted),
    ]
}

pub(super) fn after(events: &[Event]) -> Given<Sheet> {
    given(events.iter().cloned())
}
