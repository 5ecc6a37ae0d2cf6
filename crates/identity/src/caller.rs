//! Who calls.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use ids::UnitCode;

/// What somebody is in this system. A caller may have several; each opens what the table of
/// authorisation gives it, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Handles dossiers and reports figures for its own unit.
    Clerk,
    /// Fills in and submits its own unit's self-assessment.
    Assessor,
    /// Appraises what other units claim.
    Appraiser,
    /// Decides on what the appraisal left open, and approves.
    Council,
    /// Publishes what the council approved.
    Chair,
    /// Keeps units, procedures, calendars, definitions and campaigns.
    Administrator,
    /// A program of another system, which writes for the units that its client is granted.
    Integrator,
    /// Reads everything, writes nothing.
    Auditor,
    /// Reads figures and results, no dossier.
    Analyst,
    /// Another service of this system, known by its certificate and never by a token.
    Service,
}

impl Role {
    /// Every role, in the order in which tables show them.
    pub const ALL: [Self; 10] = [
        Self::Clerk,
        Self::Assessor,
        Self::Appraiser,
        Self::Council,
        Self::Chair,
        Self::Administrator,
        Self::Integrator,
        Self::Auditor,
        Self::Analyst,
        Self::Service,
    ];

    /// The role as tokens and messages name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Assessor => "assessor",
            Self::Appraiser => "appraiser",
            Self::Council => "council",
            Self::Chair => "chair",
            Self::Administrator => "administrator",
            Self::Integrator => "integrator",
            Self::Auditor => "auditor",
            Self::Analyst => "analyst",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no role; the roles are clerk, assessor, appraiser, council, chair, administrator, \
     integrator, auditor, analyst and service"
)]
pub struct RoleUnknown(pub String);

impl FromStr for Role {
    type Err = RoleUnknown;

    fn from_str(text: &str) -> Result<Self, RoleUnknown> {
        let named = Self::ALL.into_iter().find(|role| role.as_str() == text);
        named.ok_or_else(|| RoleUnknown(text.chars().take(32).collect()))
    }
}

/// Somebody whose token or certificate was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// A staff code, a client's id or a service's name; never a person's name.
    pub subject: String,
    /// The program that calls.
    pub client: String,
    /// What the caller is.
    pub roles: BTreeSet<Role>,
    /// The units that the caller belongs to or, as an integrator, is granted. The same unit may be
    /// named by another of its codes elsewhere: what compares resolves both first.
    pub units: BTreeSet<UnitCode>,
}

impl Caller {
    /// Whether the caller has this role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_read_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert!("Clerk".parse::<Role>().is_err());
        assert!("".parse::<Role>().is_err());
    }
}
