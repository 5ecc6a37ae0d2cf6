//! What the rule of a leaf gives, shape by shape.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Figure, Leaf, Mark, Yaml, number};

/// What a figure has to be.
#[derive(Debug, Clone)]
pub(in super::super) enum Wanted {
    Number,
    Answer,
    State(Vec<String>),
}

/// The figures that a rule takes, by name.
pub(in super::super) fn wants(leaf: &Leaf) -> Vec<(String, Wanted)> {
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
pub(in super::super) fn points(
    leaf: &Leaf,
    figures: &BTreeMap<String, Figure>,
) -> Result<Mark, ()> {
    let (shape, of) = &leaf.rule.entries()[0];
    let given = Given {
        leaf,
        shape,
        of,
        figures,
    };
    match given.points()? {
        Some(points) if points < Decimal::ZERO || points > leaf.max => Err(()),
        mark => Ok(mark),
    }
}

/// A leaf with the figures that its rule is given.
struct Given<'a> {
    leaf: &'a Leaf,
    shape: &'a str,
    of: &'a Yaml,
    figures: &'a BTreeMap<String, Figure>,
}

impl Given<'_> {
    fn figure(&self, name: &str) -> Result<&Figure, ()> {
        self.figures.get(name.trim()).ok_or(())
    }

    fn count(&self, text: &str) -> Result<Decimal, ()> {
        let mut sum = Decimal::ZERO;
        for name in text.split('+') {
            match self.figure(name)? {
                Figure::Number(number) => sum += number,
                other => panic!("{other:?} is no number"),
            }
        }
        Ok(sum)
    }

    fn answer(&self, name: &Yaml) -> Result<bool, ()> {
        match self.figure(name.text())? {
            Figure::Answer(answer) => Ok(*answer),
            other => panic!("{other:?} is no answer"),
        }
    }

    /// The figure and its base. Both have to be there before anything is said.
    fn share(&self) -> Result<(Decimal, Decimal), ()> {
        let base = self.of.find("to").map(|to| self.count(to.text()));
        let value = self.count(self.of.get("of").text())?;
        Ok((value, base.unwrap_or(Ok(Decimal::ONE))?))
    }

    /// What is counted, weighed and plain.
    fn each(&self) -> Result<(Decimal, Decimal), ()> {
        let (mut weighed, mut counted) = (Decimal::ZERO, Decimal::ZERO);
        for (name, weight) in self.of.get("each").entries() {
            let weight = match weight.text() {
                "full" => self.leaf.max,
                percent if self.shape == "deduct" && percent.ends_with('%') => {
                    number(percent) * self.leaf.max
                }
                plain => number(plain),
            };
            let figure = self.count(name)?;
            weighed += figure * weight;
            counted += figure;
        }
        Ok((weighed, counted))
    }

    fn points(&self) -> Result<Mark, ()> {
        let Self { of, .. } = self;
        let max = self.leaf.max;
        let if_met = |met: bool| Ok(Some(if met { max } else { Decimal::ZERO }));
        match self.shape {
            "yes_no" => if_met(self.answer(of)?),
            "all_of" => {
                let answers: Result<Vec<bool>, ()> =
                    of.list().iter().map(|it| self.answer(it)).collect();
                if_met(answers?.into_iter().all(|met| met))
            }
            "state" => match self.figure(of.get("of").text())? {
                Figure::State(state) => match of.get("points").get(state).text() {
                    "full" => Ok(Some(max)),
                    points => Ok(Some(number(points))),
                },
                other => panic!("{other:?} is no state"),
            },
            "credit" => Ok(Some(self.each()?.0.min(of.get("cap").number()))),
            "deduct" => Ok(Some((max - self.each()?.0).max(Decimal::ZERO))),
            "likert" => {
                let (weighed, counted) = self.each()?;
                let least = of.find("at_least").map_or(Decimal::ONE, Yaml::number);
                if counted < least {
                    return Err(());
                }
                Ok(Some(weighed * max / counted))
            }
            "value" => {
                let value = self.count(of.get("of").text())?;
                Ok(Some(value * max / of.get("out_of").number()))
            }
            "ratio" | "bands" | "linear" => self.of_share(),
            // A figure to show gives no points.
            "info" => Err(()),
            other => panic!("the sets have a new shape, {other}: teach it to this test"),
        }
    }

    fn of_share(&self) -> Result<Mark, ()> {
        let (of, max) = (self.of, self.leaf.max);
        let (value, base) = self.share()?;
        if base.is_zero() {
            return match of.find("when_zero").map(Yaml::text) {
                Some("not_applicable") => Ok(None),
                Some("full") => Ok(Some(max)),
                Some(points) => Ok(Some(number(points))),
                None => Err(()),
            };
        }
        Ok(Some(match self.shape {
            "ratio" => ratio(of, max, value, base),
            "linear" => linear(of, max, value, base),
            _ => step(of.get("steps"), value, base),
        }))
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
