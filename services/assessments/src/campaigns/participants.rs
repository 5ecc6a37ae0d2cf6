//! Which units a group had on a day, asked of the registry.

use std::collections::BTreeMap;

use contracts::problem::Problem;
use contracts::registry::v1::registry_service_client::RegistryServiceClient;
use contracts::registry::v1::{ListUnitsRequest, UnitGroup};
use ids::{GROUPS, UnitCode};
use jiff::civil::Date;
use tonic::transport::Channel;

/// Units of a page.
const PAGE: i32 = 1_000;
/// Pages that are read at most: more units than any province has.
const PAGES: usize = 10;

/// Asks the registry.
#[derive(Debug, Clone)]
pub(super) struct Participants {
    registry: RegistryServiceClient<Channel>,
}

impl Participants {
    pub(super) fn new(registry: Channel) -> Self {
        let registry = RegistryServiceClient::new(registry);
        Self { registry }
    }

    /// The units of a group on a day, each with the group.
    ///
    /// # Errors
    /// `UNAVAILABLE` while the registry does not answer.
    pub(super) async fn of(
        &self,
        group: &str,
        on: Date,
    ) -> Result<BTreeMap<UnitCode, String>, Problem> {
        let mut units = BTreeMap::new();
        let mut page_token = String::new();
        for _ in 0..PAGES {
            let request = ListUnitsRequest {
                group: to_wire(group).into(),
                on: on.to_string(),
                page_size: PAGE,
                page_token,
            };
            let answer = self.registry.clone().list_units(request).await;
            let page = answer.map_err(|status| {
                tracing::warn!(%status, "the registry does not list units");
                Problem::unavailable("the registry does not answer; repeat the call")
            })?;
            let page = page.into_inner();
            for unit in page.units {
                if let Ok(code) = unit.code.parse() {
                    units.insert(code, group.to_owned());
                }
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(units);
            }
        }
        Err(Problem::internal(
            "the registry lists more units than a province has; tell the operator",
        ))
    }
}

/// The groups as the registry says them, in the order of [`GROUPS`].
const KNOWN: [UnitGroup; GROUPS.len()] = [
    UnitGroup::Province,
    UnitGroup::Department,
    UnitGroup::District,
    UnitGroup::Commune,
    UnitGroup::CentralAgency,
];

/// A group as the registry says it.
fn to_wire(group: &str) -> UnitGroup {
    let place = GROUPS.iter().position(|known| *known == group);
    place.map_or(UnitGroup::Unspecified, |place| KNOWN[place])
}

/// A group that the registry says.
pub(crate) fn group(said: UnitGroup) -> Option<&'static str> {
    let place = KNOWN.iter().position(|known| *known == said);
    place.map(|place| GROUPS[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_the_registrys_names() {
        for group in GROUPS {
            let name = format!("UNIT_GROUP_{}", group.to_uppercase());
            assert_eq!(to_wire(group).as_str_name(), name);
            assert_eq!(super::group(to_wire(group)), Some(group));
        }
    }
}
