//! What a call may do, as the table decided before the handler saw it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contracts::problem::Problem;
use http::Extensions;
use ids::UnitCode;

use crate::table::{Access, Condition, access};
use crate::{Caller, Role};

/// What a call may do. Every call that reaches a handler carries one in its extensions.
///
/// Where the unit decides, the permit notes whether its handler asked: a server lets no answer of a
/// handler out that [did not](Self::unit_unchecked), so that to forget is to answer nobody.
#[derive(Debug, Clone)]
pub struct Permit(Option<Arc<Granted>>);

/// Who calls, and on what conditions.
#[derive(Debug)]
struct Granted {
    caller: Caller,
    conditions: Vec<Condition>,
    /// Whether the handler asked for which units.
    asked: AtomicBool,
}

impl Granted {
    fn asked(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }
}

impl Permit {
    /// Nobody was asked who calls: a server on loopback that was told so.
    pub fn unasked() -> Self {
        Self(None)
    }

    /// What the table gives `caller` at `path` (`/package.Service/Method`).
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, naming the roles that may.
    pub fn decide(path: &str, caller: &Caller) -> Result<Self, Problem> {
        let grants = match access(path) {
            Access::Open => return Ok(Self::granted(caller, vec![Condition::Any])),
            Access::To(grants) => grants,
        };
        let held = grants.iter().filter(|grant| caller.is(grant.role));
        let conditions: Vec<Condition> = held.map(|grant| grant.condition).collect();
        if conditions.is_empty() {
            return Err(role_missing(grants.iter().map(|grant| grant.role), caller));
        }
        Ok(Self::granted(caller, conditions))
    }

    fn granted(caller: &Caller, conditions: Vec<Condition>) -> Self {
        Self(Some(Arc::new(Granted {
            caller: caller.clone(),
            conditions,
            asked: AtomicBool::new(false),
        })))
    }

    /// The permit of a call.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` when it has none: it came past the guard.
    pub fn of(extensions: &Extensions) -> Result<Self, Problem> {
        extensions.get::<Self>().cloned().ok_or_else(|| {
            Problem::denied(
                "NOT_PERMITTED",
                "the call was not asked who makes it; call the server, not the handler",
            )
        })
    }

    /// Who calls; none when nobody was asked.
    pub fn caller(&self) -> Option<&Caller> {
        self.0.as_deref().map(|granted| &granted.caller)
    }

    /// Whether the unit that the call is about decides.
    pub fn depends_on_unit(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|granted| !granted.conditions.contains(&Condition::Any))
    }

    /// Whether the unit decides and the handler has not asked about any: then its answer must not
    /// go out.
    pub fn unit_unchecked(&self) -> bool {
        let asked = |granted: &Arc<Granted>| granted.asked.load(Ordering::Relaxed);
        self.depends_on_unit() && !self.0.as_ref().is_some_and(asked)
    }

    /// Says that the answer is about no unit after all: it is the caller's own earlier one, or
    /// nothing that the call names was looked at.
    pub fn no_unit_to_check(&self) {
        if let Some(granted) = &self.0 {
            granted.asked();
        }
    }

    /// Whether the call may be about this unit, by the code that tokens name it with. Where units
    /// have several codes, [`may_act_where`](Self::may_act_where) compares them.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, saying nothing of the unit.
    pub fn may_act_for(&self, unit: &UnitCode) -> Result<(), Problem> {
        self.may_act_where(|own| own == unit, std::slice::from_ref(unit))
    }

    /// Whether the call may be about a unit of which `concerns` says whether it is the one, or one
    /// of those, that a unit of the caller's token names; `codes` are its codes.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, saying nothing of the unit.
    pub fn may_act_where(
        &self,
        concerns: impl Fn(&UnitCode) -> bool,
        codes: &[UnitCode],
    ) -> Result<(), Problem> {
        let Some(granted) = &self.0 else {
            return Ok(());
        };
        granted.asked();
        let units = &granted.caller.units;
        let own = units.iter().any(concerns);
        let may = |condition: &Condition| match condition {
            Condition::Any => true,
            Condition::OwnUnit => own,
            Condition::GrantedUnit => {
                own || codes
                    .iter()
                    .any(|code| units.iter().any(|unit| is_province_of(unit, code)))
            }
            Condition::OtherUnit => !own,
        };
        if granted.conditions.iter().any(may) {
            return Ok(());
        }
        Err(unit_denied(&granted.conditions))
    }

    /// The refusal of a call about a unit that is not among those that the caller may act for, or
    /// that does not exist: a caller who may not know which gets the same answer to both.
    pub fn denial(&self) -> Problem {
        let conditions = self.0.as_ref().map(|granted| granted.conditions.as_slice());
        unit_denied(conditions.unwrap_or_default())
    }
}

/// Whether `unit` is the code of a whole province (one part, as `H40`) that `code` belongs to, in
/// either style: `H40.12` or `000.00.12.H40`.
fn is_province_of(unit: &UnitCode, code: &UnitCode) -> bool {
    let (province, code) = (unit.as_str(), code.as_str());
    let is_whole = !province.contains('.');
    let first = code.split('.').next();
    let last = code.rsplit('.').next();
    is_whole && (first == Some(province) || last == Some(province))
}

