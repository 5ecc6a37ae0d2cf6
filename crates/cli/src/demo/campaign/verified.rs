//! What was published, computed again from the logs.

use anyhow::ensure;
use assessments::publication::Document;

use crate::demo::screen::Screen;
use crate::{Services, publication, show};

/// Verifies publications as `chiso publication verify` does.
pub(super) async fn show(
    services: &Services,
    documents: &[Document],
    screen: &mut Screen,
) -> anyhow::Result<()> {
    screen.heading(
        "Published · each result is signed, and every figure of it is computed again from the logs",
    );
    for document in documents {
        let result = &document.result;
        let verdict = publication::check(services, document, None).await?;
        ensure!(
            verdict.findings.is_empty(),
            "{} is not what the logs say: {}",
            result.campaign,
            verdict.findings[0]
        );
        screen.line(format!(
            "  {} {:<12} {:>7} leaves of {} units from {:>7} events: no figure differs, signature good",
            result.campaign,
            result.document,
            show::count(verdict.leaves as u64),
            result.units.len(),
            show::count(verdict.events)
        ));
    }
    Ok(())
}
