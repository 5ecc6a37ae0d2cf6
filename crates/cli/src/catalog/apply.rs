//! Applying a catalog, item by item.

use std::collections::BTreeSet;
use std::fmt;

use contracts::assessments::v1 as assessments;
use contracts::log::v1::CommandContext;
use contracts::registry::v1 as registry;
use prost::Message;
use runtime::Ids;
use tonic::{Code, Status};
use uuid::Uuid;

use super::{Catalog, Item, Wanted};
use crate::{Exit, Failure, Service, Services};

/// What an item did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Created,
    /// It was otherwise.
    Changed,
    /// It was so already.
    Unchanged,
}

/// An item and what it did, or would do.
#[derive(Debug)]
pub struct Applied<'a> {
    /// The item.
    pub item: &'a Item,
    /// What it did.
    pub change: Change,
    dry_run: bool,
}

impl Applied<'_> {
    fn word(&self) -> &'static str {
        match self.change {
            Change::Created => "created",
            Change::Changed => "changed",
            Change::Unchanged => "unchanged",
        }
    }

    /// The same as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "kind": self.item.wanted.kind(),
            "name": self.item.wanted.name(),
            "file": self.item.file,
            "line": self.item.line,
            "change": self.word(),
            "dryRun": self.dry_run,
        })
    }
}

impl fmt::Display for Applied<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let would = if self.dry_run && self.change != Change::Unchanged {
            "would be "
        } else {
            ""
        };
        write!(f, "{would}{}: {}", self.word(), self.item.wanted)
    }
}

/// Applies every item, handing each to `on_item` as it is done.
///
/// # Errors
/// The first item that is refused, with its file and line; what was applied before it stays, and applying again goes on
/// behind it.
pub async fn apply(
    services: &Services,
    catalog: &Catalog,
    dry_run: bool,
    mut on_item: impl FnMut(&Applied<'_>),
) -> Result<(), Failure> {
    let run = Run {
        services,
        dry_run,
        requests: Ids::random().uuid(),
    };
    // Units that a dry run would have made.
    let mut made: BTreeSet<&str> = BTreeSet::new();
    for item in &catalog.items {
        if dry_run
            && item
                .wanted
                .refers_to()
                .iter()
                .any(|code| made.contains(code))
        {
            // It cannot be asked about before what it refers to is there, and nothing can refer to what is not.
            made.extend(item.wanted.codes());
            let change = Change::Created;
            on_item(&Applied {
                item,
                change,
                dry_run,
            });
            continue;
        }
        let change = run.put(&item.wanted).await.map_err(|(service, status)| {
            let failure = services.failure(service, &status);
            let place = format!("{}: line {}: {}", item.file, item.line, item.wanted);
            match failure.exit {
                Exit::Failed => Failure::new(Exit::Failed, format!("{place}\n  {failure}")),
                _ => failure,
            }
        })?;
        if change == Change::Created {
            made.extend(item.wanted.codes());
        }
        on_item(&Applied {
            item,
            change,
            dry_run,
        });
    }
    Ok(())
}

struct Run<'a> {
    services: &'a Services,
    dry_run: bool,
    /// Namespace of request ids, which follow from an item's content and the version that it met: a repeat after a lost
    /// answer is the same command. Another run is other commands, perhaps somebody else's.
    requests: Uuid,
}

type Outcome = Result<Change, (Service, Status)>;

/// Puts a thing and compares its version with the one before.
macro_rules! put {
    ($run:ident, $client:ident, $service:expr, $get:ident($asked:expr), $put:ident($request:expr)) => {{
        let failed = |status| ($service, status);
        let mut client = $run.services.$client.clone();
        let before = match $run
            .services
            .try_call($asked, async |asked| client.$get(asked).await)
            .await
        {
            Ok(found) => found.version,
            Err(status) if status.code() == Code::NotFound => 0,
            Err(status) => return Err(failed(status)),
        };
        let mut request = $request.clone();
        request.context = Some($run.context(&request, before));
        let mut client = $run.services.$client.clone();
        match $run
            .services
            .try_call(request, async |request| client.$put(request).await)
            .await
        {
            Ok(after) if before == 0 && after.version > 0 => Ok(Change::Created),
            Ok(after) if after.version > before => Ok(Change::Changed),
            Ok(_) => Ok(Change::Unchanged),
            Err(status) => Err(failed(status)),
        }
    }};
}

