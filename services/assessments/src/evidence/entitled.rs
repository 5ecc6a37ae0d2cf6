//! Who may see a unit's files: who belongs to it, appraisers that are assigned to it, and those who look over all units.

use contracts::problem::Problem;
use identity::{Permit, Role};
use ids::UnitCode;

use super::Api;
use crate::campaigns::{Own, about};

/// Roles that see the files of every unit.
const OVERSEERS: [Role; 5] = [
    Role::Council,
    Role::Chair,
    Role::Administrator,
    Role::Auditor,
    Role::Service,
];

impl Api {
    /// The first code of a unit whose files a caller may see.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, before anything is said of files.
    pub(super) async fn entitled(
        &self,
        permit: &Permit,
        unit: &UnitCode,
    ) -> Result<UnitCode, Problem> {
        let unit = about(permit, unit, &self.units).await?;
        let Some(caller) = permit.caller() else {
            return Ok(unit);
        };
        if OVERSEERS.iter().any(|role| caller.is(*role)) {
            return Ok(unit);
        }
        let own = Own::of(permit, &self.units).await?;
        let assigned = || {
            let view = self.view.borrow();
            view.campaigns.assigned(&caller.subject, &unit)
        };
        match own.includes(&unit) {
            true if caller.is(Role::Assessor) => Ok(unit),
            false if caller.is(Role::Appraiser) && assigned() => Ok(unit),
            _ => Err(Problem::denied(
                "NOT_ASSIGNED",
                "appraisers see the files of units that they are assigned to; ask the organiser",
            )),
        }
    }
}
