//! `chiso official`: tables that others publish, kept as published and recomputed beside it.

mod mapping;
mod show;
mod table;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use contracts::assessments::v1::{
    GetOfficialResultRequest, ImportOfficialResultsRequest, ListOfficialResultsRequest,
    OfficialResult, OfficialResults,
};

pub use mapping::Mapping;
pub use table::rows;

use crate::{Exit, Failure, Service, Services, out};

const EXAMPLES: &str = "\
Examples:
  chiso official import papi-2023.csv --mapping papi-2023.yaml
  chiso official import papi-2023.csv --mapping papi-2023.yaml --reason 'erratum of 2 May'
  chiso official show papi 2023
  chiso official show papi 2024 36

A mapping says which column holds what:

  index: papi
  year: 2023
  source: table 2 of the report
  columns:
    subject: code              # needed; the others may be missing
    name_vi: name
    name_en: name_en
    total: total
    standard_error: se
    rank: rank
    band: group
  withheld: { column: status, value: withheld, reason: withheld by the publisher }
  figures: { D1: dim1, D2: dim2 }
  standard_errors: { D1: dim1_se }

An empty cell is no figure, never zero.";

/// Take in official results, and show them beside what the engine makes of them
///
/// The published tables of an index (PAPI, the PAR Index of the province, satisfaction) are kept to the digit. Components,
/// totals, ranks and bands are recomputed from the published figures below them, and differences are shown.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Take in a published table; another one of the same year needs a reason
    Import(Import),
    /// Show a table, or one row with every figure and its change on the year before
    Show(Show),
}

#[derive(Debug, Args)]
struct Import {
    /// The table, CSV with a header
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,

    /// Which column holds what, in YAML
    #[arg(long, value_name = "FILE.yaml")]
    mapping: PathBuf,

    /// Why the table differs from the one before
    #[arg(long, default_value = "", value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
struct Show {
    /// Code of the index
    index: String,

    /// The year that the table judges
    year: i32,

    /// Code of one subject
    subject: Option<String>,
}

/// Does what is asked.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    match &command.action {
        Action::Import(wanted) => {
            let mapping = Mapping::read(&wanted.mapping)?;
            let rows = rows(&wanted.file, &mapping)?;
            let results = import(services, mapping.request(rows, &wanted.reason)).await?;
            if json {
                out::message(&results);
            } else {
                out::line(show::summary(&results));
            }
        }
        Action::Show(wanted) => match &wanted.subject {
            Some(subject) => {
                let row = result(services, &wanted.index, wanted.year, subject).await?;
                if json {
                    out::message(&row);
                } else {
                    out::line(show::row(&row));
                }
            }
            None => {
                let (results, rows) = table(services, &wanted.index, wanted.year).await?;
                if json {
                    rows.iter().for_each(out::message);
                } else {
                    out::line(show::table(&results, &rows));
                }
            }
        },
    }
    Ok(Exit::Done)
}

/// Takes in a table.
///
/// # Errors
/// What the service refuses, with every row that does not fit, or that it does not answer.
pub async fn import(
    services: &Services,
    request: ImportOfficialResultsRequest,
) -> Result<OfficialResults, Failure> {
    let mut official = services.official.clone();
    let call = async move |request| official.import_official_results(request).await;
    services.call(Service::Assessments, request, call).await
}

/// A table as a whole with its rows.
///
/// # Errors
/// That nothing is known of that index and year, or that the service does not answer.
pub async fn table(
    services: &Services,
    index: &str,
    year: i32,
) -> Result<(OfficialResults, Vec<OfficialResult>), Failure> {
    let mut request = ListOfficialResultsRequest {
        index: index.to_owned(),
        year,
        ..ListOfficialResultsRequest::default()
    };
    let mut rows = Vec::new();
    loop {
        let mut official = services.official.clone();
        let call = async move |request| official.list_official_results(request).await;
        let page = services
            .call(Service::Assessments, request.clone(), call)
            .await?;
        rows.extend(page.rows);
        if page.next_page_token.is_empty() {
            return Ok((page.results.unwrap_or_default(), rows));
        }
        request.page_token = page.next_page_token;
    }
}

/// One row with every figure.
///
/// # Errors
/// That there is no such row, or that the service does not answer.
pub async fn result(
    services: &Services,
    index: &str,
    year: i32,
    subject: &str,
) -> Result<OfficialResult, Failure> {
    let request = GetOfficialResultRequest {
        index: index.to_owned(),
        year,
        subject: subject.to_owned(),
        interval_factor: String::new(),
        as_of: None,
    };
    let mut official = services.official.clone();
    let call = async move |request| official.get_official_result(request).await;
    services.call(Service::Assessments, request, call).await
}
