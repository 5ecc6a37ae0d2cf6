//! Who may see a unit's sheet and its files: who belongs to it, appraisers that are assigned to it, and those whom the
//! table lets look at every unit.

use contracts::problem::Problem;
use identity::{Permit, Role};
use ids::{CampaignCode, UnitCode};

use super::who::{Own, about};
use crate::units::Units;
use crate::view::Viewer;

/// The first code of a unit whose sheet in a campaign, or in none in particular whose files, a caller may see.
///
/// # Errors
/// `PERMISSION_DENIED`, before anything is said of what there is.
pub(crate) async fn entitled(
    permit: &Permit,
    unit: &UnitCode,
    campaign: Option<&CampaignCode>,
    (units, view): (&Units, &Viewer),
) -> Result<UnitCode, Problem> {
    let unit = about(permit, unit, units).await?;
    let own = Own::of(permit, units).await?;
    may_see(permit, &own, &unit, campaign, view)?;
    Ok(unit)
}

/// Whether a caller of these units may see what a unit, named by its first code, has in a campaign or in any.
///
/// # Errors
/// `PERMISSION_DENIED`, saying nothing of the unit.
pub(super) fn may_see(
    permit: &Permit,
    own: &Own,
    unit: &UnitCode,
    campaign: Option<&CampaignCode>,
    view: &Viewer,
) -> Result<(), Problem> {
    own.may(permit, unit)?;
    let Some(caller) = permit.caller().filter(|_| permit.depends_on_unit()) else {
        return Ok(());
    };
    let assigned = || {
        let view = view.borrow();
        view.campaigns.assigned(&caller.subject, unit, campaign)
    };
    match own.includes(unit) {
        true if caller.is(Role::Assessor) => Ok(()),
        false if caller.is(Role::Appraiser) && assigned() => Ok(()),
        _ => Err(Problem::denied(
            "NOT_ASSIGNED",
            "appraisers see sheets and files of units that they are assigned to; ask the organiser",
        )),
    }
}
