//! A model in memory that nobody reads half changed.
//!
//! The only way to change it is through the lock that keeps readers out, and the [`Writer`] itself holds that lock from the
//! first change on: until the change is committed, or the model is replaced by a whole one. A future that is dropped in
//! the middle of a change leaves the lock with the writer, and a writer that is dropped with it leaves nothing to read.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::problem::Problem;
use eventlog::Head;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, RwLockReadGuard};

/// How far a model has come: the newest event of each followed log that it reflects, and of its service's own log that it
/// led to, by name of the log. A log that nothing was read of yet may be absent.
pub type Heads = BTreeMap<String, Head>;

/// What readers have of a model.
#[derive(Debug)]
pub struct Shown<M> {
    model: Arc<RwLock<Option<(M, Heads)>>>,
}

impl<M> Clone for Shown<M> {
    fn clone(&self) -> Self {
        Self {
            model: Arc::clone(&self.model),
        }
    }
}

impl<M> Shown<M> {
    /// The model as of the last commit; it does not change while it is held.
    ///
    /// # Errors
    /// When it is not read yet, or whoever changed it went in the middle: the service begins or ends.
    pub async fn read(&self) -> Result<RwLockReadGuard<'_, M>, Problem> {
        let read = self.read_with_heads().await?;
        Ok(RwLockReadGuard::map(read, |(model, _)| model))
    }

    /// The model as of the last commit, and exactly what it follows from.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_with_heads(&self) -> Result<RwLockReadGuard<'_, (M, Heads)>, Problem> {
        let model = self.model.read().await;
        RwLockReadGuard::try_map(model, Option::as_ref)
            .map_err(|_| Problem::unavailable("the service is starting or ending; repeat the call"))
    }
}

/// The one who changes a model.
#[derive(Debug)]
pub(crate) struct Writer<M> {
    model: Arc<RwLock<Option<(M, Heads)>>>,
    /// From the first change until it is committed or everything was read again.
    changing: Option<OwnedRwLockWriteGuard<Option<(M, Heads)>>>,
    /// The model in memory may say what the tables do not.
    stale: bool,
}

impl<M> Writer<M> {
    /// Nothing is shown until the first [`replace`](Self::replace).
    pub(crate) fn new() -> Self {
        Self {
            model: Arc::new(RwLock::new(None)),
            changing: None,
            stale: true,
        }
    }

    pub(crate) fn shown(&self) -> Shown<M> {
        Shown {
            model: Arc::clone(&self.model),
        }
    }

    /// The model to change, from `load` if what is in memory is not what the tables say.
    pub(crate) async fn change<E>(
        &mut self,
        load: impl Future<Output = Result<M, E>>,
    ) -> Result<&mut M, E> {
        let fresh = if self.stale { Some(load.await?) } else { None };
        let held = self.hold().await;
        let held = self.changing.insert(held);
        self.stale = true;
        let (model, _) = match fresh {
            Some(fresh) => held.insert((fresh, Heads::new())),
            None => held
                .as_mut()
                .expect("only a model that was read is not stale"),
        };
        Ok(model)
    }

    async fn hold(&mut self) -> OwnedRwLockWriteGuard<Option<(M, Heads)>> {
        match self.changing.take() {
            Some(held) => held,
            None => Arc::clone(&self.model).write_owned().await,
        }
    }

    /// What was changed is what the tables say, at these heads: readers may see it.
    pub(crate) fn committed(&mut self, heads: &Heads) {
        self.stale = false;
        let held = self.changing.take();
        if let Some(mut held) = held
            && let Some((_, shown)) = held.as_mut()
        {
            shown.clone_from(heads);
        }
    }

    /// Shows `fresh`, as the tables say now, at these heads, in place of everything.
    pub(crate) async fn replace(&mut self, fresh: M, heads: Heads) {
        let mut held = self.hold().await;
        *held = Some((fresh, heads));
        self.stale = false;
    }
}

impl<M> Drop for Writer<M> {
    fn drop(&mut self) {
        if let Some(model) = self.changing.as_deref_mut() {
            *model = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future;

    use futures::FutureExt as _;

    use super::*;

    /// A model of two numbers that are always the same.
    type Pair = (u32, u32);

    async fn writer() -> (Writer<Pair>, Shown<Pair>) {
        let mut writer = Writer::new();
        writer.replace((1, 1), Heads::new()).await;
        let shown = writer.shown();
        (writer, shown)
    }

    async fn unread() -> Result<Pair, Infallible> {
        unreachable!("what is in memory is what the tables say")
    }

    /// What a reader is shown; none when it has to wait.
    fn seen(shown: &Shown<Pair>) -> Option<Result<Pair, Problem>> {
        let read = shown.read().now_or_never()?;
        Some(read.map(|pair| *pair))
    }

    #[tokio::test]
    async fn a_change_is_seen_whole_and_not_before_it_is_committed() {
        let (mut writer, shown) = writer().await;
        writer.change(unread()).await.expect("a model").0 = 2;
        assert!(seen(&shown).is_none());
        writer
            .change(async { Ok::<_, Infallible>((1, 1)) })
            .await
            .expect("a model");
        assert!(seen(&shown).is_none());
        *writer
            .change(async { Ok::<_, Infallible>((1, 1)) })
            .await
            .expect("a model") = (2, 2);
        let head = Head {
            position: 2,
            hash: [2; 32],
        };
        let heads = Heads::from([("dossiers".to_owned(), head)]);
        writer.committed(&heads);
        assert_eq!(seen(&shown).expect("no wait").expect("a model"), (2, 2));
        let read = shown.read_with_heads().await.expect("a model");
        assert_eq!(*read, ((2, 2), heads));
    }

    #[tokio::test]
    async fn a_change_that_is_dropped_in_the_middle_is_never_seen() {
        let (mut writer, shown) = writer().await;
        let middle = async {
            writer.change(unread()).await.expect("a model").0 = 2;
            future::pending::<()>().await;
        };
        assert!(middle.now_or_never().is_none());
        assert!(seen(&shown).is_none());
        writer.replace((3, 3), Heads::new()).await;
        assert_eq!(seen(&shown).expect("no wait").expect("a model"), (3, 3));
    }

    #[tokio::test]
    async fn a_model_that_cannot_be_read_again_is_not_shown() {
        let (mut writer, shown) = writer().await;
        writer.change(unread()).await.expect("a model").0 = 2;
        let failed = writer.change(async { Err("the database is away") }).await;
        assert_eq!(failed, Err("the database is away"));
        assert!(seen(&shown).is_none());
    }

    #[tokio::test]
    async fn a_writer_that_goes_in_the_middle_leaves_nothing_to_read() {
        let (mut writer, shown) = writer().await;
        writer.change(unread()).await.expect("a model").0 = 2;
        drop(writer);
        let refused = seen(&shown).expect("no wait").expect_err("nothing to read");
        assert_eq!(refused.code(), tonic::Code::Unavailable);
    }

    #[tokio::test]
    async fn a_writer_that_goes_at_the_end_leaves_what_it_committed() {
        let (mut writer, shown) = writer().await;
        *writer.change(unread()).await.expect("a model") = (2, 2);
        writer.committed(&Heads::new());
        drop(writer);
        assert_eq!(seen(&shown).expect("no wait").expect("a model"), (2, 2));
    }
}
