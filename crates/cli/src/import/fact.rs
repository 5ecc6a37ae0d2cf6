//! One fact for the wire.

use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::import_dossiers_request::Fact;
use jiff::Timestamp;

use super::field::{Field, Happening};
use super::mapping::Mapping;
use super::table::Table;

const CHANNELS: [(&str, pb::Channel); 3] = [
    ("counter", pb::Channel::Counter),
    ("online", pb::Channel::Online),
    ("post", pb::Channel::Post),
];
const METHODS: [(&str, pb::PaymentMethod); 4] = [
    ("cash", pb::PaymentMethod::Cash),
    ("transfer", pb::PaymentMethod::Transfer),
    ("online_portal", pb::PaymentMethod::OnlinePortal),
    ("online_local", pb::PaymentMethod::OnlineLocal),
];
const TARGETS: [(&str, pb::SyncTarget); 2] = [
    ("national_portal", pb::SyncTarget::NationalPortal),
    ("personal_store", pb::SyncTarget::PersonalStore),
];
const RATINGS: [(&str, pb::Rating); 4] = [
    ("very_satisfied", pb::Rating::VerySatisfied),
    ("satisfied", pb::Rating::Satisfied),
    ("neutral", pb::Rating::Neutral),
    ("dissatisfied", pb::Rating::Dissatisfied),
];

/// What the cells of a row say, in our words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells<'a> {
    pub(super) table: &'a Table,
    pub(super) mapping: &'a Mapping,
    pub(super) row: usize,
}

