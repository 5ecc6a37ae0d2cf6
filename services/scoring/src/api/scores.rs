//! The points of whole subjects, reckoned when asked for.

use contracts::problem::Problem;
use contracts::scoring::v1 as pb;
use figures::View;
use ids::{GROUPS, IndexCode, Period, Subject};

use super::{judged, no_definition, parse_organised, parse_period, parse_subject, resolve};
use crate::organised::Judged;
use crate::rescore;

/// A checked request for scores.
pub(super) struct Asked {
    index: IndexCode,
    period: Period,
    whose: Whose,
    now: bool,
}

enum Whose {
    Subject(Subject),
    /// Every unit of a group.
    UnitsOf(&'static str),
}

impl Asked {
    pub(super) fn parse(request: &pb::GetScoresRequest) -> Result<Self, Problem> {
        let index = request.index.parse();
        let whose = match (request.subject.as_str(), request.group.as_str()) {
            (_, "") => Whose::Subject(parse_subject(&request.subject)?),
            ("", group) => {
                let known = GROUPS.iter().find(|known| **known == group);
                let why = || format!("{group:?} is not one of {}", GROUPS.join(", "));
                Whose::UnitsOf(known.ok_or_else(|| Problem::invalid("group", why()))?)
            }
            _ => {
                let why = "cannot come together with subject; choose one";
                return Err(Problem::invalid("group", why));
            }
        };
        Ok(Self {
            index: index
                .map_err(|error: ids::CodeError| Problem::invalid("index", error.to_string()))?,
            period: parse_period(&request.period)?,
            whose,
            now: parse_organised(request.organised)?,
        })
    }
}

/// The scores, without how far the logs were applied.
pub(super) fn answer(view: &View<'_>, asked: &Asked) -> Result<pb::GetScoresResponse, Problem> {
    let Asked {
        index, period, now, ..
    } = asked;
    let mut answer = pb::GetScoresResponse::default();
    for subject in subjects(view, asked) {
        let judged = judged(view, *period, subject, *now)?;
        let Some(definition) = judged.definition(index.as_str()) else {
            return Err(no_definition(index.as_str(), &judged.subject, *period));
        };
        definition.edition().clone_into(&mut answer.edition);
        answer.subjects.push(scores(&judged, definition));
    }
    Ok(answer)
}

fn scores(judged: &Judged<'_>, definition: &index::Definition) -> pb::SubjectScores {
    let leaves = definition.leaves().iter();
    let leaves = leaves.map(|leaf| rescore::wire(leaf.code(), &judged.score(definition, leaf)));
    pb::SubjectScores {
        subject: judged.subject.to_string(),
        leaves: leaves.collect(),
        predecessors: judged.predecessors(|_| false),
    }
}

/// The subjects that are meant, by code.
fn subjects(view: &View<'_>, asked: &Asked) -> Vec<Subject> {
    let group = match &asked.whose {
        Whose::Subject(subject) => return vec![resolve(view.ledger, subject.clone())],
        Whose::UnitsOf(group) => *group,
    };
    let all = view
        .ledger
        .directory
        .all_units()
        .filter_map(|unit| unit.code());
    let there = all.filter(|unit| match (asked.now, view.today()) {
        (false, _) => {
            let begun = view.active.get(*unit);
            let begun = begun.is_some_and(|first| *first <= asked.period.last_month());
            begun && view.group(unit, asked.period) == Some(group)
        }
        (true, today) => {
            let unit = today.and_then(|day| view.ledger.directory.unit(unit, day));
            unit.is_some_and(|unit| unit.place.group.as_str() == group)
        }
    });
    there.cloned().map(Subject::Unit).collect()
}
