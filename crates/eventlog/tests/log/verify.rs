//! What the hash chain gives away.

use eventlog::{Damage, DamageKind, EventLog, Expected};

use crate::support::{append, fresh};

async fn log_of(events: usize) -> EventLog {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &vec!["x"; events])
        .await
        .unwrap();
    log
}

/// Does to the log what no service ever does.
async fn tamper(log: &EventLog, statements: &'static str) {
    let mut tx = log.pool().begin().await.unwrap();
    sqlx::raw_sql("set local eventlog.allow_change = 'yes'")
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::raw_sql(statements).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn damage(log: &EventLog) -> Option<Damage> {
    log.verify(0, |_| ()).await.unwrap().damage
}

fn found(position: i64, kind: DamageKind) -> Option<Damage> {
    Some(Damage { position, kind })
}

#[tokio::test]
async fn a_sound_log_is_walked_to_its_head_with_progress() {
    let log = log_of(2_500).await;
    let mut told = Vec::new();
    let verified = log
        .verify(0, |progress| told.push(progress.position))
        .await
        .unwrap();
    assert_eq!(verified.damage, None);
    assert_eq!(verified.progress.verified, 2_500);
    assert_eq!(verified.progress.hash, log.head().await.unwrap().hash);
    assert_eq!(told, [1_000, 2_000, 2_500]);

    let rest = log.verify(2_400, |_| ()).await.unwrap();
    assert_eq!((rest.progress.verified, rest.damage), (100, None));
}

#[tokio::test]
async fn whatever_is_altered_is_found() {
    for column in [
        "payload = 'y'",
        "metadata = 'y'",
        "stream = 'a-2'",
        "version = 99",
        "kind = 'test.Other'",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "hash = sha256('y')",
    ] {
        let log = log_of(9).await;
        let statement = format!("update eventlog.events set {column} where position = 5");
        tamper(&log, statement.leak()).await;
        assert_eq!(
            damage(&log).await,
            found(5, DamageKind::Altered),
            "{column}"
        );
        let damage = damage(&log).await.unwrap();
        assert_eq!(damage.to_string(), "the event at position 5 was altered");
    }
}

#[tokio::test]
async fn whatever_is_removed_is_found() {
    let log = log_of(9).await;
    tamper(&log, "delete from eventlog.events where position in (4, 5)").await;
    assert_eq!(damage(&log).await, found(4, DamageKind::Removed));
}

#[tokio::test]
async fn closing_the_hole_does_not_help() {
    let log = log_of(9).await;
    tamper(
        &log,
        "delete from eventlog.events where position = 4;
        update eventlog.events set position = position + 1000 where position > 4;
        update eventlog.events set position = position - 1001 where position > 1000;
        update eventlog.head set position = 8;",
    )
    .await;
    assert_eq!(damage(&log).await, found(4, DamageKind::Altered));
}

#[tokio::test]
async fn a_shortened_tail_is_found() {
    let log = log_of(9).await;
    tamper(&log, "delete from eventlog.events where position > 7").await;
    assert_eq!(damage(&log).await, found(8, DamageKind::Removed));
}

#[tokio::test]
async fn an_emptied_log_is_found() {
    let log = log_of(3).await;
    tamper(&log, "truncate eventlog.events").await;
    assert_eq!(damage(&log).await, found(1, DamageKind::Removed));
}

#[tokio::test]
async fn an_inserted_event_is_found() {
    let log = log_of(9).await;
    tamper(
        &log,
        "update eventlog.events set position = position + 1000 where position >= 5;
        update eventlog.events set position = position - 999 where position > 1000;
        insert into eventlog.events
        select 5, 'z-1', 1, kind, recorded_at, metadata, payload, hash
        from eventlog.events where position = 4;
        update eventlog.head set position = 10;",
    )
    .await;
    assert_eq!(damage(&log).await, found(5, DamageKind::Inserted));
}

#[tokio::test]
async fn an_event_behind_the_head_is_found() {
    let log = log_of(3).await;
    tamper(
        &log,
        "insert into eventlog.events
        select 4, 'z-1', 1, kind, recorded_at, metadata, payload, hash
        from eventlog.events where position = 3",
    )
    .await;
    assert_eq!(damage(&log).await, found(4, DamageKind::Inserted));
}

#[tokio::test]
async fn a_head_with_another_hash_is_found() {
    let log = log_of(3).await;
    tamper(&log, "update eventlog.head set hash = sha256('y')").await;
    assert_eq!(damage(&log).await, found(3, DamageKind::Head));
}

#[tokio::test]
async fn a_rewritten_event_with_its_own_hash_made_to_fit_breaks_the_next() {
    let log = log_of(9).await;
    let fifth = log.read(4, 1).await.unwrap().remove(0);
    let fourth = log.read(3, 1).await.unwrap().remove(0);
    let (metadata, payload) = (
        eventlog::hash::digest(&fifth.metadata),
        eventlog::hash::digest(b"forged"),
    );
    let link = eventlog::hash::Link {
        position: 5,
        stream: &fifth.stream,
        version: fifth.version,
        kind: &fifth.kind,
        recorded_at: fifth.recorded_at,
        metadata: &metadata,
        payload: &payload,
    };
    let forged = hex::encode(link.hash(&fourth.hash));
    let statement = format!(
        "update eventlog.events set payload = 'forged', hash = decode('{forged}', 'hex')
        where position = 5"
    );
    tamper(&log, statement.leak()).await;
    assert_eq!(damage(&log).await, found(6, DamageKind::Altered));
}
