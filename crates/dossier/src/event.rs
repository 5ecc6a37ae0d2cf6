//! What happened to a dossier.

use calendar::{Calendar, Limit};
use ids::{DossierCode, ProcedureCode, UnitCode};
use jiff::Timestamp;

use crate::terms::{Channel, ClockPolicy, PaymentMethod, Rating, SyncTarget, Timeliness};

/// A fact and its moment in the world (the log's `occurred_at`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
}

/// What a dossier is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// Its code.
    pub code: DossierCode,
    /// The procedure asked for.
    pub procedure: ProcedureCode,
    /// Unit that receives.
    pub receiving_unit: UnitCode,
    /// Unit that resolves.
    pub unit: UnitCode,
    /// How it came in.
    pub channel: Channel,
    /// Keyed hash of the applicant's identity; none when unknown.
    pub applicant: Option<[u8; 32]>,
    /// The applicant's account was verified against population data.
    pub identity_verified: bool,
    /// The system it was imported from; none when it was filed here.
    pub source: Option<String>,
}

/// Which announcement of a working calendar a date was computed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarVersion {
    /// Name of the calendar.
    pub name: String,
    /// Version of the announcement.
    pub version: i64,
}

/// What the receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What it is about.
    pub filing: Filing,
    /// The promised date; none when the procedure has no limit.
    pub due_at: Option<Timestamp>,
    /// The limit; none when there is none or the date was given by the source.
    pub limit: Option<Limit>,
    /// What a supplement will do to the clock.
    pub clock_policy: ClockPolicy,
    /// The applicant owes a fee for this procedure.
    pub payment_duty: bool,
    /// What the date was computed with; none when it was not computed.
    pub calendar: Option<CalendarVersion>,
}

/// The facts of a dossier's life; one for every event in `chiso.dossiers.v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The applicant filed it (status 1).
    Registered(Filing),
    /// It was taken in and a date was promised (status 2).
    Received(Receipt),
    /// Reception was refused (status 3).
    ReceptionRefused {
        /// Why.
        reason: String,
    },
    /// A member of staff took it up (status 4).
    ProcessingStarted {
        /// Staff code; may be empty.
        officer: String,
    },
    /// A step of the work that changes neither status nor clock.
    ActivityNoted {
        /// What was done.
        activity: String,
        /// Staff code; may be empty.
        officer: String,
    },
    /// The applicant was asked for more (status 5).
    SupplementRequested {
        /// What is missing.
        reason: String,
        /// 1 for the first request.
        ordinal: u32,
        /// The due date as it stood.
        due_at: Option<Timestamp>,
    },
    /// The applicant brought what was missing (status 4).
    SupplementCompleted {
        /// The due date as it stood.
        due_before: Option<Timestamp>,
        /// The new due date.
        due_at: Option<Timestamp>,
        /// When it had been asked for.
        requested_at: Timestamp,
        /// Whole working minutes waited.
        waited_minutes: i64,
    },
    /// A fee is due (status 6).
    PaymentRequested {
        /// Dong.
        amount_dong: u64,
        /// What the fee is for.
        fee: String,
    },
    /// A fee was paid (from status 6 back to the status before it; otherwise no change).
    PaymentRecorded {
        /// Dong.
        amount_dong: u64,
        /// How.
        method: PaymentMethod,
        /// The payment system's reference; may be empty.
        reference: String,
    },
    /// Re-appointed, once.
    DueDateExtended {
        /// The due date as it stood.
        due_before: Timestamp,
        /// The new one, later.
        due_at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Recomputed by an explicit command after the calendar changed.
    DueDateRecomputed {
        /// The due date as it stood.
        due_before: Timestamp,
        /// The new one.
        due_at: Timestamp,
        /// Why.
        reason: String,
        /// What it was computed with.
        calendar: CalendarVersion,
    },
    /// Another unit resolves it now.
    HandedOver {
        /// Unit that resolved it.
        from_unit: UnitCode,
        /// Unit that resolves it now.
        to_unit: UnitCode,
        /// Why.
        reason: String,
    },
    /// A step of a linked procedure began at a unit.
    StepStarted {
        /// 1, 2, 3, …
        step: u32,
        /// The unit whose step it is.
        unit: UnitCode,
        /// What is done in it.
        name: String,
        /// Its own due date, if it has a limit.
        due_at: Option<Timestamp>,
    },
    /// An open step is another unit's now, with its due date.
    StepHandedOver {
        /// Which one.
        step: u32,
        /// The unit whose step it was.
        from_unit: UnitCode,
        /// The unit whose step it is now.
        to_unit: UnitCode,
        /// Why.
        reason: String,
    },
    /// A step of a linked procedure ended.
    StepCompleted {
        /// Which one.
        step: u32,
        /// [`Timeliness::OnTime`] or [`Timeliness::Late`].
        timeliness: Timeliness,
    },
    /// The officer stopped the handling (status 8).
    HandlingStopped {
        /// Why.
        reason: String,
        /// [`Timeliness::OnTime`] or [`Timeliness::Late`].
        timeliness: Timeliness,
    },
    /// The applicant withdrew it (status 7).
    Withdrawn {
        /// Why.
        reason: String,
        /// [`Timeliness::OnTime`] or [`Timeliness::Late`]; counts only if it had been received.
        timeliness: Timeliness,
    },
    /// The result is at the one-stop shop (status 9).
    Completed {
        /// [`Timeliness::OnTime`] or [`Timeliness::Late`].
        timeliness: Timeliness,
        /// The due date that it was judged by.
        due_at: Option<Timestamp>,
    },
    /// A wrong result was taken back before delivery (status 9 to 4).
    ResultCorrected {
        /// What was wrong.
        reason: String,
    },
    /// The result was handed over (status 10).
    ResultDelivered,
    /// Paper components were digitised, or data digitised earlier were reused.
    ComponentsDigitised {
        /// Components digitised now.
        digitised: u32,
        /// Components taken from a store of digitised documents.
        reused: u32,
    },
    /// An electronic result exists.
    ElectronicResultIssued {
        /// SHA-256 of the file.
        sha256: [u8; 32],
    },
    /// The electronic result carries a digital signature.
    ResultSigned {
        /// Staff code of the signer.
        signer: String,
    },
    /// Its data reached a national store.
    Synchronised {
        /// Which one.
        target: SyncTarget,
    },
    /// The applicant rated the handling.
    Rated {
        /// How.
        rating: Rating,
    },
    /// The applicant complained or petitioned about it.
    PetitionFiled {
        /// Number of the petition within the dossier, 1, 2, 3, …
        petition: u32,
        /// When the answer is due.
        due_at: Timestamp,
    },
    /// The petition was answered.
    PetitionAnswered {
        /// Which one.
        petition: u32,
        /// At or before its due date.
        on_time: bool,
        /// The petitioner was satisfied and did not repeat it.
        satisfied: bool,
    },
    /// The clock passed its due date while it was unfinished.
    BecameOverdue {
        /// The date that passed.
        due_at: Timestamp,
    },
}

// === impl CalendarVersion ===

impl From<&Calendar> for CalendarVersion {
    fn from(calendar: &Calendar) -> Self {
        Self {
            name: calendar.name().to_owned(),
            version: calendar.version(),
        }
    }
}
