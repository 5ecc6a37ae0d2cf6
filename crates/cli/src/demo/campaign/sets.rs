//! The sets that departments and districts are assessed by.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use contracts::assessments::v1 as pb;
use contracts::registry::v1::Unit;
use index::Definition;

use crate::Services;
use crate::campaign::definition;

/// The shipped sets. Each is of one year.
const SHIPPED: [&str; 2] = [
    include_str!("../../../../../deploy/catalog/indices/par-departments.yaml"),
    include_str!("../../../../../deploy/catalog/indices/par-districts.yaml"),
];

/// The edition of a set that holds in a year.
#[derive(Debug, Clone)]
pub(super) struct Set {
    /// The group of units that it judges.
    pub(super) group: &'static str,
    pub(super) definition: Arc<Definition>,
}

impl Set {
    /// Whether it judges a unit.
    pub(super) fn judges(&self, unit: &Unit) -> bool {
        let group = unit.group().as_str_name();
        group
            .trim_start_matches("UNIT_GROUP_")
            .eq_ignore_ascii_case(self.group)
    }

    /// As a campaign names it.
    pub(super) fn rules(&self) -> pb::GroupRules {
        pb::GroupRules {
            group: self.group.to_owned(),
            index: self.definition.code().to_string(),
            edition: self.definition.edition().to_owned(),
            sha256: Vec::new(),
        }
    }
}

/// Puts the shipped sets in force.
pub(super) async fn ship(organiser: &Services) -> anyhow::Result<()> {
    for document in SHIPPED {
        let request = pb::PutDefinitionInForceRequest {
            document: document.to_owned(),
            ..Default::default()
        };
        in_force(organiser, request).await?;
    }
    Ok(())
}

/// The editions of a year: those that were shipped, or copies of them.
pub(super) async fn of_year(organiser: &Services, year: i16) -> anyhow::Result<Vec<Set>> {
    let mut sets = Vec::new();
    for document in SHIPPED {
        let shipped = Definition::parse(document, "a shipped set")
            .map_err(|faults| anyhow!("a shipped set is faulty: {faults:?}"))?;
        let code = shipped.code().to_string();
        let edition = match shipped.in_force_from().year() == year {
            true => shipped.edition().to_owned(),
            false => copied(organiser, &shipped, year).await?,
        };
        let groups = shipped.groups().iter().copied();
        let definition = Arc::new(definition(organiser, &code, &edition).await?);
        sets.extend(groups.map(|group| Set {
            group,
            definition: definition.clone(),
        }));
    }
    Ok(sets)
}

/// Copies an edition for another year; the name of the copy.
async fn copied(organiser: &Services, of: &Definition, year: i16) -> anyhow::Result<String> {
    let (code, edition) = (of.code().to_string(), format!("{year}-model"));
    let request = pb::CopyDefinitionRequest {
        context: None,
        code: code.clone(),
        edition: of.edition().to_owned(),
        to_code: String::new(),
        to_edition: edition.clone(),
        groups: Vec::new(),
        from_month: format!("{year}-01"),
        until_month: format!("{year}-12"),
    };
    let copied = organiser.assessments.clone().copy_definition(request).await;
    copied.with_context(|| format!("copying {code} for {year}"))?;
    let request = pb::PutDefinitionInForceRequest {
        code,
        edition: edition.clone(),
        ..Default::default()
    };
    in_force(organiser, request).await?;
    Ok(edition)
}

async fn in_force(
    organiser: &Services,
    request: pb::PutDefinitionInForceRequest,
) -> anyhow::Result<()> {
    let mut assessments = organiser.assessments.clone();
    let answer = assessments.put_definition_in_force(request).await;
    answer.context("putting a set in force").map(drop)
}
