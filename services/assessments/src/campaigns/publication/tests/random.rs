//! Random assessments: figures, claims, decisions, and what does not apply.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assessment::campaign::{Event as CampaignEvent, Fact as Step, Plan, Rules, STAGES};
use assessment::sheet::{Action, Column, Command, Event, Fact, Ground, Mark, Round};
use assessment::{Campaign, Person, Role, Sheet};
use decider::Decider as _;
use ids::{LeafCode, Period, UnitCode};
use index::{Definition, InputKind, Inputs, Source, Value};
use jiff::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng as _;
use rust_decimal::Decimal;

use super::naive::{self, Figure, Wanted};
use super::plain;

/// Values of leaves by code.
pub(super) type Marks = BTreeMap<String, naive::Mark>;

/// A unit's sheet as it came about, and what it should come to.
pub(super) struct Assessment {
    pub(super) events: Vec<Event>,
    /// What is counted.
    pub(super) figures: Inputs,
    /// What each leaf is worth, worked out without the engine.
    pub(super) marks: BTreeMap<Column, Marks>,
    /// All figures, counted and declared, and what each leaf is by them and its rule, worked out without the engine.
    pub(super) all: Inputs,
    pub(super) by_rule: Marks,
    /// Whether every claim follows from figures, so that the unit claims what it is by rule.
    pub(super) by_rule_alone: bool,
}

/// A seeded source of choices.
pub(super) struct Random(pub(super) ChaCha8Rng);

/// A moment of the campaign, in minutes.
pub(super) fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_735_689_600 + minute * 60).expect("within range")
}

/// A plan that judges units by a definition.
pub(super) fn plan(definition: &Definition, units: impl Iterator<Item = UnitCode>) -> Plan {
    let group = (*definition.groups().first().expect("a group")).to_owned();
    let rules = Rules {
        index: definition.code().clone(),
        edition: definition.edition().to_owned(),
        sha256: [7; 32],
    };
    Plan {
        title: "Cải cách hành chính".to_owned(),
        period: Period::Year(2024),
        as_of: jiff::civil::Date::constant(2024, 12, 31),
        rules: BTreeMap::from([(group.clone(), rules)]),
        participants: units.map(|unit| (unit, group.clone())).collect(),
        deadlines: STAGES
            .into_iter()
            .zip((1..).map(|n| at(n * 10_000)))
            .collect(),
    }
}

