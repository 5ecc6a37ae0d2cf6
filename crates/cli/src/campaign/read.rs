//! What documents are made of, as the services have it.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::assessments::v1 as pb;
use contracts::registry::v1::ListUnitsRequest;
use index::Definition;
use jiff::Timestamp;

use crate::{Exit, Failure, Service, Services};

/// Rows asked for at a time: the most that services give.
const PAGE: i32 = 1_000;

/// All that is known of one unit's part in a campaign.
#[derive(Debug, Clone)]
pub struct Paper {
    /// The campaign.
    pub campaign: Arc<pb::Campaign>,
    /// What the unit is judged by.
    pub definition: Arc<Definition>,
    /// The unit's names, Vietnamese and English.
    pub name: (String, String),
    /// The moment that all of this is of; none: now.
    pub as_of: Option<Timestamp>,
    /// Its sheet.
    pub assessment: pb::Assessment,
    /// The whole index by each of the values.
    pub preview: pb::PreviewAssessmentResponse,
}

/// Every campaign by code.
///
/// # Errors
/// That the service does not answer.
pub async fn campaigns(services: &Services) -> Result<Vec<pb::Campaign>, Failure> {
    let mut request = pb::ListCampaignsRequest {
        page_size: PAGE,
        page_token: String::new(),
    };
    let mut all = Vec::new();
    loop {
        let mut campaigns = services.campaigns.clone();
        let call = async move |request| campaigns.list_campaigns(request).await;
        let page = services
            .call(Service::Assessments, request.clone(), call)
            .await?;
        all.extend(page.campaigns);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

/// A campaign with everything that is known of it.
///
/// # Errors
/// That there is none, or that the service does not answer.
pub async fn campaign(services: &Services, code: &str) -> Result<pb::Campaign, Failure> {
    campaign_then(services, code, None).await
}

/// The same as it was at a moment.
pub(super) async fn campaign_then(
    services: &Services,
    code: &str,
    as_of: Option<Timestamp>,
) -> Result<pb::Campaign, Failure> {
    let request = pb::GetCampaignRequest {
        code: code.to_owned(),
        as_of: as_of.map(contracts::wire::timestamp),
        ..pb::GetCampaignRequest::default()
    };
    let mut campaigns = services.campaigns.clone();
    let call = async move |request| campaigns.get_campaign(request).await;
    services.call(Service::Assessments, request, call).await
}

/// A unit's sheet.
///
/// # Errors
/// That there is none, or that the service does not answer.
pub async fn assessment(
    services: &Services,
    campaign: &str,
    unit: &str,
) -> Result<pb::Assessment, Failure> {
    assessment_then(services, campaign, unit, None).await
}

/// The same as it was at a moment.
pub(super) async fn assessment_then(
    services: &Services,
    campaign: &str,
    unit: &str,
    as_of: Option<Timestamp>,
) -> Result<pb::Assessment, Failure> {
    let request = pb::GetAssessmentRequest {
        campaign: campaign.to_owned(),
        unit: unit.to_owned(),
        as_of: as_of.map(contracts::wire::timestamp),
        ..pb::GetAssessmentRequest::default()
    };
    let mut campaigns = services.campaigns.clone();
    let call = async move |request| campaigns.get_assessment(request).await;
    services.call(Service::Assessments, request, call).await
}

/// What there is of a unit, or of every unit that takes part.
///
/// # Errors
/// That there is no such campaign or unit, or that a service does not answer.
pub async fn papers(
    services: &Services,
    code: &str,
    unit: Option<&str>,
) -> Result<Vec<Paper>, Failure> {
    papers_then(services, code, unit, None).await
}

/// The same as it was at a moment.
pub(super) async fn papers_then(
    services: &Services,
    code: &str,
    unit: Option<&str>,
    as_of: Option<Timestamp>,
) -> Result<Vec<Paper>, Failure> {
    let campaign = Arc::new(campaign_then(services, code, as_of).await?);
    let units: Vec<&str> = match unit {
        Some(unit) => vec![unit],
        None => {
            let participants = campaign.participants.iter();
            participants.map(|it| it.unit.as_str()).collect()
        }
    };
    let names = names(services, &campaign.as_of).await?;
    let mut definitions = BTreeMap::new();
    let mut papers = Vec::with_capacity(units.len());
    for unit in units {
        let assessment = assessment_then(services, code, unit, as_of).await?;
        let edition = (assessment.index.clone(), assessment.edition.clone());
        let definition = match definitions.get(&edition) {
            Some(known) => Arc::clone(known),
            None => {
                let read = Arc::new(definition(services, &edition.0, &edition.1).await?);
                definitions.insert(edition, read.clone());
                read
            }
        };
        papers.push(Paper {
            campaign: campaign.clone(),
            definition,
            name: names.get(&assessment.unit).cloned().unwrap_or_default(),
            preview: preview(services, code, unit, as_of).await?,
            as_of,
            assessment,
        });
    }
    Ok(papers)
}

async fn preview(
    services: &Services,
    campaign: &str,
    unit: &str,
    as_of: Option<Timestamp>,
) -> Result<pb::PreviewAssessmentResponse, Failure> {
    let request = pb::PreviewAssessmentRequest {
        campaign: campaign.to_owned(),
        unit: unit.to_owned(),
        as_of: as_of.map(contracts::wire::timestamp),
        ..pb::PreviewAssessmentRequest::default()
    };
    let mut campaigns = services.campaigns.clone();
    let call = async move |request| campaigns.preview_assessment(request).await;
    services.call(Service::Assessments, request, call).await
}

/// An edition of an index.
pub(crate) async fn definition(
    services: &Services,
    code: &str,
    edition: &str,
) -> Result<Definition, Failure> {
    let request = pb::GetDefinitionRequest {
        code: code.to_owned(),
        edition: edition.to_owned(),
        as_of: None,
    };
    let mut assessments = services.assessments.clone();
    let call = async move |request| assessments.get_definition(request).await;
    let stored = services.call(Service::Assessments, request, call).await?;
    Definition::parse(&stored.document, code).map_err(|faults| {
        let first = faults.first().map(ToString::to_string).unwrap_or_default();
        let why = format!("cannot read edition {edition} of {code}, update chiso: {first}");
        Failure::new(Exit::Failed, why)
    })
}

/// Names of the units of a day, Vietnamese and English, by code.
async fn names(
    services: &Services,
    on: &str,
) -> Result<BTreeMap<String, (String, String)>, Failure> {
    let mut request = ListUnitsRequest {
        on: on.to_owned(),
        page_size: PAGE,
        ..ListUnitsRequest::default()
    };
    let mut names = BTreeMap::new();
    loop {
        let mut registry = services.registry.clone();
        let call = async move |request| registry.list_units(request).await;
        let page = services
            .call(Service::Registry, request.clone(), call)
            .await?;
        for unit in page.units {
            let name = unit.name.unwrap_or_default();
            names.insert(unit.code, (name.vi, name.en));
        }
        if page.next_page_token.is_empty() {
            return Ok(names);
        }
        request.page_token = page.next_page_token;
    }
}
