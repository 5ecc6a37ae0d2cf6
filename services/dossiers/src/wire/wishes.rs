//! What may be asked of a dossier, checked field by field, before anything is looked up in the
//! registry.

use calendar::Limit;
use contracts::dossiers::v1 as pb;
use contracts::problem::Problem;
use dossier::{Action, Channel};
use ids::{ProcedureCode, UnitCode};
use jiff::Timestamp;

use crate::applicant::ApplicantKey;
use crate::wire::fields::{
    self, COMPONENTS_MAX, DONG_MAX, LINE_MAX, REASON_MAX, STAFF_MAX, STEP_MINUTES_MAX, STEPS_MAX,
};

/// What is asked, before anything is looked up in the registry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wish {
    /// File it.
    Register(Content),
    /// Take it in.
    Receive {
        /// What it is about; none for a registered dossier.
        content: Option<Content>,
        /// The date that an import's source promised.
        due_at: Option<Timestamp>,
    },
    /// The supplement is complete.
    CompleteSupplement,
    /// Move the due date.
    Extend {
        /// To this one.
        due_at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Count the due date again.
    Recompute {
        /// Why.
        reason: String,
    },
    /// Give it to another unit.
    HandOver {
        /// To this one.
        to_unit: UnitCode,
        /// Why.
        reason: String,
    },
    /// Give what a unit that ended has to do with it to another one.
    LeaveUnit {
        /// The one that ended.
        from_unit: UnitCode,
        /// To this one.
        to_unit: UnitCode,
        /// Why.
        reason: String,
    },
    /// Begin a step.
    StartStep {
        /// Its number.
        step: u32,
        /// Whose it is.
        unit: UnitCode,
        /// What is done in it.
        name: String,
        /// Its own limit.
        limit: Option<Limit>,
    },
    /// File a petition.
    FilePetition,
    /// What needs nothing looked up.
    Plain(Action),
}

/// What a dossier is about, as asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Content {
    /// The procedure.
    pub(crate) procedure: ProcedureCode,
    /// The unit that receives.
    pub(crate) receiving_unit: UnitCode,
    /// The unit that resolves.
    pub(crate) unit: UnitCode,
    /// How it came in.
    pub(crate) channel: Channel,
    /// Keyed hash of the applicant.
    pub(crate) applicant: Option<[u8; 32]>,
    /// Whether the applicant was verified.
    pub(crate) identity_verified: bool,
    /// The system that it is imported from.
    pub(crate) source: Option<String>,
}

/// The fields of a content, as they come in three messages.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Stated {
    pub(crate) procedure: String,
    pub(crate) receiving_unit: String,
    pub(crate) unit: String,
    pub(crate) channel: i32,
    /// A hash in hexadecimal, no clear text any more.
    pub(crate) applicant: String,
    pub(crate) identity_verified: bool,
}

impl Stated {
    /// The content, all of it needed.
    pub(crate) fn content(self, source: Option<String>) -> Result<Content, Problem> {
        let unit: UnitCode = fields::code("unit", &self.unit)?;
        let receiving_unit = match self.receiving_unit.as_str() {
            "" => unit.clone(),
            code => fields::code("receiving_unit", code)?,
        };
        Ok(Content {
            procedure: fields::code("procedure", &self.procedure)?,
            receiving_unit,
            unit,
            channel: fields::term("channel", self.channel)?,
            applicant: concealed(&self.applicant),
            identity_verified: self.identity_verified,
            source,
        })
    }

    /// The content, or none when nothing is stated.
    pub(crate) fn content_if_any(self, source: Option<String>) -> Result<Option<Content>, Problem> {
        if self == Self::default() {
            Ok(None)
        } else {
            self.content(source).map(Some)
        }
    }
}

/// The hash that took the place of a clear identity.
fn concealed(applicant: &str) -> Option<[u8; 32]> {
    hex::decode(applicant).ok()?.try_into().ok()
}

/// Checks and conceals an applicant's identity.
pub(crate) fn conceal(applicant: &mut String, key: &ApplicantKey) -> Result<(), Problem> {
    *applicant = fields::text("applicant", std::mem::take(applicant), LINE_MAX)?;
    key.conceal(applicant);
    Ok(())
}

fn reason(value: String) -> Result<String, Problem> {
    fields::needed("reason", value, REASON_MAX)
}

fn officer(value: String) -> Result<String, Problem> {
    fields::text("officer", value, STAFF_MAX)
}

fn step(number: i32) -> Result<u32, Problem> {
    fields::number("step", number, 1, STEPS_MAX)
}

pub(crate) fn refuse_reception(text: String) -> Result<Wish, Problem> {
    Ok(Wish::Plain(Action::RefuseReception {
        reason: reason(text)?,
    }))
}

pub(crate) fn start_processing(staff: String) -> Result<Wish, Problem> {
    Ok(Wish::Plain(Action::StartProcessing {
        officer: officer(staff)?,
    }))
}

