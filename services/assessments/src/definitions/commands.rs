//! Commands to definitions.

use std::collections::BTreeSet;

use assessment::{DefinitionCommand, DefinitionEvent, DefinitionRefusal, Draft, Retirement};
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::Version;
use eventlog::command::{Context, ExecuteError, execute_beside, load};
use ids::{GROUPS, IndexCode, Period};
use index::Heading;
use sha2::{Digest as _, Sha256};

use super::{DefinitionCodec, answers};
use crate::api::Api;
use crate::campaigns::running;
use crate::codec::definition_stream;
use crate::wire;

/// How often a retirement is decided anew because a campaign that uses the edition moved on meanwhile.
const ATTEMPTS: usize = 4;

type Decided = Result<Vec<DefinitionEvent>, DefinitionRefusal>;

impl Api {
    pub(crate) async fn draft(
        &self,
        context: &Context,
        request: pb::DraftDefinitionRequest,
    ) -> Result<pb::Definition, Problem> {
        let draft = Draft {
            index: code("code", &request.code)?,
            name: edition("edition", &request.edition)?,
            sha256: Sha256::digest(&request.document).into(),
            document: wire::sized(request.document)?,
            copied_from: String::new(),
        };
        self.begin(context, draft).await
    }

    pub(crate) async fn copy(
        &self,
        context: &Context,
        request: &pb::CopyDefinitionRequest,
    ) -> Result<pb::Definition, Problem> {
        let name = edition("to_edition", &request.to_edition)?;
        let month =
            |field, text: &str| wire::month(text).map_err(|why| Problem::invalid(field, why));
        let from = month("from_month", &request.from_month)?;
        let until = match request.until_month.as_str() {
            "" => None,
            text => Some(month("until_month", text)?),
        };
        if until.is_some_and(|until| until < from) {
            return Err(Problem::invalid("until_month", "lies before from_month"));
        }
        if let Some(unknown) = request
            .groups
            .iter()
            .find(|group| !GROUPS.contains(&group.as_str()))
        {
            let why = format!(
                "{unknown:?} is no group; name those of {}",
                GROUPS.join(", ")
            );
            return Err(Problem::invalid("groups", why));
        }
        let source = self.definition(&request.code, &request.edition)?;
        let index = match request.to_code.as_str() {
            "" => code("code", &source.code)?,
            text => code("to_code", text)?,
        };
        let groups: BTreeSet<String> = match request.groups.is_empty() {
            true => source.groups.iter().cloned().collect(),
            false => request.groups.iter().cloned().collect(),
        };
        if groups.is_empty() {
            let why = "is empty, and the draft that is copied does not say it soundly; name them";
            return Err(Problem::invalid("groups", why));
        }
        let heading = Heading {
            code: index.clone(),
            edition: name.clone(),
            groups,
            from: Period::Month(from).first_day(),
            until: until.map(|until| Period::Month(until).last_day()),
        };
        let document = heading
            .put_on(&source.document)
            .map_err(|error| Problem::refused("HEADING_NOT_PLAIN", error.to_string()))?;
        let draft = Draft {
            index,
            name,
            sha256: Sha256::digest(&document).into(),
            document,
            copied_from: format!("{} {}", source.code, source.edition),
        };
        self.begin(context, draft).await
    }

    async fn begin(&self, context: &Context, draft: Draft) -> Result<pb::Definition, Problem> {
        let (index, name) = (draft.index.clone(), draft.name.clone());
        self.obey(context, (&index, &name), &[], |definition| {
            definition.decide(DefinitionCommand::Draft(draft.clone()))
        })
        .await
        .map_err(|error| error.problem(wire::definition_refused))
    }

    pub(crate) async fn change(
        &self,
        context: &Context,
        request: pb::ChangeDraftRequest,
    ) -> Result<pb::Definition, Problem> {
        let index = code("code", &request.code)?;
        let name = edition("edition", &request.edition)?;
        let sha256 = Sha256::digest(&request.document).into();
        let document = wire::sized(request.document)?;
        self.obey(context, (&index, &name), &[], |definition| {
            definition.decide(DefinitionCommand::Change {
                name: name.clone(),
                document: document.clone(),
                sha256,
            })
        })
        .await
        .map_err(|error| error.problem(wire::definition_refused))
    }

