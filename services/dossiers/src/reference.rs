//! Reference data: what the registry's log says of units, procedures, calendars and policies.
//!
//! The registry's events are stored as they come, in the transaction that moves the checkpoint;
//! every replica folds what is stored into a directory that commands read without waiting.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use calendar::{Calendar, Limit};
use contracts::problem::Problem;
use directory::Directory;
use dossier::ClockPolicy;
use eventlog::{Position, Recorded};
use identity::Permit;
use ids::{ProcedureCode, ProvinceCode, UnitCode};
use jetstream::{Handler, HandlerError};
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::{PgConnection, PgPool};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use unit::{CLOCK_POLICY, TimeLimit};

/// The registry's log.
pub(crate) const REGISTRY: &str = "registry";

/// What a supplement does to the clock where the registry sets no policy for the day: the rule of
/// Decree 61/2018 art. 19.4, the oldest of the three.
const CLOCK_POLICY_DEFAULT: ClockPolicy = ClockPolicy::Restart;

/// How often a replica looks for what another one stored.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// The registry as of one position of its log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reference {
    directory: Directory,
    position: Position,
    calendar: String,
}

/// What a procedure demands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The time limit; none when there is none.
    pub(crate) limit: Option<Limit>,
    /// A fee is owed.
    pub(crate) payment_duty: bool,
}

impl Reference {
    /// A unit that exists on the day of `at`, by the code that names it.
    pub(crate) fn unit(
        &self,
        field: &'static str,
        code: &UnitCode,
        at: Timestamp,
    ) -> Result<UnitCode, Problem> {
        let day = self.day(at)?;
        self.directory
            .unit(code, day)
            .map(|unit| unit.code.clone())
            .ok_or_else(|| {
                let why = match self.directory.unit_history(code) {
                    Some(_) => "exists, but not on that day; name its successor",
                    None => "is not known; put it into the registry first",
                };
                Problem::refused(
                    "UNKNOWN_UNIT",
                    format!("{field}: unit {code} on {day}: it {why}"),
                )
                .with("field", field)
                .with("unit", code.to_string())
                .with("day", day.to_string())
            })
    }

    /// A unit that had ended by the day of `at`, by the code that names it, and the units that do its work then.
    pub(crate) fn ended(
        &self,
        code: &UnitCode,
        at: Timestamp,
    ) -> Result<(UnitCode, BTreeSet<UnitCode>), Problem> {
        let day = self.day(at)?;
        let Some(unit) = self.directory.resolve(code) else {
            let message = format!("unit: {code} is not known; put it into the registry first");
            return Err(Problem::refused("UNKNOWN_UNIT", message).with("unit", code.to_string()));
        };
        let succession = self.directory.succession(unit);
        if succession.is_none_or(|end| end.valid_until > day) {
            let message = format!(
                "unit: {unit} had not ended on {day}; record its succession in the registry first, or hand single \
                 dossiers over"
            );
            let problem = Problem::refused("UNIT_EXISTS", message);
            return Err(problem
                .with("unit", unit.to_string())
                .with("day", day.to_string()));
        }
        let successors = self.directory.successors(unit, day);
        Ok((unit.clone(), successors.into_iter().cloned().collect()))
    }

    /// What a procedure demands on the day of `at`.
    pub(crate) fn rules(&self, code: &ProcedureCode, at: Timestamp) -> Result<Rules, Problem> {
        let day = self.day(at)?;
        let Some(procedure) = self.directory.procedure(code, day) else {
            let why = match self.directory.procedure_history(code) {
                Some(_) => "exists, but is not in force on that day; name the one that is",
                None => "is not known; put it into the registry first",
            };
            let message = format!("procedure {code} on {day}: it {why}");
            return Err(Problem::refused("UNKNOWN_PROCEDURE", message)
                .with("procedure", code.to_string())
                .with("day", day.to_string()));
        };
        let limit = procedure.statement.limit.map(|limit| match limit {
            TimeLimit::WorkingDays(days) => Limit::Days(days.into()),
            TimeLimit::WorkingHours(hours) => Limit::hours(hours.into()),
        });
        Ok(Rules {
            limit,
            payment_duty: procedure.statement.payment_duty,
        })
    }

