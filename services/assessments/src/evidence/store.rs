//! Where contents are kept, each under its SHA-256.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use futures::stream::BoxStream;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _};
use prost::bytes::Bytes;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

/// Bytes of a content that are held while it is put in its place; at least what the parts of an upload to S3 have.
const PART: usize = 8 << 20;

/// Kept contents.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(super) store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Where it is a folder.
    pub(super) folder: Option<PathBuf>,
}

impl Store {
    /// The store at a URL: `file:///folder`, which is made when it is missing, or `s3://bucket/prefix`.
    ///
    /// # Errors
    /// When the URL is neither, or the folder cannot be made.
    pub(crate) fn open(url: &str) -> anyhow::Result<Self> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        match scheme {
            "file" if rest.starts_with('/') => {
                let folder = PathBuf::from(rest);
                std::fs::create_dir_all(&folder)
                    .with_context(|| format!("making the folder {}", folder.display()))?;
                let store = LocalFileSystem::new_with_prefix(&folder)
                    .with_context(|| format!("opening the folder {}", folder.display()))?
                    .with_fsync(true);
                Ok(Self {
                    store: Arc::new(store),
                    prefix: Path::default(),
                    folder: Some(folder),
                })
            }
            "s3" => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                Self::s3(bucket, prefix, AmazonS3Builder::from_env())
            }
            _ => bail!(
                "{url:?} is no store; write file:///folder, an absolute path, or s3://bucket/prefix"
            ),
        }
    }

    /// The store in a bucket, which must be there. Without TLS it is spoken to on this machine only: whoever else is on
    /// the way could read what units upload, and whatever the environment allows, that is not it.
    fn s3(bucket: &str, prefix: &str, told: AmazonS3Builder) -> anyhow::Result<Self> {
        if bucket.is_empty() {
            bail!("the S3 store has no bucket; write s3://bucket/prefix");
        }
        let endpoints = [AmazonS3ConfigKey::Endpoint, AmazonS3ConfigKey::S3Endpoint]
            .iter()
            .filter_map(|key| told.get_config_value(key));
        let plain: Vec<String> = endpoints
            .filter(|url| !url.starts_with("https://"))
            .collect();
        if let Some(far) = plain.iter().find(|url| !runtime::is_loopback(url)) {
            bail!(
                "the S3 store {far} is not on this machine and without TLS; give its https address"
            );
        }
        // Another provider may be there already; it is ring in every build of ours.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = told
            .with_bucket_name(bucket)
            .with_allow_http(!plain.is_empty())
            .build()
            .context("reading the settings of the S3 store from the environment")?;
        Ok(Self {
            store: Arc::new(store),
            prefix: Path::parse(prefix).context("reading the prefix of the S3 store")?,
            folder: None,
        })
    }

    /// A path below the prefix.
    pub(super) fn below(&self, parts: impl IntoIterator<Item = String>) -> Path {
        let prefix = self.prefix.parts().map(|part| part.as_ref().to_owned());
        prefix.chain(parts).collect()
    }

    pub(super) fn place(&self, sha256: &[u8; 32]) -> Path {
        let name = hex::encode(sha256);
        let folder = name.get(..2).unwrap_or_default().to_owned();
        self.below(["sha256".to_owned(), folder, name])
    }

    /// Puts the content of a file in its place, whole or not at all. What is there already is the same, or damaged: it is
    /// replaced.
    ///
    /// # Errors
    /// When the file cannot be read or the store does not take it.
    pub(super) async fn put(&self, sha256: &[u8; 32], content: &mut File) -> std::io::Result<()> {
        self.write(self.place(sha256), content).await
    }

    /// Writes the content of a file, whole or not at all.
    pub(super) async fn write(&self, place: Path, content: &mut File) -> std::io::Result<()> {
        let mut writer = BufWriter::with_capacity(self.store.clone(), place, PART);
        if let Err(error) = tokio::io::copy(content, &mut writer).await {
            // What could not be written may not be to be taken away either; the first error says more.
            let _ = writer.abort().await;
            return Err(error);
        }
        writer.shutdown().await
    }

    /// The bytes of a content, as they are there; also of one that the log names and that has not moved to its place yet.
    ///
    /// # Errors
    /// When it is not there, or the store does not answer.
    pub(super) async fn get(
        &self,
        sha256: &[u8; 32],
    ) -> object_store::Result<BoxStream<'static, object_store::Result<Bytes>>> {
        let place = self.place(sha256);
        let found = match self.store.get(&place).await {
            Err(missing @ Error::NotFound { .. }) => match self.still_incoming(sha256).await? {
                None => return Err(missing),
                Some(waiting) => match self.store.get(&waiting).await {
                    // It moved just now.
                    Err(Error::NotFound { .. }) => self.store.get(&place).await?,
                    found => found?,
                },
            },
            found => found?,
        };
        Ok(found.into_stream())
    }
}

#[cfg(test)]
mod tests;
