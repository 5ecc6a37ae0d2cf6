//! Garbage at every door: whatever a client sends, a service says what is wrong with it, and keeps nothing of it.

mod leaks;
mod prepared;
mod raw;
mod speech;

use std::time::Duration;

use bytes::Bytes;
use cli::Service;
use contracts::json::descriptors;
use contracts::log::v1::{Event, Metadata, ReadRequest};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost::Message as _;
use prost_reflect::{MethodDescriptor, ServiceDescriptor};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use system_tests::province::Heads;
use system_tests::{Province, facts, given};
use tonic::{Code, Status};

use raw::Caller;
use speech::Speech;

/// Requests to each RPC.
const REQUESTS: usize = 1_000;
/// Requests after which the logs are looked at: if none was obeyed none of them may have grown.
const BATCH: usize = 50;
/// Calls at once.
const CALLS: usize = 25;
/// How long a subscription or a watch is listened to.
const LISTENING: Duration = Duration::from_millis(40);
/// What no client may ever bring about.
const BUGS: [Code; 3] = [Code::Internal, Code::Unknown, Code::DataLoss];
/// Services that never write by request come first: their logs rest while they are asked.
const ORDER: [Service; 5] = [
    Service::Projection,
    Service::Scoring,
    Service::Dossiers,
    Service::Assessments,
    Service::Registry,
];
const LOG: &str = "chiso.log.v1.LogService";

/// Every gRPC service that the contracts name, with who serves it; the log's is served by all.
fn turns() -> Vec<(Service, ServiceDescriptor)> {
    let mut turns = Vec::new();
    for contract in descriptors().services() {
        if contract.full_name() == LOG {
            turns.extend(ORDER.map(|service| (service, contract.clone())));
            continue;
        }
        let package = contract.parent_file().package_name().to_owned();
        let served = ORDER
            .into_iter()
            .find(|service| package == format!("chiso.{service}.v1"));
        let name = contract.full_name().to_owned();
        let served = served.unwrap_or_else(|| panic!("nobody is known to serve {name}"));
        turns.push((served, contract));
    }
    turns.sort_by_key(|(service, contract)| {
        let place = ORDER.iter().position(|it| it == service);
        (place, contract.full_name().to_owned())
    });
    turns
}