    /// The working calendar as it was announced last.
    pub(crate) fn calendar(&self) -> Result<&Arc<Calendar>, Problem> {
        self.directory.calendar(&self.calendar).ok_or_else(|| {
            let message = format!(
                "the working calendar {} is not announced; put it into the registry first",
                self.calendar
            );
            Problem::refused("UNKNOWN_CALENDAR", message).with("calendar", self.calendar.clone())
        })
    }

    /// What a supplement does to the clock of a dossier received at `at`.
    pub(crate) fn clock_policy(&self, at: Timestamp) -> Result<ClockPolicy, Problem> {
        let Some((_, setting)) = self.directory.policy(CLOCK_POLICY, self.day(at)?) else {
            return Ok(CLOCK_POLICY_DEFAULT);
        };
        match setting.value.as_str() {
            "restart" => Ok(ClockPolicy::Restart),
            "pause" => Ok(ClockPolicy::Pause),
            "subtract" => Ok(ClockPolicy::Subtract),
            other => Err(Problem::refused(
                "UNKNOWN_POLICY",
                format!(
                    "clock_policy is {other:?}, which this version does not know; run a newer one"
                ),
            )),
        }
    }

    /// The agency's part in the codes given by a unit: its code in the style of QCVN 102:2016,
    /// level 1 on the right, or else the code that names it.
    pub(crate) fn agency(&self, code: &UnitCode, at: Timestamp) -> Result<UnitCode, Problem> {
        let code = self.unit("receiving_unit", code, at)?;
        let unit = self
            .directory
            .unit_history(&code)
            .and_then(|unit| unit.nearest(Date::MAX));
        let known = unit
            .iter()
            .flat_map(|unit| unit.other_codes.iter().chain([unit.code]));
        Ok(known
            .into_iter()
            .find(|code| is_right_rooted(code))
            .unwrap_or(&code)
            .clone())
    }

    /// The code that names a unit, by any of its codes; one that nobody has stays as it is.
    pub(crate) fn resolve<'a>(&'a self, code: &'a UnitCode) -> &'a UnitCode {
        self.directory.resolve(code).unwrap_or(code)
    }

    /// Whether a caller may act for one of these units, whichever of their codes the token names.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, the same whether the units are others or none.
    pub(crate) fn admit(&self, permit: &Permit, units: &[&UnitCode]) -> Result<(), Problem> {
        let admitted = units.iter().any(|unit| {
            let unit = self.resolve(unit);
            let codes = self.codes(unit);
            let concerns = |own: &UnitCode| self.resolve(own) == unit;
            permit.may_act_where(concerns, &codes).is_ok()
        });
        match admitted || !permit.depends_on_unit() {
            true => Ok(()),
            false => Err(permit.denial()),
        }
    }

    /// Every code of a unit.
    fn codes(&self, unit: &UnitCode) -> Vec<UnitCode> {
        let known = self.directory.unit_history(unit);
        let latest = known.and_then(|unit| unit.nearest(Date::MAX));
        let others = latest.iter().flat_map(|unit| unit.other_codes.iter());
        others.chain([unit]).cloned().collect()
    }

    /// The local day of a moment.
    pub(crate) fn day(&self, at: Timestamp) -> Result<Date, Problem> {
        Ok(self.calendar()?.date_of(at))
    }
}

/// Whether a code has the province on its right: `000.00.12.H40`.
fn is_right_rooted(code: &UnitCode) -> bool {
    let Some((_, last)) = code.as_str().rsplit_once('.') else {
        return false;
    };
    last.parse::<ProvinceCode>().is_ok()
}

/// Where commands find the newest reference data.
#[derive(Debug, Clone)]
pub(crate) struct References(watch::Receiver<Arc<Reference>>);

