//! The folder of a stack: who owns it, and how it goes.

use std::fs::{self, DirBuilder, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::StackError;
use crate::error::doing;
use crate::stale;

/// A process that was just killed may still be writing: a folder is deleted in this many attempts,
const DELETE_ATTEMPTS: u32 = 20;
/// with this long between them.
const DELETE_PAUSE: Duration = Duration::from_millis(25);

/// Folders that go with this process, of stacks that were not dropped: statics never are.
static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A stack's folder. The lock on a file in it is held as long as its owner lives, however that ends.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    kept: bool,
    _lock: File,
}

impl Folder {
    /// A new folder that goes with the stack, after removing those of dead runs.
    pub(crate) fn temporary(name: &str) -> Result<Self, StackError> {
        let user = rustix::process::geteuid().as_raw();
        let root = std::env::temp_dir().join(format!("chiso-stacks-{user}"));
        make(&root, 0o711)?;
        // Anybody may make folders where temporary ones are; what is in ours gets processes killed.
        let found =
            fs::symlink_metadata(&root).map_err(doing("looking at the folder of stacks"))?;
        if !found.is_dir() || found.uid() != user {
            return Err(StackError::Missing {
                what: format!("{} is somebody else's", root.display()),
                remedy: "remove it, or name another folder for temporary files with TMPDIR",
            });
        }
        // One start at a time, or one would take the folder that another just makes for a dead run's.
        let _turn = lock(&root, FlockOperation::LockExclusive)?;
        clean(&root);
        let pid = std::process::id();
        let started = stale::started(pid).unwrap_or_default();
        let path = root.join(format!("{name}-{pid}-{started}-{}", crate::next()));
        make(&path, 0o700)?;
        let _lock = lock(&path, FlockOperation::LockExclusive)?;
        remember(&path);
        Ok(Self {
            path,
            kept: false,
            _lock,
        })
    }

    /// A folder that stays, with what is in it. Ends servers that a killed run left in it.
    pub(crate) fn kept(path: &Path) -> Result<Self, StackError> {
        make(path, 0o700)?;
        let path = path
            .canonicalize()
            .map_err(doing("finding the stack's folder"))?;
        let Ok(_lock) = lock(&path, FlockOperation::NonBlockingLockExclusive) else {
            return Err(StackError::InUse { folder: path });
        };
        stale::end_servers(&path);
        Ok(Self {
            path,
            kept: true,
            _lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.kept
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            live().retain(|path| *path != self.path);
            remove(&self.path);
        }
    }
}

fn make(path: &Path, mode: u32) -> Result<(), StackError> {
    let made = DirBuilder::new().recursive(true).mode(mode).create(path);
    made.map_err(doing(format!("making {}", path.display())))
}

fn lock(folder: &Path, how: FlockOperation) -> Result<File, StackError> {
    let locking = || doing(format!("locking {}", folder.display()));
    let file = File::create(folder.join("lock")).map_err(locking())?;
    flock(&file, how).map_err(|error| locking()(error.into()))?;
    Ok(file)
}

/// Removes the folders of dead runs, after ending the servers that still run in them.
fn clean(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let folder = entry.path();
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if let Ok(_ours_now) = lock(&folder, FlockOperation::NonBlockingLockExclusive) {
            tracing::debug!(folder = %folder.display(), "removing what a dead run left");
            remove(&folder);
        }
    }
}

/// Ends the servers that run in a folder and deletes it.
fn remove(folder: &Path) {
    stale::end_servers(folder);
    for _ in 0..DELETE_ATTEMPTS {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
        std::thread::sleep(DELETE_PAUSE);
    }
    tracing::warn!(folder = %folder.display(), "could not be deleted; the next start tries again");
}

fn live() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes a folder to be removed when the process exits with its stack still running.
fn remember(path: &Path) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the function is a plain `extern "C"` one without arguments, and does not unwind: it calls nothing
        // that panics. Failure means that the next start cleans up instead.
        let _ = unsafe { libc::atexit(remove_live) };
    });
    live().push(path.to_owned());
}

extern "C" fn remove_live() {
    // Threads still run while a process exits; nobody holds this for long, but an exit is not to hang on one that does.
    let Ok(mut folders) = LIVE.try_lock() else {
        return;
    };
    for folder in folders.drain(..) {
        stale::end_servers(&folder);
        // No second attempts and no logging here: what is left goes with the next start.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Writes a file that only its owner reads.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)
}
