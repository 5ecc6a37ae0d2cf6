//! Reading settings: every problem at once, and what was read without its secrets.

use std::error::Error as _;
use std::ffi::OsString;
use std::fmt;
use std::fmt::Write as _;

use clap::builder::ValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::Configuration;

const PRINT_CONFIG: &str = "print-config";

/// What reading the settings came to.
#[derive(Debug)]
pub enum Outcome<C> {
    /// The settings are sound.
    Read(C),
    /// The caller asked for help, the version or the settings, not for the program: this is the
    /// answer.
    Answer(String),
}

/// The settings are not sound. Shows every problem on a line of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Invalid(pub Vec<String>);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings are not sound; --help explains each:")?;
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for Invalid {}

/// Reads the settings of the program `name` from its arguments (the first is the program itself)
/// and the environment.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read<C: Configuration>(
    name: &'static str,
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
) -> Result<Outcome<C>, Invalid> {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let command = C::augment_args(Command::new(name))
        .about(format!("The {name} service of Chiso"))
        .long_about(None)
        .version(env!("CARGO_PKG_VERSION"))
        .arg(
            Arg::new(PRINT_CONFIG)
                .long(PRINT_CONFIG)
                .action(ArgAction::SetTrue)
                .help("Print the settings as they were read, without secrets, and end"),
        );

    // Flags that do not exist, and calls for help, before values are looked at.
    if let Err(error) = lenient(&command, None).try_get_matches_from(&arguments) {
        return match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Outcome::Answer(error.render().to_string()))
            }
            _ => Err(Invalid(vec![first_line(&error)])),
        };
    }
    let problems: Vec<String> = command
        .get_arguments()
        .filter_map(|arg| {
            let alone = lenient(&command, Some(arg.get_id().as_str()));
            alone
                .try_get_matches_from(&arguments)
                .err()
                .map(|error| problem(arg, &error))
        })
        .collect();
    if !problems.is_empty() {
        return Err(Invalid(problems));
    }

    let matches = command
        .clone()
        .try_get_matches_from(&arguments)
        .map_err(|error| Invalid(vec![first_line(&error)]))?;
    let config =
        C::from_arg_matches(&matches).map_err(|error| Invalid(vec![first_line(&error)]))?;
    if matches.get_flag(PRINT_CONFIG) {
        return Ok(Outcome::Answer(shown(&command, &matches)));
    }
    let problems = config.problems();
    if problems.is_empty() {
        Ok(Outcome::Read(config))
    } else {
        Err(Invalid(problems))
    }
}

/// The command with every value accepted as it is, except that of `strict`: the parser stops at the
/// first bad value, so each is tried alone.
fn lenient(command: &Command, strict: Option<&str>) -> Command {
    command.clone().mut_args(|arg| {
        if strict == Some(arg.get_id().as_str()) || !arg.get_action().takes_values() {
            return arg;
        }
        arg.required(false).value_parser(ValueParser::os_string())
    })
}

fn problem(arg: &Arg, error: &clap::Error) -> String {
    let flag = arg.get_long().unwrap_or_else(|| arg.get_id().as_str());
    let variable = variable(arg);
    match (error.kind(), error.source()) {
        (ErrorKind::MissingRequiredArgument, _) => {
            format!("--{flag} is missing; give it or set {variable}")
        }
        // Not the whole text of the error: it quotes the value, which may be a secret.
        (ErrorKind::ValueValidation, Some(source)) => format!("--{flag} ({variable}): {source}"),
        _ => first_line(error),
    }
}

fn variable(arg: &Arg) -> String {
    arg.get_env()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// The settings as lines of an environment file, each with where its value is from.
fn shown(command: &Command, matches: &ArgMatches) -> String {
    let mut text = String::new();
    for arg in command
        .get_arguments()
        .filter(|arg| arg.get_env().is_some())
    {
        let id = arg.get_id().as_str();
        let source = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => "flag",
            Some(ValueSource::EnvVariable) => "environment",
            _ => "default",
        };
        let values: Vec<String> = if arg.get_action().takes_values() {
            let raw = matches.get_raw(id).into_iter().flatten();
            raw.map(|value| value.to_string_lossy().into_owned())
                .collect()
        } else {
            vec![matches.get_flag(id).to_string()]
        };
        let value = values.join(",");
        let value = if arg.is_hide_env_values_set() {
            masked(&value)
        } else {
            value
        };
        let _ = writeln!(text, "{}={value}  # {source}", variable(arg));
    }
    text
}

/// A secret as it may be shown: an address without its password and parameters, anything else not
/// at all.
fn masked(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        return if value.is_empty() {
            String::new()
        } else {
            "***".to_owned()
        };
    };
    let (rest, parameters) = match rest.split_once('?') {
        Some((rest, _)) => (rest, "?***"),
        None => (rest, ""),
    };
    // The last @: a password may contain one that nobody encoded.
    match rest.rsplit_once('@') {
        Some((login, place)) => {
            // A login without a password may be a token.
            let login = login
                .split_once(':')
                .map_or("***".to_owned(), |(user, _)| format!("{user}:***"));
            format!("{scheme}://{login}@{place}{parameters}")
        }
        None => format!("{scheme}://{rest}{parameters}"),
    }
}
