//! Whether a unit exists: asked of the registry, remembered for a while.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use contracts::problem::Problem;
use contracts::registry::v1::GetUnitRequest;
use contracts::registry::v1::registry_service_client::RegistryServiceClient;
use ids::UnitCode;
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
        let request = GetUnitRequest {
            code: code.to_string(),
            on: String::new(),
        };
        let unit = match self.registry.clone().get_unit(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) if status.code() == Code::NotFound => {
                let message = format!("unit {code} is not known; put it into the registry first");
                return Err(
                    Problem::refused("UNKNOWN_UNIT", message).with("unit", code.to_string())
                );
            }
            Err(status) => {
                tracing::warn!(%status, "the registry does not answer");
                return Err(Problem::unavailable(
                    "the registry does not answer; repeat the call",
                ));
            }
        };
        let primary = unit.code.parse().unwrap_or_else(|_| code.clone());
        known().put(code, UnitCode::clone(&primary));
        Ok(primary)
    }
}