    pub(crate) async fn put_in_force(
        &self,
        context: &Context,
        request: pb::PutDefinitionInForceRequest,
    ) -> Result<pb::Definition, Problem> {
        let drafted = request.document.is_empty() && !request.code.is_empty();
        let edition = if drafted {
            self.drafted(&request.code, &request.edition).await?
        } else {
            wire::document(request.document)?
        };
        let place = (&edition.index, edition.name.as_str());
        self.obey(context, place, &[], |definition| {
            let edition = edition.clone();
            definition.decide(match drafted {
                true => DefinitionCommand::PutDraftInForce(edition),
                false => DefinitionCommand::PutInForce(edition),
            })
        })
        .await
        .map_err(|error| error.problem(wire::definition_refused))
    }

    /// A draft as the log has it, checked in whole; what was one is in force with its document.
    async fn drafted(&self, index: &str, name: &str) -> Result<assessment::Edition, Problem> {
        let index = code("code", index)?;
        let name = edition("edition", name)?;
        let loaded = load::<DefinitionCodec>(&self.log, &definition_stream(index.as_str())).await?;
        let drafted = loaded.state.draft(&name).map(|draft| &draft.document);
        let in_force = loaded.state.edition(&name).map(|known| &known.document);
        let Some(document) = drafted.or(in_force) else {
            let refusal = DefinitionRefusal::NoDraft(name);
            return Err(wire::definition_refused(refusal));
        };
        let checked = wire::document(document.clone())?;
        if (&checked.index, &checked.name) != (&index, &name) {
            let why = format!(
                "the draft says {} {}; change it to say {index} {name}",
                checked.index, checked.name
            );
            return Err(Problem::invalid("document", why));
        }
        Ok(checked)
    }

    pub(crate) async fn retire(
        &self,
        context: &Context,
        request: &pb::RetireDefinitionRequest,
    ) -> Result<pb::Definition, Problem> {
        let index = code("code", &request.code)?;
        let name = edition("edition", &request.edition)?;
        let last =
            wire::month(&request.last_month).map_err(|why| Problem::invalid("last_month", why))?;
        let reason =
            wire::reason(&request.reason).map_err(|why| Problem::invalid("reason", why))?;
        let mut conflict = None;
        for _ in 0..ATTEMPTS {
            let stream = definition_stream(index.as_str());
            let definition = load::<DefinitionCodec>(&self.log, &stream).await?.state;
            let (running, beside) =
                running(&self.log, &self.view, &definition, (&index, &name)).await?;
            let decided = self.obey(context, (&index, &name), &beside, |definition| {
                definition.decide(DefinitionCommand::Retire {
                    name: name.clone(),
                    retirement: Retirement {
                        last,
                        reason: reason.clone(),
                    },
                    // Who came to use it since is not among those that were read.
                    running: definition
                        .uses(&name)
                        .filter(|code| {
                            let stream = format!("campaign-{code}");
                            running.contains(*code)
                                || !beside.iter().any(|(known, _)| *known == stream)
                        })
                        .chain(&running)
                        .cloned()
                        .collect(),
                })
            });
            match decided.await {
                Err(error @ ExecuteError::Conflict { .. })
                    if context.expected_version.is_none() =>
                {
                    conflict = Some(error);
                }
                decided => return decided.map_err(|error| error.problem(wire::definition_refused)),
            }
        }
        let error = conflict.expect("every attempt but one that came too late returns");
        Err(error.problem(wire::definition_refused))
    }

    async fn obey(
        &self,
        context: &Context,
        (index, name): (&IndexCode, &str),
        beside: &[(String, Version)],
        decide: impl Fn(&assessment::Definition) -> Decided,
    ) -> Result<pb::Definition, ExecuteError<DefinitionRefusal>> {
        let executed = execute_beside::<DefinitionCodec, pb::Definition>(
            &self.log,
            &definition_stream(index.as_str()),
            beside,
            context,
            |definition, _| decide(definition),
            |definition, version| answers::named(definition, name, version).unwrap_or_default(),
        )
        .await?;
        self.shown(executed.position).await;
        Ok(pb::Definition {
            position: executed.position,
            ..executed.response
        })
    }
}

fn code(field: &'static str, text: &str) -> Result<IndexCode, Problem> {
    wire::index(text).map_err(|why| Problem::invalid(field, why))
}

fn edition(field: &'static str, text: &str) -> Result<String, Problem> {
    wire::edition_name(text).map_err(|why| Problem::invalid(field, why))
}
