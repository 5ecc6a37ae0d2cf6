//! Everybody who has a part in a campaign, each with a token.

use cli::{Link, Service, Services};
use contracts::assessments::v1::campaigns_service_client::CampaignsServiceClient;
use contracts::assessments::v1::publications_service_client::PublicationsServiceClient;
use contracts::assessments::v1::surveys_service_client::SurveysServiceClient;
use identity::Role;
use system_tests::Province;

use super::probes::SUBJECTS;

/// The campaign.
pub(super) const CAMPAIGN: &str = "par-2024";
/// Home Affairs, whose people organise the campaign and appraise all others.
pub(super) const HOME: &str = "H40.01";
/// Whose people appraise Home Affairs.
pub(super) const OTHER: &str = "H40.02";
/// Who that is.
pub(super) const APPRAISER_OF_HOME: &str = "appraiser-of-home";

/// Somebody, as seen from one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Person {
    Organiser,
    /// Of the unit.
    Assessor,
    /// An assessor of another unit.
    Neighbour,
    /// Assigned to the unit.
    Appraiser,
    /// An appraiser whom nobody assigned.
    Unassigned,
    /// An appraiser who is assigned to the unit, and to other components than that of the leaf.
    Elsewhere,
    /// An appraiser of the unit itself.
    OwnAppraiser,
    Council,
    Chair,
    /// Of the unit.
    Clerk,
    /// Granted the unit.
    Integrator,
    Auditor,
    Analyst,
}

impl Person {
    pub(super) const ALL: [Self; 13] = [
        Self::Organiser,
        Self::Assessor,
        Self::Neighbour,
        Self::Appraiser,
        Self::Unassigned,
        Self::Elsewhere,
        Self::OwnAppraiser,
        Self::Council,
        Self::Chair,
        Self::Clerk,
        Self::Integrator,
        Self::Auditor,
        Self::Analyst,
    ];

    /// What the token calls it, as seen from a unit.
    fn subject(self, about: &str) -> String {
        match self {
            // The unit's own, whoever looks.
            Self::Assessor => format!("assessor-{about}"),
            other => other.name(),
        }
    }

    /// What the token calls it, if it is the same from wherever it is seen.
    pub(super) fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    pub(super) fn is(self, about: &str) -> (Role, &str) {
        match self {
            Self::Organiser => (Role::Administrator, HOME),
            Self::Assessor => (Role::Assessor, about),
            Self::Neighbour => (Role::Assessor, OTHER),
            Self::Appraiser => (Role::Appraiser, HOME),
            Self::Unassigned => (Role::Appraiser, "H40.03"),
            Self::Elsewhere => (Role::Appraiser, "H40.04"),
            Self::OwnAppraiser => (Role::Appraiser, about),
            Self::Council => (Role::Council, "H40.04"),
            Self::Chair => (Role::Chair, "H40"),
            Self::Clerk => (Role::Clerk, about),
            Self::Integrator => (Role::Integrator, about),
            Self::Auditor => (Role::Auditor, "H40"),
            Self::Analyst => (Role::Analyst, "H40"),
        }
    }
}

/// A client of campaigns that says who calls.
pub(super) type Campaigns = CampaignsServiceClient<Link>;
/// A client of publications that says who calls.
pub(super) type Publications = PublicationsServiceClient<Link>;
/// A client of surveys that says who calls.
pub(super) type Surveys = SurveysServiceClient<Link>;

/// Makes tokens for everybody.
#[derive(Debug)]
pub(super) struct Cast<'a>(pub(super) &'a Province);

impl Cast<'_> {
    /// All clients of somebody, as seen from a unit.
    pub(super) fn services(&self, person: Person, about: &str) -> Services {
        let (role, unit) = person.is(about);
        self.0.as_caller(&person.subject(about), &[role], &[unit])
    }

    /// All clients of somebody who is the same from wherever seen.
    fn of(&self, person: Person) -> Services {
        self.services(person, SUBJECTS[0])
    }

    /// All clients of the assessor of a unit.
    pub(super) fn services_of_assessor(&self, unit: &str) -> Services {
        let subject = format!("assessor-{unit}");
        self.0.as_caller(&subject, &[Role::Assessor], &[unit])
    }

    pub(super) fn campaigns(&self, person: Person) -> Campaigns {
        campaigns(&self.of(person))
    }

    pub(super) fn publications(&self, person: Person) -> Publications {
        publications(&self.of(person))
    }

    pub(super) fn surveys(&self, person: Person) -> Surveys {
        surveys(&self.of(person))
    }

    /// The assessor of a unit.
    pub(super) fn assessor(&self, unit: &str) -> Campaigns {
        campaigns(&self.services_of_assessor(unit))
    }

    /// Nobody of Home Affairs appraises Home Affairs.
    pub(super) fn appraiser_of_home(&self) -> Campaigns {
        let roles = [Role::Appraiser];
        campaigns(&self.0.as_caller(APPRAISER_OF_HOME, &roles, &[OTHER]))
    }
}

/// A client of campaigns.
pub(super) fn campaigns(services: &Services) -> Campaigns {
    CampaignsServiceClient::new(services.link(Service::Assessments))
}

/// A client of publications.
pub(super) fn publications(services: &Services) -> Publications {
    PublicationsServiceClient::new(services.link(Service::Assessments))
}

/// A client of surveys.
pub(super) fn surveys(services: &Services) -> Surveys {
    SurveysServiceClient::new(services.link(Service::Assessments))
}
