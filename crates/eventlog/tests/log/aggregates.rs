//! Aggregates that are remembered decide as those that are read.

use std::num::NonZeroUsize;

use contracts::log::v1::AtLeast;
use decider::Decider;
use eventlog::EventLog;
use eventlog::command::{Aggregates, Context, ExecuteError, Executed};

use crate::command::{Full, Purse, PurseCodec, answer, context};
use crate::support::{Dice, assert_sound, database, fresh, open};

type Answer = Result<Executed<AtLeast>, ExecuteError<Full>>;

fn remembering(log: &EventLog, capacity: usize) -> Aggregates<PurseCodec> {
    Aggregates::new(log.clone(), NonZeroUsize::new(capacity).unwrap())
}

async fn add(
    purses: &Aggregates<PurseCodec>,
    stream: &str,
    context: &Context,
    coins: u8,
) -> Answer {
    purses
        .execute(stream, context, |purse, _| purse.decide(coins), answer)
        .await
}

fn coins(answer: Answer) -> String {
    answer.unwrap().response.log
}

#[tokio::test]
async fn neither_a_new_nor_a_remembered_stream_is_read() {
    let log = fresh().await;
    let purses = remembering(&log, 10);
    // Appends go over a connection of their own; from now on nothing can be read.
    log.pool().close().await;
    assert_eq!(coins(add(&purses, "purse-1", &context(1, 3), 3).await), "3");
    assert_eq!(coins(add(&purses, "purse-1", &context(2, 4), 4).await), "7");
    let refused = add(&purses, "purse-1", &context(3, 4), 4).await;
    assert!(
        matches!(refused, Err(ExecuteError::Storage(_))),
        "a refusal must not rest on memory: {refused:?}"
    );
}

#[tokio::test]
async fn what_is_forgotten_is_read_again() {
    let purses = remembering(&fresh().await, 1);
    for (stream, id) in [
        ("purse-1", 1),
        ("purse-2", 2),
        ("purse-1", 3),
        ("purse-2", 4),
    ] {
        add(&purses, stream, &context(id, 2), 2).await.unwrap();
    }
    assert_eq!(coins(add(&purses, "purse-1", &context(5, 2), 2).await), "6");
}

/// One purse as it ought to be.
#[derive(Debug, Clone, Default)]
struct Model {
    purse: Purse,
    version: i64,
}

impl Model {
    /// What the command must be answered; none when it is refused.
    fn obey(&mut self, context: &Context, coins: u8) -> Option<(String, i64)> {
        let expected = context.expected_version;
        let events = self.purse.decide(coins).ok()?;
        if expected.is_some_and(|expected| expected != self.version) {
            return None;
        }
        let mut after = self.clone();
        for event in &events {
            after.purse.evolve(event);
            after.version += 1;
        }
        let answer = (after.purse.coins.to_string(), after.version);
        if !context.validate_only {
            *self = after;
        }
        Some(answer)
    }
}

#[tokio::test]
async fn processes_that_forget_and_fall_behind_answer_as_one_that_knows_everything() {
    const STREAMS: usize = 4;
    let options = database().await;
    let logs = [open(&options).await, open(&options).await];
    let processes = [remembering(&logs[0], 2), remembering(&logs[1], 3)];
    let mut models = vec![Model::default(); STREAMS];
    let mut dice = Dice::new(7);
    let mut answered: Vec<(usize, Context, u8, (String, i64))> = Vec::new();
    for id in 1..=400 {
        let process = &processes[dice.roll(2) as usize];
        if dice.roll(6) == 0 && !answered.is_empty() {
            let (stream, context, coins, first) =
                &answered[dice.roll(answered.len() as u64) as usize];
            let repeat = add(process, &format!("purse-{stream}"), context, *coins)
                .await
                .unwrap();
            assert!(repeat.replayed);
            assert_eq!((repeat.response.log, repeat.response.position), *first);
            continue;
        }
        let stream = dice.roll(STREAMS as u64) as usize;
        let coins = dice.roll(3) as u8;
        let context = Context {
            validate_only: dice.roll(5) == 0,
            expected_version: (dice.roll(3) == 0).then(|| dice.roll(8) as i64),
            ..context(id, coins)
        };
        let wanted = models[stream].obey(&context, coins);
        let answer = add(process, &format!("purse-{stream}"), &context, coins).await;
        let got = answer.map(|executed| (executed.response.log, executed.response.position));
        assert_eq!(got.as_ref().ok(), wanted.as_ref(), "command {id}: {got:?}");
        if let (Some(wanted), false) = (wanted, context.validate_only) {
            answered.push((stream, context, coins, wanted));
        }
    }
    assert!(answered.len() > 50, "too much was refused to tell");
    assert_sound(&logs[0]).await;
}
