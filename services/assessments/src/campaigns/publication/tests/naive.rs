//! Indices computed the long way round: from the text of a definition, with nothing of the engine.
//!
//! It knows the shapes that the shipped sets use and stops at any other.

mod rule;

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};
use saphyr_parser::{Event, Parser};

pub(super) use self::rule::{Wanted, points, wants};

/// YAML as texts, lists and mappings.
#[derive(Debug, Clone)]
pub(super) enum Yaml {
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

/// A figure, an answer or a state.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Figure {
    Number(Decimal),
    Answer(bool),
    State(String),
}

/// Points, or none because it does not apply.
pub(super) type Mark = Option<Decimal>;

/// A leaf as the document writes it.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) code: String,
    pub(super) max: Decimal,
    rule: Yaml,
}

/// What an index comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sum {
    pub(super) total: Option<Decimal>,
    pub(super) max: Decimal,
    pub(super) percent: Option<Decimal>,
    pub(super) exact_value: Option<Decimal>,
    /// By code: points and maximum.
    pub(super) components: BTreeMap<String, (Option<Decimal>, Decimal)>,
}

impl Yaml {
    pub(super) fn read(text: &str) -> Self {
        let mut events = Parser::new_from_str(text).map(|event| event.expect("YAML").0);
        loop {
            if let Event::DocumentStart(_) = events.next().expect("a document") {
                let first = events.next().expect("a value");
                return Self::value(first, &mut events);
            }
        }
    }

    fn value<'a>(event: Event<'a>, rest: &mut impl Iterator<Item = Event<'a>>) -> Self {
        match event {
            Event::Scalar(text, ..) => Self::Text(text.into_owned()),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match rest.next().expect("an item") {
                        Event::SequenceEnd => return Self::List(items),
                        event => items.push(Self::value(event, rest)),
                    }
                }
            }
            Event::MappingStart(..) => {
                let mut entries = Vec::new();
                loop {
                    let Event::Scalar(key, ..) = rest.next().expect("a key") else {
                        return Self::Map(entries);
                    };
                    let event = rest.next().expect("a value");
                    entries.push((key.into_owned(), Self::value(event, rest)));
                }
            }
            other => panic!("{other:?} is nothing that a set has"),
        }
    }

    fn find(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|(it, _)| it == key)
            .map(|(_, value)| value)
    }

    fn get(&self, key: &str) -> &Self {
        self.find(key)
            .unwrap_or_else(|| panic!("{key} is missing in {self:?}"))
    }

    fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            other => panic!("{other:?} is no mapping"),
        }
    }

    fn list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            other => panic!("{other:?} is no list"),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            other => panic!("{other:?} is no text"),
        }
    }

    fn number(&self) -> Decimal {
        number(self.text())
    }
}

fn number(text: &str) -> Decimal {
    match text.trim().strip_suffix('%') {
        Some(percent) => percent.parse::<Decimal>().expect("digits") / Decimal::ONE_HUNDRED,
        None => text.trim().parse().expect("digits"),
    }
}