/// No role of the caller opens the call.
fn role_missing(roles: impl Iterator<Item = Role>, caller: &Caller) -> Problem {
    let may: Vec<&str> = roles.map(Role::as_str).collect();
    let has: Vec<&str> = caller.roles.iter().map(|role| role.as_str()).collect();
    let may = match may.is_empty() {
        true => "nobody may make this call".to_owned(),
        false => format!("this call needs the role {}", may.join(" or ")),
    };
    let has = match has.is_empty() {
        true => "your token names no role".to_owned(),
        false => format!("your token names {}", has.join(", ")),
    };
    Problem::denied("ROLE_MISSING", format!("{may}; {has}"))
}

fn unit_denied(conditions: &[Condition]) -> Problem {
    let only_others = conditions.iter().all(|it| *it == Condition::OtherUnit);
    let message = match only_others {
        true => {
            "this call is not for a unit that you belong to; let somebody of another unit make it"
        }
        false => "this call is for units that your token names, and this is not about one of them",
    };
    Problem::denied("UNIT_NOT_YOURS", message)
}

#[cfg(test)]
mod tests {
    use contracts::problem::Problem;
    use tonic::Code;

    use super::*;

    const RECEIVE: &str = "/chiso.dossiers.v1.DossiersService/ReceiveDossier";

    fn caller(roles: &[Role], units: &[&str]) -> Caller {
        Caller {
            subject: "nv-017".to_owned(),
            client: "test".to_owned(),
            roles: roles.iter().copied().collect(),
            units: units.iter().map(|unit| unit.parse().unwrap()).collect(),
        }
    }

    fn code(text: &str) -> UnitCode {
        text.parse().unwrap()
    }

    fn permit(roles: &[Role], units: &[&str]) -> Permit {
        Permit::decide(RECEIVE, &caller(roles, units)).unwrap()
    }

    #[test]
    fn a_clerk_acts_for_its_own_unit() {
        let permit = permit(&[Role::Clerk], &["H40.12"]);
        assert!(permit.may_act_for(&code("H40.12")).is_ok());
        let refused = permit.may_act_for(&code("H40.13")).unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        assert!(!refused.message().contains("H40.13"), "{refused}");
        assert_eq!(refused, permit.denial());
    }

    #[test]
    fn a_clerk_of_the_province_acts_for_it_alone_and_a_client_granted_it_for_all_its_units() {
        let clerk = permit(&[Role::Clerk], &["H40"]);
        assert!(clerk.may_act_for(&code("H40.12")).is_err());
        let client = permit(&[Role::Integrator], &["H40"]);
        for unit in ["H40", "H40.12", "000.00.12.H40"] {
            assert!(client.may_act_for(&code(unit)).is_ok(), "{unit}");
        }
        for unit in ["H41.12", "000.H40.12.H41", "H401.2"] {
            assert!(client.may_act_for(&code(unit)).is_err(), "{unit}");
        }
    }

    #[test]
    fn one_role_opens_what_another_leaves_shut_and_no_more() {
        let both = permit(&[Role::Clerk, Role::Auditor], &["H40.12"]);
        assert!(
            both.may_act_for(&code("H40.13")).is_err(),
            "auditors do not write"
        );
        let read = "/chiso.dossiers.v1.DossiersService/GetDossier";
        let both = Permit::decide(read, &caller(&[Role::Clerk, Role::Auditor], &["H40.12"]));
        assert!(both.unwrap().may_act_for(&code("H40.13")).is_ok());
    }

    #[test]
    fn whoever_does_not_ask_for_the_unit_is_noticed() {
        let clerk = || permit(&[Role::Clerk], &["H40.12"]);
        assert!(clerk().unit_unchecked());
        let asked = clerk();
        let handed_on = asked.clone();
        assert!(handed_on.may_act_for(&code("H40.13")).is_err());
        assert!(!asked.unit_unchecked(), "a clone is the same permit");
        let answered_before = clerk();
        answered_before.no_unit_to_check();
        assert!(!answered_before.unit_unchecked());
        assert!(!Permit::unasked().unit_unchecked());
        let read = "/chiso.dossiers.v1.DossiersService/GetDossier";
        let auditor = Permit::decide(read, &caller(&[Role::Auditor], &[])).unwrap();
        assert!(!auditor.unit_unchecked(), "of whatever unit");
    }

    #[test]
    fn a_denial_says_which_role_is_missing() {
        let denied = |roles: &[Role]| -> Problem {
            Permit::decide(RECEIVE, &caller(roles, &["H40.12"])).unwrap_err()
        };
        let problem = denied(&[Role::Auditor]);
        assert_eq!(problem.code(), Code::PermissionDenied);
        assert_eq!(
            problem.message(),
            "this call needs the role clerk or integrator; your token names auditor"
        );
        assert!(denied(&[]).message().ends_with("your token names no role"));
        let unknown = Permit::decide("/no.such/Method", &caller(&Role::ALL, &[])).unwrap_err();
        assert!(unknown.message().starts_with("nobody may make this call"));
    }

    #[test]
    fn a_call_without_a_permit_is_denied() {
        assert!(Permit::of(&Extensions::new()).is_err());
        let mut extensions = Extensions::new();
        extensions.insert(Permit::unasked());
        let permit = Permit::of(&extensions).unwrap();
        assert!(permit.may_act_for(&code("H40.13")).is_ok());
        assert_eq!(permit.caller(), None);
    }
}
