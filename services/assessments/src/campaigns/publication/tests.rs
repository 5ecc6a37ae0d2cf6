//! Ten thousand random assessments: preview, live score, replay, publication and a computation the long way round agree
//! to the digit.

mod naive;
mod random;

use std::collections::BTreeMap;
use std::sync::Arc;

use assessment::Sheet;
use assessment::campaign::Plan;
use assessment::sheet::{Column, Event, Mark};
use contracts::assessments::v1 as pb;
use contracts::log::v1::Metadata;
use contracts::scoring::v1 as scoring;
use decider::{Decider as _, fold};
use eventlog::Recorded;
use eventlog::command::Codec as _;
use ids::{LeafCode, UnitCode};
use index::{Definition, IndexResult, Inputs, LeafScore};
use prost::Message as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rust_decimal::Decimal;

use super::document::{Act, Judged, head, units};
use super::{Document, PublicationKey};
use crate::campaigns::codec::{CampaignCodec, SheetCodec};
use naive::Yaml;
use random::{Assessment, Random};

/// Assessments that are played.
const ASSESSMENTS: usize = 10_000;
/// Units that are ranked together.
const TOGETHER: usize = 4;
/// Of so many publications one is written into a file and read again, which takes longer than all the rest.
const WRITTEN: u64 = 20;
/// Threads that share the work.
const THREADS: u64 = 2;

/// A shipped set.
struct Set {
    definition: Arc<Definition>,
    document: Yaml,
}

fn sets() -> Vec<Set> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/catalog/indices");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the shipped sets")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    let set = |file: &std::path::PathBuf| {
        let text = std::fs::read_to_string(file).expect("a set");
        let parsed = Definition::parse(&text, "set").expect("a sound set");
        // The portal's set rounds each item; the others round the total only, as this test's own arithmetic does.
        let total_only = text.contains("at: [total] }");
        total_only.then(|| Set {
            definition: Arc::new(parsed),
            document: Yaml::read(&text),
        })
    };
    files.iter().filter_map(set).collect()
}

/// An event as the log stores it, and as it is read again.
fn stored(event: &Event, version: i64) -> Event {
    let (kind, payload) = SheetCodec::encode(event);
    let metadata = Metadata {
        actor: event.by.clone(),
        occurred_at: Some(contracts::wire::timestamp(event.at)),
        ..Metadata::default()
    };
    let recorded = Recorded {
        position: version,
        stream: "assessment-par-2024-H40.01".to_owned(),
        version,
        kind: kind.to_owned(),
        recorded_at: event.at,
        metadata: metadata.encode_to_vec().into(),
        payload,
        hash: [0; 32],
    };
    SheetCodec::read(&recorded).expect("what was stored is read")
}

/// Figures as the event of a publication stores them, and as they are read again.
fn frozen(figures: &Inputs) -> Inputs {
    use assessment::campaign::{Event, Fact};
    let fact = Fact::FiguresFrozen {
        unit: "H40.01".parse().expect("a code"),
        figures: figures.clone(),
    };
    let (at, by) = (random::at(0), String::new());
    let (kind, payload) = CampaignCodec::encode(&Event { at, by, fact });
    match CampaignCodec::decode(kind, &payload).expect("read").fact {
        Fact::FiguresFrozen { figures, .. } => figures,
        other => panic!("{other:?}"),
    }
}

/// The index as the services make it from figures: scored leaf by leaf, told in an event, read and added up.
fn live(definition: &Definition, figures: &Inputs) -> IndexResult {
    let told = definition.leaves().iter().map(|leaf| {
        let score = leaf.score(figures);
        let event = scoring::LeafScore {
            leaf: leaf.code().to_string(),
            points: score.points.map(|it| it.to_string()).unwrap_or_default(),
            max: score.max.to_string(),
            reason: score.reason(),
            inputs: vec![],
        };
        let read = scoring::LeafScore::decode(event.encode_to_vec().as_slice()).expect("sound");
        let points = (!read.points.is_empty()).then(|| read.points.parse().expect("digits"));
        let max = read.max.parse().expect("digits");
        let code: LeafCode = read.leaf.parse().expect("a code");
        (code, LeafScore::told(points, max, &read.reason))
    });
    definition.aggregate(&told.collect())
}

fn decimal(text: &str) -> Option<Decimal> {
    (!text.is_empty()).then(|| text.parse().expect("digits"))
}

