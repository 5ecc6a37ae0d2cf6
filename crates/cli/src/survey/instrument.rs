//! Instruments as people write them.

use std::path::Path;

use contracts::assessments::v1 as pb;
use pb::survey_question::Kind;

use crate::Failure;
use crate::yaml::{Fields, Node};

/// Reads an edition of an instrument.
///
/// # Errors
/// That the file cannot be read, or everything that is wrong with it, line by line.
pub fn read(path: &Path) -> Result<pb::SurveyEdition, Failure> {
    super::document(path, "an instrument", edition)
}

pub(super) fn edition(mut fields: Fields<'_>) -> pb::SurveyEdition {
    let groups = fields.list("groups").iter();
    let groups = groups.filter_map(|node| group(node, &mut fields)).collect();
    let questions = fields.list("questions").iter();
    let questions = questions
        .filter_map(|node| question(node, &mut fields))
        .collect();
    let edition = pb::SurveyEdition {
        instrument: fields.needed("instrument"),
        edition: fields.needed("edition"),
        title: fields.needed("title"),
        groups,
        questions,
        level: level(&mut fields),
    };
    fields.end();
    edition
}

fn level(fields: &mut Fields<'_>) -> i32 {
    use pb::ConfidenceLevel as Level;
    let level = match fields.number("level") {
        0 => Level::Unspecified,
        90 => Level::Percent90,
        95 => Level::Percent95,
        99 => Level::Percent99,
        _ => {
            let line = fields.node("level").map_or(fields.line(), |node| node.line);
            fields.fault(line, "level is 90, 95 or 99, in percent");
            Level::Unspecified
        }
    };
    level.into()
}

fn group(node: &Node, outer: &mut Fields<'_>) -> Option<pb::SurveyGroup> {
    let mut fields = Fields::of("a group", node, outer.faults())?;
    let group = pb::SurveyGroup {
        code: fields.needed("code"),
        label: fields.needed("label"),
    };
    fields.end();
    Some(group)
}

fn question(node: &Node, outer: &mut Fields<'_>) -> Option<pb::SurveyQuestion> {
    let mut fields = Fields::of("a question", node, outer.faults())?;
    let kinds: Vec<Kind> = [
        scale(&mut fields),
        likert(&mut fields),
        choice(&mut fields),
        yes_no(&mut fields),
        number(&mut fields),
    ]
    .into_iter()
    .flatten()
    .collect();
    if kinds.len() != 1 {
        let why = "a question needs one of scale, likert, choice, yes_no and number";
        fields.fault(fields.line(), why);
    }
    let feeds = fields.list("feeds").iter();
    let feeds = feeds.filter_map(|node| feed(node, &mut fields)).collect();
    let question = pb::SurveyQuestion {
        code: fields.needed("code"),
        text: fields.needed("text"),
        kind: kinds.into_iter().next(),
        required: fields.flag("required"),
        groups: fields.texts("groups"),
        feeds,
    };
    fields.end();
    Some(question)
}

fn scale(fields: &mut Fields<'_>) -> Option<Kind> {
    let node = fields.node("scale")?;
    let mut fields = Fields::of("a scale", node, fields.faults())?;
    let scale = pb::SurveyScale {
        min: fields.number("min"),
        max: fields.number("max"),
    };
    fields.end();
    Some(Kind::Scale(scale))
}

fn likert(fields: &mut Fields<'_>) -> Option<Kind> {
    let node = fields.node("likert")?;
    let mut fields = Fields::of("likert", node, fields.faults())?;
    let likert = pb::SurveyLikert {
        points: fields.number("points"),
        satisfied_from: fields.number("satisfied_from"),
    };
    fields.end();
    Some(Kind::Likert(likert))
}

fn choice(fields: &mut Fields<'_>) -> Option<Kind> {
    fields.node("choice")?;
    let mut options = Vec::new();
    for node in fields.list("choice") {
        let mut fields = Fields::of("an option", node, fields.faults())?;
        options.push(pb::SurveyOption {
            code: fields.needed("code"),
            label: fields.needed("label"),
            weight: fields.text("weight"),
        });
        fields.end();
    }
    Some(Kind::Choice(pb::SurveyChoice { options }))
}

fn yes_no(fields: &mut Fields<'_>) -> Option<Kind> {
    let asked = fields.flag("yes_no");
    asked.then_some(Kind::YesNo(pb::SurveyYesNo {}))
}

fn number(fields: &mut Fields<'_>) -> Option<Kind> {
    let node = fields.node("number")?;
    let mut fields = Fields::of("a number", node, fields.faults())?;
    let number = pb::SurveyNumber {
        min: fields.needed("min"),
        max: fields.needed("max"),
    };
    fields.end();
    Some(Kind::Number(number))
}

fn feed(node: &Node, outer: &mut Fields<'_>) -> Option<pb::SurveyFeed> {
    let mut fields = Fields::of("what it feeds", node, outer.faults())?;
    let feed = pb::SurveyFeed {
        index: fields.needed("index"),
        leaf: fields.needed("leaf"),
        inputs: fields
            .list("inputs")
            .iter()
            .filter_map(|node| input(node, &mut fields))
            .collect(),
    };
    fields.end();
    Some(feed)
}

fn input(node: &Node, outer: &mut Fields<'_>) -> Option<pb::SurveyFeedInput> {
    let mut fields = Fields::of("an input", node, outer.faults())?;
    let figure = match fields.text("figure").as_str() {
        "" | "count" => pb::SurveyFeedFigure::Unspecified,
        "share" => pb::SurveyFeedFigure::Share,
        "mean" => pb::SurveyFeedFigure::Mean,
        _ => {
            let line = fields
                .node("figure")
                .map_or(fields.line(), |node| node.line);
            fields.fault(line, "figure is count, share or mean");
            pb::SurveyFeedFigure::Unspecified
        }
    };
    let input = pb::SurveyFeedInput {
        input: fields.needed("input"),
        answers: fields.texts("answers"),
        figure: figure.into(),
    };
    fields.end();
    Some(input)
}
