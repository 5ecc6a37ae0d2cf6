//! Requests: what each RPC asks of a dossier.

use contracts::dossiers::v1 as pb;
use contracts::log::v1::CommandContext;
use contracts::problem::Problem;
use dossier::Action;
use ids::DossierCode;

use crate::applicant::ApplicantKey;
use crate::wire::fields;
use crate::wire::wishes::{self, Stated, Wish};

/// A request for one dossier.
pub(crate) trait Command: prost::Message + Default {
    /// The RPC's name.
    const METHOD: &'static str;

    /// The request's context, taken out of it: what is left is the content.
    fn take_context(&mut self) -> Option<CommandContext>;

    /// Replaces an applicant's clear identity by its hash, in the request itself.
    fn conceal(&mut self, _key: &ApplicantKey) -> Result<(), Problem> {
        Ok(())
    }

    /// What is asked of which dossier.
    fn parse(self) -> Result<Asked, Problem>;
}

/// What is asked of which dossier.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// The dossier; none when it shall be given the next code.
    pub(crate) code: Option<DossierCode>,
    /// What is asked.
    pub(crate) wish: Wish,
}

fn new_code(code: &str) -> Result<Option<DossierCode>, Problem> {
    if code.is_empty() {
        Ok(None)
    } else {
        fields::dossier(code).map(Some)
    }
}

macro_rules! commands {
    ($($message:ident = $method:literal |$request:ident| $wish:expr;)+) => {
        $(impl Command for pb::$message {
            const METHOD: &'static str = $method;

            fn take_context(&mut self) -> Option<CommandContext> {
                self.context.take()
            }

            fn parse(self) -> Result<Asked, Problem> {
                let $request = self;
                let code = Some(fields::dossier(&$request.code)?);
                Ok(Asked { code, wish: $wish })
            }
        })+
    };
}

macro_rules! filing_commands {
    ($($message:ident = $method:literal |$stated:ident| $wish:expr;)+) => {
        $(impl Command for pb::$message {
            const METHOD: &'static str = $method;

            fn take_context(&mut self) -> Option<CommandContext> {
                self.context.take()
            }

            fn conceal(&mut self, key: &ApplicantKey) -> Result<(), Problem> {
                wishes::conceal(&mut self.applicant, key)
            }

            fn parse(self) -> Result<Asked, Problem> {
                let code = new_code(&self.code)?;
                let $stated = Stated {
                    procedure: self.procedure,
                    receiving_unit: self.receiving_unit,
                    unit: self.unit,
                    channel: self.channel,
                    applicant: self.applicant,
                    identity_verified: self.identity_verified,
                };
                Ok(Asked { code, wish: $wish })
            }
        })+
    };
}

filing_commands! {
    RegisterDossierRequest = "RegisterDossier" |stated| Wish::Register(stated.content(None)?);
    ReceiveDossierRequest = "ReceiveDossier" |stated| Wish::Receive {
        content: stated.content_if_any(None)?,
        due_at: None,
    };
}

commands! {
    RefuseReceptionRequest = "RefuseReception" |r| wishes::refuse_reception(r.reason)?;
    StartProcessingRequest = "StartProcessing" |r| wishes::start_processing(r.officer)?;
    NoteActivityRequest = "NoteActivity" |r| wishes::note_activity(r.activity, r.officer)?;
    RequestSupplementRequest = "RequestSupplement" |r| wishes::request_supplement(r.reason)?;
    CompleteSupplementRequest = "CompleteSupplement" |_r| Wish::CompleteSupplement;
    RequestPaymentRequest = "RequestPayment" |r| wishes::request_payment(r.amount_dong, r.fee)?;
    RecordPaymentRequest = "RecordPayment" |r| {
        wishes::record_payment(r.amount_dong, r.method, r.reference)?
    };
    ExtendDueDateRequest = "ExtendDueDate" |r| wishes::extend(r.due_at, r.reason)?;
    RecomputeDueDateRequest = "RecomputeDueDate" |r| wishes::recompute(r.reason)?;
    HandOverDossierRequest = "HandOverDossier" |r| wishes::hand_over(&r.to_unit, r.reason)?;
    StartStepRequest = "StartStep" |r| wishes::start_step(r)?;
    CompleteStepRequest = "CompleteStep" |r| wishes::complete_step(r.step)?;
    StopHandlingRequest = "StopHandling" |r| wishes::stop(r.reason)?;
    WithdrawDossierRequest = "WithdrawDossier" |r| wishes::withdraw(r.reason)?;
    CompleteDossierRequest = "CompleteDossier" |_r| Wish::Plain(Action::CompleteDossier);
    CorrectResultRequest = "CorrectResult" |r| wishes::correct_result(r.reason)?;
    DeliverResultRequest = "DeliverResult" |_r| Wish::Plain(Action::DeliverResult);
    DigitiseComponentsRequest = "DigitiseComponents" |r| wishes::digitise(r.digitised, r.reused)?;
    IssueElectronicResultRequest = "IssueElectronicResult" |r| wishes::issue(r.sha256)?;
    SignResultRequest = "SignResult" |r| wishes::sign(r.signer)?;
    SynchroniseDossierRequest = "SynchroniseDossier" |r| wishes::synchronise(r.target)?;
    RateDossierRequest = "RateDossier" |r| wishes::rate(r.rating)?;
    FilePetitionRequest = "FilePetition" |_r| Wish::FilePetition;
    AnswerPetitionRequest = "AnswerPetition" |r| wishes::answer_petition(r.petition, r.satisfied)?;
}
