//! The gRPC service of official results: parse, obey or ask, answer.

use std::time::Duration;

use assessment::official::{
    Compared, OfficialCommand, OfficialRefusal, OfficialResults, Publication, changes, compare,
    faults,
};
use contracts::assessments::v1 as pb;
use contracts::assessments::v1::official_results_service_server::OfficialResultsService;
use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::EventLog;
use eventlog::command::{Context, execute};
use ids::IndexCode;
use index::Definition;
use jiff::Timestamp;
use runtime::{Clock, Ids, telemetry};
use rust_decimal::Decimal;
use tonic::{Request, Response, Result};

use super::codec::{OfficialCodec, stream};
use super::{answer, wire};
use crate::codec::definition_stream;
use crate::past::{self, Until};
use crate::view::{View, Viewer};

/// Rows of a page, without figures: a table of provinces fits into one.
const ROWS: Sizes = Sizes {
    default: 100,
    max: 200,
};
/// Faults that an answer names at most; the rest shows when those are mended.
const FAULTS_MAX: usize = 50;
/// Longest source, in characters.
const SOURCE_MAX: usize = 200;
/// Longest reason, in characters.
const REASON_MAX: usize = 500;
/// How long a command waits for the view to hold what it appended, so that the next query sees it.
const CATCH_UP: Duration = Duration::from_secs(5);

/// Answers calls.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    log: EventLog,
    view: Viewer,
    clock: Clock,
    ids: Ids,
}

/// A table with the definition that it is compared with.
struct Known {
    results: pb::OfficialResults,
    definition: Definition,
    compared: Vec<Compared>,
}

impl Api {
    pub(crate) fn new(log: EventLog, view: Viewer, clock: Clock, ids: Ids) -> Self {
        Self {
            log,
            view,
            clock,
            ids,
        }
    }

    /// A definition that was put in force, by edition; an empty edition asks for the newest.
    fn definition(&self, index: &IndexCode, edition: &str) -> Result<Definition, Problem> {
        let view = self.view.borrow();
        let kept = view.definitions.get(&definition_stream(index.as_str()));
        let document = kept.and_then(|kept| kept.state.edition(edition));
        let absent = || {
            let message =
                format!("there is no definition {index} {edition:?}; put one in force first");
            Problem::refused("NO_DEFINITION", message).with("index", index.to_string())
        };
        let document = document.ok_or_else(absent)?;
        Definition::parse(&document.document, "document")
            .map_err(|_| Problem::internal("a definition in force does not parse"))
    }

    /// The results of an index and year beside what follows from them, now or as the log knew them at a moment.
    async fn known(
        &self,
        index: &str,
        year: i32,
        moment: Option<Timestamp>,
    ) -> Result<Known, Problem> {
        let year = wire::year(year).map_err(|why| Problem::invalid("year", why))?;
        let absent = || {
            let message = match moment {
                None => format!("no results of {index:?} {year} are known; import them first"),
                Some(_) => format!(
                    "no results of {index:?} {year} were known then; ask for a later moment"
                ),
            };
            Problem::not_found("NO_OFFICIAL_RESULTS", message)
        };
        let kept = {
            let view = self.view.borrow();
            view.official.of(index, year).cloned().ok_or_else(absent)?
        };
        let kept = match moment {
            None => kept,
            Some(moment) => {
                let (stream, until) = (stream(index, year), Until::Moment(moment));
                let past = past::fold::<OfficialCodec>(&self.log, &stream, until, moment).await?;
                past.kept
            }
        };
        let publication = kept.state.publication().ok_or_else(absent)?;
        let definition = self.definition(&publication.index, &publication.edition)?;
        let compared = compare(&definition, &publication.rows);
        Ok(Known {
            results: pb::OfficialResults {
                version: kept.version,
                position: kept.position,
                ..answer::results(&definition, &kept.state, &compared)
            },
            definition,
            compared,
        })
    }

    /// What a request wants, with every fault named at once.
    fn wanted(
        &self,
        request: &pb::ImportOfficialResultsRequest,
    ) -> Result<(Publication, Definition), Problem> {
        let mut found = Vec::new();
        let mut note = |field: String, why: String| found.push((field, why));
        let index: Option<IndexCode> = request
            .index
            .parse()
            .map_err(|error: ids::CodeError| note("index".to_owned(), error.to_string()))
            .ok();
        let year = wire::year(request.year)
            .map_err(|why| note("year".to_owned(), why))
            .ok();
        let source = wire::text(&request.source, 1, SOURCE_MAX)
            .map_err(|why| note("source".to_owned(), why))
            .ok();
        if let Err(why) = wire::text(&request.reason, 0, REASON_MAX) {
            note("reason".to_owned(), why);
        }
        let mut rows = Vec::with_capacity(request.rows.len());
        for (place, row) in request.rows.iter().enumerate() {
            match wire::row(row) {
                Ok(row) => rows.push(row),
                Err(faults) => faults
                    .into_iter()
                    .for_each(|(field, why)| note(format!("rows[{place}].{field}"), why)),
            }
        }
        invalid(found)?;
        let (Some(index), Some(year), Some(source)) = (index, year, source) else {
            return Err(Problem::internal("a field without a value has no fault"));
        };
        let definition = self.definition(&index, &request.edition)?;
        let unfit = faults(&definition, &rows);
        let named = unfit.into_iter().map(|fault| {
            let message = format!("{} {}", fault.subject, fault.message);
            (format!("rows[{}]", fault.row), message)
        });
        invalid(named.collect())?;
        let publication = Publication {
            index,
            year,
            edition: definition.edition().to_owned(),
            source,
            rows,
        };
        Ok((publication, definition))
    }
}