impl Run<'_> {
    fn context(&self, request: &impl Message, before: i64) -> CommandContext {
        let mut content = request.encode_to_vec();
        content.extend(before.to_be_bytes());
        CommandContext {
            request_id: Uuid::new_v5(&self.requests, &content).to_string(),
            validate_only: self.dry_run,
            ..CommandContext::default()
        }
    }

    async fn put(&self, wanted: &Wanted) -> Outcome {
        use Service::{Assessments, Registry};
        let now = String::new;
        match wanted {
            Wanted::Calendar(request) => {
                let asked = registry::GetCalendarRequest {
                    name: request.name.clone(),
                    version: 0,
                };
                put!(
                    self,
                    registry,
                    Registry,
                    get_calendar(asked),
                    put_calendar(request)
                )
            }
            Wanted::Policy(request) => {
                let on = request.valid_from.clone();
                let asked = registry::GetPolicyRequest {
                    name: request.name.clone(),
                    on,
                };
                put!(
                    self,
                    registry,
                    Registry,
                    get_policy(asked),
                    put_policy(request)
                )
            }
            Wanted::Unit(request) => {
                let asked = registry::GetUnitRequest {
                    code: request.code.clone(),
                    on: now(),
                };
                put!(self, registry, Registry, get_unit(asked), put_unit(request))
            }
            Wanted::Procedure(request) => {
                let asked = registry::GetProcedureRequest {
                    code: request.code.clone(),
                    on: now(),
                };
                put!(
                    self,
                    registry,
                    Registry,
                    get_procedure(asked),
                    put_procedure(request)
                )
            }
            Wanted::Succession(request) => {
                let asked = registry::GetUnitRequest {
                    code: request.code.clone(),
                    on: now(),
                };
                put!(
                    self,
                    registry,
                    Registry,
                    get_unit(asked),
                    succeed_unit(request)
                )
            }
            Wanted::Definition { code, request } => {
                let asked = assessments::GetDefinitionRequest {
                    code: code.clone(),
                    edition: String::new(),
                    as_of: None,
                };
                put!(
                    self,
                    assessments,
                    Assessments,
                    get_definition(asked),
                    put_definition_in_force(request)
                )
            }
            Wanted::Report(request) => self.report(request).await,
        }
    }

    /// A reported figure has no question of its own: it is looked for among its unit's figures of the month.
    async fn report(&self, request: &assessments::ReportMeasureRequest) -> Outcome {
        let failed = |status| (Service::Assessments, status);
        let asked = assessments::ListReportedMeasuresRequest {
            unit: request.unit.clone(),
            month: request.month.clone(),
            page_size: 1_000,
            page_token: String::new(),
        };
        let mut client = self.services.assessments.clone();
        let listed = self
            .services
            .try_call(asked, async |asked| {
                client.list_reported_measures(asked).await
            })
            .await;
        let known = match listed {
            Ok(listed) => listed.measures,
            Err(status) => return Err(failed(status)),
        };
        let known = known
            .into_iter()
            .find(|figure| figure.measure == request.measure);
        let before = known.as_ref().map_or(0, |figure| figure.version);
        let mut put = request.clone();
        put.context = Some(self.context(request, before));
        let mut client = self.services.assessments.clone();
        match self
            .services
            .try_call(put, async |put| client.report_measure(put).await)
            .await
        {
            Ok(_) if known.is_none() => Ok(Change::Created),
            Ok(after) if after.version > before => Ok(Change::Changed),
            Ok(_) => Ok(Change::Unchanged),
            Err(status) => Err(failed(status)),
        }
    }
}
