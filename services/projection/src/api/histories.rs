//! An index over time: every change that was told, or how each month stands.

use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use contracts::projection::v1 as pb;
use ids::{IndexKey, Period, Subject};
use tonic::Result;

use super::Api;
use crate::model::Model;
use crate::{ask, history, organised};

/// Rows of a history.
const HISTORY: Sizes = Sizes {
    default: 100,
    max: 1_000,
};
/// Months of a history that are reckoned for one answer: a question to scoring each.
const RECKONED: Sizes = Sizes {
    default: 12,
    max: 36,
};

impl Api {
    /// What a history says.
    pub(super) async fn history(
        &self,
        request: pb::GetHistoryRequest,
    ) -> Result<pb::GetHistoryResponse> {
        let index = ask::index(&request.index)?;
        let period = match request.period.as_str() {
            "" => None,
            period => Some(ask::period(period)?),
        };
        let now = organised::now(request.organised)?;
        if now && period.is_some() {
            let why =
                "cannot come together with period: changes were told as units were organised then";
            return Err(Problem::invalid("organised", why).into());
        }
        let subject = ask::subject(&*self.parts.model.read().await?, &request.subject)?;
        if now {
            let list = format!("history {index} {subject} now");
            let page = Page::parse(list, request.page_size, &request.page_token, RECKONED)?;
            let answer = self.months_as_organised_now(index, subject, &page).await?;
            return Ok(answer);
        }
        let list = format!("history {index} {subject} {}", request.period);
        let page = Page::parse(list, request.page_size, &request.page_token, HISTORY)?;
        let entries = match period {
            Some(period) => {
                let key = IndexKey {
                    index,
                    period,
                    subject,
                };
                let mut entries = history::changes(&self.parts.log, &key).await?;
                entries.reverse();
                entries
            }
            None => months(&*self.parts.model.read().await?, &index, &subject),
        };
        let (entries, next_page_token) = page.take(entries.into_iter(), history::key);
        Ok(pb::GetHistoryResponse {
            entries,
            next_page_token,
        })
    }

    /// A page of a subject's months as units are organised now.
    async fn months_as_organised_now(
        &self,
        index: String,
        subject: Subject,
        page: &Page,
    ) -> Result<pb::GetHistoryResponse> {
        let months = organised::months(&*self.parts.model.read().await?, &index, &subject);
        let months = months
            .into_iter()
            .rev()
            .map(|month| (month, history::month(month)));
        let (months, next_page_token) = page.take(months, |(_, entry)| history::key(entry));
        let mut entries = Vec::with_capacity(months.len());
        for (month, entry) in months {
            let model = self.parts.model.read().await?;
            let asked = organised::Asked::of(&model, index.clone(), month, subject.clone());
            drop(model);
            match self.as_organised_now(&asked, false).await {
                Ok(found) => entries.push(pb::HistoryEntry {
                    total: found.total,
                    rank: found.rank,
                    band: found.band,
                    ..entry
                }),
                // A unit of before was there, and had no such index.
                Err(status) if status.code() == tonic::Code::NotFound => {}
                Err(status) => return Err(status),
            }
        }
        Ok(pb::GetHistoryResponse {
            entries,
            next_page_token,
        })
    }
}

/// The current index of every month, newest first.
fn months(model: &Model, index: &str, subject: &Subject) -> Vec<pb::HistoryEntry> {
    let of_subject = |key: &IndexKey| {
        key.index == index && key.subject == *subject && matches!(key.period, Period::Month(_))
    };
    let months = model
        .indices
        .iter()
        .rev()
        .filter(|(key, _)| of_subject(key));
    months
        .map(|(key, row)| pb::HistoryEntry {
            total: row.total.clone(),
            rank: row.rank,
            band: row.band.clone(),
            ..history::month(key.period)
        })
        .collect()
}
