//! Instruments, waves and results as the log knew them at a moment.

use contracts::assessments::v1 as pb;
use contracts::wire::timestamp;
use pb::WaveStage;
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::lifecycle::cast;
use crate::sample::{DURING, WAVE, came};
use crate::world::{UNITS, World, repeatable};

async fn wave_then(world: &World, as_of: Timestamp) -> Result<pb::Wave, Status> {
    let request = pb::GetWaveRequest {
        wave: WAVE.into(),
        as_of: Some(as_of),
    };
    let answer = world.surveys.clone().get_wave(request).await?;
    Ok(answer.into_inner())
}

async fn results_then(world: &World, as_of: Timestamp) -> Result<pb::SurveyResults, Status> {
    let request = pb::GetSurveyResultsRequest {
        wave: WAVE.into(),
        as_of: Some(as_of),
        ..Default::default()
    };
    let answer = world.surveys.clone().get_survey_results(request).await?;
    Ok(answer.into_inner())
}

async fn instrument_then(world: &World, as_of: Timestamp) -> Result<pb::Instrument, Status> {
    let request = pb::GetInstrumentRequest {
        instrument: "sipas".into(),
        edition: String::new(),
        as_of: Some(as_of),
    };
    let answer = world.surveys.clone().get_instrument(request).await?;
    Ok(answer.into_inner())
}

/// When an event of the wave was recorded.
async fn recorded<M: prost::Message + prost::Name + Default>(world: &World) -> Timestamp {
    let mut events = world.events::<M>(WAVE).await;
    let (event, _) = events.pop().expect("an event");
    event.recorded_at.expect("a moment")
}

#[tokio::test(flavor = "multi_thread")]
async fn surveys_of_the_past_are_those_of_then() {
    let world = World::start_at(DURING).await;
    let before = timestamp(DURING.parse().expect("a moment"));
    world.planned().await;
    let planned = recorded::<pb::WavePlanned>(&world).await;
    world.open().await;
    let opened = recorded::<pb::WaveOpened>(&world).await;
    cast(&world, UNITS[0], "citizen", 20).await;
    world.close().await;
    world.counted(WAVE).await;
    let counted = recorded::<pb::WaveCounted>(&world).await;
    let results = world.results().await;
    let request = pb::WithholdResultsRequest {
        context: repeatable(),
        wave: WAVE.into(),
        unit: UNITS[0].into(),
        reason: "phiếu do cơ quan điền hộ".into(),
    };
    let withheld = world.surveys.clone().withhold_results(request).await;
    withheld.expect("withheld");
    let now = recorded::<pb::ResultsWithheld>(&world).await;

    let stage = async |at| wave_then(&world, at).await.expect("a wave").stage();
    assert_eq!(stage(planned).await, WaveStage::Planned);
    assert_eq!(stage(opened).await, WaveStage::Open);
    let wave = wave_then(&world, opened).await.expect("a wave");
    assert_eq!(came(&wave, UNITS[0], "citizen"), 0, "it is not kept");
    let wave = wave_then(&world, counted).await.expect("a wave");
    assert_eq!(came(&wave, UNITS[0], "citizen"), 20);
    assert!(wave.withheld_units.is_empty());
    let then = results_then(&world, counted).await;
    assert_eq!(then.expect("results"), results);
    let after = results_then(&world, now).await.expect("results");
    assert_eq!(after, world.results().await);
    assert_eq!(after.withheld_units.len(), 1);
    let early = results_then(&world, opened).await.expect_err("not counted");
    assert_eq!(early.code(), Code::FailedPrecondition);

    let known = instrument_then(&world, planned).await.expect("known");
    assert_eq!(known.used_by, WAVE);
    let later = Timestamp {
        seconds: now.seconds + 86_400,
        ..now
    };
    for (at, code) in [(before, Code::NotFound), (later, Code::OutOfRange)] {
        let refusals = [
            wave_then(&world, at).await.map(drop),
            results_then(&world, at).await.map(drop),
            instrument_then(&world, at).await.map(drop),
        ];
        for refused in refusals {
            assert_eq!(refused.expect_err("refused").code(), code);
        }
    }
}