/// Half up, to so many digits.
pub(super) fn rounded(value: Decimal, digits: u32) -> Decimal {
    value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

/// The leaves of a definition in their order.
pub(super) fn leaves(of: &Yaml) -> Vec<Leaf> {
    let mut found = Vec::new();
    for key in ["leaves", "components"] {
        for child in of.find(key).map(Yaml::list).unwrap_or_default() {
            if key == "components" {
                found.extend(leaves(child));
                continue;
            }
            found.push(Leaf {
                code: child.get("code").text().to_owned(),
                max: child.get("max").number(),
                rule: child.get("rule").clone(),
            });
        }
    }
    found
}

/// What a part came to: its points and maximum; nothing in it counts, or something that applies is missing.
enum Part {
    Counts(Decimal, Decimal),
    Empty,
    Missing,
}

/// The whole index from the values of its leaves; a leaf that is not there has none.
pub(super) fn sum(document: &Yaml, marks: &BTreeMap<String, Mark>) -> Sum {
    assert_eq!(document.get("missing").text(), "withhold");
    let rounding = document.get("rounding");
    assert_eq!(
        rounding.get("at").list().len(),
        1,
        "rounds at the total only"
    );
    let digits: u32 = rounding.get("digits").text().parse().expect("digits");
    let mut components = BTreeMap::new();
    let (mut regular, mut moved) = (Vec::new(), Decimal::ZERO);
    for child in document
        .find("components")
        .map(Yaml::list)
        .unwrap_or_default()
    {
        let part = component(child, marks, digits, &mut components);
        let of_part = match &part {
            Part::Counts(points, _) => *points,
            Part::Empty | Part::Missing => Decimal::ZERO,
        };
        match child.find("part").map(Yaml::text) {
            None => regular.push((part, weight(child))),
            Some("bonus") => moved += of_part,
            Some("penalty") => moved -= of_part,
            Some(other) => panic!("{other}?"),
        }
    }
    for child in document.find("leaves").map(Yaml::list).unwrap_or_default() {
        regular.push((self::leaf(child, marks), weight(child)));
    }
    let total = document.get("total");
    let sum = Yaml::Text("sum".to_owned());
    let aggregate = document.find("aggregate").unwrap_or(&sum);
    let Part::Counts(points, max) = together(regular, aggregate, total.get("max").number()) else {
        return Sum {
            components,
            ..Sum::default()
        };
    };
    let least = total.find("min").map_or(Decimal::ZERO, Yaml::number);
    let moved = (points + moved).max(least);
    let exact = match total.find("over").map(Yaml::text) {
        Some("allowed") => moved,
        _ => moved.min(max.max(points)),
    };
    let percent = exact * Decimal::ONE_HUNDRED / max;
    Sum {
        total: Some(rounded(exact, digits)),
        max,
        percent: Some(rounded(percent, digits)),
        exact_value: Some(match document.get("value").text() {
            "percent" => percent,
            _ => exact,
        }),
        components,
    }
}

/// How much a child counts in a mean.
fn weight(child: &Yaml) -> Decimal {
    child.find("weight").map_or(Decimal::ONE, Yaml::number)
}

fn leaf(of: &Yaml, marks: &BTreeMap<String, Mark>) -> Part {
    let max = of.get("max").number();
    match marks.get(of.get("code").text()) {
        _ if max.is_zero() => Part::Empty,
        None => Part::Missing,
        Some(None) => Part::Empty,
        Some(Some(points)) => Part::Counts(*points, max),
    }
}

fn component(
    of: &Yaml,
    marks: &BTreeMap<String, Mark>,
    digits: u32,
    told: &mut BTreeMap<String, (Option<Decimal>, Decimal)>,
) -> Part {
    let mut parts = Vec::new();
    for child in of.find("components").map(Yaml::list).unwrap_or_default() {
        parts.push((component(child, marks, digits, told), weight(child)));
    }
    for child in of.find("leaves").map(Yaml::list).unwrap_or_default() {
        parts.push((leaf(child, marks), weight(child)));
    }
    let sum = Yaml::Text("sum".to_owned());
    let cap = of.get("max").number();
    let mut part = together(parts, of.find("aggregate").unwrap_or(&sum), cap);
    let capped =
        of.find("capped").is_some_and(|it| it.text() == "yes") || of.find("part").is_some();
    if let Part::Counts(points, max) = &mut part
        && capped
    {
        (*points, *max) = ((*points).min(cap), (*max).min(cap));
    }
    let code = of.get("code").text().to_owned();
    told.insert(
        code,
        match &part {
            Part::Counts(points, max) => (Some(rounded(*points, digits)), *max),
            Part::Empty | Part::Missing => (None, Decimal::ZERO),
        },
    );
    part
}

fn together(parts: Vec<(Part, Decimal)>, aggregate: &Yaml, cap: Decimal) -> Part {
    let mut counted = Vec::new();
    for (part, weight) in parts {
        match part {
            Part::Missing => return Part::Missing,
            Part::Empty => {}
            Part::Counts(points, max) => counted.push((points, max, weight)),
        }
    }
    if counted.is_empty() {
        return Part::Empty;
    }
    let weights: Decimal = counted.iter().map(|(_, _, weight)| weight).sum();
    let shares = counted
        .iter()
        .map(|(points, max, weight)| weight * points / max);
    let mean = shares.sum::<Decimal>() / weights;
    match aggregate {
        Yaml::Text(sum) if sum == "sum" => Part::Counts(
            counted.iter().map(|(points, ..)| points).sum(),
            counted.iter().map(|(_, max, _)| max).sum(),
        ),
        Yaml::Text(_) => Part::Counts(cap * mean, cap),
        rescale => {
            let low = rescale.get("rescale_from").number();
            Part::Counts(low + (cap - low) * mean, cap)
        }
    }
}

/// Ranks of values, the highest first, equal ones sharing a rank and the next one left out.
pub(super) fn ranks(document: &Yaml, sums: &BTreeMap<String, Sum>) -> BTreeMap<String, u32> {
    let ranking = document.get("ranking");
    assert_eq!(ranking.get("ties").text(), "standard");
    let digits: u32 = document
        .get("rounding")
        .get("digits")
        .text()
        .parse()
        .expect("digits");
    let value = |sum: &Sum| match ranking.get("on").text() {
        "rounded" => sum.exact_value.map(|exact| rounded(exact, digits)),
        _ => sum.exact_value,
    };
    let ranks = sums.iter().filter_map(|(unit, sum)| {
        let mine = value(sum)?;
        let better = sums
            .values()
            .filter_map(value)
            .filter(|other| *other > mine);
        Some((
            unit.clone(),
            1 + u32::try_from(better.count()).expect("few"),
        ))
    });
    ranks.collect()
}
