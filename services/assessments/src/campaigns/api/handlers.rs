//! Each call in four steps: parse, decide, store, answer.

use assessment::Role;
use assessment::campaign::Action as CampaignAction;
use assessment::sheet::Action;
use contracts::assessments::v1 as pb;
use contracts::assessments::v1::campaigns_service_server::CampaignsService;
use identity::Permit;
use ids::LeafCode;
use tonic::{Request, Response, Result};

use super::Api;
use crate::campaigns::api::campaigns::told;
use crate::campaigns::publication::Wanted;
use crate::campaigns::resource::Seen;
use crate::campaigns::wish;
use crate::past;

/// A command to a leaf: parsed by `$wish`, given in `$role`, answered with the leaf.
macro_rules! leaf_command {
    ($api:ident, $request:ident, $method:literal, $role:expr, $wish:path) => {{
        let permit = Permit::of($request.extensions())?;
        let mut request = $request.into_inner();
        let context = request.context.take();
        let call = $api.call(context, permit, $method, &request)?;
        let (place, action) = $wish(&request)?;
        let leaf = leaf_of(&action).cloned();
        let executed = $api
            .order_sheet(call, $role, &place, &action, |seen: &Seen<'_>, _| {
                leaf.as_ref()
                    .map(|leaf| seen.leaf(leaf))
                    .unwrap_or_default()
            })
            .await?;
        Ok(Response::new(pb::LeafAssessment {
            position: executed.position,
            ..executed.response
        }))
    }};
}

fn leaf_of(action: &Action) -> Option<&LeafCode> {
    match action {
        Action::Claim { leaf, .. }
        | Action::Appraise { leaf, .. }
        | Action::Explain { leaf, .. }
        | Action::Contest { leaf, .. }
        | Action::Remark { leaf, .. } => Some(leaf),
        Action::Submit | Action::AcceptAll => None,
    }
}

