//! `chiso campaign`: how far campaigns are, and the documents that they are signed on.

mod leaves;
mod minutes;
mod read;
mod sheet;
mod show;
mod summary;
pub(crate) mod words;

use clap::{Args, Subcommand};
use jiff::Timestamp;

pub(crate) use read::definition;
pub use read::{Paper, assessment, campaign, campaigns, papers};

use crate::document::{self, Document, Files, Language, Table};
use crate::{Exit, Failure, Services, out};

const EXAMPLES: &str = "\
Examples:
  chiso campaign list
  chiso campaign show par-2024
  chiso campaign progress par-2024 --as-of 2025-01-20T17:00:00+07:00
  chiso campaign sheet par-2024 H40.05 --xlsx sheet.xlsx
  chiso campaign minutes par-2024 --xlsx minutes.xlsx      # a worksheet for each unit
  chiso campaign summary par-2024 --csv summary.csv --lang en";

/// Show campaigns, and write their documents
///
/// Documents are in Vietnamese unless --lang says otherwise. A workbook is laid out for A4; in plain tables every decimal
/// stands to the digit, what a spreadsheet would take for a formula has an apostrophe before it, and a group of units whose
/// set has other components has headings of its own.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all campaigns
    List,
    /// Show a campaign: deadlines, sets, appraisers, results
    Show {
        /// Code of the campaign
        campaign: String,

        #[command(flatten)]
        then: Then,
    },
    /// Show how far each unit is: leaves filled in, evidence missing, leaves decided, days left
    Progress {
        /// Code of the campaign
        campaign: String,

        #[command(flatten)]
        then: Then,
    },
    /// Write a unit's self-assessment sheet
    Sheet(OfUnits),
    /// Write the minutes of a unit's appraisal
    Minutes(OfUnits),
    /// Write the results of all units, group by group, with the values of self-assessment and appraisals
    Summary(OfCampaign),
}

#[derive(Debug, Clone, Copy, Args)]
struct Then {
    /// As the log knew it at this moment (RFC 3339); counted figures then are those of the newest publication, or none
    #[arg(long, value_name = "MOMENT")]
    as_of: Option<Timestamp>,
}

#[derive(Debug, Args)]
struct OfUnits {
    /// Code of the campaign
    campaign: String,

    /// Code of a unit; without it, every unit that takes part
    unit: Option<String>,

    #[command(flatten)]
    then: Then,

    #[command(flatten)]
    files: Files,

    /// Language of the labels
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
}

#[derive(Debug, Args)]
struct OfCampaign {
    /// Code of the campaign
    campaign: String,

    #[command(flatten)]
    then: Then,

    #[command(flatten)]
    files: Files,

    /// Language of the labels
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
}

impl OfUnits {
    async fn papers(&self, services: &Services) -> Result<Vec<Paper>, Failure> {
        let (unit, as_of) = (self.unit.as_deref(), self.then.as_of);
        read::papers_then(services, &self.campaign, unit, as_of).await
    }
}

/// Does what is asked.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    match &command.action {
        Action::List => {
            let campaigns = campaigns(services).await?;
            if json {
                campaigns.iter().for_each(out::message);
            } else if campaigns.is_empty() {
                out::note("no campaign is planned");
            } else {
                out::line(show::list(&campaigns));
            }
        }
        Action::Show { campaign, then } => {
            let campaign = read::campaign_then(services, campaign, then.as_of).await?;
            if json {
                out::message(&campaign);
            } else {
                out::line(show::campaign(&campaign));
            }
        }
        Action::Progress {
            campaign,
            then: Then { as_of },
        } => {
            let campaign = read::campaign_then(services, campaign, *as_of).await?;
            let mut assessments = Vec::new();
            for participant in &campaign.participants {
                let unit = &participant.unit;
                let sheet = read::assessment_then(services, &campaign.code, unit, *as_of);
                assessments.push(sheet.await?);
            }
            if json {
                assessments.iter().for_each(out::message);
            } else {
                out::line(show::progress(&assessments));
            }
        }
        Action::Sheet(wanted) => {
            let papers = wanted.papers(services).await?;
            document::write(
                &a_table_each(&papers, wanted.lang, sheet::table),
                &wanted.files,
            )?;
        }
        Action::Minutes(wanted) => {
            let papers = wanted.papers(services).await?;
            document::write(
                &a_table_each(&papers, wanted.lang, minutes::table),
                &wanted.files,
            )?;
        }
        Action::Summary(wanted) => {
            let as_of = wanted.then.as_of;
            let papers = read::papers_then(services, &wanted.campaign, None, as_of).await?;
            document::write(&summarised(&papers, wanted.lang), &wanted.files)?;
        }
    }
    Ok(Exit::Done)
}

/// The self-assessment sheet of a unit, or of every unit.
///
/// # Errors
/// What a service refuses, or that it does not answer.
pub async fn sheet(
    services: &Services,
    campaign: &str,
    unit: Option<&str>,
    language: Language,
) -> Result<Document, Failure> {
    let papers = papers(services, campaign, unit).await?;
    Ok(a_table_each(&papers, language, sheet::table))
}

/// The minutes of the appraisal of a unit, or of every unit.
///
/// # Errors
/// What a service refuses, or that it does not answer.
pub async fn minutes(
    services: &Services,
    campaign: &str,
    unit: Option<&str>,
    language: Language,
) -> Result<Document, Failure> {
    let papers = papers(services, campaign, unit).await?;
    Ok(a_table_each(&papers, language, minutes::table))
}

/// A document with a table for each unit.
fn a_table_each(
    papers: &[Paper],
    language: Language,
    table: fn(&Paper, Language) -> Table,
) -> Document {
    Document {
        key: words::UNIT.in_language(language).to_owned(),
        tables: papers.iter().map(|paper| table(paper, language)).collect(),
    }
}

/// The results of a campaign, group by group.
///
/// # Errors
/// What a service refuses, or that it does not answer.
pub async fn summary(
    services: &Services,
    campaign: &str,
    language: Language,
) -> Result<Document, Failure> {
    let papers = papers(services, campaign, None).await?;
    Ok(summarised(&papers, language))
}

fn summarised(papers: &[Paper], language: Language) -> Document {
    Document {
        key: words::GROUP.in_language(language).to_owned(),
        tables: summary::tables(papers, language),
    }
}
