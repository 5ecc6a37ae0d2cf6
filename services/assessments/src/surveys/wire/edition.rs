//! Editions of instruments: as requested, as stored, as shown.

use std::collections::{BTreeMap, BTreeSet};

use contracts::assessments::v1 as pb;
use ids::{IndexCode, LeafCode, MeasureName};
use pb::survey_question::Kind as Asked;
use survey::{Choice, Code, Edition, Fault, Feed, Group, Hundredths, Kind, Level, Question};

use super::events::code;

/// An edition for the wire or to store.
pub(crate) fn edition(edition: &Edition) -> pb::SurveyEdition {
    pb::SurveyEdition {
        questions: edition.questions.iter().map(question).collect(),
        ..head(edition)
    }
}

/// An edition without its questions.
pub(crate) fn head(edition: &Edition) -> pb::SurveyEdition {
    pb::SurveyEdition {
        instrument: edition.instrument.to_string(),
        edition: edition.name.to_string(),
        title: edition.title.clone(),
        groups: edition
            .groups
            .iter()
            .map(|group| pb::SurveyGroup {
                code: group.code.to_string(),
                label: group.label.clone(),
            })
            .collect(),
        questions: vec![],
        level: level_to_wire(edition.level).into(),
    }
}

/// A level for the wire; the usual one is not said.
pub(crate) fn level_to_wire(level: Level) -> pb::ConfidenceLevel {
    match level {
        Level::P90 => pb::ConfidenceLevel::Percent90,
        Level::P95 => pb::ConfidenceLevel::Unspecified,
        Level::P99 => pb::ConfidenceLevel::Percent99,
    }
}

/// A level; none where none is said.
pub(crate) fn level(level: i32) -> Result<Option<Level>, String> {
    use pb::ConfidenceLevel as Wire;
    match Wire::try_from(level) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::Percent90) => Ok(Some(Level::P90)),
        Ok(Wire::Percent95) => Ok(Some(Level::P95)),
        Ok(Wire::Percent99) => Ok(Some(Level::P99)),
        Err(_) => Err("must be 90, 95 or 99 %".to_owned()),
    }
}

/// Leaves and indicators for the wire.
pub(crate) fn feeds(feeds: &BTreeSet<Feed>) -> Vec<pb::SurveyFeed> {
    feeds
        .iter()
        .map(|feed| pb::SurveyFeed {
            index: feed.index.to_string(),
            leaf: feed.leaf.to_string(),
            inputs: inputs(feed),
        })
        .collect()
}

fn inputs(feed: &Feed) -> Vec<pb::SurveyFeedInput> {
    use pb::SurveyFeedFigure as Figure;
    let input = |input: &MeasureName, answers: Vec<String>, figure: Figure| pb::SurveyFeedInput {
        input: input.to_string(),
        answers,
        figure: figure.into(),
    };
    let mut counts: BTreeMap<&MeasureName, Vec<String>> = BTreeMap::new();
    for (answer, input) in &feed.inputs {
        counts.entry(input).or_default().push(answer.clone());
    }
    // What was stored before there were others is stored as it was.
    let counts = counts.into_iter();
    let counts = counts.map(|(name, answers)| input(name, answers, Figure::Unspecified));
    let shares = feed.shares.iter();
    let shares =
        shares.map(|(name, answers)| input(name, answers.iter().cloned().collect(), Figure::Share));
    let means = feed.means.iter();
    let means = means.map(|name| input(name, Vec::new(), Figure::Mean));
    counts.chain(shares).chain(means).collect()
}