impl Random {
    pub(super) fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).expect("small");
        usize::try_from(self.0.next_u64() % count).expect("small")
    }

    fn chance(&mut self, of_ten: usize) -> bool {
        self.below(10) < of_ten
    }

    fn figure(&mut self, wanted: &Wanted) -> Figure {
        match wanted {
            Wanted::Answer => Figure::Answer(self.chance(5)),
            Wanted::State(states) => Figure::State(states[self.below(states.len())].clone()),
            Wanted::Number => {
                // Zeros for bases of nothing, hundreds for exact cuts, anything else for long fractions.
                let number = match self.below(5) {
                    0 => 0,
                    1 => [70, 80, 90, 95, 100][self.below(5)],
                    2 => self.below(12),
                    _ => self.below(100_000),
                };
                Figure::Number(Decimal::from(number))
            }
        }
    }

    /// Points with up to three digits behind the point.
    fn points(&mut self, max: Decimal) -> Mark {
        if self.chance(1) {
            return Mark::NotApplicable;
        }
        let part = Decimal::from(self.below(1_001)) / Decimal::ONE_THOUSAND;
        let digits = u32::try_from(self.below(4)).expect("small");
        let points = naive::rounded(max * part, digits).min(max);
        Mark::Points(points.normalize())
    }

    pub(super) fn assessment(
        &mut self,
        definition: &Arc<Definition>,
        leaves: &[naive::Leaf],
        unit: &UnitCode,
    ) -> Assessment {
        let by_rule_alone = self.chance(3);
        let (mut counted, mut declared) = (BTreeMap::new(), BTreeMap::new());
        // Units declare nothing for leaves that they do not score.
        let theirs = |leaf: &&naive::Leaf| !scored_by_units(definition, leaf);
        let not_declared = leaves.iter().filter(theirs).flat_map(naive::wants);
        let not_declared: BTreeSet<_> = not_declared.map(|(name, _)| name).collect();
        for (name, wanted) in leaves.iter().flat_map(naive::wants) {
            let known = counted.contains_key(&name) || declared.contains_key(&name);
            // Now and then nobody knows a figure.
            if known || self.below(60) == 0 {
                continue;
            }
            let figure = self.figure(&wanted);
            match definition.input(&name).expect("an input").kind {
                _ if not_declared.contains(&name) => counted.insert(name, figure),
                InputKind::Appraised => declared.insert(name, figure),
                InputKind::Reported if self.chance(5) => declared.insert(name, figure),
                _ => counted.insert(name, figure),
            };
        }
        let ground = Ground {
            unit: unit.clone(),
            campaign: Arc::new(campaign(definition, unit)),
            definition: definition.clone(),
            measured: Some(Arc::new(inputs(&counted))),
            revoked: BTreeSet::new(),
        };
        let mut sheet = Played {
            sheet: Sheet::default(),
            events: Vec::new(),
            ground,
            own: Marks::new(),
        };
        for leaf in leaves.iter().filter(|leaf| !leaf.max.is_zero()) {
            self.claim(&mut sheet, leaf, (&counted, &declared), by_rule_alone);
        }
        let (first, second, last) = self.decisions(&mut sheet, leaves);
        let all = together(&counted, &declared);
        Assessment {
            events: sheet.events,
            figures: inputs(&counted),
            marks: BTreeMap::from([
                (Column::Own, sheet.own),
                (Column::First, first),
                (Column::Second, second),
                (Column::Last, last),
            ]),
            all: inputs(&all),
            by_rule: by_rule(leaves, &all),
            by_rule_alone,
        }
    }

    /// What a unit claims for a leaf, or what is counted.
    fn claim(
        &mut self,
        sheet: &mut Played,
        leaf: &naive::Leaf,
        (counted, declared): (&BTreeMap<String, Figure>, &BTreeMap<String, Figure>),
        by_rule_alone: bool,
    ) {
        let code: LeafCode = leaf.code.parse().expect("a code");
        let counts = naive::points(leaf, counted);
        if !scored_by_units(&sheet.ground.definition, leaf) {
            if let Ok(mark) = counts {
                sheet.own.insert(leaf.code.clone(), mark);
            }
            return;
        }
        // Some leaves nobody claims; what does not apply by what is counted needs no claim.
        if !by_rule_alone && self.below(40) == 0 {
            if counts == Ok(None) {
                sheet.own.insert(leaf.code.clone(), None);
            }
            return;
        }
        let names: BTreeSet<_> = naive::wants(leaf)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let figures: BTreeMap<_, _> = declared
            .iter()
            .filter(|(name, _)| names.contains(*name))
            .map(|(name, figure)| (name.clone(), figure.clone()))
            .collect();
        let by_hand = !by_rule_alone && self.chance(1);
        let claimed = by_hand.then_some(Mark::NotApplicable);
        let expected = match claimed {
            Some(_) => Ok(None),
            None => naive::points(leaf, &together(counted, &figures)),
        };
        sheet.claims(code, inputs(&figures), claimed);
        if let Ok(mark) = expected {
            sheet.own.insert(leaf.code.clone(), mark);
        }
    }

    /// What appraisers and the council decide: each round on some of the leaves.
    fn decisions(&mut self, sheet: &mut Played, leaves: &[naive::Leaf]) -> (Marks, Marks, Marks) {
        let (mut first, mut second, mut last) = (Marks::new(), Marks::new(), Marks::new());
        // Most assessments are decided in whole, the others lack a leaf now and then.
        let whole = self.chance(7);
        for leaf in leaves.iter().filter(|leaf| !leaf.max.is_zero()) {
            let code: LeafCode = leaf.code.parse().expect("a code");
            let mut decided = None;
            if whole || self.below(30) > 0 {
                let accepted = sheet
                    .own
                    .get(&leaf.code)
                    .copied()
                    .filter(|_| self.chance(7));
                let mark = accepted.map_or_else(
                    || self.points(leaf.max),
                    |own| {
                        own.map_or(Mark::NotApplicable, |points| {
                            Mark::Points(points.normalize())
                        })
                    },
                );
                sheet.appraised(&code, Round::First, mark, accepted.is_some());
                first.insert(leaf.code.clone(), plain(mark));
                decided = Some(mark);
            }
            if self.chance(3) {
                let mark = self.points(leaf.max);
                sheet.appraised(&code, Round::Second, mark, false);
                decided = Some(mark);
            }
            if let Some(mark) = decided {
                second.insert(leaf.code.clone(), plain(mark));
            }
            if self.chance(1) {
                let mark = self.points(leaf.max);
                sheet.remarked(&code, mark);
                decided = Some(mark);
            }
            if let Some(mark) = decided {
                last.insert(leaf.code.clone(), plain(mark));
            }
        }
        (first, second, last)
    }
}

