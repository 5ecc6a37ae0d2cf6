//! What a mapping can find in a row, and the facts it can make of it.

/// What a column may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Code of the dossier.
    Case,
    /// Identity of the row in its source.
    Event,
    /// What was done, in the source's words.
    Activity,
    /// When.
    Time,
    /// The national portal's status code, 1 to 10.
    Status,
    /// Staff code.
    Officer,
    /// Code of the procedure.
    Procedure,
    /// The unit that received.
    ReceivingUnit,
    /// The unit that resolves.
    Unit,
    /// `counter`, `online` or `post`.
    Channel,
    /// Identity of the applicant.
    Applicant,
    /// The applicant's account was verified.
    Verified,
    /// The due date.
    Due,
    /// When it was received.
    ReceivedAt,
    /// Why.
    Reason,
    /// The unit that takes over.
    ToUnit,
    /// Dong.
    Amount,
    /// How it was paid.
    Method,
    /// Components digitised.
    Digitised,
    /// Components reused.
    Reused,
    /// Where data went.
    Target,
    /// What the applicant thought.
    Rating,
    /// Number of the petition.
    Petition,
    /// The petitioner was satisfied.
    Satisfied,
}

/// Fields by the names that a mapping gives them.
pub(super) const FIELDS: [(&str, Field); 24] = [
    ("case", Field::Case),
    ("event", Field::Event),
    ("activity", Field::Activity),
    ("time", Field::Time),
    ("status", Field::Status),
    ("officer", Field::Officer),
    ("procedure", Field::Procedure),
    ("receiving_unit", Field::ReceivingUnit),
    ("unit", Field::Unit),
    ("channel", Field::Channel),
    ("applicant", Field::Applicant),
    ("verified", Field::Verified),
    ("due", Field::Due),
    ("received_at", Field::ReceivedAt),
    ("reason", Field::Reason),
    ("to_unit", Field::ToUnit),
    ("amount", Field::Amount),
    ("method", Field::Method),
    ("digitised", Field::Digitised),
    ("reused", Field::Reused),
    ("target", Field::Target),
    ("rating", Field::Rating),
    ("petition", Field::Petition),
    ("satisfied", Field::Satisfied),
];

impl Field {
    /// Its name in a mapping.
    pub(super) fn name(self) -> &'static str {
        FIELDS
            .iter()
            .find(|(_, field)| *field == self)
            .map_or("", |(name, _)| name)
    }
}

/// What may have happened to a dossier; the names are those of `ImportDossiersRequest.fact`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// Filed.
    Registered,
    /// Taken in, with a due date.
    Received,
    /// Not taken in.
    Refused,
    /// Taken up.
    ProcessingStarted,
    /// A step of the work.
    Activity,
    /// More was asked for.
    SupplementRequested,
    /// It was brought.
    SupplementCompleted,
    /// A fee is due.
    PaymentRequested,
    /// It was paid.
    PaymentRecorded,
    /// Re-appointed.
    DueDateExtended,
    /// Another unit resolves it.
    HandedOver,
    /// Stopped.
    Stopped,
    /// Withdrawn.
    Withdrawn,
    /// Done.
    Completed,
    /// A wrong result was taken back.
    ResultCorrected,
    /// The result was handed over.
    Delivered,
    /// Paper was digitised.
    Digitised,
    /// There is an electronic result.
    ElectronicResultIssued,
    /// It is signed.
    ResultSigned,
    /// Data went to a national store.
    Synchronised,
    /// The applicant said what they thought.
    Rated,
    /// The applicant complained.
    PetitionFiled,
    /// The complaint was answered.
    PetitionAnswered,
}

/// Happenings by name.
pub(super) const HAPPENINGS: [(&str, Happening); 23] = [
    ("registered", Happening::Registered),
    ("received", Happening::Received),
    ("refused", Happening::Refused),
    ("processing_started", Happening::ProcessingStarted),
    ("activity", Happening::Activity),
    ("supplement_requested", Happening::SupplementRequested),
    ("supplement_completed", Happening::SupplementCompleted),
    ("payment_requested", Happening::PaymentRequested),
    ("payment_recorded", Happening::PaymentRecorded),
    ("due_date_extended", Happening::DueDateExtended),
    ("handed_over", Happening::HandedOver),
    ("stopped", Happening::Stopped),
    ("withdrawn", Happening::Withdrawn),
    ("completed", Happening::Completed),
    ("result_corrected", Happening::ResultCorrected),
    ("delivered", Happening::Delivered),
    ("digitised", Happening::Digitised),
    (
        "electronic_result_issued",
        Happening::ElectronicResultIssued,
    ),
    ("result_signed", Happening::ResultSigned),
    ("synchronised", Happening::Synchronised),
    ("rated", Happening::Rated),
    ("petition_filed", Happening::PetitionFiled),
    ("petition_answered", Happening::PetitionAnswered),
];

impl Happening {
    /// Its name in a mapping.
    pub(super) fn name(self) -> &'static str {
        HAPPENINGS
            .iter()
            .find(|(_, happening)| *happening == self)
            .map_or("", |(name, _)| name)
    }

    /// Its place before the rows of a case; those without one stand where their time puts them.
    pub(super) fn opens(self) -> Option<u8> {
        match self {
            Self::Registered => Some(0),
            Self::Received => Some(1),
            _ => None,
        }
    }
}
