//! What the log stores of surveys.

use std::collections::BTreeMap;

use contracts::assessments::v1 as pb;
use contracts::wire::timestamp;
use ids::UnitCode;
use survey::{Answer, Ballot, Batch, Cell, Code, Hundredths, Plan, Weight};

use super::edition;

/// A count for the wire, which has no unsigned numbers; all counts are far below the limit.
pub(crate) fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A stored count.
pub(crate) fn read_count(count: i32) -> Result<u32, String> {
    u32::try_from(count).map_err(|_| format!("{count} is no count"))
}

/// A code of a message.
pub(crate) fn code(text: &str) -> Result<Code, String> {
    text.parse()
        .map_err(|error: survey::CodeError| error.to_string())
}

/// A unit of a message.
pub(crate) fn unit(text: &str) -> Result<UnitCode, String> {
    text.parse()
        .map_err(|error: ids::CodeError| error.to_string())
}

fn some<T>(text: &str, read: fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    match text {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

/// A unit of a message, where none may be meant.
pub(crate) fn some_unit(text: &str) -> Result<Option<UnitCode>, String> {
    some(text, unit)
}

/// A code of a message, where none may be meant.
pub(crate) fn some_code(text: &str) -> Result<Option<Code>, String> {
    some(text, code)
}

/// Text of what may be none.
pub(crate) fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// A ballot to store.
pub(crate) fn ballot(ballot: &Ballot) -> pb::SurveyBallot {
    use pb::counted_answer::Answer as Stored;
    let answers = ballot
        .answers()
        .map(|(question, answer)| pb::CountedAnswer {
            question: question.to_string(),
            answer: Some(match answer {
                Answer::Number(value) => Stored::Hundredths(value.count()),
                Answer::Choice(option) => Stored::Option(option.to_string()),
            }),
        });
    // The weight of an average ballot is not said, so that nothing is longer for it.
    let weight = Some(ballot.weight()).filter(|weight| *weight != Weight::default());
    pb::SurveyBallot {
        answers: answers.collect(),
        weight: weight.map_or(0, |weight| weight.count().into()),
    }
}

/// A stored ballot.
pub(crate) fn read_ballot(stored: pb::SurveyBallot) -> Result<Ballot, String> {
    use pb::counted_answer::Answer as Stored;
    let weight = match stored.weight {
        0 => Weight::default(),
        weight => u16::try_from(weight)
            .ok()
            .and_then(Weight::new)
            .ok_or("a weight is out of range")?,
    };
    let ballot: Result<Ballot, String> = stored
        .answers
        .into_iter()
        .map(|stored| {
            let answer = match stored.answer.ok_or("an answer is missing")? {
                Stored::Hundredths(count) => {
                    Answer::Number(Hundredths::new(count).ok_or("an answer is out of range")?)
                }
                Stored::Option(option) => Answer::Choice(code(&option)?),
            };
            Ok((code(&stored.question)?, answer))
        })
        .collect();
    Ok(ballot?.weighing(weight))
}

/// A plan to store.
pub(crate) fn plan(plan: &Plan) -> pb::WavePlanned {
    pb::WavePlanned {
        wave: plan.wave.to_string(),
        title: plan.title.clone(),
        edition: Some(edition::edition(&plan.edition)),
        period: plan.period.to_string(),
        units: plan.units.iter().map(ToString::to_string).collect(),
        quotas: plan
            .quotas
            .iter()
            .map(|((unit, group), ballots)| pb::SurveyQuota {
                unit: unit.to_string(),
                group: group.to_string(),
                ballots: count(*ballots),
            })
            .collect(),
        opens_at: Some(timestamp(plan.opens_at)),
        closes_at: Some(timestamp(plan.closes_at)),
        minimum: count(plan.minimum),
    }
}

/// A stored plan.
pub(crate) fn read_plan(stored: pb::WavePlanned) -> Result<Plan, String> {
    let moment = |at: Option<prost_types::Timestamp>| {
        let at = at.as_ref().and_then(contracts::wire::instant);
        at.ok_or("a moment is missing")
    };
    let edition = edition::read(stored.edition.unwrap_or_default());
    let quotas = stored.quotas.iter().map(|quota| {
        let key = (unit(&quota.unit)?, code(&quota.group)?);
        Ok::<_, String>((key, read_count(quota.ballots)?))
    });
    Ok(Plan {
        wave: code(&stored.wave)?,
        title: stored.title,
        edition: edition
            .map_err(|faults| faults.first().map(ToString::to_string).unwrap_or_default())?,
        period: stored
            .period
            .parse()
            .map_err(|error: ids::PeriodError| error.to_string())?,
        units: stored
            .units
            .iter()
            .map(|text| unit(text))
            .collect::<Result<_, _>>()?,
        quotas: quotas.collect::<Result<_, _>>()?,
        opens_at: moment(stored.opens_at)?,
        closes_at: moment(stored.closes_at)?,
        minimum: read_count(stored.minimum)?,
    })
}

/// Ballots that left the box, to store.
pub(crate) fn batch(batch: &Batch) -> pb::BallotsReleased {
    pb::BallotsReleased {
        unit: text(batch.cell.unit.as_ref()),
        group: text(batch.cell.group.as_ref()),
        ballots: batch.ballots.iter().map(ballot).collect(),
    }
}

/// Stored ballots that left the box.
pub(crate) fn read_batch(stored: pb::BallotsReleased) -> Result<Batch, String> {
    let cell = Cell {
        unit: some_unit(&stored.unit)?,
        group: some_code(&stored.group)?,
    };
    let ballots = stored.ballots.into_iter().map(read_ballot);
    Ok(Batch {
        cell,
        ballots: ballots.collect::<Result<_, _>>()?,
    })
}

/// Ballots that came in, by unit and group, to store.
pub(crate) fn turnout(cast: &BTreeMap<(UnitCode, Code), u32>) -> Vec<pb::SurveyTurnout> {
    cast.iter()
        .map(|((unit, group), ballots)| pb::SurveyTurnout {
            unit: unit.to_string(),
            group: group.to_string(),
            ballots: count(*ballots),
        })
        .collect()
}

/// Stored ballots that came in.
pub(crate) fn read_turnout(
    stored: &[pb::SurveyTurnout],
) -> Result<BTreeMap<(UnitCode, Code), u32>, String> {
    stored
        .iter()
        .map(|turnout| {
            let key = (unit(&turnout.unit)?, code(&turnout.group)?);
            Ok((key, read_count(turnout.ballots)?))
        })
        .collect()
}