#[tonic::async_trait]
impl CampaignsService for Api {
    async fn plan_campaign(
        &self,
        request: Request<pb::PlanCampaignRequest>,
    ) -> Result<Response<pb::Campaign>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "PlanCampaign", &request)?;
        let asked = wish::plan(&request)?;
        let plan = self.plan(&asked).await?;
        let campaign = self.order_plan(call, &asked.code, plan).await?;
        Ok(Response::new(campaign))
    }

    async fn open_campaign(
        &self,
        request: Request<pb::OpenCampaignRequest>,
    ) -> Result<Response<pb::Campaign>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "OpenCampaign", &request)?;
        let code = wish::campaign(&request.campaign)?;
        let action = CampaignAction::Open;
        let campaign = self.order(call, Role::Organiser, &code, action).await?;
        Ok(Response::new(campaign))
    }

    async fn close_stage(
        &self,
        request: Request<pb::CloseStageRequest>,
    ) -> Result<Response<pb::Campaign>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "CloseStage", &request)?;
        let (code, action) = wish::closing(&request)?;
        let campaign = self.order(call, Role::Organiser, &code, action).await?;
        Ok(Response::new(campaign))
    }

    async fn extend_stage(
        &self,
        request: Request<pb::ExtendStageRequest>,
    ) -> Result<Response<pb::Campaign>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "ExtendStage", &request)?;
        let (code, action) = wish::extension(&request)?;
        let campaign = self.order(call, Role::Organiser, &code, action).await?;
        Ok(Response::new(campaign))
    }

    async fn reopen_stage(
        &self,
        request: Request<pb::ReopenStageRequest>,
    ) -> Result<Response<pb::Campaign>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "ReopenStage", &request)?;
        let (code, action) = wish::reopening(&request)?;
        let campaign = self.order(call, Role::Organiser, &code, action).await?;
        Ok(Response::new(campaign))
    }

    async fn assign_appraiser(
        &self,
        request: Request<pb::AssignAppraiserRequest>,
    ) -> Result<Response<pb::Campaign>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "AssignAppraiser", &request)?;
        let (code, appraiser, assignment) = wish::assignment(&request)?;
        let action = self.assignment(appraiser, assignment).await?;
        let campaign = self.order(call, Role::Organiser, &code, action).await?;
        Ok(Response::new(campaign))
    }

    async fn approve_campaign(
        &self,
        request: Request<pb::ApproveCampaignRequest>,
    ) -> Result<Response<pb::Campaign>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "ApproveCampaign", &request)?;
        let code = wish::campaign(&request.campaign)?;
        let document = wish::document(&request.document)?;
        let campaign = self.approve(call, &code, &document).await?;
        Ok(Response::new(campaign))
    }

    async fn publish_campaign(
        &self,
        request: Request<pb::PublishCampaignRequest>,
    ) -> Result<Response<pb::Campaign>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "PublishCampaign", &request)?;
        let code = wish::campaign(&request.campaign)?;
        let document = wish::document(&request.document)?;
        let wanted = Wanted {
            campaign: code,
            document,
            corrects_because: None,
        };
        let respond = self.responding(&wanted.campaign, &call);
        let executed = self.publish(call, &wanted, respond).await?;
        Ok(Response::new(told(executed)))
    }

    async fn claim_leaf(
        &self,
        request: Request<pb::ClaimLeafRequest>,
    ) -> Result<Response<pb::LeafAssessment>> {
        leaf_command!(self, request, "ClaimLeaf", Role::Assessor, wish::claim)
    }

    async fn submit_assessment(
        &self,
        request: Request<pb::SubmitAssessmentRequest>,
    ) -> Result<Response<pb::Assessment>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "SubmitAssessment", &request)?;
        let place = wish::place_of(&request.campaign, &request.unit)?;
        let at = call.context.received_at;
        let submit = Action::Submit;
        let executed = self
            .order_sheet(call, Role::Assessor, &place, &submit, |seen, _| {
                seen.assessment(at)
            })
            .await?;
        Ok(Response::new(pb::Assessment {
            position: executed.position,
            ..executed.response
        }))
    }

    async fn appraise_leaf(
        &self,
        request: Request<pb::AppraiseLeafRequest>,
    ) -> Result<Response<pb::LeafAssessment>> {
        leaf_command!(
            self,
            request,
            "AppraiseLeaf",
            Role::Appraiser,
            wish::appraisal
        )
    }

    async fn accept_leaves(
        &self,
        request: Request<pb::AcceptLeavesRequest>,
    ) -> Result<Response<pb::AcceptLeavesResponse>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "AcceptLeaves", &request)?;
        let place = wish::place_of(&request.campaign, &request.unit)?;
        let at = call.context.received_at;
        let accept = Action::AcceptAll;
        let executed = self
            .order_sheet(call, Role::Appraiser, &place, &accept, |seen, by| {
                seen.accepted(&by.id, at)
            })
            .await?;
        Ok(Response::new(pb::AcceptLeavesResponse {
            position: executed.position,
            ..executed.response
        }))
    }

    async fn explain_leaf(
        &self,
        request: Request<pb::ExplainLeafRequest>,
    ) -> Result<Response<pb::LeafAssessment>> {
        leaf_command!(
            self,
            request,
            "ExplainLeaf",
            Role::Assessor,
            wish::explanation
        )
    }

    async fn contest_leaf(
        &self,
        request: Request<pb::ContestLeafRequest>,
    ) -> Result<Response<pb::LeafAssessment>> {
        leaf_command!(self, request, "ContestLeaf", Role::Assessor, wish::contest)
    }

    async fn remark_on_leaf(
        &self,
        request: Request<pb::RemarkOnLeafRequest>,
    ) -> Result<Response<pb::LeafAssessment>> {
        leaf_command!(self, request, "RemarkOnLeaf", Role::Council, wish::remark)
    }

    async fn get_campaign(
        &self,
        request: Request<pb::GetCampaignRequest>,
    ) -> Result<Response<pb::Campaign>> {
        Ok(Response::new(self.campaign(&request.into_inner()).await?))
    }

    async fn list_campaigns(
        &self,
        request: Request<pb::ListCampaignsRequest>,
    ) -> Result<Response<pb::ListCampaignsResponse>> {
        Ok(Response::new(self.campaigns(&request.into_inner())?))
    }

    async fn get_assessment(
        &self,
        request: Request<pb::GetAssessmentRequest>,
    ) -> Result<Response<pb::Assessment>> {
        let permit = Permit::of(request.extensions())?;
        let request = request.into_inner();
        let place = wish::place_of(&request.campaign, &request.unit)?;
        let now = self.clock.now();
        let until = past::until(request.version, request.as_of.as_ref(), now)?;
        let assessment = self
            .seen(&permit, &place, until, |seen, at| seen.assessment(at))
            .await?;
        Ok(Response::new(assessment))
    }

    async fn preview_assessment(
        &self,
        request: Request<pb::PreviewAssessmentRequest>,
    ) -> Result<Response<pb::PreviewAssessmentResponse>> {
        let permit = Permit::of(request.extensions())?;
        let request = request.into_inner();
        let place = wish::place_of(&request.campaign, &request.unit)?;
        let now = self.clock.now();
        let until = past::until(request.version, request.as_of.as_ref(), now)?;
        let preview = self
            .seen(&permit, &place, until, |seen, _| seen.preview())
            .await?;
        Ok(Response::new(preview))
    }

    async fn list_discrepancies(
        &self,
        request: Request<pb::ListDiscrepanciesRequest>,
    ) -> Result<Response<pb::ListDiscrepanciesResponse>> {
        let permit = Permit::of(request.extensions())?;
        let listed = self.discrepancies(&permit, &request.into_inner()).await?;
        Ok(Response::new(listed))
    }
}
