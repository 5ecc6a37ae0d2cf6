//! Uploads that are not what they say, or break off, leave nothing behind.

use std::path::PathBuf;

use contracts::assessments::v1 as pb;
use pb::upload_evidence_request::Part;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::files::*;
use crate::given::*;
use crate::world::{World, eventually};

#[tokio::test]
async fn what_is_not_what_it_says_leaves_nothing_behind() {
    let mut world = World::start_at(PLANNED).await;
    world.kept.evidence_size_max = 300 * 1024;
    world.restart_at(PLANNED).await;
    open_campaign(&world).await;
    let head = world.head().await;
    let bytes = scan(2);
    let (invalid, precondition) = (Code::InvalidArgument, Code::FailedPrecondition);
    let large = scan(4);
    for (change, code, field) in [
        (
            (|it| it.sha256 = vec![1; 32]) as fn(&mut pb::EvidenceUpload),
            invalid,
            "metadata.sha256",
        ),
        (|it| it.sha256 = vec![1; 31], invalid, "metadata.sha256"),
        (|it| it.size += 1, invalid, "metadata.size"),
        (|it| it.size -= 1, invalid, "metadata.size"),
        (|it| it.size = 0, invalid, "metadata.size"),
        (|it| it.size = -1, invalid, "metadata.size"),
        (|it| it.size = 300 * 1024 + 1, invalid, "metadata.size"),
        (
            |it| it.media_type = "image/png".into(),
            invalid,
            "metadata.media_type",
        ),
        (
            |it| it.media_type = "text/plain".into(),
            invalid,
            "metadata.media_type",
        ),
        (
            |it| it.media_type = "application/x-dosexec".into(),
            invalid,
            "metadata.media_type",
        ),
        (
            |it| it.file_name = String::new(),
            invalid,
            "metadata.file_name",
        ),
        (
            |it| it.file_name = "../secret".into(),
            invalid,
            "metadata.file_name",
        ),
        (|it| it.context = None, invalid, "context.actor"),
        (|it| it.leaf = "nothing".into(), Code::NotFound, ""),
        (|it| it.campaign = "par-2023".into(), Code::NotFound, ""),
        (|it| it.unit = "H40.09".into(), Code::NotFound, ""),
        (|it| it.unit = "H40.77".into(), precondition, ""),
        (|it| it.unit = TRADE.into(), Code::PermissionDenied, ""),
    ] {
        let mut said = metadata(HEALTH, &bytes);
        change(&mut said);
        let status = send(&world, said, &bytes).await.unwrap_err();
        assert_eq!(status.code(), code, "{status:?}");
        if !field.is_empty() {
            let violations = status.get_details_bad_request().unwrap().field_violations;
            assert_eq!(violations[0].field, field, "{status:?}");
        }
    }
    let more = pb::EvidenceUpload {
        sha256: vec![],
        size: 200 * 1024,
        ..metadata(HEALTH, &large)
    };
    let status = send(&world, more, &large).await.unwrap_err();
    assert_eq!(status.code(), invalid, "{status:?}");
    assert_eq!(world.head().await, head);
    assert_eq!(kept(&world.folder), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn an_upload_out_of_order_is_refused() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let head = world.head().await;
    let bytes = scan(1);
    let (said, chunk) = (
        || Part::Metadata(metadata(HEALTH, &bytes)),
        |size: usize| Part::Chunk(bytes[..size].to_vec()),
    );
    for parts in [
        vec![],
        vec![chunk(10), said()],
        vec![said(), said()],
        vec![said(), chunk(0)],
        vec![said(), chunk(64 * KIB + 1)],
        vec![said()],
    ] {
        let parts: Vec<_> = parts.into_iter().map(message).collect();
        let mut evidence = world.evidence.clone();
        let answer = evidence.upload_evidence(tokio_stream::iter(parts)).await;
        assert_eq!(refused(answer).0, Code::InvalidArgument);
    }
    let empty = vec![pb::UploadEvidenceRequest { part: None }];
    let answer = world
        .evidence
        .clone()
        .upload_evidence(tokio_stream::iter(empty))
        .await;
    assert_eq!(refused(answer).0, Code::InvalidArgument);
    assert_eq!(world.head().await, head);
    assert_eq!(kept(&world.folder), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_breaks_off_leaves_nothing_and_gives_its_place_back() {
    let mut world = World::start_at(PLANNED).await;
    let spool = world.folder.with_extension("spool");
    std::fs::create_dir_all(&spool).unwrap();
    world.kept.evidence_spool = Some(spool.clone());
    world.restart_at(PLANNED).await;
    open_campaign(&world).await;
    let head = world.head().await;
    let bytes = scan(20);
    // As many as come in at once, twice: each place has to be given back.
    for _ in 0..2 {
        let mut uploads = Vec::new();
        for _ in 0..16 {
            let (parts, sent) = tokio::sync::mpsc::channel(4);
            let mut evidence = world.evidence.clone();
            let sent = tokio_stream::wrappers::ReceiverStream::new(sent);
            let upload = tokio::spawn(async move { evidence.upload_evidence(sent).await });
            let said = Part::Metadata(metadata(HEALTH, &bytes));
            parts.send(message(said)).await.unwrap();
            for chunk in bytes.chunks(64 * KIB).take(10) {
                parts
                    .send(message(Part::Chunk(chunk.to_vec())))
                    .await
                    .unwrap();
            }
            uploads.push((upload, parts));
        }
        eventually("there is no place left", async || {
            let answer = send(&world, metadata(HEALTH, &bytes), &bytes).await;
            answer
                .is_err_and(|status| status.code() == Code::Unavailable)
                .then_some(())
        })
        .await;
        for (upload, parts) in uploads {
            upload.abort();
            assert!(upload.await.unwrap_err().is_cancelled());
            drop(parts);
        }
        eventually("a place is free again", async || {
            let mut said = metadata(HEALTH, &bytes);
            said.context.as_mut().unwrap().validate_only = true;
            send(&world, said, &bytes).await.ok()
        })
        .await;
    }
    assert_eq!(world.head().await, head);
    assert_eq!(kept(&world.folder), Vec::<PathBuf>::new());
    assert_eq!(kept(&spool), Vec::<PathBuf>::new());
}
