//! `chiso index draft`, `copy`, `force`, `retire`, `list`: the life of an edition in the service that keeps it.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use contracts::assessments::v1 as pb;
use index::Definition;

use crate::connection::Connection;
use crate::{Exit, Failure, Service, Services, out, show};

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Begin an edition from a file, or change a draft; what is wrong with it is printed, and kept all the same
    Draft(Draft),
    /// Begin an edition from one of another year or group
    Copy(Copy),
    /// Put a draft in force, for the groups and days that it names; from then on it cannot change
    Force(Named),
    /// End an edition that no running campaign uses
    Retire(Retire),
    /// List what is or was in force, or the drafts
    List(List),
}

#[derive(Debug, Args)]
pub(super) struct Draft {
    /// The document, YAML
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Index and edition that it is a draft of; needed while the file has faults
    #[arg(long = "as", num_args = 2, value_names = ["INDEX", "EDITION"])]
    name: Vec<String>,

    /// Change the draft that there is
    #[arg(long)]
    change: bool,
}

#[derive(Debug, Args)]
pub(super) struct Copy {
    /// Index to copy
    index: String,

    /// Edition to copy [default: the newest in force]
    #[arg(default_value = "", hide_default_value = true)]
    edition: String,

    /// Index of the copy [default: the same]
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "INDEX"
    )]
    to: String,

    /// Edition of the copy
    #[arg(long, value_name = "EDITION")]
    to_edition: String,

    /// Groups of units that it is to judge [default: the same]
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,

    /// First month that it is to judge, as 2025-01
    #[arg(long, value_name = "MONTH")]
    from: String,

    /// Last month [default: no end]
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "MONTH"
    )]
    until: String,
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// Code of the index
    index: String,

    /// Name of the draft
    edition: String,
}

#[derive(Debug, Args)]
pub(super) struct Retire {
    #[command(flatten)]
    named: Named,

    /// Last month that it judges, as 2024-12
    #[arg(long, value_name = "MONTH")]
    after: String,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Code of one index
    #[arg(default_value = "", hide_default_value = true)]
    index: String,

    /// Only those that judge units of this group
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "GROUP"
    )]
    group: String,

    /// Drafts
    #[arg(long)]
    drafts: bool,
}

/// A unary call to assessments with its request.
macro_rules! call {
    ($services:expr, $method:ident, $request:expr) => {{
        let mut client = $services.assessments.clone();
        let call = async move |request| client.$method(request).await;
        $services.call(Service::Assessments, $request, call).await
    }};
}

/// Does what is asked.
pub(super) async fn run(
    action: &Action,
    connection: &Connection,
    json: bool,
) -> Result<Exit, Failure> {
    let services = connection.services()?;
    let definition = match action {
        Action::Draft(wanted) => draft(&services, wanted).await?,
        Action::Copy(wanted) => {
            let request = pb::CopyDefinitionRequest {
                context: None,
                code: wanted.index.clone(),
                edition: wanted.edition.clone(),
                to_code: wanted.to.clone(),
                to_edition: wanted.to_edition.clone(),
                groups: wanted.groups.clone(),
                from_month: wanted.from.clone(),
                until_month: wanted.until.clone(),
            };
            call!(services, copy_definition, request)?
        }
        Action::Force(wanted) => {
            let request = pb::PutDefinitionInForceRequest {
                context: None,
                document: String::new(),
                code: wanted.index.clone(),
                edition: wanted.edition.clone(),
            };
            call!(services, put_definition_in_force, request)?
        }
        Action::Retire(wanted) => {
            let request = pb::RetireDefinitionRequest {
                context: None,
                code: wanted.named.index.clone(),
                edition: wanted.named.edition.clone(),
                last_month: wanted.after.clone(),
                reason: wanted.reason.clone(),
            };
            call!(services, retire_definition, request)?
        }
        Action::List(wanted) => return list(&services, wanted, json).await,
    };
    Ok(tell(&definition, json))
}

async fn draft(services: &Services, wanted: &Draft) -> Result<pb::Definition, Failure> {
    let document = std::fs::read_to_string(&wanted.file)
        .map_err(|error| Failure::file(&wanted.file, error))?;
    let (code, edition) = match wanted.name.as_slice() {
        [code, edition] => (code.clone(), edition.clone()),
        _ => named(&document, &wanted.file)?,
    };
    if wanted.change {
        let request = pb::ChangeDraftRequest {
            context: None,
            code,
            edition,
            document,
        };
        return call!(services, change_draft, request);
    }
    let request = pb::DraftDefinitionRequest {
        context: None,
        code,
        edition,
        document,
    };
    call!(services, draft_definition, request)
}

/// Index and edition that a sound document names.
fn named(document: &str, file: &Path) -> Result<(String, String), Failure> {
    let name = file.display().to_string();
    let definition = Definition::parse(document, &name).map_err(|faults| {
        let why = format!(
            "{name} has {} faults; say what it is a draft of, with --as INDEX EDITION",
            faults.len()
        );
        Failure::new(Exit::Data, why)
    })?;
    Ok((
        definition.code().to_string(),
        definition.edition().to_owned(),
    ))
}

fn tell(definition: &pb::Definition, json: bool) -> Exit {
    if json {
        out::message(definition);
    } else {
        out::line(row(definition).join("  "));
        for fault in &definition.faults {
            let pb::DefinitionFault {
                line,
                column,
                path,
                message,
            } = fault;
            out::line(format!("{line}:{column}: {path}: {message}"));
        }
    }
    match definition.faults.is_empty() {
        true => Exit::Done,
        false => Exit::Data,
    }
}

async fn list(services: &Services, wanted: &List, json: bool) -> Result<Exit, Failure> {
    let state = match wanted.drafts {
        true => pb::DefinitionState::Draft,
        false => pb::DefinitionState::Unspecified,
    };
    let mut request = pb::ListDefinitionsRequest {
        state: state.into(),
        code: wanted.index.clone(),
        group: wanted.group.clone(),
        ..pb::ListDefinitionsRequest::default()
    };
    let mut table = show::table(&["Index", "Edition", "State", "Groups", "Months", "Note"]);
    loop {
        let page = call!(services, list_definitions, request.clone())?;
        for definition in &page.definitions {
            match json {
                true => out::message(definition),
                false => {
                    table.add_row(row(definition));
                }
            }
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    if !json {
        out::line(show::rendered(&table));
    }
    Ok(Exit::Done)
}

fn row(definition: &pb::Definition) -> Vec<String> {
    let state = match definition.state() {
        pb::DefinitionState::Draft => "draft",
        pb::DefinitionState::Retired => "retired",
        _ => "in force",
    };
    let note = match (&definition.copied_from, &definition.retired_reason) {
        (from, _) if !from.is_empty() => format!("copied from {from}"),
        (_, reason) => reason.clone(),
    };
    vec![
        definition.code.clone(),
        definition.edition.clone(),
        state.to_owned(),
        definition.groups.join(", "),
        format!(
            "{}..{}",
            show::or_dash(&definition.from_month),
            definition.until_month
        ),
        note,
    ]
}
