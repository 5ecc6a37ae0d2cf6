//! The command line as a whole.

use clap::{Parser, Subcommand};

use crate::connection::Connection;
use crate::demo::Demo;
use crate::up::Up;
use crate::{
    campaign, catalog, evidence, explain, import, improvement, index, log, measures, official,
    publication, rank, rebuild, survey, token, watch,
};

const EXAMPLES: &str = "\
Examples:
  chiso demo
  chiso up --addresses chiso.json
  chiso catalog apply deploy/catalog/indices deploy/catalog/namdinh
  chiso import dossiers.csv --mapping mapping.yaml
  chiso rank --period 2024 --group district
  chiso rank --period 2024 --xlsx ranking.xlsx
  chiso campaign minutes par-2024 H40.05 --xlsx minutes.xlsx
  chiso explain H40.03 --period 2024-Q1
  chiso improvement list --unit H40.05 --overdue
  chiso survey results sipas-2024
  chiso --stack chiso.json watch --period 2024
  chiso log verify
  chiso index check deploy/catalog/indices/*.yaml

Where the services are, whom to trust and who you are is found in the file of your own `chiso up`. For others it is said
by --stack, or by an address for each with --tls-ca and --token-file.

Exit codes:
  0   done
  1   refused by a service, or damage found
  2   some rows of an import were refused; the others are in
  64  the command line is wrong
  65  a file's content is wrong
  66  a file cannot be read
  69  a service does not answer
  76  a service's certificate is not trusted
  77  a service does not know who you are, or does not let you";

/// Keeps a province's administrative-reform indices true by the second: what comes in, what follows, and why.
#[derive(Debug, Parser)]
#[command(name = "chiso", version, after_long_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,

    /// Print data as JSON (the proto3 JSON mapping of the answers): one object a line
    #[arg(long, global = true, help_heading = "Options")]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Up(Up),
    Index(index::Command),
    Token(token::Command),
    /// Asks running services.
    #[command(flatten)]
    Ask(Ask),
}

/// Commands that are clients of running services.
#[derive(Debug, Subcommand)]
pub(crate) enum Ask {
    Campaign(campaign::Command),
    Catalog(catalog::Command),
    Import(import::Command),
    Rank(rank::Command),
    Explain(explain::Command),
    Watch(watch::Command),
    Measures(measures::Command),
    Official(official::Command),
    Publication(publication::Command),
    Evidence(evidence::Command),
    Improvement(improvement::Command),
    Survey(survey::Command),
    Log(log::Command),
    Rebuild(rebuild::Command),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    /// Options of a command must not meet those of the connection, which every command has.
    #[test]
    fn every_command_is_read_with_and_without_options() {
        for command in [
            "chiso demo --dossiers 10 --seed 1 --keep",
            "chiso up --listen-base-port 0",
            "chiso campaign progress par-2024 --json",
            "chiso campaign sheet par-2024 H40.03 --xlsx a.xlsx --csv a.csv --lang en",
            "chiso campaign minutes par-2024 --xlsx a.xlsx",
            "chiso campaign summary par-2024 --csv a.csv",
            "chiso catalog apply a.yaml --dry-run",
            "chiso import a.csv --portal --timeout 5",
            "chiso import a.csv --mapping m.yaml --patience 0",
            "chiso rank --period 2024 --xlsx a.xlsx --lang en",
            "chiso rank --period 2024 --dossiers-url http://127.0.0.1:1",
            "chiso explain H40.03 --period 2024 --dossiers 20",
            "chiso explain H40.03 an-index LEAF --period 2024 --events 3",
            "chiso explain H40.31 LEAF --period 2025-06 --organised now",
            "chiso rank --period 2025-06 --group commune --organised now",
            "chiso watch --subject H40.03 --subject H40.05 --json",
            "chiso measures H40.03 --period 2024",
            "chiso log verify registry dossiers",
            "chiso log cat dossiers --after 5 --limit 2",
            "chiso log tail projection",
            "chiso rebuild scoring --stack a.json",
            "chiso survey instrument put a.yaml",
            "chiso survey wave plan a.yaml",
            "chiso survey wave withhold a --unit H40.05 --reason why",
            "chiso survey ballots import a.csv --wave a --source box",
            "chiso survey progress a",
            "chiso survey results a --level 99 --json",
            "chiso official import a.csv --mapping m.yaml --reason erratum",
            "chiso official show papi 2023 36",
            "chiso publication show",
            "chiso publication get par-2024 --number 1",
            "chiso publication verify a.json",
            "chiso evidence upload a.pdf --campaign par-2024 --unit H40.02 --leaf 1.1",
            "chiso evidence download abcd --unit H40.02 -o a.pdf",
            "chiso evidence list --unit H40.02 --json",
            "chiso improvement assign a-1 --title a --unit H40.02 --due 2025-06-30 --leaf 1.1 --campaign par-2024",
            "chiso improvement assign a-1 --title a --unit H40.02 --due 2025-06-30 --item II.3 --document 165",
            "chiso improvement list --state open --overdue --json",
            "chiso improvement show a-1 --as-of 2025-03-01T08:00:00+07:00",
            "chiso improvement note a-1 40 half",
            "chiso improvement report a-1 done --evidence a --evidence title=b;page=3 --actor hoa",
            "chiso improvement confirm a-1",
            "chiso improvement return a-1 --reason why",
            "chiso improvement move a-1 --due 2025-07-31 --reason why",
            "chiso improvement reassign a-1 --unit H40.03 --person hoa --reason why",
            "chiso improvement cancel a-1 --reason why",
            "chiso improvement hand-over H40.24 --to H40.33 --reason why --task a-1",
            "chiso index check a.yaml b.yaml --json",
            "chiso index diff a.yaml b.yaml",
            "chiso index draft a.yaml --change",
            "chiso index draft a.yaml --as par-departments 2025",
            "chiso index copy par-departments 2024 --to-edition 2025 --from 2025-01 --until 2025-12",
            "chiso index copy par-departments --to par-districts --to-edition 2025 --group district --from 2025-01",
            "chiso index force par-departments 2025",
            "chiso index retire par-departments 2024 --after 2024-12 --reason ended",
            "chiso index list --drafts --group district --json",
            "chiso token --key dev.key --role clerk --unit H40.12",
            "chiso index test a.yaml --leaf 1.1 --inputs a=1 b=2 c.yaml",
        ] {
            let read = Cli::try_parse_from(command.split(' '));
            assert!(read.is_ok(), "{command}: {:?}", read.err());
        }
        for command in [
            "chiso campaign sheet par-2024 H40.03",
            "chiso import a.csv",
            "chiso import a.csv --portal --mapping m.yaml",
            "chiso rank",
        ] {
            assert!(
                Cli::try_parse_from(command.split(' ')).is_err(),
                "{command}"
            );
        }
    }
}
