//! The catalog of Nam Định, carried in the program so that it works from anywhere.

use std::collections::BTreeMap;

use crate::{Failure, Services, catalog, show};

/// What exists, and the index of Decision 766.
const FILES: [(&str, &str); 5] = [
    (
        "calendar.yaml",
        include_str!("../../../../deploy/catalog/namdinh/calendar.yaml"),
    ),
    (
        "policies.yaml",
        include_str!("../../../../deploy/catalog/namdinh/policies.yaml"),
    ),
    (
        "units.yaml",
        include_str!("../../../../deploy/catalog/namdinh/units.yaml"),
    ),
    (
        "procedures.yaml",
        include_str!("../../../../deploy/catalog/namdinh/procedures.yaml"),
    ),
    (
        "service-quality-766.yaml",
        include_str!("../../../../deploy/catalog/indices/service-quality-766.yaml"),
    ),
];

/// Applies it; says what is in it.
pub(super) async fn apply(services: &Services) -> Result<String, Failure> {
    let catalog = catalog::read_texts(&FILES)?;
    let mut kinds: BTreeMap<&'static str, u32> = BTreeMap::new();
    catalog::apply(services, &catalog, false, |applied| {
        *kinds.entry(applied.item.wanted.kind()).or_default() += 1;
    })
    .await?;
    let kinds: Vec<String> = kinds
        .into_iter()
        .map(|(kind, count)| format!("{kind} {}", show::count(count)))
        .collect();
    Ok(kinds.join(" · "))
}
