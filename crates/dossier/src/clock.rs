//! The statutory clock: what a supplement does to the due date, and who is late.
//!
//! Three rules for supplements live side by side (`ClockPolicy`). Under all of them the clock
//! stands still between the request and the supplement. Waiting for a payment does not stop it.

use calendar::{BeyondCalendar, Calendar};
use jiff::Timestamp;

use crate::state::{Filed, Reception};
use crate::terms::{ClockPolicy, Timeliness};

/// The clock after a supplement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// The new due date; none when the procedure has no limit.
    pub due_at: Option<Timestamp>,
    /// Whole working minutes waited.
    pub waited_minutes: i64,
}

/// What the due date becomes when a supplement asked for at `requested_at` is complete at `at`.
///
/// - `Restart`: the whole limit from the completion on. Where the source gave the date without a
///   limit, the limit is the working time from the reception to the date first promised. A date
///   re-appointed beyond that stands: a supplement never shortens.
/// - `Pause`, `Subtract`: the due date moves by the working time waited.
///
/// # Errors
/// [`BeyondCalendar`] when the calendar does not cover the days to be counted.
pub fn after_supplement(
    reception: &Reception,
    calendar: &Calendar,
    requested_at: Timestamp,
    at: Timestamp,
) -> Result<Resumed, BeyondCalendar> {
    let waited_minutes = calendar.working_minutes_between(requested_at, at)?;
    let (Some(due), Some(first_due)) = (reception.due_at, reception.first_due_at) else {
        return Ok(Resumed {
            due_at: None,
            waited_minutes,
        });
    };
    let moved = match reception.clock_policy {
        ClockPolicy::Restart => {
            let whole = match reception.limit {
                Some(limit) => calendar.due(at, limit)?,
                None => {
                    let limit = calendar.working_minutes_between(reception.at, first_due)?;
                    add_minutes(calendar, at, limit)?
                }
            };
            whole.max(due)
        }
        ClockPolicy::Pause | ClockPolicy::Subtract => add_minutes(calendar, due, waited_minutes)?,
    };
    Ok(Resumed {
        due_at: Some(moved),
        waited_minutes,
    })
}

/// The due date counted again with another calendar: the limit from where it counts, and the
/// working time waited. None when the date was not computed from a limit.
///
/// # Errors
/// [`BeyondCalendar`] when the calendar does not cover the days to be counted.
pub fn recomputed(
    reception: &Reception,
    calendar: &Calendar,
) -> Result<Option<Timestamp>, BeyondCalendar> {
    let Some(limit) = reception.limit else {
        return Ok(None);
    };
    let due = calendar.due(reception.counts_from, limit)?;
    add_minutes(calendar, due, reception.waited_minutes).map(Some)
}

/// What the clock shows at `at`: while a supplement is awaited, the moment of its request.
pub fn reading(filed: &Filed, at: Timestamp) -> Timestamp {
    filed
        .waiting
        .as_ref()
        .map_or(at, |waiting| at.min(waiting.requested_at))
}

/// Whether the clock has passed the due date at `at`, or a second supplement was asked for under
/// Decision 766. Without a due date it never has.
pub fn is_past_due(filed: &Filed, at: Timestamp) -> bool {
    let Some(reception) = &filed.reception else {
        return false;
    };
    let Some(due) = reception.due_at else {
        return false;
    };
    asked_too_often(reception.clock_policy, filed.supplements) || reading(filed, at) > due
}

/// How handling that ends at `at` is judged.
pub fn judged(filed: &Filed, at: Timestamp) -> Timeliness {
    if is_past_due(filed, at) {
        Timeliness::Late
    } else {
        Timeliness::OnTime
    }
}

/// Whether that many requests for supplements make a dossier overdue: more than one under
/// Decision 766.
pub(crate) fn asked_too_often(policy: ClockPolicy, supplements: u32) -> bool {
    match policy {
        ClockPolicy::Subtract => supplements > 1,
        ClockPolicy::Restart | ClockPolicy::Pause => false,
    }
}

fn add_minutes(
    calendar: &Calendar,
    from: Timestamp,
    minutes: i64,
) -> Result<Timestamp, BeyondCalendar> {
    // No time waited moves nothing, not even a date given outside the opening hours.
    if minutes <= 0 {
        return Ok(from);
    }
    calendar.add_working_minutes(from, u32::try_from(minutes).unwrap_or(u32::MAX))
}
