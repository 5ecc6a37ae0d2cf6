//! Everybody who has a part in a campaign, each with a token of the one role and unit that they have.

use std::collections::BTreeMap;

use allinone::Development;
use anyhow::Context as _;
use contracts::registry::v1::Unit;
use identity::{Caller, Role};
use runtime::Bearer;

use crate::Services;
use crate::demo::PROVINCE;
use crate::services::TOKEN_LIFETIME;

/// Appraises all units but its own.
pub(super) const APPRAISER: &str = "appraiser-1";
/// Appraises the unit of the first one.
pub(super) const OTHER_APPRAISER: &str = "appraiser-2";

/// Makes tokens for everybody.
#[derive(Debug)]
pub(in crate::demo) struct Cast {
    services: Services,
    development: Development,
}

impl Cast {
    pub(in crate::demo) fn new(services: Services, development: Development) -> Self {
        Self {
            services,
            development,
        }
    }

    /// The same services, for somebody who is this and nothing else.
    fn somebody(&self, subject: &str, role: Role, unit: &str) -> anyhow::Result<Services> {
        let unit = unit.parse().context("reading the code of a unit")?;
        let caller = Caller {
            subject: subject.to_owned(),
            client: "chiso demo".to_owned(),
            roles: [role].into(),
            units: [unit].into(),
        };
        let token = self.development.token(&caller, TOKEN_LIFETIME);
        Ok(self.services.by(&Bearer::new(&token)?))
    }

    pub(super) fn organiser(&self, homes: &Homes) -> anyhow::Result<Services> {
        self.somebody("organiser", Role::Administrator, &homes.first)
    }

    pub(super) fn assessor(&self, unit: &str) -> anyhow::Result<Services> {
        self.somebody(&Self::assessor_of(unit), Role::Assessor, unit)
    }

    /// Who that is.
    pub(super) fn assessor_of(unit: &str) -> String {
        format!("assessor-{unit}")
    }

    /// Nobody appraises the own unit.
    pub(super) fn appraiser_of(&self, unit: &str, homes: &Homes) -> anyhow::Result<Services> {
        let (subject, home) = match unit == homes.first {
            true => (OTHER_APPRAISER, &homes.second),
            false => (APPRAISER, &homes.first),
        };
        self.somebody(subject, Role::Appraiser, home)
    }

    pub(super) fn council(&self) -> anyhow::Result<Services> {
        self.somebody("council", Role::Council, PROVINCE)
    }

    pub(super) fn chair(&self) -> anyhow::Result<Services> {
        self.somebody("chair", Role::Chair, PROVINCE)
    }
}

/// Units whose people appraise.
#[derive(Debug)]
pub(super) struct Homes {
    /// Home Affairs, or the first unit where there is none.
    pub(super) first: String,
    /// Another one.
    pub(super) second: String,
}

impl Homes {
    pub(super) fn among(units: &BTreeMap<String, Unit>) -> anyhow::Result<Self> {
        let name = |unit: &Unit| unit.name.clone().unwrap_or_default().vi;
        let first = units
            .values()
            .find(|unit| name(unit).contains("Nội vụ"))
            .or_else(|| units.values().next());
        let first = first.context("no unit is assessed")?.code.clone();
        let second = units.keys().find(|unit| **unit != first);
        let second = second.context("only one unit is assessed")?.clone();
        Ok(Self { first, second })
    }
}
