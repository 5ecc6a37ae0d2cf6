//! Whether a unit exists: asked of the registry, remembered for a while.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use contracts::problem::Problem;
use contracts::registry::v1::registry_service_client::RegistryServiceClient;
use contracts::registry::v1::{GetUnitRequest, Unit};
use ids::UnitCode;
use jiff::civil::Date;
use lru::LruCache;
use tonic::Code;
use tonic::transport::Channel;

/// Units remembered: more than a province has.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");

/// Asks the registry. What exists is remembered: a unit that ends keeps its code, and figures of its time may be
/// reported later.
#[derive(Debug, Clone)]
pub(crate) struct Units {
    registry: RegistryServiceClient<Channel>,
    known: Arc<Mutex<LruCache<UnitCode, UnitCode>>>,
}

impl Units {
    pub(crate) fn new(registry: Channel) -> Self {
        Self {
            registry: RegistryServiceClient::new(registry),
            known: Arc::new(Mutex::new(LruCache::new(REMEMBERED))),
        }
    }

    /// The code that names the unit, by any of its codes.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` for a unit that the registry does not know, `UNAVAILABLE` while it does not answer.
    pub(crate) async fn resolve(&self, code: UnitCode) -> Result<UnitCode, Problem> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(primary) = known().get(&code) {
            return Ok(primary.clone());
        }
        let Some(unit) = self.ask(&code, None).await? else {
            let message = format!("unit {code} is not known; put it into the registry first");
            return Err(Problem::refused("UNKNOWN_UNIT", message).with("unit", code.to_string()));
        };
        let primary = unit.code.parse().unwrap_or_else(|_| code.clone());
        known().put(code, UnitCode::clone(&primary));
        Ok(primary)
    }

    /// A unit by any of its codes: as it is on a day, or without one as it is, was last or will be first.
    ///
    /// # Errors
    /// `UNAVAILABLE` while the registry does not answer.
    pub(crate) async fn ask(
        &self,
        code: &UnitCode,
        on: Option<Date>,
    ) -> Result<Option<Unit>, Problem> {
        let request = GetUnitRequest {
            code: code.to_string(),
            on: on.map(|day| day.to_string()).unwrap_or_default(),
        };
        match self.registry.clone().get_unit(request).await {
            Ok(answer) => Ok(Some(answer.into_inner())),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => {
                tracing::warn!(%status, "the registry does not answer");
                Err(Problem::unavailable(
                    "the registry does not answer; repeat the call",
                ))
            }
        }
    }
}
