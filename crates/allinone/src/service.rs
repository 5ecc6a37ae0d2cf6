//! The five services, and something for each of them.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

/// The first of the five ports where nothing else is said.
const BASE_PORT: u16 = 7401;

/// A service of a province, or the log that it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Service {
    /// Units, procedures, calendars, policies.
    Registry,
    /// Dossiers and their clocks.
    Dossiers,
    /// Index definitions and reported figures.
    Assessments,
    /// Measures and points.
    Scoring,
    /// Indices, ranks, watches.
    Projection,
}

impl Service {
    /// Every service, in the order of a dossier's way to an index.
    pub const ALL: [Self; 5] = [
        Self::Registry,
        Self::Dossiers,
        Self::Assessments,
        Self::Scoring,
        Self::Projection,
    ];

    /// Its name, which is also that of its log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registry => registry::LOG,
            Self::Dossiers => dossiers::LOG,
            Self::Assessments => assessments::LOG,
            Self::Scoring => scoring::LOG,
            Self::Projection => projection::LOG,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something for each service; addresses are like `https://127.0.0.1:7401`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Addresses<T = String> {
    /// The registry.
    pub registry: T,
    /// Dossiers.
    pub dossiers: T,
    /// Assessments.
    pub assessments: T,
    /// Scoring.
    pub scoring: T,
    /// Projection.
    pub projection: T,
}

impl<T> Addresses<T> {
    /// What `of` says for each service.
    pub fn each(of: impl Fn(Service) -> T) -> Self {
        Self {
            registry: of(Service::Registry),
            dossiers: of(Service::Dossiers),
            assessments: of(Service::Assessments),
            scoring: of(Service::Scoring),
            projection: of(Service::Projection),
        }
    }

    /// What belongs to a service.
    pub fn of(&self, service: Service) -> &T {
        match service {
            Service::Registry => &self.registry,
            Service::Dossiers => &self.dossiers,
            Service::Assessments => &self.assessments,
            Service::Scoring => &self.scoring,
            Service::Projection => &self.projection,
        }
    }
}

impl Default for Addresses {
    /// Loopback, from port 7401 on: what every program of Chiso takes when nothing is said.
    fn default() -> Self {
        Self::each(|service| {
            let port = BASE_PORT + service as u16;
            format!("https://127.0.0.1:{port}")
        })
    }
}
