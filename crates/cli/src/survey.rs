//! `chiso survey`: instruments, waves, ballots that were cast elsewhere, and what they add up to.

mod ballots;
mod instrument;
mod orders;
mod show;
#[cfg(test)]
mod tests;
mod tokens;
mod wave;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use contracts::assessments::v1 as pb;
use runtime::Ids;
use uuid::Uuid;

pub use ballots::{import, read as ballots};
pub use instrument::read as instrument;
pub use orders::{close, open, plan, put, release, withhold};
pub use tokens::{Wanted as WantedTokens, issue as issue_tokens};
pub use wave::read as read_plan;

use crate::yaml::{self, Fields};
use crate::{Exit, Failure, Service, Services, out};

/// Units of results asked for at a time: the most that the service gives.
const PAGE: i32 = 100;

const EXAMPLES: &str = "\
Examples:
  chiso survey instrument put sipas.yaml
  chiso survey wave plan sipas-2024.yaml
  chiso survey tokens issue sipas-2024 --unit H40.05 --group citizen --count 200 --out tokens.txt
  chiso survey wave open sipas-2024
  chiso survey ballots import paper.csv --wave sipas-2024 --source paper-box-1
  chiso survey progress sipas-2024
  chiso survey wave withhold sipas-2024 --unit H40.05 --reason 'ballots were filled in by the office'
  chiso survey wave close sipas-2024
  chiso survey results sipas-2024 --level 99

An instrument says what is asked:

  instrument: sipas
  edition: \"2024\"
  title: Khảo sát mức độ hài lòng
  groups:
    - { code: citizen, label: Người dân }
  questions:
    - code: attitude
      text: Thái độ phục vụ?
      likert: { points: 5, satisfied_from: 4 }    # or scale, choice, yes_no, number
      required: true
      feeds:                                      # inputs of the leaf's rule are stated when the wave is counted
        - index: satisfaction
          leaf: STAFF
          inputs:
            - { input: staff_satisfied, answers: [\"4\", \"5\"] }
            - { input: staff_other, answers: [\"1\", \"2\", \"3\"] }

A wave says who is asked, and when:

  wave: sipas-2024
  title: Đợt 1
  instrument: sipas
  edition: \"2024\"
  period: \"2024\"
  units: [H40.05, H40.06]
  quotas: [{ unit: H40.05, group: citizen, ballots: 200 }]
  opens_at: 2024-10-01T00:00:00+07:00
  closes_at: 2024-11-01T00:00:00+07:00

Ballots are CSV with the columns id, unit and group, and one for each question. An empty cell is no answer.";

/// Run surveys: put instruments, plan and open waves, issue tokens, take in ballots, read results
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// What is asked
    #[command(subcommand)]
    Instrument(OfInstruments),
    /// Who is asked, and when
    #[command(subcommand)]
    Wave(OfWaves),
    /// What respondents cast their ballots with
    #[command(subcommand)]
    Tokens(OfTokens),
    /// What was answered on paper or in another system
    #[command(subcommand)]
    Ballots(OfBallots),
    /// Show how many ballots came of those that are wanted
    Progress {
        /// Code of the wave
        wave: String,
    },
    /// Show what a counted wave adds up to
    Results(Results),
}

#[derive(Debug, Subcommand)]
enum OfInstruments {
    /// Put an edition, in place of one of the same name that no wave uses
    Put {
        /// The edition, in YAML
        #[arg(value_name = "FILE.yaml")]
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum OfWaves {
    /// Plan a wave, or plan it anew while no token is out
    Plan {
        /// The plan, in YAML
        #[arg(value_name = "FILE.yaml")]
        file: PathBuf,
    },
    /// Let ballots in
    Open {
        /// Code of the wave
        wave: String,
    },
    /// Let no more ballots in, and count
    Close {
        /// Code of the wave
        wave: String,
    },
    /// Take the results of a unit, or of the whole wave, out of everything
    Withhold(Withheld),
    /// Take withheld results in again
    Release(Withheld),
}

#[derive(Debug, Args)]
struct Withheld {
    /// Code of the wave
    wave: String,

    /// Code of a unit; without it, the whole wave
    #[arg(long, default_value = "", value_name = "CODE")]
    unit: String,

    /// Why, for everybody to read
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Subcommand)]
enum OfTokens {
    /// Issue tokens, each good for one ballot, into a new file that only you can read; they are shown nowhere else
    Issue(Issued),
}

#[derive(Debug, Args)]
struct Issued {
    /// Code of the wave
    wave: String,

    /// Code of the unit that is asked about
    #[arg(long, value_name = "CODE")]
    unit: String,

    /// Code of the group of respondents
    #[arg(long, value_name = "CODE")]
    group: String,

    /// How many, at most 10,000
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=10_000), value_name = "NUMBER")]
    count: i32,

    /// Where to write them, one a line; a file that is not there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Id of an issue whose answer was lost: it gives the same tokens again
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
}

#[derive(Debug, Subcommand)]
enum OfBallots {
    /// Take in a table; a row that was taken in before changes nothing, a faulty row is refused alone
    Import(Import),
}

#[derive(Debug, Args)]
struct Import {
    /// The ballots, CSV with a header
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,

    /// Code of the wave
    #[arg(long, value_name = "CODE")]
    wave: String,

    /// The box or the system that they come from; with it the ids are unique
    #[arg(long, value_name = "NAME")]
    source: String,
}

#[derive(Debug, Args)]
struct Results {
    /// Code of the wave
    wave: String,

    /// Code of a unit; without it, all units
    #[arg(long, default_value = "", value_name = "CODE")]
    unit: String,

    /// Code of a group of respondents; without it, all together
    #[arg(long, default_value = "", value_name = "CODE")]
    group: String,

    /// How sure an interval is, in percent: 90, 95 or 99; without it, as the instrument says
    #[arg(long, value_parser = level)]
    level: Option<pb::ConfidenceLevel>,
}

fn level(text: &str) -> Result<pb::ConfidenceLevel, String> {
    match text {
        "90" => Ok(pb::ConfidenceLevel::Percent90),
        "95" => Ok(pb::ConfidenceLevel::Percent95),
        "99" => Ok(pb::ConfidenceLevel::Percent99),
        _ => Err("write 90, 95 or 99".to_owned()),
    }
}

/// Does what is asked.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    match &command.action {
        Action::Instrument(OfInstruments::Put { file }) => {
            let instrument = put(services, instrument(file)?).await?;
            say(&instrument, json, show::instrument);
        }
        Action::Wave(wanted) => {
            let wave = order(services, wanted).await?;
            say(&wave, json, show::wave);
        }
        Action::Tokens(OfTokens::Issue(wanted)) => {
            let answer = tokens::issue(services, &wanted.tokens(), &wanted.out).await?;
            if json {
                out::message(&answer);
            } else {
                out::line(show::issued(wanted.count, &wanted.out, &answer));
            }
        }
        Action::Ballots(OfBallots::Import(wanted)) => {
            return take_in(services, wanted, json).await;
        }
        Action::Progress { wave } => {
            let wave = get(services, wave).await?;
            say(&wave, json, show::progress);
        }
        Action::Results(wanted) => {
            let Results {
                wave,
                unit,
                group,
                level,
            } = wanted;
            let level = level.unwrap_or(pb::ConfidenceLevel::Unspecified);
            let results = results(services, wave, unit, group, level).await?;
            say(&results, json, show::results);
        }
    }
    Ok(Exit::Done)
}

