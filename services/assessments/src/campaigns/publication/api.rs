//! The gRPC service of publications.

use std::collections::BTreeMap;

use assessment::campaign::Publication;
use assessment::{Campaign, Sheet};
use contracts::assessments::v1 as pb;
use contracts::assessments::v1::publications_service_server::PublicationsService;
use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::Version;
use eventlog::command::{Codec as _, load};
use futures::stream::{self, BoxStream, StreamExt as _};
use identity::Permit;
use ids::CampaignCode;
use index::Inputs;
use sha2::{Digest as _, Sha256};
use tonic::{Request, Response, Result};

use super::canonical;
use super::document::{Act, Judged, head, units};
use super::issue::Wanted;
use crate::campaigns::api::Api;
use crate::campaigns::codec::{
    CampaignCodec, SheetCodec, basis_to_wire, campaign_stream, figures_basis_to_wire,
    number_to_wire, sheet_stream,
};
use crate::campaigns::ground::no_campaign;
use crate::campaigns::terms::moment_to_wire;
use crate::campaigns::wish;

/// Publications of a page: a few hundred bytes each.
const SIZES: Sizes = Sizes {
    default: 100,
    max: 1_000,
};

#[tonic::async_trait]
impl PublicationsService for Api {
    async fn correct_publication(
        &self,
        request: Request<pb::CorrectPublicationRequest>,
    ) -> Result<Response<pb::Publication>> {
        let permit = Permit::of(request.extensions())?;
        let mut request = request.into_inner();
        let context = request.context.take();
        let call = self.call(context, permit, "CorrectPublication", &request)?;
        let wanted = Wanted {
            campaign: wish::campaign(&request.campaign)?,
            document: wish::document(&request.document)?,
            corrects_because: Some(wish::correction(&request.reason)?),
        };
        let code = wanted.campaign.clone();
        let respond = |campaign: &Campaign, _: Version| {
            let newest = campaign.publications().values().next_back();
            newest
                .map(|newest| to_wire(code.as_str(), newest, 0))
                .unwrap_or_default()
        };
        let executed = self.publish(call, &wanted, respond).await?;
        Ok(Response::new(pb::Publication {
            position: executed.position,
            ..executed.response
        }))
    }

    type GetPublicationStream = BoxStream<'static, Result<pb::GetPublicationResponse>>;

    async fn get_publication(
        &self,
        request: Request<pb::GetPublicationRequest>,
    ) -> Result<Response<Self::GetPublicationStream>> {
        let parts = self.publication(&request.into_inner()).await?;
        let parts = parts.into_iter().map(|part| {
            let part = Some(part);
            Ok(pb::GetPublicationResponse { part })
        });
        Ok(Response::new(stream::iter(parts).boxed()))
    }

    async fn list_publications(
        &self,
        request: Request<pb::ListPublicationsRequest>,
    ) -> Result<Response<pb::ListPublicationsResponse>> {
        Ok(Response::new(self.publications(&request.into_inner())?))
    }
}

impl Api {
    /// A publication, put together from the log.
    async fn publication(
        &self,
        request: &pb::GetPublicationRequest,
    ) -> Result<Vec<pb::get_publication_response::Part>, Problem> {
        use pb::get_publication_response::Part;
        let code = wish::campaign(&request.campaign)?;
        let loaded = load::<CampaignCodec>(&self.log, &campaign_stream(&code)).await?;
        let campaign = loaded.state;
        let plan = campaign.plan().ok_or_else(|| no_campaign(&code))?;
        let it = chosen(&code, &campaign, request.number)?;
        let editions = self.editions_of(plan)?;
        let mut sheets = BTreeMap::new();
        for (unit, outcome) in &it.seal.outcomes {
            let stream = sheet_stream(&code, unit);
            let sheet = self.sheet_at(&stream, outcome.sheet_version).await?;
            sheets.insert(unit.clone(), (sheet, outcome.sheet_version));
        }
        let no_figures = Inputs::new();
        let judged = sheets.iter().map(|(unit, (sheet, version))| {
            let judged = Judged {
                sheet,
                version: *version,
                figures: it.figures.get(unit).unwrap_or(&no_figures),
            };
            (unit.clone(), judged)
        });
        let units = units(plan, &editions, &judged.collect());
        let act = Act {
            campaign: code.as_str(),
            number: it.seal.number,
            corrects: it.seal.corrects,
            reason: &it.seal.reason,
            document: &it.document,
            by: &it.by,
            at: it.at,
            rests_on: &it.seal.rests_on,
            counted_on: it.seal.counted_on.as_ref(),
        };
        let whole = pb::PublishedResult {
            units,
            ..head(act, plan)
        };
        let digest: [u8; 32] = Sha256::digest(canonical(&whole)).into();
        if digest != it.seal.sha256 {
            tracing::error!(campaign = %code, number = it.seal.number, "a publication does not follow from the log");
            let message =
                "what was published does not follow from the log any more; verify the log";
            return Err(Problem::internal(message));
        }
        let units = whole.units.into_iter().map(Part::Unit);
        let head = Part::Head(pb::PublicationHead {
            publication: Some(to_wire(code.as_str(), it, loaded.last_position)),
            result: Some(head(act, plan)),
        });
        Ok([head].into_iter().chain(units).collect())
    }

