//! What system tests start from: provinces of their own on a real stack, and questions to ask them.
//!
//! A [`Province`] is all five services in this process on one stack, with databases and NATS subjects of its own. Tests
//! speak to it as any client does. Nothing here waits for a fixed time: [`eventually`] asks until the answer fits.
#![forbid(unsafe_code)]

pub mod brake;
pub mod facts;
pub mod given;
pub mod program;
pub mod province;
pub mod receipt;
pub mod snapshot;

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use brake::Brake;
pub use province::Province;
use tokio::time::Instant;

/// Far above what anything here takes on a slow machine: reaching it is a fault, not bad luck.
pub const CEILING: Duration = Duration::from_secs(60);
/// Pause between two questions.
const POLL: Duration = Duration::from_millis(50);

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Says why a test did nothing, where people and CI see it.
#[expect(clippy::print_stderr, reason = "a skipped test says so loudly")]
pub fn skipped(test: &str, why: &str) {
    eprintln!("\n*** SKIPPED {test}: {why} ***\n");
}

/// Asks until the answer is `Ok`, and returns it.
///
/// # Panics
/// When the last answer within [`CEILING`] is still an `Err`, with that.
pub async fn eventually<T, E: Debug>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + CEILING;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(last) if Instant::now() >= deadline => {
                panic!(
                    "{what}: not within {} s; last seen: {last:#?}",
                    CEILING.as_secs()
                )
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}
