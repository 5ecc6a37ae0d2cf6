//! Indices of past periods as the units are organised today.
//!
//! Scoring reckons the leaves, as it has the figures of the units of before; here they are added up and ranked by the
//! same functions as every index. Nothing of it is kept or told: it is another look at the same record.

use std::collections::{BTreeMap, BTreeSet};

use contracts::problem::Problem;
use contracts::projection::v1 as pb;
use contracts::scoring::v1 as scoring;
use contracts::scoring::v1::scoring_service_client::ScoringServiceClient;
use ids::{IndexKey, Period, Subject};
use index::Definition;
use jiff::civil::Date;
use tonic::Status;
use tonic::transport::Channel;

use crate::model::{IndexRow, Model};
use crate::{aggregate, resource};

/// What is asked for: a subject, or every unit of a group.
pub(crate) struct Asked {
    pub(crate) index: String,
    pub(crate) period: Period,
    pub(crate) subject: Option<Subject>,
    /// Group of the units; none for the province and for a group as a whole.
    pub(crate) group: Option<&'static str>,
}

/// Whether units are meant as they are organised now.
pub(crate) fn now(organised: i32) -> Result<bool, Problem> {
    match scoring::Organised::try_from(organised) {
        Ok(organised) => Ok(organised == scoring::Organised::Now),
        Err(_) => Err(Problem::invalid(
            "organised",
            "is no value of Organised; send ORGANISED_THEN or ORGANISED_NOW",
        )),
    }
}

impl Asked {
    /// A subject, with the units that it is ranked among.
    pub(crate) fn of(model: &Model, index: String, period: Period, subject: Subject) -> Self {
        let group = match &subject {
            Subject::Group(_) => None,
            Subject::Unit(unit) => {
                let unit = model.directory.unit_history(unit);
                let unit = unit.filter(|unit| unit.end().is_none());
                let unit = unit.and_then(|unit| unit.nearest(Date::MAX));
                unit.map(|unit| unit.place.group.as_str())
            }
        };
        Self {
            index,
            period,
            group: group.filter(|group| *group != "province"),
            subject: Some(subject),
        }
    }

    /// There is no such index today.
    pub(crate) fn unknown(&self) -> Problem {
        let Self { index, period, .. } = self;
        let subject = self.subject.as_ref().map(ToString::to_string);
        let message = format!(
            "there is no index {index} of {} in {period}, as units are organised now",
            subject.unwrap_or_default()
        );
        Problem::not_found("NO_INDEX", message)
    }

    /// The leaves of the subject, or of all units that it is ranked among.
    pub(crate) async fn scores(
        &self,
        scoring: &Channel,
    ) -> Result<scoring::GetScoresResponse, Status> {
        let subject = self.subject.as_ref().filter(|_| self.group.is_none());
        let request = scoring::GetScoresRequest {
            index: self.index.clone(),
            period: self.period.to_string(),
            subject: subject.map(ToString::to_string).unwrap_or_default(),
            group: self.group.unwrap_or_default().to_owned(),
            organised: scoring::Organised::Now.into(),
            at_least: None,
        };
        let answer = ScoringServiceClient::new(scoring.clone())
            .get_scores(request)
            .await;
        answer.map(tonic::Response::into_inner).map_err(|status| {
            if status.code() != tonic::Code::Unavailable {
                return status;
            }
            tracing::warn!(%status, "scoring does not answer");
            let message =
                "scoring does not answer; repeat the call, or ask as units were organised then";
            Problem::unavailable(message).into()
        })
    }

    /// The indices that follow: ranked ones by rank, then the others, by code.
    pub(crate) fn indices(
        &self,
        model: &Model,
        scores: scoring::GetScoresResponse,
    ) -> Result<Vec<pb::UnitIndex>, Problem> {
        let editions = model.definitions.get(&self.index);
        let definition = editions.and_then(|editions| editions.get(&scores.edition));
        let definition = match (definition, scores.subjects.is_empty()) {
            (Some(definition), _) => definition,
            (None, true) => return Ok(Vec::new()),
            (None, false) => {
                let message = "the definition in force is on its way here; repeat the call";
                return Err(Problem::unavailable(message));
            }
        };
        let mut rows: BTreeMap<String, (IndexKey, IndexRow)> = BTreeMap::new();
        for of in &scores.subjects {
            let subject: Subject = of
                .subject
                .parse()
                .map_err(|_| Problem::internal("scoring named what is no subject"))?;
            let key = IndexKey {
                index: self.index.clone(),
                period: self.period,
                subject,
            };
            let row = aggregate::row(definition, of.leaves.iter());
            rows.insert(of.subject.clone(), (key, row));
        }
        if self.group.is_some() {
            aggregate::place(definition, &mut rows);
        }
        let whole = scores.subjects.into_iter().filter_map(|of| {
            let (key, row) = rows.get(&of.subject)?;
            Some(self.index(model, (key, row), definition, of))
        });
        let mut whole: Vec<pb::UnitIndex> = whole.collect();
        whole.sort_by_cached_key(place);
        Ok(whole)
    }

    fn index(
        &self,
        model: &Model,
        (key, row): (&IndexKey, &IndexRow),
        definition: &Definition,
        of: scoring::SubjectScores,
    ) -> pb::UnitIndex {
        let mut index = resource::unit_index(model, key, row, false, 0);
        if let Subject::Unit(unit) = &key.subject
            && let Some(unit) = model.directory.unit_history(unit)
            && let Some(today) = unit.nearest(Date::MAX)
        {
            index.subject_name_vi = today.name.vi.to_string();
            index.subject_name_en = today.name.en.to_string();
            today.place.group.as_str().clone_into(&mut index.group);
        }
        if let Some(band) = definition.band(&row.band) {
            index.band_name_vi.clone_from(&band.name.vi);
            index.band_name_en.clone_from(&band.name.en);
        }
        // The period before is kept as units were organised then.
        index.change = String::new();
        index.rank_before = 0;
        index.leaves = of.leaves;
        index.predecessors = of.predecessors;
        index
    }
}

/// Months in which a subject, or a unit whose work it does now, has an index; of a group every month that has one, as units
/// of other groups may be part of it now.
pub(crate) fn months(model: &Model, index: &str, subject: &Subject) -> BTreeSet<Period> {
    let directory = &model.directory;
    let is_part = |of: &Subject| match (subject, of) {
        (Subject::Group(_), _) => true,
        (Subject::Unit(unit), Subject::Unit(of)) => {
            unit == of || directory.successors(of, Date::MAX).contains(unit)
        }
        (Subject::Unit(_), Subject::Group(_)) => false,
    };
    let months = model.indices.keys().filter(|key| {
        key.index == index && matches!(key.period, Period::Month(_)) && is_part(&key.subject)
    });
    months.map(|key| key.period).collect()
}

/// Sorts a ranking: no rank comes last.
pub(crate) fn place(index: &pb::UnitIndex) -> String {
    let rank = if index.rank == 0 {
        i32::MAX
    } else {
        index.rank
    };
    format!("{rank:010} {}", index.subject)
}
