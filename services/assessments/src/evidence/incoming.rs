//! Contents that the log does not name yet.
//!
//! Each upload puts its content here first, under a name of its own; then the log says that it is there; then it moves to its
//! place, from where nothing is ever taken away. So whatever is here is of one upload alone: no other one can come to rest
//! on it, and it may be deleted once that one cannot go on any more.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use futures::stream::BoxStream;
use ids::UnitCode;
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{Error, ObjectStore as _, ObjectStoreExt as _};
use tokio::fs::File;
use uuid::Uuid;

use super::store::Store;

/// Folder of what comes in.
const FOLDER: &str = "incoming";

/// A content on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Incoming {
    /// Whose it is.
    pub(super) unit: UnitCode,
    /// Which content.
    pub(super) sha256: [u8; 32],
    /// Which upload.
    pub(super) id: Uuid,
}

impl Incoming {
    /// Neither a unit's code nor the rest has a hyphen, so the name can be read back.
    fn name(&self) -> String {
        let Self { unit, sha256, id } = self;
        format!("{unit}-{}-{}", hex::encode(sha256), id.simple())
    }

    fn read(name: &str) -> Option<Self> {
        let mut parts = name.split('-');
        let unit = parts.next()?.parse().ok()?;
        let sha256 = hex::decode(parts.next()?).ok()?;
        let id = Uuid::try_parse(parts.next()?).ok()?;
        parts.next().is_none().then_some(Self {
            unit,
            sha256: sha256.try_into().ok()?,
            id,
        })
    }
}

impl Store {
    fn folder_of_incoming(&self) -> Path {
        self.below([FOLDER.to_owned()])
    }

    fn waiting(&self, incoming: &Incoming) -> Path {
        self.below([FOLDER.to_owned(), incoming.name()])
    }

    /// Takes in the content of a file, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be read or the store does not take it.
    pub(super) async fn take_in(
        &self,
        incoming: &Incoming,
        content: &mut File,
    ) -> std::io::Result<()> {
        self.write(self.waiting(incoming), content).await
    }

    /// Moves a content that the log names to its place. What is there already is the same, or damaged: it is replaced.
    ///
    /// # Errors
    /// When it did not come in, or the store does not answer.
    pub(super) async fn settle(&self, incoming: &Incoming) -> object_store::Result<()> {
        let place = self.place(&incoming.sha256);
        self.store.rename(&self.waiting(incoming), &place).await
    }

    /// Deletes a content that the log does not name.
    ///
    /// # Errors
    /// When the store does not answer. What is gone already is deleted.
    pub(super) async fn discard(&self, incoming: &Incoming) -> object_store::Result<()> {
        match self.store.delete(&self.waiting(incoming)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What came in and has not moved, each with the moment that it came, by the store's clock.
    pub(super) fn incoming(
        &self,
    ) -> BoxStream<'static, object_store::Result<(Incoming, Timestamp)>> {
        let listed = self.store.list(Some(&self.folder_of_incoming()));
        let known = listed.filter_map(async |found| match found {
            Err(error) => Some(Err(error)),
            Ok(found) => {
                let incoming = Incoming::read(found.location.filename()?)?;
                let at = Timestamp::from_second(found.last_modified.timestamp()).ok()?;
                Some(Ok((incoming, at)))
            }
        });
        known.boxed()
    }

    /// Where a content is that the log names and that has not moved to its place yet; none where it did not come in.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn still_incoming(
        &self,
        sha256: &[u8; 32],
    ) -> object_store::Result<Option<Path>> {
        let mut incoming = self.incoming();
        while let Some(found) = incoming.next().await {
            let (found, _) = found?;
            if found.sha256 == *sha256 {
                return Ok(Some(self.waiting(&found)));
            }
        }
        Ok(None)
    }

    /// Deletes what a process that was killed left half written in a folder, `age` ago or longer; says how many. A bucket
    /// does that by a rule of its own, as nobody can list what is half written there.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(super) async fn delete_halves(
        &self,
        age: Duration,
        now: SystemTime,
    ) -> std::io::Result<u64> {
        let Some(folder) = &self.folder else {
            return Ok(0);
        };
        let mut entries = match tokio::fs::read_dir(folder.join(FOLDER)).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut halves: Vec<PathBuf> = Vec::new();
        while let Some(entry) = entries.next_entry().await? {
            // As the store names what it writes before it gives it its name.
            if !entry.file_name().to_string_lossy().contains('#') {
                continue;
            }
            let Ok(metadata) = entry.metadata().await else {
                continue;
            };
            let old = now.duration_since(metadata.modified()?);
            if old.is_ok_and(|old| old >= age) {
                halves.push(entry.path());
            }
        }
        let mut deleted = 0;
        for half in halves {
            match tokio::fs::remove_file(&half).await {
                Ok(()) => deleted += 1,
                // Another replica was faster.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(deleted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_and_which_and_nothing_else_is_read() {
        let incoming = Incoming {
            unit: "H40.05".parse().expect("a code"),
            sha256: [0xab; 32],
            id: Uuid::from_u128(7),
        };
        let name = incoming.name();
        assert_eq!(Incoming::read(&name), Some(incoming));
        for other in [
            String::new(),
            "H40.05".to_owned(),
            format!("{name}-x"),
            format!("{name}#1"),
            name.replacen("ab", "", 1),
            name.replacen("H40.05", "?", 1),
        ] {
            assert_eq!(Incoming::read(&other), None, "{other}");
        }
    }
}
