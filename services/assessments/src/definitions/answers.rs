//! Questions about definitions, answered from the view.

use assessment::Definition;
use contracts::assessments::v1 as pb;
use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use ids::GROUPS;

use super::{DefinitionCodec, resource};
use crate::api::Api;
use crate::codec::definition_stream;
use crate::past::{self, Until};
use crate::wire;

/// Definitions without their documents.
const DEFINITIONS: Sizes = Sizes {
    default: 100,
    max: 1_000,
};

impl Api {
    /// An edition or draft by name; the newest in force without one.
    pub(crate) fn definition(&self, code: &str, edition: &str) -> Result<pb::Definition, Problem> {
        let view = self.view.borrow();
        let kept = view.definitions.get(&definition_stream(code));
        let found = kept.and_then(|kept| {
            let found = named(&kept.state, edition, kept.version)?;
            Some(pb::Definition {
                position: kept.position,
                ..found
            })
        });
        found.ok_or_else(|| {
            let message =
                format!("there is no definition {code:?} {edition:?}; list those in force");
            Problem::not_found("NO_DEFINITION", message)
        })
    }

    /// The same as the log knew it at a moment, if one is asked for.
    pub(crate) async fn definition_then(
        &self,
        request: &pb::GetDefinitionRequest,
    ) -> Result<pb::Definition, Problem> {
        let (code, edition) = (&request.code, &request.edition);
        let now = self.clock.now();
        let Some(moment) = past::moment(request.as_of.as_ref(), now)? else {
            return self.definition(code, edition);
        };
        self.definition(code, edition)?;
        let (stream, until) = (definition_stream(code), Until::Moment(moment));
        let past = past::fold::<DefinitionCodec>(&self.log, &stream, until, now).await?;
        let found = named(&past.kept.state, edition, past.kept.version);
        let found = found.ok_or_else(|| {
            let message = format!(
                "the log did not know definition {code} {edition:?} yet; ask for a later moment"
            );
            Problem::not_found("NO_DEFINITION", message)
        })?;
        Ok(pb::Definition {
            position: past.kept.position,
            ..found
        })
    }

    pub(crate) fn definitions(
        &self,
        request: &pb::ListDefinitionsRequest,
    ) -> Result<pb::ListDefinitionsResponse, Problem> {
        let state = pb::DefinitionState::try_from(request.state)
            .map_err(|_| Problem::invalid("state", "is no state; name one, or none"))?;
        let group = request.group.as_str();
        if !group.is_empty() && !GROUPS.contains(&group) {
            let why = format!("is no group; name one of {}", GROUPS.join(", "));
            return Err(Problem::invalid("group", why));
        }
        let list = match (request.state, &request.code, group) {
            (0, code, "") if code.is_empty() => "definitions".to_owned(),
            (state, code, group) => format!("definitions {state} {code} {group}"),
        };
        let page = Page::parse(list, request.page_size, &request.page_token, DEFINITIONS)?;
        let view = self.view.borrow();
        let rows = view.definitions.values().flat_map(|kept| {
            let known = &kept.state;
            let drafts = known
                .drafts()
                .filter(|_| state == pb::DefinitionState::Draft)
                .map(|draft| {
                    let listed = resource::checked(resource::draft(draft, kept.version));
                    pb::Definition {
                        faults: vec![],
                        ..listed
                    }
                });
            let editions = known
                .editions()
                .map(|edition| resource::edition(known, edition, kept.version))
                .filter(|row| state == pb::DefinitionState::Unspecified || row.state() == state);
            drafts.chain(editions).map(|row| pb::Definition {
                position: kept.position,
                document: String::new(),
                ..row
            })
        });
        let rows = rows
            .filter(|row| request.code.is_empty() || row.code == request.code)
            .filter(|row| group.is_empty() || row.groups.iter().any(|of| of == group));
        let (definitions, next_page_token) = page.take(rows, |definition| {
            format!("{} {}", definition.code, definition.edition)
        });
        Ok(pb::ListDefinitionsResponse {
            definitions,
            next_page_token,
        })
    }

    pub(crate) fn validated(
        &self,
        request: pb::ValidateDefinitionRequest,
    ) -> Result<pb::ValidateDefinitionResponse, Problem> {
        let checked = if request.document.is_empty() {
            let named = self.definition(&request.code, &request.edition)?;
            resource::check(&named.document, &named.code, &named.edition)
        } else {
            let document = wire::sized(request.document)?;
            index::Definition::check(&document, "document").map_err(resource::faults)
        };
        Ok(match checked {
            Ok(definition) => pb::ValidateDefinitionResponse {
                sound: true,
                faults: vec![],
                leaves: i32::try_from(definition.leaves().len()).unwrap_or(i32::MAX),
                max: definition.max().to_string(),
            },
            Err(faults) => pb::ValidateDefinitionResponse {
                faults,
                ..pb::ValidateDefinitionResponse::default()
            },
        })
    }

    pub(crate) fn differences(
        &self,
        request: &pb::DiffDefinitionsRequest,
    ) -> Result<pb::DiffDefinitionsResponse, Problem> {
        let other = match request.other_code.as_str() {
            "" => &request.code,
            code => code,
        };
        let older = self.sound(&request.code, &request.edition)?;
        let newer = self.sound(other, &request.other_edition)?;
        let differences = older.differences(&newer).into_iter();
        Ok(pb::DiffDefinitionsResponse {
            differences: differences.map(resource::difference).collect(),
        })
    }

    fn sound(&self, code: &str, edition: &str) -> Result<index::Definition, Problem> {
        let named = self.definition(code, edition)?;
        resource::check(&named.document, &named.code, &named.edition).map_err(|faults| {
            let message = format!(
                "the draft {} {} has {} faults; validate and mend it first",
                named.code,
                named.edition,
                faults.len()
            );
            Problem::refused("DRAFT_FAULTY", message)
        })
    }
}

/// An edition or draft by name, whole.
pub(super) fn named(definition: &Definition, name: &str, version: i64) -> Option<pb::Definition> {
    match (definition.edition(name), definition.draft(name)) {
        (Some(edition), _) => Some(resource::edition(definition, edition, version)),
        (None, Some(draft)) => Some(resource::checked(resource::draft(draft, version))),
        (None, None) => None,
    }
}