    /// A sheet as it was at a version.
    async fn sheet_at(&self, stream: &str, version: Version) -> Result<Sheet, Problem> {
        let events = self.log.load(stream).await.map_err(|error| {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot read a sheet"
            );
            Problem::unavailable("the log is out of reach; repeat the call")
        })?;
        let mut sheet = Sheet::default();
        for event in events.iter().filter(|event| event.version <= version) {
            let told = SheetCodec::read(event).map_err(|error| {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    stream,
                    "cannot read a sheet"
                );
                Problem::internal("a sheet cannot be read; verify the log")
            })?;
            sheet.evolve(&told);
        }
        Ok(sheet)
    }

    fn publications(
        &self,
        request: &pb::ListPublicationsRequest,
    ) -> Result<pb::ListPublicationsResponse, Problem> {
        let only = match request.campaign.as_str() {
            "" => None,
            code => Some(wish::campaign(code)?),
        };
        let list = format!("publications {}", request.campaign);
        let page = Page::parse(list, request.page_size, &request.page_token, SIZES)?;
        let view = self.view.borrow();
        let campaigns = view.campaigns.all();
        let campaigns =
            campaigns.filter(|(code, _)| only.as_ref().is_none_or(|only| only.as_str() == *code));
        let rows = campaigns.flat_map(|(code, kept)| {
            let publications = kept.state.publications().values();
            publications.map(move |it| to_wire(code, it, kept.position))
        });
        let key = |row: &pb::Publication| format!("{} {:010}", row.campaign, row.number);
        let (publications, next_page_token) = page.take(rows, key);
        Ok(pb::ListPublicationsResponse {
            publications,
            next_page_token,
        })
    }
}

fn chosen<'a>(
    code: &CampaignCode,
    campaign: &'a Campaign,
    number: i32,
) -> Result<&'a Publication, Problem> {
    let publications = campaign.publications();
    let number = u32::try_from(number)
        .map_err(|_| Problem::invalid("number", "must not be negative; 0 names the newest"))?;
    let found = match number {
        0 => publications.values().next_back(),
        number => publications.get(&number),
    };
    found.ok_or_else(|| {
        let message = format!("campaign {code} has no such publication; list those that it has");
        Problem::not_found("PUBLICATION_NOT_FOUND", message)
    })
}

fn to_wire(campaign: &str, it: &Publication, position: i64) -> pb::Publication {
    let seal = &it.seal;
    pb::Publication {
        campaign: campaign.to_owned(),
        number: number_to_wire(Some(seal.number)),
        corrects: number_to_wire(seal.corrects),
        reason: seal.reason.clone(),
        document: it.document.clone(),
        published_by: it.by.clone(),
        published_at: moment_to_wire(it.at),
        rests_on: seal.rests_on.iter().map(basis_to_wire).collect(),
        sha256: seal.sha256.to_vec(),
        signature: seal.signature.to_vec(),
        public_key: seal.public_key.to_vec(),
        position,
        counted_on: seal.counted_on.as_ref().map(figures_basis_to_wire),
    }
}
