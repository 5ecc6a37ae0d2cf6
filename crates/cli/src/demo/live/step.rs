//! What a clerk does with a dossier that lies around, step by step.

use anyhow::Context as _;
use contracts::dossiers::v1 as pb;
use contracts::log::v1::CommandContext;

use crate::Services;

/// Who acts.
const CLERK: &str = "CB-DEMO";

/// One command.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Digitise,
    IssueResult,
    Sign,
    Complete,
    Deliver,
    Store,
}

/// What is left to do, in order.
pub(super) fn steps(dossier: &pb::Dossier) -> Vec<Step> {
    let mut steps = Vec::new();
    if !dossier.digitised {
        steps.push(Step::Digitise);
    }
    steps.extend([
        Step::IssueResult,
        Step::Sign,
        Step::Complete,
        Step::Deliver,
        Step::Store,
    ]);
    steps
}

impl Step {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Digitise => "Its papers are digitised",
            Self::IssueResult => "The electronic result is issued",
            Self::Sign => "… and signed",
            Self::Complete => "It is completed, late as it is",
            Self::Deliver => "The result is delivered",
            Self::Store => "… and put into the applicant's store",
        }
    }

    /// What it means that no figure moves.
    pub(super) fn unmoved(self) -> &'static str {
        match self {
            Self::Complete => "moves no figure: what is late stays late",
            _ => "moves no rounded figure",
        }
    }

    /// Sends the command; gives the position of its event.
    pub(super) async fn send(self, services: &Services, code: &str) -> anyhow::Result<i64> {
        let mut dossiers = services.dossiers.clone();
        let code = code.to_owned();
        let context = Some(CommandContext::default());
        let answer = match self {
            Self::Digitise => {
                let request = pb::DigitiseComponentsRequest {
                    context,
                    code,
                    digitised: 3,
                    reused: 0,
                };
                dossiers.digitise_components(request).await
            }
            Self::IssueResult => {
                let sha256 = vec![0x76; 32];
                let request = pb::IssueElectronicResultRequest {
                    context,
                    code,
                    sha256,
                };
                dossiers.issue_electronic_result(request).await
            }
            Self::Sign => {
                let request = pb::SignResultRequest {
                    context,
                    code,
                    signer: CLERK.to_owned(),
                };
                dossiers.sign_result(request).await
            }
            Self::Complete => {
                dossiers
                    .complete_dossier(pb::CompleteDossierRequest { context, code })
                    .await
            }
            Self::Deliver => {
                dossiers
                    .deliver_result(pb::DeliverResultRequest { context, code })
                    .await
            }
            Self::Store => {
                let target = pb::SyncTarget::PersonalStore.into();
                let request = pb::SynchroniseDossierRequest {
                    context,
                    code,
                    target,
                };
                dossiers.synchronise_dossier(request).await
            }
        };
        let answer = answer.with_context(|| format!("{self:?} of a late dossier"))?;
        Ok(answer.into_inner().position)
    }
}