pub(crate) fn note_activity(activity: String, staff: String) -> Result<Wish, Problem> {
    let activity = fields::needed("activity", activity, LINE_MAX)?;
    Ok(Wish::Plain(Action::NoteActivity {
        activity,
        officer: officer(staff)?,
    }))
}

pub(crate) fn request_supplement(text: String) -> Result<Wish, Problem> {
    Ok(Wish::Plain(Action::RequestSupplement {
        reason: reason(text)?,
    }))
}

pub(crate) fn request_payment(amount_dong: i64, fee: String) -> Result<Wish, Problem> {
    let amount_dong = fields::number("amount_dong", amount_dong, 1, DONG_MAX)?;
    let fee = fields::text("fee", fee, LINE_MAX)?;
    Ok(Wish::Plain(Action::RequestPayment { amount_dong, fee }))
}

pub(crate) fn record_payment(
    amount_dong: i64,
    method: i32,
    reference: String,
) -> Result<Wish, Problem> {
    let amount_dong = fields::number("amount_dong", amount_dong, 1, DONG_MAX)?;
    let method = fields::term("method", method)?;
    let reference = fields::text("reference", reference, STAFF_MAX)?;
    Ok(Wish::Plain(Action::RecordPayment {
        amount_dong,
        method,
        reference,
    }))
}

pub(crate) fn extend(
    due_at: Option<prost_types::Timestamp>,
    text: String,
) -> Result<Wish, Problem> {
    let due_at = fields::due_date("due_at", due_at.as_ref())?
        .ok_or_else(|| Problem::invalid("due_at", "is missing; give the new due date"))?;
    Ok(Wish::Extend {
        due_at,
        reason: reason(text)?,
    })
}

pub(crate) fn recompute(text: String) -> Result<Wish, Problem> {
    Ok(Wish::Recompute {
        reason: reason(text)?,
    })
}

pub(crate) fn complete_step(number: i32) -> Result<Wish, Problem> {
    Ok(Wish::Plain(Action::CompleteStep {
        step: step(number)?,
    }))
}

pub(crate) fn hand_over(to_unit: &str, text: String) -> Result<Wish, Problem> {
    Ok(Wish::HandOver {
        to_unit: fields::code("to_unit", to_unit)?,
        reason: reason(text)?,
    })
}

pub(crate) fn start_step(request: pb::StartStepRequest) -> Result<Wish, Problem> {
    let minutes = fields::number("limit_minutes", request.limit_minutes, 0, STEP_MINUTES_MAX)?;
    Ok(Wish::StartStep {
        step: step(request.step)?,
        unit: fields::code("unit", &request.unit)?,
        name: fields::needed("name", request.name, LINE_MAX)?,
        limit: (minutes > 0).then_some(Limit::Minutes(minutes)),
    })
}

pub(crate) fn stop(text: String) -> Result<Wish, Problem> {
    Ok(Wish::Plain(Action::StopHandling {
        reason: reason(text)?,
    }))
}

pub(crate) fn withdraw(text: String) -> Result<Wish, Problem> {
    Ok(Wish::Plain(Action::WithdrawDossier {
        reason: reason(text)?,
    }))
}

pub(crate) fn correct_result(text: String) -> Result<Wish, Problem> {
    Ok(Wish::Plain(Action::CorrectResult {
        reason: reason(text)?,
    }))
}

pub(crate) fn digitise(digitised: i32, reused: i32) -> Result<Wish, Problem> {
    let digitised = fields::number("digitised", digitised, 0, COMPONENTS_MAX)?;
    let reused = fields::number("reused", reused, 0, COMPONENTS_MAX)?;
    if digitised == 0 && reused == 0 {
        return Err(Problem::invalid(
            "digitised",
            "is 0 and so is reused; count at least one",
        ));
    }
    Ok(Wish::Plain(Action::DigitiseComponents {
        digitised,
        reused,
    }))
}

pub(crate) fn issue(sha256: Vec<u8>) -> Result<Wish, Problem> {
    let bytes = sha256.len();
    let sha256 = sha256.try_into().map_err(|_| {
        let why = format!("has {bytes} bytes; give the 32 bytes of the file's SHA-256");
        Problem::invalid("sha256", why)
    })?;
    Ok(Wish::Plain(Action::IssueElectronicResult { sha256 }))
}

pub(crate) fn sign(signer: String) -> Result<Wish, Problem> {
    let signer = fields::needed("signer", signer, STAFF_MAX)?;
    Ok(Wish::Plain(Action::SignResult { signer }))
}

pub(crate) fn synchronise(target: i32) -> Result<Wish, Problem> {
    Ok(Wish::Plain(Action::SynchroniseDossier {
        target: fields::term("target", target)?,
    }))
}

pub(crate) fn rate(rating: i32) -> Result<Wish, Problem> {
    Ok(Wish::Plain(Action::RateDossier {
        rating: fields::term("rating", rating)?,
    }))
}

pub(crate) fn answer_petition(petition: i32, satisfied: bool) -> Result<Wish, Problem> {
    let petition = fields::number("petition", petition, 1, i32::MAX)?;
    Ok(Wish::Plain(Action::AnswerPetition {
        petition,
        satisfied,
    }))
}
