//! `chiso measures`: the figures of a subject and period.

use clap::Args;
use comfy_table::Cell;
use contracts::scoring::v1::GetMeasuresRequest;

use crate::{Exit, Failure, Service, Services, out, show};

const EXAMPLES: &str = "\
Examples:
  chiso measures H40.03 --period 2024-Q1
  chiso measures H40 --period 2024 --json | jq -r '.measures[] | [.name, .value] | @tsv'";

/// Print the figures of a unit or group in a period, whether or not an index uses them
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    /// A unit's code (either style), or group:department
    subject: String,

    /// 2024-03, 2024-Q1 or 2024
    #[arg(long)]
    period: String,
}

/// Prints the figures.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    let request = GetMeasuresRequest {
        period: command.period.clone(),
        subject: command.subject.clone(),
        ..GetMeasuresRequest::default()
    };
    let mut scoring = services.scoring.clone();
    let ask = async move |request| scoring.get_measures(request).await;
    let answer = services.call(Service::Scoring, request, ask).await?;
    if json {
        out::message(&answer);
        return Ok(Exit::Done);
    }
    let mut table = show::table(&["Measure", "Value"]);
    for measure in &answer.measures {
        table.add_row(vec![Cell::new(&measure.name), show::figure(&measure.value)]);
    }
    out::line(show::rendered(&table));
    Ok(Exit::Done)
}