impl<'a> Cells<'a> {
    /// What the row says, in our words; empty when it says nothing.
    pub(super) fn get(&self, field: Field) -> Result<&'a str, String> {
        let Mapping {
            columns,
            optional,
            constants,
            ..
        } = self.mapping;
        let column = columns.get(&field).or_else(|| optional.get(&field));
        let said = column.map_or("", |column| self.table.cell(self.row, column));
        if said.is_empty() {
            return Ok(constants.get(&field).map_or("", String::as_str));
        }
        self.mapping.word(field, said)
    }

    /// A moment; none when the row says none.
    pub(super) fn instant(&self, field: Field) -> Result<Option<Timestamp>, String> {
        match self.get(field)? {
            "" => Ok(None),
            text => self
                .mapping
                .instant(text)
                .map(Some)
                .map_err(|why| format!("{}: {why}", field.name())),
        }
    }

    fn text(&self, field: Field) -> Result<String, String> {
        self.get(field).map(str::to_owned)
    }

    fn number<T: std::str::FromStr + Default>(&self, field: Field) -> Result<T, String> {
        match self.get(field)? {
            "" => Ok(T::default()),
            text => text
                .parse()
                .map_err(|_| format!("{}: {text:?} is not a whole number", field.name())),
        }
    }

    fn flag(&self, field: Field) -> Result<bool, String> {
        match self.get(field)? {
            "true" => Ok(true),
            "" | "false" => Ok(false),
            text => Err(format!(
                "{}: {text:?} is neither true nor false; map it in values",
                field.name()
            )),
        }
    }

    fn word<T: Copy + Into<i32>>(&self, field: Field, words: &[(&str, T)]) -> Result<i32, String> {
        let said = self.get(field)?;
        if said.is_empty() {
            return Ok(0);
        }
        let found = words
            .iter()
            .find(|(word, _)| *word == said)
            .map(|(_, value)| (*value).into());
        found.ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            format!(
                "{}: {said:?} is none of {}; map it in values",
                field.name(),
                words.join(", ")
            )
        })
    }

    fn reason(&self) -> Result<pb::ImportedReason, String> {
        Ok(pb::ImportedReason {
            reason: self.text(Field::Reason)?,
        })
    }

    fn payment(&self) -> Result<pb::ImportedPayment, String> {
        Ok(pb::ImportedPayment {
            amount_dong: self.number(Field::Amount)?,
            method: self.word(Field::Method, &METHODS)?,
        })
    }

    fn activity(&self) -> Result<pb::ImportedActivity, String> {
        // A source that knows only statuses may say in other words what was done.
        let fields = [Field::Activity, Field::Reason, Field::Status];
        let mut said = fields.iter().map(|field| self.get(*field));
        let first = said.find(|said| !matches!(said, Ok("")));
        Ok(pb::ImportedActivity {
            activity: first.unwrap_or(Ok(""))?.to_owned(),
        })
    }

    /// What happened, as the wire says it.
    pub(super) fn fact(
        &self,
        happening: Happening,
        due: Option<Timestamp>,
    ) -> Result<Fact, String> {
        let due_at = due.map(contracts::wire::timestamp);
        let nothing = pb::ImportedNothing {};
        Ok(match happening {
            Happening::Registered => Fact::Registered(pb::ImportedRegistration {
                procedure: self.text(Field::Procedure)?,
                receiving_unit: self.text(Field::ReceivingUnit)?,
                unit: self.text(Field::Unit)?,
                channel: self.word(Field::Channel, &CHANNELS)?,
                applicant: self.text(Field::Applicant)?,
                identity_verified: self.flag(Field::Verified)?,
            }),
            Happening::Received => Fact::Received(pb::ImportedReception {
                procedure: self.text(Field::Procedure)?,
                receiving_unit: self.text(Field::ReceivingUnit)?,
                unit: self.text(Field::Unit)?,
                channel: self.word(Field::Channel, &CHANNELS)?,
                applicant: self.text(Field::Applicant)?,
                identity_verified: self.flag(Field::Verified)?,
                due_at,
            }),
            Happening::Refused => Fact::Refused(self.reason()?),
            Happening::ProcessingStarted => Fact::ProcessingStarted(nothing),
            Happening::Activity => Fact::Activity(self.activity()?),
            Happening::SupplementRequested => Fact::SupplementRequested(self.reason()?),
            Happening::SupplementCompleted => Fact::SupplementCompleted(nothing),
            Happening::PaymentRequested => Fact::PaymentRequested(self.payment()?),
            Happening::PaymentRecorded => Fact::PaymentRecorded(self.payment()?),
            Happening::DueDateExtended => Fact::DueDateExtended(pb::ImportedDueDate {
                due_at,
                reason: self.text(Field::Reason)?,
            }),
            Happening::HandedOver => Fact::HandedOver(pb::ImportedHandOver {
                to_unit: self.text(Field::ToUnit)?,
                reason: self.text(Field::Reason)?,
            }),
            Happening::Stopped => Fact::Stopped(self.reason()?),
            Happening::Withdrawn => Fact::Withdrawn(self.reason()?),
            Happening::Completed => Fact::Completed(nothing),
            Happening::ResultCorrected => Fact::ResultCorrected(self.reason()?),
            Happening::Delivered => Fact::Delivered(nothing),
            Happening::Digitised => Fact::Digitised(pb::ImportedDigitisation {
                digitised: self.number(Field::Digitised)?,
                reused: self.number(Field::Reused)?,
            }),
            Happening::ElectronicResultIssued => Fact::ElectronicResultIssued(nothing),
            Happening::ResultSigned => Fact::ResultSigned(nothing),
            Happening::Synchronised => Fact::Synchronised(pb::ImportedSynchronisation {
                target: self.word(Field::Target, &TARGETS)?,
            }),
            Happening::Rated => Fact::Rated(pb::ImportedRating {
                rating: self.word(Field::Rating, &RATINGS)?,
            }),
            Happening::PetitionFiled => Fact::PetitionFiled(nothing),
            Happening::PetitionAnswered => Fact::PetitionAnswered(pb::ImportedAnswer {
                petition: self.number(Field::Petition)?,
                satisfied: self.flag(Field::Satisfied)?,
            }),
        })
    }
}