/// A problem that names faults, if there are any.
fn invalid(faults: Vec<wire::Fault>) -> Result<(), Problem> {
    let mut faults = faults.into_iter().take(FAULTS_MAX);
    let Some((field, why)) = faults.next() else {
        return Ok(());
    };
    let problem = Problem::invalid(field, why);
    Err(faults.fold(problem, |problem, (field, why)| problem.and(field, why)))
}

fn refused(refusal: OfficialRefusal) -> Problem {
    let message = refusal.to_string();
    match refusal {
        OfficialRefusal::Size(_) | OfficialRefusal::Twice(_) => Problem::invalid("rows", message),
        OfficialRefusal::Unreasoned { index, year } => Problem::refused("REASON_NEEDED", message)
            .with("index", index.to_string())
            .with("year", year.to_string()),
    }
}

fn told(definition: &Definition, state: &OfficialResults, version: i64) -> pb::OfficialResults {
    let rows = state
        .publication()
        .map(|publication| publication.rows.as_slice())
        .unwrap_or_default();
    pb::OfficialResults {
        version,
        ..answer::results(definition, state, &compare(definition, rows))
    }
}

/// How many standard errors an interval has on each side.
fn interval(text: &str) -> Result<Decimal, Problem> {
    if text.is_empty() {
        return Ok(Decimal::new(1_645, 3));
    }
    let factor = Decimal::from_str_exact(text).ok();
    factor
        .filter(|factor| *factor > Decimal::ZERO && *factor <= Decimal::TEN)
        .ok_or_else(|| {
            let why = format!("is {text:?}; write a decimal above 0, at most 10, such as 1.96");
            Problem::invalid("interval_factor", why)
        })
}

#[tonic::async_trait]
impl OfficialResultsService for Api {
    async fn import_official_results(
        &self,
        request: Request<pb::ImportOfficialResultsRequest>,
    ) -> Result<Response<pb::OfficialResults>> {
        let mut request = request.into_inner();
        let context = request.context.take();
        let context = Context::parse(
            context,
            "ImportOfficialResults",
            &request,
            self.clock.now(),
            self.ids.uuid(),
        )?;
        let traceparent = telemetry::traceparent().unwrap_or_default();
        let context = Context {
            traceparent,
            ..context
        };
        let (publication, definition) = self.wanted(&request)?;
        let stream = stream(publication.index.as_str(), publication.year);
        let command = OfficialCommand::Import {
            publication,
            reason: request.reason,
        };
        let executed = execute::<OfficialCodec, pb::OfficialResults>(
            &self.log,
            &stream,
            &context,
            |results, _| results.decide(command.clone()),
            |results, version| told(&definition, results, version),
        )
        .await
        .map_err(|error| error.problem(refused))?;
        let mut view = self.view.clone();
        let reached = view.wait_for(|view: &View| view.position >= executed.position);
        let _ = tokio::time::timeout(CATCH_UP, reached).await;
        Ok(Response::new(pb::OfficialResults {
            position: executed.position,
            ..executed.response
        }))
    }

    async fn list_official_results(
        &self,
        request: Request<pb::ListOfficialResultsRequest>,
    ) -> Result<Response<pb::ListOfficialResultsResponse>> {
        let request = request.into_inner();
        let moment = past::moment(request.as_of.as_ref(), self.clock.now())?;
        let mut list = format!("official {} {}", request.index, request.year);
        if let Some(moment) = moment {
            list = format!("{list} {moment}");
        }
        let page = Page::parse(list, request.page_size, &request.page_token, ROWS)?;
        let known = self.known(&request.index, request.year, moment).await?;
        let factor = interval("")?;
        // The place stands in the key: pages come in the order of the table.
        let rows = (1_u32..)
            .zip(&known.compared)
            .map(|(place, row)| (format!("{place:05}"), answer::row(row, factor)));
        let (rows, next_page_token) = page.take(rows, |(key, _)| key.clone());
        Ok(Response::new(pb::ListOfficialResultsResponse {
            results: Some(known.results),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            next_page_token,
        }))
    }

    async fn get_official_result(
        &self,
        request: Request<pb::GetOfficialResultRequest>,
    ) -> Result<Response<pb::OfficialResult>> {
        let request = request.into_inner();
        let factor = interval(&request.interval_factor)?;
        let moment = past::moment(request.as_of.as_ref(), self.clock.now())?;
        let known = self.known(&request.index, request.year, moment).await?;
        let find = |known: &Known| {
            let mut rows = known.compared.iter();
            rows.find(|row| row.row.subject == request.subject).cloned()
        };
        let now = find(&known).ok_or_else(|| {
            let message = format!("the table has no row {:?}; list its rows", request.subject);
            Problem::not_found("NO_ROW", message)
        })?;
        let before = self.known(&request.index, request.year - 1, moment);
        let before = before.await.ok();
        let before = before.and_then(|before| find(&before));
        let changes =
            before.map_or_else(Vec::new, |before| changes(&known.definition, &before, &now));
        Ok(Response::new(pb::OfficialResult {
            version: known.results.version,
            position: known.results.position,
            ..answer::whole(&now, &changes, factor)
        }))
    }
}
