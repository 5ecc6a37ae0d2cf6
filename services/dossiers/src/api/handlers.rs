//! The service trait: every command hands itself on, every query reads.

use contracts::dossiers::v1 as pb;
use contracts::page::Page;
use dossier::Status;
use identity::Permit;

use super::{Api, DossiersService, Problem, Request, Response, Streaming, query};
use crate::page::SIZES;
use crate::wire::Term;

type Answer = tonic::Result<Response<pb::Dossier>>;

#[tonic::async_trait]
impl DossiersService for Api {
    async fn register_dossier(&self, request: Request<pb::RegisterDossierRequest>) -> Answer {
        self.obey(request).await
    }

    async fn receive_dossier(&self, request: Request<pb::ReceiveDossierRequest>) -> Answer {
        self.obey(request).await
    }

    async fn refuse_reception(&self, request: Request<pb::RefuseReceptionRequest>) -> Answer {
        self.obey(request).await
    }

    async fn start_processing(&self, request: Request<pb::StartProcessingRequest>) -> Answer {
        self.obey(request).await
    }

    async fn note_activity(&self, request: Request<pb::NoteActivityRequest>) -> Answer {
        self.obey(request).await
    }

    async fn request_supplement(&self, request: Request<pb::RequestSupplementRequest>) -> Answer {
        self.obey(request).await
    }

    async fn complete_supplement(&self, request: Request<pb::CompleteSupplementRequest>) -> Answer {
        self.obey(request).await
    }

    async fn request_payment(&self, request: Request<pb::RequestPaymentRequest>) -> Answer {
        self.obey(request).await
    }

    async fn record_payment(&self, request: Request<pb::RecordPaymentRequest>) -> Answer {
        self.obey(request).await
    }

    async fn extend_due_date(&self, request: Request<pb::ExtendDueDateRequest>) -> Answer {
        self.obey(request).await
    }

    async fn recompute_due_date(&self, request: Request<pb::RecomputeDueDateRequest>) -> Answer {
        self.obey(request).await
    }

    async fn hand_over_dossier(&self, request: Request<pb::HandOverDossierRequest>) -> Answer {
        self.obey(request).await
    }

    async fn hand_over_unit(
        &self,
        request: Request<pb::HandOverUnitRequest>,
    ) -> tonic::Result<Response<pb::HandOverUnitResponse>> {
        let permit = Permit::of(request.extensions())?;
        let answer = self.succeed(request.into_inner(), permit).await?;
        Ok(Response::new(answer))
    }

    async fn start_step(&self, request: Request<pb::StartStepRequest>) -> Answer {
        self.obey(request).await
    }

    async fn complete_step(&self, request: Request<pb::CompleteStepRequest>) -> Answer {
        self.obey(request).await
    }

    async fn stop_handling(&self, request: Request<pb::StopHandlingRequest>) -> Answer {
        self.obey(request).await
    }

    async fn withdraw_dossier(&self, request: Request<pb::WithdrawDossierRequest>) -> Answer {
        self.obey(request).await
    }

    async fn complete_dossier(&self, request: Request<pb::CompleteDossierRequest>) -> Answer {
        self.obey(request).await
    }

    async fn correct_result(&self, request: Request<pb::CorrectResultRequest>) -> Answer {
        self.obey(request).await
    }

    async fn deliver_result(&self, request: Request<pb::DeliverResultRequest>) -> Answer {
        self.obey(request).await
    }

    async fn digitise_components(&self, request: Request<pb::DigitiseComponentsRequest>) -> Answer {
        self.obey(request).await
    }

    async fn issue_electronic_result(
        &self,
        request: Request<pb::IssueElectronicResultRequest>,
    ) -> Answer {
        self.obey(request).await
    }

    async fn sign_result(&self, request: Request<pb::SignResultRequest>) -> Answer {
        self.obey(request).await
    }

    async fn synchronise_dossier(&self, request: Request<pb::SynchroniseDossierRequest>) -> Answer {
        self.obey(request).await
    }

    async fn rate_dossier(&self, request: Request<pb::RateDossierRequest>) -> Answer {
        self.obey(request).await
    }

    async fn file_petition(&self, request: Request<pb::FilePetitionRequest>) -> Answer {
        self.obey(request).await
    }

    async fn answer_petition(&self, request: Request<pb::AnswerPetitionRequest>) -> Answer {
        self.obey(request).await
    }

    async fn import_dossiers(
        &self,
        request: Request<Streaming<pb::ImportDossiersRequest>>,
    ) -> tonic::Result<Response<pb::ImportDossiersResponse>> {
        let permit = Permit::of(request.extensions())?;
        let answer = self.import(request.into_inner(), permit).await?;
        Ok(Response::new(answer))
    }

    async fn get_dossier(&self, request: Request<pb::GetDossierRequest>) -> Answer {
        let permit = Permit::of(request.extensions())?;
        let answer = self.dossier(request.into_inner(), &permit).await?;
        Ok(Response::new(answer))
    }

    async fn list_dossiers(
        &self,
        request: Request<pb::ListDossiersRequest>,
    ) -> tonic::Result<Response<pb::ListDossiersResponse>> {
        let permit = Permit::of(request.extensions())?;
        let request = request.into_inner();
        let unit = self.canonical(&request.unit, &permit)?;
        let status = match request.status {
            0 => None,
            number => Some(Status::from_number(number).ok_or_else(|| {
                Problem::invalid("status", "has a number of no status; choose a value")
            })?),
        };
        let of_status = status.map_or_else(String::new, |status| status.code().to_string());
        let list = format!(
            "dossiers {} {of_status}",
            unit.as_deref().unwrap_or_default()
        );
        let page = Page::parse(list, request.page_size, &request.page_token, SIZES)?;
        let listed = query::list(self.log.pool(), unit.as_deref(), status, &page).await?;
        Ok(Response::new(listed))
    }

    async fn list_overdue_dossiers(
        &self,
        request: Request<pb::ListOverdueDossiersRequest>,
    ) -> tonic::Result<Response<pb::ListOverdueDossiersResponse>> {
        let permit = Permit::of(request.extensions())?;
        let request = request.into_inner();
        let unit = self.canonical(&request.unit, &permit)?;
        let list = format!("overdue {}", unit.as_deref().unwrap_or_default());
        let page = Page::parse(list, request.page_size, &request.page_token, SIZES)?;
        let now = self.clock.now();
        let listed = query::overdue(self.log.pool(), unit.as_deref(), now, &page).await?;
        Ok(Response::new(listed))
    }
}
