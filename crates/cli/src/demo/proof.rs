//! The hash chains, and what everything came to.

use anyhow::{Context as _, ensure};
use contracts::log::v1::VerifyRequest;

use super::screen::Screen;
use crate::Service;
use crate::{Services, show};

/// Bytes of a hash that are shown.
const SHOWN: usize = 16;

/// Verifies every log from its first event on.
pub(super) async fn show(services: &Services, screen: &mut Screen) -> anyhow::Result<()> {
    screen.heading("Proof · every event log is one hash chain; an event altered, removed or put in would break it");
    screen.begin("Proof");
    let mut all = 0;
    for service in Service::ALL {
        let (verified, hash) = verify(services, service).await?;
        all += verified;
        screen.line(format!(
            "  {:<12} {:>9} events  sound  {hash}…",
            service.name(),
            show::count(verified)
        ));
    }
    screen.done(&format!(
        "{} events in five logs verified",
        show::count(all)
    ));
    screen.total();
    Ok(())
}

async fn verify(services: &Services, service: Service) -> anyhow::Result<(i64, String)> {
    let failed = || format!("verifying the log of {service}");
    let mut log = services.log(service);
    let mut answers = log
        .verify(VerifyRequest { after: 0 })
        .await
        .with_context(failed)?
        .into_inner();
    while let Some(answer) = answers.message().await.with_context(failed)? {
        ensure!(
            answer.damage.is_empty(),
            "the log of {service} is damaged: {}",
            answer.damage
        );
        if answer.done {
            let hash = answer
                .hash
                .iter()
                .take(SHOWN)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            return Ok((answer.verified, hash));
        }
    }
    anyhow::bail!("the log of {service} was not verified to its end")
}
