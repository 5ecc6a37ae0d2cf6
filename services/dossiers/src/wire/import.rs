//! Rows of an import: facts that another system recorded.

use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::import_dossiers_request::Fact;
use contracts::problem::Problem;
use dossier::Action;
use ids::DossierCode;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::applicant::ApplicantKey;
use crate::wire::fields::{self, EARLIEST, LINE_MAX, STAFF_MAX};
use crate::wire::wishes::{self, Stated, Wish};

/// The namespace of the ids that rows get; drawn once, for ever.
const ROWS: Uuid = Uuid::from_u128(0x6f1d_42a7_93c5_4b0e_8a5c_2c3d_90f4_7e11);

/// Longest name of a source, in characters.
const SOURCE_MAX: usize = 64;

/// How far ahead of our clock another system's may be.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What a source did not say about an electronic result: its digest.
const DIGEST_UNKNOWN: [u8; 32] = [0; 32];

/// A row that may be decided.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// 1 for the first row of the call.
    pub(crate) number: i64,
    /// Follows from source and source event id.
    pub(crate) id: Uuid,
    /// Digest of everything that the row says.
    pub(crate) hash: [u8; 32],
    /// The system that recorded it.
    pub(crate) source: String,
    /// Its identity there.
    pub(crate) source_event_id: String,
    /// The dossier.
    pub(crate) code: DossierCode,
    /// When it happened in the world.
    pub(crate) at: Timestamp,
    /// Who did it; may be empty.
    pub(crate) officer: String,
    /// What happened, as a wish.
    pub(crate) wish: Wish,
}

/// Reads a row.
///
/// # Errors
/// Names the field that is wrong.
pub(crate) fn row(
    number: i64,
    mut request: pb::ImportDossiersRequest,
    key: &ApplicantKey,
    now: Timestamp,
) -> Result<Row, Problem> {
    if let Some(applicant) = applicant(&mut request) {
        wishes::conceal(applicant, key)?;
    }
    check_source(&request.source)?;
    let hash = Sha256::digest(request.encode_to_vec()).into();
    let source_event_id = fields::needed("source_event_id", request.source_event_id, LINE_MAX)?;
    let name = format!("{}\0{source_event_id}", request.source);
    let officer = fields::text("officer", request.officer, STAFF_MAX)?;
    let fact = request
        .fact
        .ok_or_else(|| Problem::invalid("fact", "is missing; say what happened"))?;
    Ok(Row {
        number,
        id: Uuid::new_v5(&ROWS, name.as_bytes()),
        hash,
        source_event_id,
        code: fields::dossier(&request.code)?,
        at: moment(request.occurred_at.as_ref(), now)?,
        wish: wish(fact, &request.source, &officer)?,
        source: request.source,
        officer,
    })
}

fn applicant(request: &mut pb::ImportDossiersRequest) -> Option<&mut String> {
    match request.fact.as_mut()? {
        Fact::Registered(registration) => Some(&mut registration.applicant),
        Fact::Received(reception) => Some(&mut reception.applicant),
        _ => None,
    }
}

fn check_source(source: &str) -> Result<(), Problem> {
    let sound = (1..=SOURCE_MAX).contains(&source.len())
        && source
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if sound {
        return Ok(());
    }
    let why = "must be 1 to 64 letters, digits, dots, underscores and hyphens";
    Err(Problem::invalid("source", why))
}

fn moment(at: Option<&prost_types::Timestamp>, now: Timestamp) -> Result<Timestamp, Problem> {
    let invalid = |why: &str| Problem::invalid("occurred_at", why);
    let at = fields::moment("occurred_at", at)?
        .ok_or_else(|| invalid("is missing; say when it happened"))?;
    if at < EARLIEST {
        return Err(invalid("lies before 1990; correct it"));
    }
    if at.duration_since(now) > AHEAD {
        return Err(invalid(
            "lies more than 5 minutes in the future; correct it",
        ));
    }
    Ok(fields::whole_microseconds(at))
}

fn wish(fact: Fact, source: &str, officer: &str) -> Result<Wish, Problem> {
    let from = || Some(source.to_owned());
    match fact {
        Fact::Registered(of) => registration(of).content(from()).map(Wish::Register),
        Fact::Received(of) => Ok(Wish::Receive {
            due_at: fields::due_date("due_at", of.due_at.as_ref())?,
            content: reception(of).content_if_any(from())?,
        }),
        Fact::Refused(of) => wishes::refuse_reception(of.reason),
        Fact::ProcessingStarted(_) => wishes::start_processing(officer.to_owned()),
        Fact::Activity(of) => wishes::note_activity(of.activity, officer.to_owned()),
        Fact::SupplementRequested(of) => wishes::request_supplement(of.reason),
        Fact::SupplementCompleted(_) => Ok(Wish::CompleteSupplement),
        Fact::PaymentRequested(of) => wishes::request_payment(of.amount_dong, String::new()),
        Fact::PaymentRecorded(of) => {
            wishes::record_payment(of.amount_dong, of.method, String::new())
        }
        Fact::DueDateExtended(of) => wishes::extend(of.due_at, of.reason),
        Fact::HandedOver(of) => wishes::hand_over(&of.to_unit, of.reason),
        Fact::Stopped(of) => wishes::stop(of.reason),
        Fact::Withdrawn(of) => wishes::withdraw(of.reason),
        Fact::Completed(_) => Ok(Wish::Plain(Action::CompleteDossier)),
        Fact::ResultCorrected(of) => wishes::correct_result(of.reason),
        Fact::Delivered(_) => Ok(Wish::Plain(Action::DeliverResult)),
        Fact::Digitised(of) => wishes::digitise(of.digitised, of.reused),
        Fact::ElectronicResultIssued(_) => Ok(Wish::Plain(Action::IssueElectronicResult {
            sha256: DIGEST_UNKNOWN,
        })),
        // A source that does not name the signer vouches itself.
        Fact::ResultSigned(_) if officer.trim().is_empty() => wishes::sign(source.to_owned()),
        Fact::ResultSigned(_) => wishes::sign(officer.to_owned()),
        Fact::Synchronised(of) => wishes::synchronise(of.target),
        Fact::Rated(of) => wishes::rate(of.rating),
        Fact::PetitionFiled(_) => Ok(Wish::FilePetition),
        Fact::PetitionAnswered(of) => wishes::answer_petition(of.petition, of.satisfied),
    }
}

fn registration(of: pb::ImportedRegistration) -> Stated {
    Stated {
        procedure: of.procedure,
        receiving_unit: of.receiving_unit,
        unit: of.unit,
        channel: of.channel,
        applicant: of.applicant,
        identity_verified: of.identity_verified,
    }
}

fn reception(of: pb::ImportedReception) -> Stated {
    Stated {
        procedure: of.procedure,
        receiving_unit: of.receiving_unit,
        unit: of.unit,
        channel: of.channel,
        applicant: of.applicant,
        identity_verified: of.identity_verified,
    }
}