/// What the engine came to, in the words of the other computation.
fn said(result: &IndexResult) -> naive::Sum {
    let components = result.components.iter();
    naive::Sum {
        total: result.total,
        max: result.max,
        percent: result.percent,
        exact_value: result.exact_value,
        components: components
            .map(|it| (it.code.to_string(), (it.points, it.max)))
            .collect(),
    }
}

/// What is published, in the same words; the exact value is published of the outcome only.
fn published(of: &pb::IndexPreview) -> naive::Sum {
    let components = of.components.iter();
    naive::Sum {
        total: decimal(&of.total),
        max: decimal(&of.max).expect("digits"),
        percent: decimal(&of.percent),
        exact_value: None,
        components: components
            .map(|it| {
                let max = decimal(&it.max).expect("digits");
                (it.component.clone(), (decimal(&it.points), max))
            })
            .collect(),
    }
}

fn played(assessment: &Assessment) -> Sheet {
    let mut sheet = Sheet::default();
    assessment
        .events
        .iter()
        .for_each(|event| sheet.evolve(event));
    sheet
}

/// What an assessment should come to, by each of the values.
type Sums = BTreeMap<Column, naive::Sum>;

/// Every way to every value of one assessment; the sheet as it was replayed.
fn agrees(set: &Set, assessment: &Assessment, sums: &Sums, seed: u64) -> Sheet {
    let definition = &*set.definition;
    let sheet = played(assessment);
    let again = assessment.events.iter().zip(1_i64..);
    let again: Vec<_> = again
        .map(|(event, version)| stored(event, version))
        .collect();
    let replayed: Sheet = fold(&again);
    assert_eq!(replayed, sheet, "seed {seed}: replay");
    let figures = frozen(&assessment.figures);
    for (column, expected) in sums {
        let preview = said(&sheet.index(definition, *column, &assessment.figures));
        let of = definition.code();
        assert_eq!(
            &preview, expected,
            "seed {seed}: preview {column:?} of {of}"
        );
        let replay = said(&replayed.index(definition, *column, &figures));
        assert_eq!(replay, preview, "seed {seed}: replay {column:?}");
    }
    replayed
}

/// The live score of all figures is what the rules make of them, and what the unit claims where that follows from figures
/// alone. Whether there is a total.
fn live_agrees(set: &Set, assessment: &Assessment, claimed: &naive::Sum, seed: u64) -> bool {
    let of = set.definition.code();
    let live = said(&live(&set.definition, &assessment.all));
    let expected = naive::sum(&set.document, &assessment.by_rule);
    assert_eq!(live, expected, "seed {seed}: live score of {of}");
    if assessment.by_rule_alone {
        assert_eq!(&live, claimed, "seed {seed}: live score and claim of {of}");
    }
    live.total.is_some()
}

/// Units ranked together, as they are published.
fn publication(
    set: &Set,
    assessments: &BTreeMap<UnitCode, Assessment>,
    sheets: &BTreeMap<UnitCode, (Sheet, Inputs)>,
) -> pb::PublishedResult {
    let plan: Plan = random::plan(&set.definition, assessments.keys().cloned());
    let judged = sheets.iter().map(|(unit, (sheet, figures))| {
        let version = i64::try_from(assessments[unit].events.len()).expect("few");
        let judged = Judged {
            sheet,
            version,
            figures,
        };
        (unit.clone(), judged)
    });
    let group = plan.participants.values().next().expect("a unit").clone();
    let editions = BTreeMap::from([(group, set.definition.clone())]);
    let act = Act {
        campaign: "par-2024",
        number: 1,
        corrects: None,
        reason: "",
        document: "99/QĐ-UBND",
        by: "lan",
        at: random::at(0),
        rests_on: &[],
        counted_on: None,
    };
    pb::PublishedResult {
        units: units(&plan, &editions, &judged.collect()),
        ..head(act, &plan)
    }
}

/// A publication as whoever got its file reads it.
fn written_and_read(result: pb::PublishedResult) -> pb::PublishedResult {
    let key = PublicationKey::from_seed(&[7; 32]);
    let mut document = Document::new(result, &[0], &key.public());
    document.signature = key.sign(&document.canonical).to_vec();
    let read = Document::from_file(&document.to_file()).expect("its own file");
    assert_eq!(read, document);
    assert!(read.is_signed_by(&key.public()));
    read.result
}

