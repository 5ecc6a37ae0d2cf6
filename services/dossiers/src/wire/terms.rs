//! Enumerations: the domain's terms and their numbers on the wire.

use contracts::dossiers::v1 as pb;
use dossier::{Channel, ClockPolicy, PaymentMethod, Rating, Status, SyncTarget, Timeliness};

/// A domain's term with a number on the wire.
pub(crate) trait Term: Copy {
    /// Its number.
    fn number(self) -> i32;

    /// The term with that number; none for 0 (unspecified) and numbers of no term.
    fn from_number(number: i32) -> Option<Self>;
}

macro_rules! terms {
    ($($term:ident = $message:ident { $($variant:ident),+ $(,)? })+) => {
        $(impl Term for $term {
            fn number(self) -> i32 {
                match self {
                    $(Self::$variant => pb::$message::$variant as i32,)+
                }
            }

            fn from_number(number: i32) -> Option<Self> {
                match pb::$message::try_from(number).ok()? {
                    pb::$message::Unspecified => None,
                    $(pb::$message::$variant => Some(Self::$variant),)+
                }
            }
        })+
    };
}

terms! {
    Channel = Channel { Counter, Online, Post }
    ClockPolicy = ClockPolicy { Restart, Pause, Subtract }
    PaymentMethod = PaymentMethod { Cash, Transfer, OnlinePortal, OnlineLocal }
    Rating = Rating { VerySatisfied, Satisfied, Neutral, Dissatisfied }
    SyncTarget = SyncTarget { NationalPortal, PersonalStore }
    Timeliness = Timeliness { Within, Overdue, OnTime, Late }
    Status = DossierStatus {
        Registered, Received, Refused, InProcess, SupplementRequested, PaymentRequested, Withdrawn,
        Stopped, Completed, Delivered,
    }
}
