//! Indices computed the long way round: from the text of a definition, with nothing of the engine.
//!
//! It knows the shapes that the shipped sets use and stops at any other.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};
use saphyr_parser::{Event, Parser};

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

/// What a figure has to be.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    Number,
    Answer,
    State(Vec<String>),
}

/// The figures that a rule takes, by name.
pub(super) fn wants(leaf: &Leaf) -> Vec<(String, Wanted)> {
    let (shape, of) = &leaf.rule.entries()[0];
    let answer = |it: &Yaml| (it.text().to_owned(), Wanted::Answer);
    let number = |name: &str| (name.trim().to_owned(), Wanted::Number);
    match shape.as_str() {
        "yes_no" => vec![answer(of)],
        "all_of" => of.list().iter().map(answer).collect(),
        "state" => {
            let states = of.get("points").entries().iter();
            let states = states.map(|(state, _)| state.clone()).collect();
            vec![(of.get("of").text().to_owned(), Wanted::State(states))]
        }
        "credit" | "deduct" | "likert" => {
            let each = of.get("each").entries().iter();
            each.map(|(name, _)| number(name)).collect()
        }
        _ => {
            let texts = [of.find("of"), of.find("to")].into_iter().flatten();
            texts
                .flat_map(|it| it.text().split('+').map(number))
                .collect()
        }
    }
}

/// The points that a rule gives; an error where it gives none though the leaf applies.
pub(super) fn points(leaf: &Leaf, figures: &BTreeMap<String, Figure>) -> Result<Mark, ()> {
    match by_shape(leaf, figures)? {
        Some(points) if points < Decimal::ZERO || points > leaf.max => Err(()),
        mark => Ok(mark),
    }
}

fn by_shape(leaf: &Leaf, figures: &BTreeMap<String, Figure>) -> Result<Mark, ()> {
    let (shape, of) = &leaf.rule.entries()[0];
    let figure = |name: &str| figures.get(name.trim()).ok_or(());
    let count = |text: &str| -> Result<Decimal, ()> {
        let mut sum = Decimal::ZERO;
        for name in text.split('+') {
            match figure(name)? {
                Figure::Number(number) => sum += number,
                other => panic!("{other:?} is no number"),
            }
        }
        Ok(sum)
    };
    let answer = |name: &str| match figure(name)? {
        Figure::Answer(answer) => Ok(*answer),
        other => panic!("{other:?} is no answer"),
    };
    let share = || -> Result<(Decimal, Decimal), ()> {
        let to = of
            .find("to")
            .map_or(Ok(Decimal::ONE), |to| count(to.text()));
        // Every figure has to be there before anything is said.
        Ok((count(of.get("of").text())?, to?))
    };
    let each = |weights: &Yaml| -> Result<(Decimal, Decimal), ()> {
        let (mut weighed, mut counted) = (Decimal::ZERO, Decimal::ZERO);
        for (name, weight) in weights.entries() {
            let weight = match weight.text() {
                "full" => leaf.max,
                percent if shape == "deduct" && percent.ends_with('%') => {
                    number(percent) * leaf.max
                }
                plain => number(plain),
            };
            let figure = count(name)?;
            weighed += figure * weight;
            counted += figure;
        }
        Ok((weighed, counted))
    };
    match shape.as_str() {
        "yes_no" => Ok(Some(if answer(of.text())? {
            leaf.max
        } else {
            Decimal::ZERO
        })),
        "all_of" => {
            let answers: Result<Vec<bool>, ()> =
                of.list().iter().map(|it| answer(it.text())).collect();
            let met = answers?.into_iter().all(|met| met);
            Ok(Some(if met { leaf.max } else { Decimal::ZERO }))
        }
        "state" => match figure(of.get("of").text())? {
            Figure::State(state) => match of.get("points").get(state).text() {
                "full" => Ok(Some(leaf.max)),
                points => Ok(Some(number(points))),
            },
            other => panic!("{other:?} is no state"),
        },
        "credit" => Ok(Some(each(of.get("each"))?.0.min(of.get("cap").number()))),
        "deduct" => Ok(Some(
            (leaf.max - each(of.get("each"))?.0).max(Decimal::ZERO),
        )),
        "likert" => {
            let (weighed, counted) = each(of.get("each"))?;
            let least = of.find("at_least").map_or(Decimal::ONE, Yaml::number);
            if counted < least {
                return Err(());
            }
            Ok(Some(weighed * leaf.max / counted))
        }
        "value" => Ok(Some(
            count(of.get("of").text())? * leaf.max / of.get("out_of").number(),
        )),
        "ratio" | "bands" | "linear" => {
            let (value, base) = share()?;
            if base.is_zero() {
                return match of.find("when_zero").map(Yaml::text) {
                    Some("not_applicable") => Ok(None),
                    Some("full") => Ok(Some(leaf.max)),
                    Some(points) => Ok(Some(number(points))),
                    None => Err(()),
                };
            }
            Ok(Some(match shape.as_str() {
                "ratio" => ratio(of, leaf.max, value, base),
                "linear" => linear(of, leaf.max, value, base),
                _ => step(of.get("steps"), value, base),
            }))
        }
        // A figure to show gives no points.
        "info" => Err(()),
        other => panic!("the sets have a new shape, {other}: teach it to this test"),
    }
}

fn ratio(of: &Yaml, max: Decimal, value: Decimal, base: Decimal) -> Decimal {
    let full_at = of.find("full_at").map_or(Decimal::ONE, Yaml::number) * base;
    let floor = of.find("floor").map_or(Decimal::ZERO, Yaml::number) * base;
    if value < floor {
        Decimal::ZERO
    } else if value >= full_at {
        max
    } else {
        value * max / full_at
    }
}

fn linear(of: &Yaml, max: Decimal, value: Decimal, base: Decimal) -> Decimal {
    let (from, until) = (
        of.get("from").number() * base,
        of.get("until").number() * base,
    );
    let gone = (value.clamp(from.min(until), from.max(until)) - from).abs();
    gone * max / (until - from).abs()
}

fn step(steps: &Yaml, value: Decimal, base: Decimal) -> Decimal {
    let holds = |text: &str| {
        let cut = |text: &str| number(text) * base;
        if let Some(cut_at) = text.strip_prefix(">=") {
            return value >= cut(cut_at);
        }
        if let Some(cut_at) = text.strip_prefix('>') {
            return value > cut(cut_at);
        }
        if let Some(cut_at) = text.strip_prefix('<') {
            return value < cut(cut_at);
        }
        let (low, high) = text.split_once("..").expect("two ends");
        let low = cut(low.trim_start_matches('['));
        match high.strip_suffix(')') {
            Some(high) => value >= low && value < cut(high),
            None => value >= low && value <= cut(high),
        }
    };
    let entries = steps.entries().iter();
    let mut found = entries.filter(|(text, _)| holds(text));
    found.next().expect("a step").1.number()
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
            None => regular.push((part, Decimal::ONE)),
            Some("bonus") => moved += of_part,
            Some("penalty") => moved -= of_part,
            Some(other) => panic!("{other}?"),
        }
    }
    for child in document.find("leaves").map(Yaml::list).unwrap_or_default() {
        regular.push((self::leaf(child, marks), Decimal::ONE));
    }
    let total = document.get("total");
    let Part::Counts(points, max) = together(regular, &Yaml::Text("sum".to_owned()), Decimal::ZERO)
    else {
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
    let weight = |child: &Yaml| child.find("weight").map_or(Decimal::ONE, Yaml::number);
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
