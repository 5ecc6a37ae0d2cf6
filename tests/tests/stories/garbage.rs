//! Garbage at every door: whatever a client sends, a service says what is wrong with it, and keeps nothing of it.

mod raw;
mod speech;

use std::time::Duration;

use cli::Service;
use contracts::json::descriptors;
use futures::{StreamExt as _, stream};
use prost_reflect::MethodDescriptor;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use system_tests::{Province, facts, given};
use tonic::{Code, Status};

use raw::Caller;
use speech::Speech;

/// Requests to each RPC.
const REQUESTS: usize = 1_000;
/// Requests of which either none is obeyed, so that no log may have grown, or any growth may be theirs.
const BATCH: usize = 50;
/// Calls at once.
const CALLS: usize = 25;
/// How long a subscription or a watch is listened to.
const LISTENING: Duration = Duration::from_millis(40);
/// What no client may ever bring about.
const BUGS: [Code; 3] = [Code::Internal, Code::Unknown, Code::DataLoss];

/// Services that never write by request come first: their logs rest while they are asked.
const TURNS: [(Service, &str); 11] = [
    (Service::Projection, "chiso.projection.v1.ProjectionService"),
    (Service::Scoring, "chiso.scoring.v1.ScoringService"),
    (Service::Dossiers, "chiso.dossiers.v1.DossiersService"),
    (
        Service::Assessments,
        "chiso.assessments.v1.AssessmentsService",
    ),
    (
        Service::Assessments,
        "chiso.assessments.v1.CampaignsService",
    ),
    (
        Service::Assessments,
        "chiso.assessments.v1.PublicationsService",
    ),
    (Service::Assessments, "chiso.assessments.v1.EvidenceService"),
    (
        Service::Assessments,
        "chiso.assessments.v1.InitiativesService",
    ),
    (
        Service::Assessments,
        "chiso.assessments.v1.ImprovementsService",
    ),
    (Service::Assessments, "chiso.assessments.v1.SurveysService"),
    (Service::Registry, "chiso.registry.v1.RegistryService"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_refused_with_a_reason_and_changes_nothing() {
    let province = Province::start("garbage").await;
    given::catalog(&province.services).await;
    facts::import(&province.services).await;
    province.settled().await;
    let speech = Speech::of(&province.services).await;
    for (service, name) in TURNS {
        for name in ["chiso.log.v1.LogService", name] {
            let rpcs = descriptors().get_service_by_name(name).expect("a service");
            for rpc in rpcs.methods() {
                pester(&province, service, &rpc, &speech).await;
            }
        }
    }
    // Whatever was obeyed by chance is sound, and travels on.
    province.verified().await;
    province.settled().await;
}

async fn pester(province: &Province, service: Service, rpc: &MethodDescriptor, speech: &Speech) {
    let caller = Caller::new(province.apart().link(service), rpc);
    let listening = rpc.is_server_streaming();
    let mut chance = ChaCha8Rng::seed_from_u64(766);
    let mut obeyed = 0;
    for _ in 0..REQUESTS / BATCH {
        let before = province.head(service).await;
        let requests: Vec<_> = (0..BATCH)
            .map(|_| speech.request(rpc, &mut chance))
            .collect();
        let answers: Vec<(Vec<bytes::Bytes>, Result<(), Status>)> = stream::iter(requests)
            .map(async |messages| {
                let limit = listening.then_some(LISTENING);
                let answer = caller.call(messages.clone(), limit).await;
                (messages, answer)
            })
            .buffer_unordered(CALLS)
            .collect()
            .await;
        for (messages, answer) in &answers {
            if let Err(status) = answer {
                assert!(
                    !BUGS.contains(&status.code()),
                    "{} answered {status:?} to {}",
                    rpc.full_name(),
                    messages
                        .iter()
                        .map(hex::encode)
                        .collect::<Vec<_>>()
                        .join(" ")
                );
            }
        }
        let fine = answers.iter().filter(|(_, answer)| answer.is_ok()).count();
        obeyed += fine;
        let after = province.head(service).await;
        assert!(
            after == before || (fine > 0 && writes(rpc)),
            "{}: the log of {service} grew from {before} to {after}, though {fine} requests were obeyed",
            rpc.full_name(),
        );
    }
    eprintln!(
        "{} {}: {obeyed} of {REQUESTS} obeyed",
        service,
        rpc.full_name()
    );
}

/// Whether an RPC may append: questions never do.
fn writes(rpc: &MethodDescriptor) -> bool {
    let asks = [
        "Get",
        "List",
        "Read",
        "Subscribe",
        "Verify",
        "Watch",
        "Explain",
        "Download",
        "Rebuild",
        "Validate",
        "Diff",
    ];
    !asks.iter().any(|verb| rpc.name().starts_with(verb))
}
