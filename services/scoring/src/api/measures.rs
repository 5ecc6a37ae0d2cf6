//! The figures of subjects, reckoned when asked for.

use contracts::problem::Problem;
use contracts::scoring::v1 as pb;
use figures::View;
use ids::{Period, Subject};
use readmodel::Heads;

use crate::model::Model;

use super::{Api, judged, parse_organised, parse_period, parse_subject, resolve};

/// Subjects asked for at once.
const SUBJECTS_MAX: usize = 200;

/// A checked request for figures.
pub(super) struct Asked {
    period: Period,
    whose: Whose,
    now: bool,
}

enum Whose {
    One(Subject),
    Several(Vec<(String, Subject)>),
}

impl Asked {
    pub(super) fn parse(request: &pb::GetMeasuresRequest) -> Result<Self, Problem> {
        let subjects = &request.subjects;
        let whose = match (request.subject.as_str(), subjects.as_slice()) {
            (subject, []) => Whose::One(parse_subject(subject)?),
            ("", _) if subjects.len() > SUBJECTS_MAX => {
                let why = format!(
                    "has {} entries; ask for {SUBJECTS_MAX} at a time",
                    subjects.len()
                );
                return Err(Problem::invalid("subjects", why));
            }
            ("", subjects) => {
                let parsed = subjects.iter().map(|text| {
                    let subject = text.parse().map_err(|error: ids::CodeError| {
                        Problem::invalid("subjects", error.to_string())
                    });
                    Ok((text.clone(), subject?))
                });
                Whose::Several(parsed.collect::<Result<_, Problem>>()?)
            }
            _ => {
                let why = "cannot come together with subject; choose one";
                return Err(Problem::invalid("subjects", why));
            }
        };
        Ok(Self {
            period: parse_period(&request.period)?,
            whose,
            now: parse_organised(request.organised)?,
        })
    }
}

/// What is asked, of a model that does not change meanwhile.
fn answer(model: &Model, asked: &Asked) -> Result<pb::GetMeasuresResponse, Problem> {
    let view = View::new(&model.ledger);
    let of = |subject: &Subject| {
        let subject = resolve(&model.ledger, subject.clone());
        judged(&view, asked.period, subject, asked.now)
    };
    let mut answer = pb::GetMeasuresResponse::default();
    match &asked.whose {
        Whose::One(subject) => {
            let judged = of(subject)?;
            answer.measures = judged.measures();
            answer.predecessors = judged.predecessors(|_| true);
        }
        Whose::Several(subjects) => {
            for (text, subject) in subjects {
                answer.subjects.push(pb::SubjectMeasures {
                    subject: text.clone(),
                    measures: of(subject)?.measures(),
                });
            }
        }
    }
    Ok(answer)
}

impl Api {
    pub(super) async fn measures(&self, asked: &Asked) -> Result<pb::GetMeasuresResponse, Problem> {
        let (answer, heads) = {
            let read = self.parts.model.read_with_heads().await?;
            let (model, heads) = &*read;
            (answer(model, asked)?, heads.clone())
        };
        match &asked.whose {
            Whose::One(_) => Ok(answer),
            Whose::Several(_) => Ok(pb::GetMeasuresResponse {
                heads: self.heads(&heads).await?,
                utc_offset_minutes: self.parts.offset.seconds() / 60,
                ..answer
            }),
        }
    }

    /// Where a model was, with the identities of the logs, which never change once they are known.
    async fn heads(&self, heads: &Heads) -> Result<Vec<pb::LogHead>, Problem> {
        let followed = jetstream::followed(&self.parts.tables).await;
        let followed = followed.map_err(|error| {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot read which logs are followed"
            );
            Problem::unavailable("the read model is out of reach; repeat the call")
        })?;
        let own = self.parts.log.name();
        let logs = followed.keys().map(String::as_str).chain([own]);
        let heads = logs.map(|log| {
            let epoch = match followed.get(log) {
                Some(followed) => followed.epoch.map(|epoch| epoch.to_string()),
                None => Some(self.parts.log.epoch().to_string()),
            };
            let head = heads.get(log);
            pb::LogHead {
                log: log.to_owned(),
                epoch: epoch.unwrap_or_default(),
                position: head.map_or(0, |head| head.position),
                hash: head.map_or(eventlog::ZERO_HASH, |head| head.hash).to_vec(),
            }
        });
        Ok(heads.collect())
    }
}