fn question(question: &Question) -> pb::SurveyQuestion {
    let kind = match &question.kind {
        Kind::Scale { min, max } => Asked::Scale(pb::SurveyScale {
            min: (*min).into(),
            max: (*max).into(),
        }),
        Kind::Likert {
            points,
            satisfied_from,
        } => Asked::Likert(pb::SurveyLikert {
            points: (*points).into(),
            satisfied_from: (*satisfied_from).into(),
        }),
        Kind::Choice(options) => Asked::Choice(pb::SurveyChoice {
            options: options
                .iter()
                .map(|option| pb::SurveyOption {
                    code: option.code.to_string(),
                    label: option.label.clone(),
                    weight: super::events::text(option.weight.as_ref()),
                })
                .collect(),
        }),
        Kind::YesNo => Asked::YesNo(pb::SurveyYesNo {}),
        Kind::Number { min, max } => Asked::Number(pb::SurveyNumber {
            min: min.to_string(),
            max: max.to_string(),
        }),
    };
    pb::SurveyQuestion {
        code: question.code.to_string(),
        text: question.text.clone(),
        required: question.required,
        groups: question.groups.iter().map(ToString::to_string).collect(),
        feeds: feeds(&question.feeds),
        kind: Some(kind),
    }
}

/// Collects what is wrong, so that the caller learns all of it at once.
#[derive(Default)]
struct Reader(Vec<Fault>);

impl Reader {
    fn note<T>(&mut self, field: &str, read: Result<T, String>) -> Option<T> {
        let field = field.to_owned();
        read.map_err(|why| self.0.push(Fault { field, why })).ok()
    }

    fn code(&mut self, field: &str, text: &str) -> Option<Code> {
        self.note(field, code(text))
    }

    fn hundredths(&mut self, field: &str, text: &str) -> Option<Hundredths> {
        let why = "needs a decimal within a million with at most 2 digits behind the point";
        self.note(field, text.parse().map_err(|()| why.to_owned()))
    }

    fn small(&mut self, field: &str, value: i32) -> Option<i16> {
        let fits = i16::try_from(value)
            .ok()
            .filter(|it| (-10_000..=10_000).contains(it));
        self.note(
            field,
            fits.ok_or_else(|| "must be -10,000 to 10,000".to_owned()),
        )
    }

    fn group(&mut self, at: usize, group: &pb::SurveyGroup) -> Option<Group> {
        Some(Group {
            code: self.code(&format!("groups[{at}].code"), &group.code)?,
            label: group.label.clone(),
        })
    }

    fn question(&mut self, at: usize, question: pb::SurveyQuestion) -> Option<Question> {
        let field = |part: &str| format!("questions[{at}].{part}");
        let name = self.code(&field("code"), &question.code);
        let kind = match question.kind {
            Some(kind) => self.kind(&format!("questions[{at}]"), kind),
            None => self.note(
                &field("kind"),
                Err("is missing; say how it is answered".into()),
            ),
        };
        let groups: Option<BTreeSet<Code>> = question
            .groups
            .iter()
            .map(|group| self.code(&field("groups"), group))
            .collect();
        let feeds: Option<BTreeSet<Feed>> = question
            .feeds
            .iter()
            .map(|feed| self.feed(&field("feeds"), feed))
            .collect();
        Some(Question {
            code: name?,
            text: question.text,
            kind: kind?,
            required: question.required,
            groups: groups?,
            feeds: feeds?,
        })
    }

    fn feed(&mut self, field: &str, feed: &pb::SurveyFeed) -> Option<Feed> {
        let index = feed
            .index
            .parse::<IndexCode>()
            .map_err(|error| error.to_string());
        let leaf = feed
            .leaf
            .parse::<LeafCode>()
            .map_err(|error| error.to_string());
        let (index, leaf) = (self.note(field, index), self.note(field, leaf));
        let mut read = Feed {
            index: index?,
            leaf: leaf?,
            inputs: BTreeMap::new(),
            shares: BTreeMap::new(),
            means: BTreeSet::new(),
        };
        for of in &feed.inputs {
            let taken = take(&mut read, of);
            self.note(field, taken)?;
        }
        Some(read)
    }