/// Every way to every value of units that are ranked together; how many have a live total.
fn all_agree(set: &Set, assessments: &BTreeMap<UnitCode, Assessment>, seed: u64) -> usize {
    let (mut sums, mut sheets) = (BTreeMap::new(), BTreeMap::new());
    let mut live = 0;
    for (unit, it) in assessments {
        let by_column = it.marks.iter();
        let of_unit: Sums = by_column
            .map(|(column, marks)| (*column, naive::sum(&set.document, marks)))
            .collect();
        let sheet = agrees(set, it, &of_unit, seed);
        live += usize::from(live_agrees(set, it, &of_unit[&Column::Own], seed));
        sheets.insert(unit.clone(), (sheet, frozen(&it.figures)));
        sums.insert(unit.to_string(), of_unit);
    }
    let mut result = publication(set, assessments, &sheets);
    if seed.is_multiple_of(WRITTEN) {
        result = written_and_read(result);
    }
    assert_eq!(result.units.len(), assessments.len());
    let last = sums.iter();
    let last = last.map(|(unit, sums)| (unit.clone(), sums[&Column::Last].clone()));
    let ranks = naive::ranks(&set.document, &last.collect());
    for unit in &result.units {
        publication_agrees(unit, &sums[&unit.unit], seed);
        let rank = unit.outcome.as_ref().map_or(0, |outcome| outcome.rank);
        let expected = ranks.get(&unit.unit).copied().unwrap_or_default();
        assert_eq!(
            i64::from(rank),
            i64::from(expected),
            "seed {seed}: rank of {}",
            unit.unit
        );
    }
    live
}

fn publication_agrees(unit: &pb::PublishedUnit, sums: &Sums, seed: u64) {
    for (column, told) in [
        (Column::Own, &unit.claimed),
        (Column::First, &unit.first),
        (Column::Second, &unit.second),
        (Column::Last, &unit.r#final),
    ] {
        let expected = naive::Sum {
            exact_value: None,
            ..sums[&column].clone()
        };
        let told = published(told.as_ref().expect("a preview"));
        assert_eq!(told, expected, "seed {seed}: published {column:?}");
    }
    let last = &sums[&Column::Last];
    let outcome = unit.outcome.as_ref().expect("an outcome");
    let told = [&outcome.total, &outcome.percent, &outcome.exact_value].map(|it| decimal(it));
    let expected = [last.total, last.percent, last.exact_value];
    assert_eq!(told, expected, "seed {seed}: outcome");
}

/// Plays assessments that are ranked together; how many values were decided in them, and how many have a live total.
fn play(sets: &[Set], seed: u64) -> (usize, usize) {
    let mut random = Random(ChaCha8Rng::seed_from_u64(seed));
    let set = &sets[random.below(sets.len())];
    let leaves = naive::leaves(&set.document);
    let units = (1..=TOGETHER).map(|number| {
        let unit: UnitCode = format!("H40.{number:02}").parse().expect("a code");
        let assessment = random.assessment(&set.definition, &leaves, &unit);
        (unit, assessment)
    });
    let assessments: BTreeMap<_, _> = units.collect();
    let live = all_agree(set, &assessments, seed);
    let last = assessments.values().map(|it| it.marks[&Column::Last].len());
    (last.sum(), live)
}

fn both((a, b): (usize, usize), (c, d): (usize, usize)) -> (usize, usize) {
    (a + c, b + d)
}

#[test]
fn preview_live_score_replay_and_publication_agree_on_ten_thousand_assessments() {
    let sets = sets();
    assert_eq!(
        sets.len(),
        7,
        "a set that is new or rounds elsewhere needs a look"
    );
    let groups = u64::try_from(ASSESSMENTS.div_ceil(TOGETHER)).expect("few");
    let (decided, live) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|first| {
                let seeds = (0..groups).filter(move |seed| seed % THREADS == first);
                let sets = &sets;
                let played = move || seeds.map(|seed| play(sets, seed)).fold((0, 0), both);
                scope.spawn(played)
            })
            .collect();
        let threads = threads.into_iter();
        threads
            .map(|thread| thread.join().expect("they agree"))
            .fold((0, 0), both)
    });
    assert!(
        decided > ASSESSMENTS,
        "the assessments hold next to nothing"
    );
    assert!(
        live * 5 > ASSESSMENTS,
        "{live} live totals: the others lack a figure, and agree on next to nothing"
    );
}

/// A value in the words of the other computation.
fn plain(mark: Mark) -> naive::Mark {
    match mark {
        Mark::Points(points) => Some(points),
        Mark::NotApplicable => None,
    }
}