/// The logs that may grow by what a service obeys: its own, and those of whoever follows it.
fn reached(service: Service) -> &'static [Service] {
    match service {
        Service::Registry => &[Service::Registry, Service::Scoring, Service::Projection],
        Service::Dossiers => &[Service::Dossiers, Service::Scoring, Service::Projection],
        Service::Assessments => &[Service::Assessments, Service::Scoring, Service::Projection],
        Service::Scoring => &[Service::Scoring, Service::Projection],
        Service::Projection => &[Service::Projection],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_refused_with_a_reason_and_changes_nothing() {
    let province = Province::start("garbage").await;
    given::catalog(&province.services).await;
    facts::import(&province.services).await;
    let known = prepared::prepared(&province).await;
    province.settled().await;
    let speech = Speech::of(&province.services, known).await;
    for (service, contract) in turns() {
        let mut heads = province.settled().await;
        // What opens, closes and plans stands first in a contract: it comes last, so that what rests on it is still there.
        let rpcs: Vec<_> = contract.methods().collect();
        for rpc in rpcs.into_iter().rev() {
            heads = pester(&province, service, &rpc, &speech, heads).await;
        }
    }
    // Whatever was obeyed by chance is sound, and travels on.
    province.verified().await;
    province.settled().await;
}

/// Asks one RPC; `heads` are where the logs are, and where they are afterwards is returned.
async fn pester(
    province: &Province,
    service: Service,
    rpc: &MethodDescriptor,
    speech: &Speech,
    mut heads: Heads,
) -> Heads {
    let callers = [
        Caller::new(province.apart().link(service), rpc),
        Caller::new(prepared::judge(province).link(service), rpc),
    ];
    let mut chance = ChaCha8Rng::seed_from_u64(766);
    let mut obeyed = 0;
    for _ in 0..REQUESTS / BATCH {
        let requests: Vec<_> = (0..BATCH)
            .map(|place| (place % 2, speech.request(rpc, &mut chance)))
            .collect();
        let refused = asked(&callers, rpc, requests).await;
        let fine = BATCH - refused.len();
        obeyed += fine;
        if fine == 0 || !writes(rpc) {
            heads = unmoved(province, heads, rpc).await;
            continue;
        }
        let before = heads;
        heads = province.settled().await;
        for other in ORDER.iter().filter(|it| !reached(service).contains(it)) {
            let (before, after) = (before[other.name()], heads[other.name()]);
            assert_eq!(
                before,
                after,
                "{}: the log of {other} grew",
                rpc.full_name()
            );
        }
        // Those that were refused are asked once more, by themselves.
        let count = refused.len();
        let refused = asked(&callers, rpc, refused).await;
        heads = match refused.len() == count {
            true => unmoved(province, heads, rpc).await,
            false => province.settled().await,
        };
    }
    eprintln!(
        "{} {}: {obeyed} of {REQUESTS} obeyed",
        service,
        rpc.full_name()
    );
    heads
}

/// A request: who sends it, and its messages.
type Asked = (usize, Vec<Bytes>);

/// Sends requests; those that were refused, each in fit words.
async fn asked(callers: &[Caller; 2], rpc: &MethodDescriptor, requests: Vec<Asked>) -> Vec<Asked> {
    let limit = rpc.is_server_streaming().then_some(LISTENING);
    let answers: Vec<(Asked, Result<(), Status>)> = stream::iter(requests)
        .map(async |(by, messages)| {
            let answer = callers[by].call(messages.clone(), limit).await;
            ((by, messages), answer)
        })
        .buffer_unordered(CALLS)
        .collect()
        .await;
    let mut refused = Vec::new();
    for (asked, answer) in answers {
        let Err(status) = answer else { continue };
        let sent = || {
            let messages: Vec<_> = asked.1.iter().map(hex::encode).collect();
            format!(
                "{} answered {status:?} to {}",
                rpc.full_name(),
                messages.join(" ")
            )
        };
        assert!(!BUGS.contains(&status.code()), "{}", sent());
        let leaks = leaks::leaks(&status);
        assert!(leaks.is_empty(), "{leaks:?}: {}", sent());
        refused.push(asked);
    }
    refused
}

/// No log has grown, but for what a service does by itself after what it was told before: locks, counts, reports, and
/// what follows from those. Where the logs are now.
async fn unmoved(province: &Province, before: Heads, rpc: &MethodDescriptor) -> Heads {
    let after = province.heads().await;
    if after == before {
        return after;
    }
    let grown = |service: &Service| after[service.name()] > before[service.name()];
    let name = rpc.full_name();
    let told = format!("{name}: {before:?} grew to {after:?}, though nothing was obeyed");
    let sources = [Service::Registry, Service::Dossiers, Service::Assessments];
    assert!(sources.iter().any(grown), "{told}");
    for service in Service::ALL.into_iter().filter(grown) {
        for event in events(province, service, before[service.name()]).await {
            let metadata = Metadata::decode(&*event.metadata).expect("metadata");
            let by_itself = metadata.roles.is_empty();
            assert!(by_itself, "{told}: {} by {metadata:?}", event.r#type);
        }
    }
    province.settled().await
}

async fn events(province: &Province, service: Service, after: i64) -> Vec<Event> {
    let limit = i32::try_from(BATCH).expect("few");
    let request = ReadRequest { after, limit };
    let read = province.services.log(service).read(request).await;
    let read = read.expect("a feed").into_inner();
    let batches: Vec<_> = read.try_collect().await.expect("events");
    batches.into_iter().flat_map(|batch| batch.events).collect()
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
        "ExplainScore",
        "Download",
        "Rebuild",
        "Validate",
        "Diff",
    ];
    !asks.iter().any(|verb| rpc.name().starts_with(verb))
}
