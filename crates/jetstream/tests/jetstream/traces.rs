//! Batches are linked to the traces in which their events were recorded. One test: a process has one tracer.

use std::collections::BTreeSet;

use eventlog::{Append, Expected, NewEvent, StreamAppend};
use runtime::{Shutdown, telemetry};

use crate::collector::{collecting, hex};
use crate::support::{CEILING, World, event};

/// More traces than a span is linked to.
const CALLS: usize = telemetry::LINKS_MAX + 8;

/// The trace of the nth call.
fn trace(n: usize) -> String {
    format!("{:032x}", n + 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_linked_to_the_traces_that_its_events_are_from() {
    let shutdown = Shutdown::new();
    let (options, mut collected) = collecting(shutdown.clone()).await;
    let telemetry = telemetry::init("follower", &options).unwrap();
    let world = World::start("traces").await;
    let (owner, effects) = (world.owner("dossiers").await, world.effects().await);
    // Two of every call: a trace is not told twice.
    let streams = (0..CALLS * 2).map(|n| {
        let mut event: NewEvent = event(n);
        event.metadata.traceparent = format!("00-{}-00f067aa0ba902b7-01", trace(n / 2));
        StreamAppend {
            stream: format!("dossier-{n}"),
            expected: Expected::Any,
            events: vec![event],
        }
    });
    let append = Append {
        streams: streams.collect(),
        receipts: Vec::new(),
    };
    owner.log.append(append).await.unwrap();
    let _relay = owner.start_relay();
    owner.relayed().await;
    let follower = effects.follow(&owner);
    effects.complete(&owner).await;
    follower.kill().await;

    let (mut linked, mut events) = (BTreeSet::new(), 0);
    let all = async {
        while events < CALLS * 2 {
            let span = collected.recv().await.unwrap();
            let ours = format!("{:?}", span.attributes).contains(&format!("{:?}", owner.name));
            if span.name != "apply" || !ours {
                continue;
            }
            assert_eq!(hex(&span.parent_span_id), "");
            assert!(span.links.len() <= telemetry::LINKS_MAX, "{:?}", span.links);
            let count = span.attributes.iter().find(|it| it.key == "events");
            let count = format!("{count:?}");
            let digits: String = count.chars().filter(char::is_ascii_digit).collect();
            events += digits.parse::<usize>().unwrap();
            let traces: BTreeSet<_> = span.links.iter().map(|it| hex(&it.trace_id)).collect();
            assert_eq!(traces.len(), span.links.len(), "a trace is told twice");
            linked.extend(traces);
        }
    };
    tokio::time::timeout(CEILING, all).await.unwrap();
    let first: BTreeSet<String> = (0..telemetry::LINKS_MAX).map(trace).collect();
    assert!(first.is_subset(&linked), "{linked:?}");
    // What other tests do is traced as well, and of no interest.
    drop(collected);
    tokio::task::spawn_blocking(|| telemetry.flush())
        .await
        .unwrap();
    shutdown.cancel();
}
