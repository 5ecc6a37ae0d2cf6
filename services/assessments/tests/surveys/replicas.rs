//! Several processes, one ballot box.

use contracts::assessments::v1 as pb;
use futures::{StreamExt as _, stream};

use crate::sample::{DURING, WAVE, ballot, came};
use crate::world::{UNITS, World, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_one_ballot_however_many_are_cast_at_once() {
    let world = World::start_at(DURING).await;
    world.planned().await;
    world.open().await;
    let replica = world.replica().await;
    eventually("the replica knows the wave", async || {
        let request = pb::GetWaveRequest {
            wave: WAVE.into(),
            as_of: None,
        };
        let wave = replica.clone().get_wave(request).await.ok()?.into_inner();
        (wave.stage() == pb::WaveStage::Open).then_some(())
    })
    .await;
    let tokens = world.tokens(UNITS[0], "citizen", 60).await;
    let casts = tokens.iter().flat_map(|token| {
        let both = [&world.surveys, &replica];
        both.into_iter()
            .cycle()
            .take(3)
            .zip(1..)
            .map(move |(client, attitude)| {
                let request = ballot(token, &[("attitude", &attitude.to_string())]);
                let mut client = client.clone();
                async move { client.cast_ballot(request).await }
            })
    });
    let outcomes: Vec<_> = stream::iter(casts).buffer_unordered(32).collect().await;
    let cast = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(cast, 60);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "{refused}");
        assert!(
            refused.message().contains("the token was used"),
            "{refused}"
        );
    }
    assert_eq!(came(&world.wave(WAVE).await, UNITS[0], "citizen"), 60);
    world.close().await;
    let counted = world.counted(WAVE).await;
    assert_eq!(came(&counted, UNITS[0], "citizen"), 60);
    // Both processes count; the ballots are in the log once.
    let released = world.events::<pb::BallotsReleased>(WAVE).await;
    assert_eq!(
        released
            .iter()
            .map(|(_, batch)| batch.ballots.len())
            .sum::<usize>(),
        60
    );
    assert_eq!(world.events::<pb::WaveCounted>(WAVE).await.len(), 1);
}
