//! What uploads leave behind in the store when their process is killed, and the sweep that takes it away.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use runtime::{Clock, Ids};

use crate::files::*;
use crate::given::*;
use crate::world::{World, eventually};

/// Longer than a content may wait to be named, and shorter.
const OLD: u64 = 25;
const YOUNG: u64 = 1;

/// Where an upload has its content until the log names it.
fn waiting(world: &World, unit: &str, bytes: &[u8]) -> PathBuf {
    let id = Ids::random().uuid();
    let name = format!("{unit}-{}-{}", hex::encode(sha256(bytes)), id.simple());
    world.folder.join("incoming").join(name)
}

/// Where a content is that the log names.
fn place(world: &World, bytes: &[u8]) -> PathBuf {
    let name = hex::encode(sha256(bytes));
    world.folder.join("sha256").join(&name[..2]).join(name)
}

/// Makes a file that was written hours ago.
fn left(path: PathBuf, bytes: &[u8], hours: u64) -> PathBuf {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    let written = SystemTime::from(Clock::system().now()) - Duration::from_hours(hours);
    file.set_modified(written).unwrap();
    path
}

#[tokio::test]
async fn what_nobody_named_is_deleted_in_the_end_and_what_the_log_names_never() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let named = scan(2);
    send(&world, metadata(HEALTH, &named), &named)
        .await
        .unwrap();
    assert_eq!(kept(&world.folder), [place(&world, &named)]);
    let head = world.head().await;

    // Killed before the log said so, long ago and just now; and while the store wrote.
    let (old, young) = (scan(3), scan(4));
    let old = left(waiting(&world, HEALTH, &old), &old, OLD);
    let young = left(waiting(&world, HEALTH, &young), &young, YOUNG);
    let half = |hours| {
        let name = waiting(&world, TRADE, &named);
        let name = format!("{}#1", name.display());
        left(PathBuf::from(name), b"%PDF", hours)
    };
    let (old_half, young_half) = (half(OLD), half(YOUNG));
    // Another unit's upload of the same content that was never named: the log names the content, but not as that unit's.
    let others = left(waiting(&world, TRADE, &named), &named, OLD);
    // Something that is none of ours.
    let foreign = left(world.folder.join("incoming/README"), b"mine", OLD);
    // Killed after the log said so, before it was in its place.
    let moved = waiting(&world, HEALTH, &named);
    std::fs::rename(place(&world, &named), &moved).unwrap();
    left(moved.clone(), &named, OLD);
    let fetched = fetch(&world, HEALTH, sha256(&named)).await.unwrap();
    assert_eq!(fetched.1, named);

    world.restart_at(PLANNED).await;
    let gone = [&old, &old_half, &others, &moved];
    eventually("what is left behind is swept", async || {
        gone.iter().all(|path| !path.exists()).then_some(())
    })
    .await;
    let mut stays = vec![place(&world, &named), young, young_half, foreign];
    stays.sort();
    let mut there = kept(&world.folder);
    there.sort();
    assert_eq!(there, stays);
    let fetched = fetch(&world, HEALTH, sha256(&named)).await.unwrap();
    assert_eq!(fetched.1, named);
    assert_eq!(world.head().await, head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_of_what_is_swept_at_that_moment_is_not_lost() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let mut contents = Vec::new();
    for round in 0..8 {
        let bytes = scan(1 + round);
        // The same content, left behind by the same unit and by another one.
        for unit in [HEALTH, TRADE] {
            left(waiting(&world, unit, &bytes), &bytes, OLD);
        }
        // Processes that sweep as they start, and uploads that come in meanwhile.
        let sweeping = async || {
            let (shutdown, task) = world.replica().await;
            tokio::time::sleep(Duration::from_millis(150)).await;
            shutdown.cancel();
            task.await.expect("it ends");
        };
        let uploading = async |unit: &str| {
            send(&world, metadata(unit, &bytes), &bytes).await.unwrap();
            let fetched = fetch(&world, unit, sha256(&bytes)).await.unwrap();
            assert_eq!(fetched.1, bytes);
        };
        tokio::join!(
            sweeping(),
            sweeping(),
            uploading(HEALTH),
            uploading(TRADE),
            uploading(HEALTH)
        );
        contents.push(bytes);
    }
    let (shutdown, task) = world.replica().await;
    let incoming = world.folder.join("incoming");
    eventually("what is left behind is swept", async || {
        kept(&incoming).is_empty().then_some(())
    })
    .await;
    shutdown.cancel();
    task.await.expect("it ends");
    for bytes in contents {
        assert!(place(&world, &bytes).is_file());
        for unit in [HEALTH, TRADE] {
            let fetched = fetch(&world, unit, sha256(&bytes)).await.unwrap();
            assert_eq!(fetched.1, bytes);
        }
    }
}
