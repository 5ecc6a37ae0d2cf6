//! A repeated command is answered as the first time.

use eventlog::{Append, AppendError, EventLog, Expected, NewReceipt, Receipt};
use uuid::Uuid;

use crate::support::{assert_sound, database, fresh, open, receipt, story, to};

async fn command(
    log: &EventLog,
    stream: &str,
    receipt: NewReceipt,
) -> Result<eventlog::Appended, AppendError> {
    let streams = vec![to(stream, Expected::Any, &["x"])];
    log.append(Append {
        streams,
        receipts: vec![receipt],
    })
    .await
}

fn first_answer(repeat: Result<eventlog::Appended, AppendError>) -> Receipt {
    match repeat {
        Err(AppendError::Receipt(receipt)) => *receipt,
        other => panic!("no receipt: {other:?}"),
    }
}

#[tokio::test]
async fn a_repeat_gets_the_receipt_and_changes_nothing() {
    let log = fresh().await;
    let appended = command(&log, "a-1", receipt(1, 7, "done")).await.unwrap();
    let repeat = first_answer(command(&log, "a-1", receipt(1, 7, "again")).await);
    assert_eq!(repeat.response, "done".as_bytes());
    assert_eq!((repeat.first, repeat.last), (appended.first, appended.last));
    // Other content under the same id: the receipt says of what content it is.
    let other = first_answer(command(&log, "a-1", receipt(1, 8, "other")).await);
    assert_eq!(other.request_hash, [7; 32]);

    assert_eq!(story(&log).await, ["1 a-1@1 x"]);
    assert_eq!(log.receipt(Uuid::from_u128(1)).await.unwrap(), Some(repeat));
    assert_eq!(log.receipt(Uuid::from_u128(2)).await.unwrap(), None);
}

#[tokio::test]
async fn repeats_within_one_batch_are_recognised() {
    let log = fresh().await;
    let calls = (0..12).map(|call| {
        let log = log.clone();
        async move { command(&log, &format!("a-{call}"), receipt(call % 3, 7, "done")).await }
    });
    let answers = futures::future::join_all(calls).await;
    for (answer, call) in answers.into_iter().zip(0..) {
        if call < 3 {
            assert_eq!(answer.unwrap().first, call + 1);
        } else {
            assert_eq!(first_answer(answer).first, call % 3 + 1);
        }
    }
    assert_eq!(story(&log).await, ["1 a-0@1 x", "2 a-1@1 x", "3 a-2@1 x"]);
}

#[tokio::test]
async fn a_repeat_fails_alone_in_its_batch() {
    let log = fresh().await;
    command(&log, "a-0", receipt(0, 7, "done")).await.unwrap();
    let calls = (0..10).map(|call| {
        let log = log.clone();
        async move { command(&log, &format!("a-{call}"), receipt(call, 7, "done")).await }
    });
    let answers = futures::future::join_all(calls).await;
    for (answer, call) in answers.into_iter().zip(0..) {
        assert_eq!(answer.is_err(), call == 0, "call {call}: {answer:?}");
    }
    assert_sound(&log).await;
}

#[tokio::test]
async fn of_the_same_command_given_to_two_processes_one_is_obeyed() {
    let options = database().await;
    let logs = [open(&options).await, open(&options).await];
    for round in 0..40 {
        let stream = format!("a-{round}");
        let [one, other] = &logs;
        let (one, other) = tokio::join!(
            command(one, &stream, receipt(round, 7, "one")),
            command(other, &stream, receipt(round, 7, "other")),
        );
        match (one, other) {
            (Ok(appended), repeat) | (repeat, Ok(appended)) => {
                assert_eq!(first_answer(repeat).first, appended.first);
            }
            neither => panic!("round {round}: {neither:?}"),
        }
    }
    assert_eq!(story(&logs[0]).await.len(), 40);
    assert_sound(&logs[0]).await;
}

#[tokio::test]
async fn a_command_that_made_no_event_has_a_receipt_too() {
    let log = fresh().await;
    command(&log, "a-1", receipt(1, 7, "done")).await.unwrap();
    let quiet = || Append {
        streams: vec![],
        receipts: vec![receipt(2, 7, "nothing to do")],
    };
    let appended = log.append(quiet()).await.unwrap();
    assert_eq!((appended.first, appended.last), (1, 1));
    let repeat = first_answer(log.append(quiet()).await);
    assert_eq!(
        (repeat.response.as_ref(), repeat.last),
        ("nothing to do".as_bytes(), 1)
    );
    assert_eq!(
        log.receipts(&[1, 2, 3].map(Uuid::from_u128))
            .await
            .unwrap()
            .len(),
        2
    );
    assert_sound(&log).await;
}