    fn kind(&mut self, at: &str, kind: Asked) -> Option<Kind> {
        Some(match kind {
            Asked::Scale(of) => Kind::Scale {
                min: self.small(&format!("{at}.scale.min"), of.min)?,
                max: self.small(&format!("{at}.scale.max"), of.max)?,
            },
            Asked::Likert(of) => Kind::Likert {
                points: self.small(&format!("{at}.likert.points"), of.points)?,
                satisfied_from: self
                    .small(&format!("{at}.likert.satisfied_from"), of.satisfied_from)?,
            },
            Asked::Choice(of) => {
                let options = of.options.into_iter();
                Kind::Choice(
                    options
                        .map(|option| self.option(at, option))
                        .collect::<Option<_>>()?,
                )
            }
            Asked::YesNo(_) => Kind::YesNo,
            Asked::Number(of) => Kind::Number {
                min: self.hundredths(&format!("{at}.number.min"), &of.min)?,
                max: self.hundredths(&format!("{at}.number.max"), &of.max)?,
            },
        })
    }

    fn option(&mut self, at: &str, option: pb::SurveyOption) -> Option<Choice> {
        let weight = match option.weight.as_str() {
            "" => None,
            weight => Some(self.hundredths(&format!("{at}.choice.weight"), weight)?),
        };
        Some(Choice {
            code: self.code(&format!("{at}.choice.code"), &option.code)?,
            label: option.label,
            weight,
        })
    }
}

/// Adds an input to what a question feeds.
fn take(feed: &mut Feed, of: &pb::SurveyFeedInput) -> Result<(), String> {
    use pb::SurveyFeedFigure as Figure;
    let input: MeasureName = of
        .input
        .parse()
        .map_err(|error: ids::CodeError| error.to_string())?;
    let figure = Figure::try_from(of.figure)
        .map_err(|_| format!("{input} is neither a count nor a share nor a mean"))?;
    let counts = matches!(figure, Figure::Unspecified | Figure::Count);
    let other = feed.shares.contains_key(&input) || feed.means.contains(&input);
    if other || (!counts && feed.taken().contains_key(&input)) {
        return Err(format!("{input} is there twice; say once what it is"));
    }
    match figure {
        Figure::Mean if of.answers.is_empty() => {
            feed.means.insert(input);
        }
        Figure::Mean => return Err(format!("{input} is the mean of all answers; name none")),
        Figure::Share if !of.answers.is_empty() => {
            feed.shares
                .insert(input, of.answers.iter().cloned().collect());
        }
        Figure::Count | Figure::Unspecified if !of.answers.is_empty() => {
            for answer in &of.answers {
                if feed.inputs.insert(answer.clone(), input.clone()).is_some() {
                    let why = "lists an answer twice; each counts in one input of a leaf";
                    return Err(why.to_owned());
                }
            }
        }
        Figure::Share | Figure::Count | Figure::Unspecified => {
            return Err(format!("{input} needs the answers that it counts"));
        }
    }
    Ok(())
}

/// Reads an edition, which may still break rules ([`Edition::faults`]).
///
/// # Errors
/// Everything that is not even written right; never empty.
pub(crate) fn read(edition: pb::SurveyEdition) -> Result<Edition, Vec<Fault>> {
    let mut reader = Reader::default();
    let instrument = reader.code("instrument", &edition.instrument);
    let name = reader.code("edition", &edition.edition);
    let groups: Vec<Group> = edition
        .groups
        .iter()
        .enumerate()
        .filter_map(|(at, group)| reader.group(at, group))
        .collect();
    let questions: Vec<Question> = edition
        .questions
        .into_iter()
        .enumerate()
        .filter_map(|(at, question)| reader.question(at, question))
        .collect();
    let level = reader.note("level", level(edition.level));
    match (instrument.zip(name), level, reader.0) {
        (Some((instrument, name)), Some(level), faults) if faults.is_empty() => Ok(Edition {
            instrument,
            name,
            level: level.unwrap_or_default(),
            title: edition.title,
            groups,
            questions,
        }),
        (_, _, faults) => Err(faults),
    }
}
