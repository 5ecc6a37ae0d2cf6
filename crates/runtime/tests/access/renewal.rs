//! Certificates that are replaced while both sides run.

use std::path::Path;
use std::time::Duration;

use identity::Role;
use stack::{Authority, Issued};
use tonic::transport::Channel;

use crate::world::{CEILING, World, call};
use crate::{GET_UNIT, READ};

/// How often to try again what must come true.
const GLANCE: Duration = Duration::from_millis(100);

/// Puts one file in the place of another, as an orchestrator does: at once.
fn replace(path: &Path, with: impl AsRef<[u8]>) {
    let aside = path.with_extension("new");
    std::fs::write(&aside, with).unwrap();
    std::fs::rename(aside, path).unwrap();
}

fn replace_issued(issued: &Issued, with: &Issued) {
    for (path, with) in [(&issued.key, &with.key), (&issued.cert, &with.cert)] {
        replace(path, std::fs::read(with).unwrap());
    }
}

/// Waits until `look` is true.
async fn eventually(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !look().await {
            tokio::time::sleep(GLANCE).await;
        }
    };
    let waited = tokio::time::timeout(CEILING, waiting).await;
    waited.unwrap_or_else(|_| panic!("{what}: not after {CEILING:?}"));
}

/// Whether an administrator is answered.
async fn is_answered(world: &World, channel: &Channel) -> bool {
    let token = world.token(&[Role::Administrator]);
    call(channel, GET_UNIT, Some(&token), None).await.is_ok()
}

/// A metric of the server's certificates.
fn metric(name: &str, labels: &str) -> Option<String> {
    let text = runtime::ops::metrics_text();
    let line = format!("{name}{{{labels}}} ");
    let value = text.lines().find_map(|text| text.strip_prefix(&line));
    value.map(str::to_owned)
}

#[tokio::test]
async fn a_server_shows_what_its_files_have_now_and_open_connections_go_on() {
    let world = World::start("renewed").await;
    let (open, before) = (world.channel(), world.authority());
    assert!(is_answered(&world, &open).await);
    let after = world.other_authority("after");
    let issued = after.issue("server", &["127.0.0.1"]).unwrap();
    replace_issued(&world.shown(), &issued);
    eventually("the new certificate", async || {
        is_answered(&world, &world.channel_believing(&after.ca())).await
    })
    .await;
    assert!(!is_answered(&world, &world.channel_believing(&before)).await);
    assert!(is_answered(&world, &open).await);
    let taken = metric(
        "tls_renewals_total",
        r#"of="serving renewed",outcome="taken""#,
    );
    assert!(taken.is_some());
}

#[tokio::test]
async fn a_server_believes_the_authorities_that_its_file_has_now() {
    let world = World::start("authorities").await;
    let old = world.channel_of("scoring.service.chiso");
    let after = world.other_authority("after");
    let believed = async |authority: &Authority| {
        let channel = world.channel_from(authority, "scoring.service.chiso");
        call(&channel, READ, None, None).await.is_ok()
    };
    assert!(!believed(&after).await);
    // Both for a while, as authorities are rotated.
    let both = [world.authority(), after.ca()].map(|path| std::fs::read(path).unwrap());
    replace(&world.believed(), both.concat());
    eventually("the new authority", async || believed(&after).await).await;
    assert!(call(&old, READ, None, None).await.is_ok());
    replace(&world.believed(), &both[1]);
    eventually("the old authority's end", async || {
        let stale = world.channel_of("scoring.service.chiso");
        call(&stale, READ, None, None).await.is_err()
    })
    .await;
    assert!(believed(&after).await);
}

#[tokio::test]
async fn a_client_shows_and_believes_what_its_files_have_when_it_connects_again() {
    let mut world = World::start("clients").await;
    let (shown, ca) = world.client_files("scoring.example");
    let channel = world.channel_with(&shown, &ca);
    // Reached, and not known as a service.
    let unknown = call(&channel, READ, None, None).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::Unauthenticated, "{unknown:?}");

    let after = world.other_authority("after");
    let both = [world.authority(), after.ca()].map(|path| std::fs::read(path).unwrap());
    replace(&world.believed(), both.concat());
    let issued = after.issue("server", &["127.0.0.1"]).unwrap();
    replace_issued(&world.shown(), &issued);
    world.restart().await;
    // It shows what the client does not believe yet.
    let status = call(&channel, READ, None, None).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unavailable, "{status:?}");
    replace(&ca, &both[1]);
    let issued = after.issue("again", &["scoring.service.chiso"]).unwrap();
    replace_issued(&shown, &issued);
    assert_eq!(call(&channel, READ, None, None).await.unwrap(), "scoring");
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_is_told_once() {
    let world = World::start("broken").await;
    assert!(is_answered(&world, &world.channel()).await);
    let sound = std::fs::read(world.shown().cert).unwrap();
    let broken = || metric("tls_files_broken", r#"of="serving broken""#);
    let refused = || {
        metric(
            "tls_renewals_total",
            r#"of="serving broken",outcome="refused""#,
        )
    };
    for (n, garbage) in ["", "half a certific"].into_iter().enumerate() {
        replace(&world.shown().cert, garbage);
        let count = Some((n + 1).to_string());
        eventually("the refusal", async || refused() == count).await;
        // Several looks later.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!((refused(), broken()), (count, Some("1".to_owned())));
        assert!(is_answered(&world, &world.channel()).await);
    }
    replace(&world.shown().cert, sound);
    eventually("the end of it", async || broken().as_deref() == Some("0")).await;
    assert!(is_answered(&world, &world.channel()).await);
    // A key of another certificate is as bad, and none at all.
    let other = world
        .other_authority("other")
        .issue("server", &["127.0.0.1"])
        .unwrap();
    replace(&world.shown().key, std::fs::read(other.key).unwrap());
    eventually("the refusal", async || refused().as_deref() == Some("3")).await;
    std::fs::remove_file(world.shown().key).unwrap();
    eventually("the refusal", async || refused().as_deref() == Some("4")).await;
    assert!(is_answered(&world, &world.channel()).await);
}
