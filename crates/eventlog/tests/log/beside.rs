//! Decisions that rest on more than their own stream.

use contracts::log::v1::AtLeast;
use decider::Decider;
use eventlog::Version;
use eventlog::command::{Context, ExecuteError, execute_beside};

use crate::command::{Purse, PurseCodec, add, answer, context};
use crate::support::fresh;

#[tokio::test]
async fn a_decision_that_rests_on_another_stream_stands_only_as_long_as_that_stays() {
    let log = fresh().await;
    add(&log, &context(1, 1), 1).await.unwrap();
    let beside = [("purse-1".to_owned(), 1)];
    let order = async |context: &Context, coins: u8| {
        let decide = |purse: &Purse, _: Version| purse.decide(coins);
        execute_beside::<PurseCodec, AtLeast>(&log, "purse-2", &beside, context, decide, answer)
            .await
    };
    assert_eq!(order(&context(2, 2), 2).await.unwrap().response.log, "2");
    add(&log, &context(3, 1), 1).await.unwrap();
    let late = order(&context(4, 2), 2).await;
    assert!(
        matches!(
            late,
            Err(ExecuteError::Conflict {
                expected: 1,
                actual: 2
            })
        ),
        "{late:?}"
    );
    assert_eq!(log.head().await.unwrap().position, 3);
    // What was obeyed before is still answered.
    assert!(order(&context(2, 2), 2).await.unwrap().replayed);
}