impl References {
    /// The newest.
    ///
    /// # Errors
    /// `UNAVAILABLE` while nothing of the registry was ever seen.
    pub(crate) fn now(&self) -> Result<Arc<Reference>, Problem> {
        let reference = self.0.borrow().clone();
        if reference.position == 0 {
            return Err(Problem::unavailable(
                "nothing was heard of the registry yet; see that it runs, apply a catalog, and retry",
            ));
        }
        Ok(reference)
    }
}

/// Keeps the reference data current from what is stored.
///
/// One replica at a time follows the registry and stores; all of them read what is stored.
pub(crate) struct Keeper {
    pool: PgPool,
    published: watch::Sender<Arc<Reference>>,
    stored: Arc<Notify>,
}

impl Keeper {
    /// Folds what is stored by now.
    ///
    /// # Errors
    /// When the database does not answer or a stored event cannot be read.
    pub(crate) async fn load(pool: PgPool, calendar: &str) -> anyhow::Result<Self> {
        let empty = Reference {
            calendar: calendar.to_owned(),
            ..Reference::default()
        };
        let published = watch::Sender::new(Arc::new(empty));
        let keeper = Self {
            pool,
            published,
            stored: Arc::default(),
        };
        keeper.refresh().await?;
        Ok(keeper)
    }

    /// Where commands find the newest.
    pub(crate) fn references(&self) -> References {
        References(self.published.subscribe())
    }

    /// What stores the registry's events as they come.
    pub(crate) fn handler(&self) -> RegistryHandler {
        RegistryHandler {
            stored: self.stored.clone(),
        }
    }

    /// Reads on whenever something was stored, by this replica at once, by another within a second.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let work = async {
            loop {
                tokio::select! {
                    () = self.stored.notified() => {}
                    () = tokio::time::sleep(LOOK_INTERVAL) => {}
                }
                if let Err(error) = self.refresh().await {
                    tracing::warn!(
                        error = &*error,
                        "the reference data could not be refreshed; trying again"
                    );
                }
            }
        };
        shutdown.run_until_cancelled(work).await;
    }

    /// Folds what was stored since, and publishes the whole.
    async fn refresh(&self) -> anyhow::Result<()> {
        let current = self.published.borrow().clone();
        let stored = sqlx::query!(
            "select position, stream, kind, payload from reference_event
             where position > $1 order by position",
            current.position,
        )
        .fetch_all(&self.pool)
        .await?;
        if stored.is_empty() {
            return Ok(());
        }
        let mut next = Reference::clone(&current);
        for event in stored {
            next.directory
                .apply(&event.stream, &event.kind, &event.payload)?;
            next.position = event.position;
        }
        tracing::info!(position = next.position, "the reference data is current");
        self.published.send_replace(Arc::new(next));
        Ok(())
    }
}

/// Stores the registry's events.
pub(crate) struct RegistryHandler {
    stored: Arc<Notify>,
}

impl Handler for RegistryHandler {
    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        _log: &'static str,
        batch: &[Recorded],
    ) -> Result<(), HandlerError> {
        for event in batch {
            // What could not be folded must not be stored: every replica would trip over it.
            directory::decode(&event.kind, &event.payload).map_err(HandlerError::poison)?;
        }
        store(tx, batch).await?;
        Ok(())
    }

    fn committed(&mut self, _log: &'static str, _position: Position) {
        self.stored.notify_one();
    }
}

async fn store(tx: &mut PgConnection, batch: &[Recorded]) -> Result<(), sqlx::Error> {
    let positions: Vec<i64> = batch.iter().map(|event| event.position).collect();
    let streams: Vec<String> = batch.iter().map(|event| event.stream.clone()).collect();
    let kinds: Vec<String> = batch.iter().map(|event| event.kind.clone()).collect();
    let payloads: Vec<Vec<u8>> = batch.iter().map(|event| event.payload.to_vec()).collect();
    sqlx::query!(
        "insert into reference_event (position, stream, kind, payload)
         select * from unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[])
         on conflict (position) do nothing",
        &positions,
        &streams,
        &kinds,
        &payloads,
    )
    .execute(tx)
    .await?;
    Ok(())
}
