//! Following the log.

use futures::Stream;
use futures::stream;

use crate::error::StorageError;
use crate::event::{Position, Recorded};
use crate::log::EventLog;

/// Events that one step of a tail returns at most.
const PAGE: i64 = 1_000;

impl EventLog {
    /// The events after a position, in order and without a gap, then every new one as it is
    /// committed, in pages that are never empty.
    ///
    /// Ends when the log shuts down, and after an error; whoever wants more starts again after the
    /// last position.
    pub fn tail(
        &self,
        after: Position,
    ) -> impl Stream<Item = Result<Vec<Recorded>, StorageError>> + Send + 'static {
        stream::unfold(Some((self.clone(), after)), |state| async {
            let (log, after) = state?;
            match log.next(after).await? {
                Ok(page) => {
                    let after = page.last().map_or(after, |event| event.position);
                    Some((Ok(page), Some((log, after))))
                }
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// The next page, waiting for one if need be; none when the log shuts down.
    async fn next(&self, after: Position) -> Option<Result<Vec<Recorded>, StorageError>> {
        let mut heads = self.heads();
        let page = async {
            loop {
                // Cannot fail while `self` holds the sender.
                let _ = heads.wait_for(|head| *head > after).await;
                match self.read(after, PAGE).await {
                    // The head that was announced has been taken back by a restore: wait for the
                    // next.
                    Ok(page) if page.is_empty() => {
                        let _ = heads.changed().await;
                    }
                    read => return read,
                }
            }
        };
        self.shutdown().run_until_cancelled(page).await
    }
}
