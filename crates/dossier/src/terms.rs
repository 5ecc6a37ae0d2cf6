//! The words in which dossiers are spoken of.

use std::fmt;

/// Where a dossier stands; the codes are the national portal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// 1, filed, not yet received.
    Registered,
    /// 2, received: the receipt was given.
    Received,
    /// 3, reception refused with reasons. Final.
    Refused,
    /// 4, in process.
    InProcess,
    /// 5, waiting for a supplement.
    SupplementRequested,
    /// 6, waiting for a payment. The clock runs on.
    PaymentRequested,
    /// 7, withdrawn by the applicant. Final.
    Withdrawn,
    /// 8, handling stopped by the officer.
    Stopped,
    /// 9, done, the result is at the one-stop shop.
    Completed,
    /// 10, result handed over. Final.
    Delivered,
}

/// How a dossier came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// At the counter.
    Counter,
    /// Online.
    Online,
    /// By public post.
    Post,
}

/// What a supplement does to the clock. Fixed for a dossier on the day it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClockPolicy {
    /// The whole limit starts again when the supplement is complete (Decree 61/2018 art. 19.4).
    Restart,
    /// The clock stands still while waiting; the due date moves by the working time waited.
    Pause,
    /// Decision 766: as `Pause`, and a second request makes the dossier overdue.
    Subtract,
}

/// Whether a dossier keeps, kept or missed its due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timeliness {
    /// Unfinished and not past due.
    Within,
    /// Unfinished and past due.
    Overdue,
    /// Ended at or before its due date, or without one.
    OnTime,
    /// Ended after its due date.
    Late,
}

/// What an applicant thought of the handling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rating {
    /// Very satisfied.
    VerySatisfied,
    /// Satisfied.
    Satisfied,
    /// Neither satisfied nor dissatisfied.
    Neutral,
    /// Dissatisfied.
    Dissatisfied,
}

/// How a payment was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaymentMethod {
    /// In cash.
    Cash,
    /// By bank transfer.
    Transfer,
    /// Through the national portal's gateway.
    OnlinePortal,
    /// Through a local gateway.
    OnlineLocal,
}

/// Where a dossier's data were synchronised to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncTarget {
    /// The national public service portal.
    NationalPortal,
    /// The applicant's personal store on the portal.
    PersonalStore,
}

// === impl Status ===

impl Status {
    /// Every status, by code.
    pub const ALL: [Self; 10] = [
        Self::Registered,
        Self::Received,
        Self::Refused,
        Self::InProcess,
        Self::SupplementRequested,
        Self::PaymentRequested,
        Self::Withdrawn,
        Self::Stopped,
        Self::Completed,
        Self::Delivered,
    ];

    /// The portal's code, 1 to 10.
    pub fn code(self) -> u8 {
        match self {
            Self::Registered => 1,
            Self::Received => 2,
            Self::Refused => 3,
            Self::InProcess => 4,
            Self::SupplementRequested => 5,
            Self::PaymentRequested => 6,
            Self::Withdrawn => 7,
            Self::Stopped => 8,
            Self::Completed => 9,
            Self::Delivered => 10,
        }
    }

    /// Whether handling has ended.
    pub fn is_ended(self) -> bool {
        match self {
            Self::Refused | Self::Withdrawn | Self::Stopped | Self::Completed | Self::Delivered => {
                true
            }
            Self::Registered
            | Self::Received
            | Self::InProcess
            | Self::SupplementRequested
            | Self::PaymentRequested => false,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Registered => "registered",
            Self::Received => "received",
            Self::Refused => "refused at reception",
            Self::InProcess => "in process",
            Self::SupplementRequested => "waiting for a supplement",
            Self::PaymentRequested => "waiting for a payment",
            Self::Withdrawn => "withdrawn",
            Self::Stopped => "stopped",
            Self::Completed => "completed",
            Self::Delivered => "delivered",
        })
    }
}

// === impl PaymentMethod ===

impl PaymentMethod {
    /// Whether it counts as paid online: through the national portal or a local gateway.
    pub fn is_online(self) -> bool {
        match self {
            Self::OnlinePortal | Self::OnlineLocal => true,
            Self::Cash | Self::Transfer => false,
        }
    }
}