impl Issued {
    fn tokens(&self) -> tokens::Wanted {
        tokens::Wanted {
            wave: self.wave.clone(),
            unit: self.unit.clone(),
            group: self.group.clone(),
            count: self.count,
            request_id: self.request_id.unwrap_or_else(|| Ids::random().uuid()),
        }
    }
}

fn say<M: prost::Message + prost::Name>(message: &M, json: bool, table: fn(&M) -> String) {
    if json {
        out::message(message);
    } else {
        out::line(table(message));
    }
}

async fn take_in(services: &Services, wanted: &Import, json: bool) -> Result<Exit, Failure> {
    let rows = ballots(&wanted.file, &wanted.wave, &wanted.source)?;
    let answer = import(services, rows).await?;
    say(&answer, json, show::imported);
    Ok(match answer.refused {
        0 => Exit::Done,
        _ => Exit::SomeRefused,
    })
}

async fn order(services: &Services, order: &OfWaves) -> Result<pb::Wave, Failure> {
    match order {
        OfWaves::Plan { file } => plan(services, read_plan(file)?).await,
        OfWaves::Open { wave } => open(services, wave).await,
        OfWaves::Close { wave } => close(services, wave).await,
        OfWaves::Withhold(it) => withhold(services, &it.wave, &it.unit, &it.reason).await,
        OfWaves::Release(it) => release(services, &it.wave, &it.unit, &it.reason).await,
    }
}

/// A wave with its progress.
///
/// # Errors
/// That there is none, or that the service does not answer.
pub async fn get(services: &Services, wave: &str) -> Result<pb::Wave, Failure> {
    let request = pb::GetWaveRequest {
        wave: wave.to_owned(),
        as_of: None,
    };
    let mut surveys = services.surveys.clone();
    let call = async move |request| surveys.get_wave(request).await;
    services.call(Service::Assessments, request, call).await
}

/// The results of a counted wave with all units.
///
/// # Errors
/// That it is not counted, or that the service does not answer.
pub async fn results(
    services: &Services,
    wave: &str,
    unit: &str,
    group: &str,
    level: pb::ConfidenceLevel,
) -> Result<pb::SurveyResults, Failure> {
    let mut request = pb::GetSurveyResultsRequest {
        wave: wave.to_owned(),
        unit: unit.to_owned(),
        group: group.to_owned(),
        level: level.into(),
        page_size: PAGE,
        page_token: String::new(),
        as_of: None,
    };
    let mut units = Vec::new();
    loop {
        let mut surveys = services.surveys.clone();
        let call = async move |request| surveys.get_survey_results(request).await;
        let page = services
            .call(Service::Assessments, request.clone(), call)
            .await?;
        units.extend(page.units.iter().cloned());
        if page.next_page_token.is_empty() {
            return Ok(pb::SurveyResults { units, ..page });
        }
        request.page_token = page.next_page_token;
    }
}

/// Reads the one mapping in a YAML file.
fn document<T>(
    path: &Path,
    what: &'static str,
    read: impl FnOnce(Fields<'_>) -> T,
) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    parsed(&text, what, read).map_err(|faults| {
        let faults: Vec<_> = faults
            .iter()
            .map(|fault| format!("{}: {fault}", path.display()))
            .collect();
        Failure::new(Exit::Data, faults.join("\n"))
    })
}

fn parsed<T>(
    text: &str,
    what: &'static str,
    read: impl FnOnce(Fields<'_>) -> T,
) -> Result<T, Vec<yaml::Fault>> {
    let root = yaml::parse(text).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let read = Fields::of(what, &root, &mut faults).map(read);
    match read {
        Some(read) if faults.is_empty() => Ok(read),
        _ => Err(faults),
    }
}
