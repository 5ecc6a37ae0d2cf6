//! `chiso campaign`: how far campaigns are, and the documents that they are signed on.

mod leaves;
mod minutes;
mod read;
mod sheet;
mod show;
mod summary;
pub(crate) mod words;

use clap::{Args, Subcommand};

pub(crate) use read::definition;
pub use read::{Paper, assessment, campaign, campaigns, papers};

use crate::document::{self, Document, Files, Language, Table};
use crate::{Exit, Failure, Services, out};

const EXAMPLES: &str = "\
Examples:
  chiso campaign list
  chiso campaign show par-2024
  chiso campaign progress par-2024
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
    },
    /// Show how far each unit is: leaves filled in, evidence missing, leaves decided, days left
    Progress {
        /// Code of the campaign
        campaign: String,
    },
    /// Write a unit's self-assessment sheet
    Sheet(OfUnits),
    /// Write the minutes of a unit's appraisal
    Minutes(OfUnits),
    /// Write the results of all units, group by group, with the values of self-assessment and appraisals
    Summary(OfCampaign),
}

#[derive(Debug, Args)]
struct OfUnits {
    /// Code of the campaign
    campaign: String,

    /// Code of a unit; without it, every unit that takes part
    unit: Option<String>,

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
    files: Files,

    /// Language of the labels
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
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
        Action::Show { campaign } => {
            let campaign = read::campaign(services, campaign).await?;
            if json {
                out::message(&campaign);
            } else {
                out::line(show::campaign(&campaign));
            }
        }
        Action::Progress { campaign } => {
            let campaign = read::campaign(services, campaign).await?;
            let mut assessments = Vec::new();
            for participant in &campaign.participants {
                assessments.push(assessment(services, &campaign.code, &participant.unit).await?);
            }
            if json {
                assessments.iter().for_each(out::message);
            } else {
                out::line(show::progress(&assessments));
            }
        }
        Action::Sheet(wanted) => {
            let OfUnits {
                campaign,
                unit,
                files,
                lang,
            } = wanted;
            let document = sheet(services, campaign, unit.as_deref(), *lang).await?;
            document::write(&document, files)?;
        }
        Action::Minutes(wanted) => {
            let OfUnits {
                campaign,
                unit,
                files,
                lang,
            } = wanted;
            let document = minutes(services, campaign, unit.as_deref(), *lang).await?;
            document::write(&document, files)?;
        }
        Action::Summary(wanted) => {
            let document = summary(services, &wanted.campaign, wanted.lang).await?;
            document::write(&document, &wanted.files)?;
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
    a_table_each(services, campaign, unit, language, sheet::table).await
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
    a_table_each(services, campaign, unit, language, minutes::table).await
}

/// A document with a table for a unit, or for every unit.
async fn a_table_each(
    services: &Services,
    campaign: &str,
    unit: Option<&str>,
    language: Language,
    table: fn(&Paper, Language) -> Table,
) -> Result<Document, Failure> {
    let papers = papers(services, campaign, unit).await?;
    Ok(Document {
        key: words::UNIT.in_language(language).to_owned(),
        tables: papers.iter().map(|paper| table(paper, language)).collect(),
    })
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
    Ok(Document {
        key: words::GROUP.in_language(language).to_owned(),
        tables: summary::tables(&papers, language),
    })
}