/// A sheet in the making.
struct Played {
    sheet: Sheet,
    events: Vec<Event>,
    ground: Ground,
    own: Marks,
}

impl Played {
    /// A claim as the aggregate decides on it: it computes the points.
    fn claims(&mut self, leaf: LeafCode, figures: Inputs, claimed: Option<Mark>) {
        let command = Command {
            at: at(1),
            by: Person {
                id: "an".to_owned(),
                role: Role::Assessor,
                units: BTreeSet::from([self.ground.unit.clone()]),
            },
            ground: self.ground.clone(),
            action: Action::Claim {
                leaf,
                expected: 0,
                figures,
                claimed,
                explanation: "as reported".to_owned(),
                evidence: vec![],
            },
        };
        // A rule that cannot give points refuses the claim; then the leaf has none.
        for event in self.sheet.decide(command).unwrap_or_default() {
            self.happened(event.fact);
        }
    }

    fn appraised(&mut self, leaf: &LeafCode, round: Round, mark: Mark, accepted: bool) {
        self.happened(Fact::Appraised {
            leaf: leaf.clone(),
            round,
            mark,
            accepted,
            reason: "as seen".to_owned(),
        });
    }

    fn remarked(&mut self, leaf: &LeafCode, mark: Mark) {
        self.happened(Fact::Remarked {
            leaf: leaf.clone(),
            mark: Some(mark),
            remark: "as agreed".to_owned(),
        });
    }

    fn happened(&mut self, fact: Fact) {
        let event = Event {
            at: at(2),
            by: "an".to_owned(),
            fact,
        };
        self.sheet.evolve(&event);
        self.events.push(event);
    }
}

fn together(
    counted: &BTreeMap<String, Figure>,
    declared: &BTreeMap<String, Figure>,
) -> BTreeMap<String, Figure> {
    let all = counted.iter().chain(declared);
    all.map(|(name, figure)| (name.clone(), figure.clone()))
        .collect()
}

/// What each leaf is by figures and its rule; a leaf whose rule gives nothing is not there.
fn by_rule(leaves: &[naive::Leaf], figures: &BTreeMap<String, Figure>) -> Marks {
    let leaves = leaves.iter().filter(|leaf| !leaf.max.is_zero());
    let marked = leaves.filter_map(|leaf| {
        let mark = naive::points(leaf, figures).ok()?;
        Some((leaf.code.clone(), mark))
    });
    marked.collect()
}

fn scored_by_units(definition: &Definition, leaf: &naive::Leaf) -> bool {
    let code = leaf.code.parse().expect("a code");
    let source = definition.leaf(&code).expect("a leaf").source();
    matches!(source, Source::Appraised | Source::Reported)
}

fn campaign(definition: &Definition, unit: &UnitCode) -> Campaign {
    let plan = plan(definition, [unit.clone()].into_iter());
    let steps = [Step::Planned(plan), Step::Opened];
    let events = steps.map(|fact| CampaignEvent {
        at: at(0),
        by: "anh".to_owned(),
        fact,
    });
    decider::fold(&events)
}

fn inputs(figures: &BTreeMap<String, Figure>) -> Inputs {
    let value = |figure: &Figure| match figure {
        Figure::Number(number) => Value::Number(*number),
        Figure::Answer(answer) => Value::YesNo(*answer),
        Figure::State(state) => Value::State(state.clone()),
    };
    figures
        .iter()
        .map(|(name, figure)| (name.clone(), value(figure)))
        .collect()
}
