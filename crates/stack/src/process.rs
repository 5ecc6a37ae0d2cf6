//! Starting a server so that it ends with us, as a user that it accepts.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// PostgreSQL refuses to run as root. Nobody in particular on every Linux.
const NOBODY: u32 = 65534;
/// How often a starting or stopping process is looked at.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// A busy machine takes its time to schedule every thread.
const PAUSE: Duration = Duration::from_secs(2);
/// Lines of a log that say why a server ended: PostgreSQL needs six.
const TAIL: usize = 8;

/// Who a server runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The caller, who is not root.
    Caller,
    /// Root outside, an ordinary user inside a user namespace: files stay the caller's.
    Namespace,
    /// Somebody else, who must be given the files. For systems that forbid user namespaces.
    Nobody,
}

impl Identity {
    /// What works here.
    pub(crate) fn find() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::Caller;
        }
        let mut probe = Command::new("/bin/true");
        Self::Namespace.put_on(&mut probe, Signal::KILL);
        match probe.status() {
            Ok(status) if status.success() => Self::Namespace,
            _ => Self::Nobody,
        }
    }

    /// Gives a folder to whoever runs the server.
    pub(crate) fn give(self, folder: &Path) -> io::Result<()> {
        match self {
            Self::Caller | Self::Namespace => Ok(()),
            Self::Nobody => chown(folder, Some(NOBODY), Some(NOBODY)),
        }
    }

    /// Makes the command run so, and get `last` when the thread that starts it ends.
    fn put_on(self, command: &mut Command, last: Signal) {
        if self == Self::Nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        let namespace = self == Self::Namespace;
        let last = last.as_raw();
        let set_up = move || {
            if namespace {
                enter_namespace()?;
            }
            // Last of all: a change of credentials clears it.
            // SAFETY: prctl with PR_SET_PDEATHSIG takes plain numbers and touches no memory.
            match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, last) } {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        };
        // SAFETY: between fork and exec only async-signal-safe calls are made (unshare, open, write, close, prctl),
        // none of which allocates or takes a lock.
        unsafe { command.pre_exec(set_up) };
    }
}

/// Becomes an ordinary user in a new user namespace. Runs between fork and exec.
fn enter_namespace() -> io::Result<()> {
    // SAFETY: unshare takes a plain number and touches no memory of ours.
    if unsafe { libc::unshare(libc::CLONE_NEWUSER) } != 0 {
        return Err(io::Error::last_os_error());
    }
    write_file(c"/proc/self/setgroups", b"deny")?;
    write_file(c"/proc/self/uid_map", b"1000 0 1")?;
    write_file(c"/proc/self/gid_map", b"1000 0 1")
}

fn write_file(path: &std::ffi::CStr, content: &[u8]) -> io::Result<()> {
    // SAFETY: the path ends with a zero byte, the content is as long as said, and the descriptor is ours.
    unsafe {
        let file = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if file < 0 {
            return Err(io::Error::last_os_error());
        }
        let written = libc::write(file, content.as_ptr().cast(), content.len());
        let error = io::Error::last_os_error();
        libc::close(file);
        if written == isize::try_from(content.len()).unwrap_or(-1) {
            Ok(())
        } else {
            Err(error)
        }
    }
}

/// Starts processes from a thread of its own, which lives as long as the stack: a server is told to end when the
/// thread that started it does, and the caller's thread may be a short-lived one of a pool.
#[derive(Debug)]
pub(crate) struct Spawner {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    identity: Identity,
}

struct Job {
    command: Command,
    answer: SyncSender<io::Result<Child>>,
}

impl Spawner {
    pub(crate) fn start(identity: Identity) -> io::Result<Self> {
        let (jobs, waiting): (SyncSender<Job>, Receiver<Job>) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("stack".to_owned())
            .spawn(move || {
                while let Ok(Job {
                    mut command,
                    answer,
                }) = waiting.recv()
                {
                    // Whoever asked and went away leaves a child that ends with this thread.
                    let _ = answer.send(command.spawn());
                }
            })?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            identity,
        })
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Starts `command` with its output going to `log`; it gets `last` when this process ends, however that comes.
    pub(crate) fn spawn(
        &self,
        mut command: Command,
        log: &Path,
        last: Signal,
    ) -> io::Result<Child> {
        let output = File::options().create(true).append(true).open(log)?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        self.identity.put_on(&mut command, last);
        let (answer, answered) = sync_channel(1);
        let gone = || io::Error::other("the thread that starts servers is gone");
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(Job { command, answer }).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }
}

impl Drop for Spawner {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Asks a child to end, waits, and kills it when it takes longer than `patience`.
pub(crate) fn stop(child: &mut Child, ask: Signal, patience: Duration) {
    signal(child, ask);
    // A paused one would not hear.
    signal(child, Signal::CONT);
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(POLL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Whether a child is there and has not ended.
pub(crate) fn runs(child: Option<&mut Child>) -> bool {
    child.is_some_and(|child| matches!(child.try_wait(), Ok(None)))
}

/// Sends a signal to a child that is still ours.
pub(crate) fn signal(child: &Child, signal: Signal) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Stops a child without ending it, and waits until all its threads stand still: the signal reaches them one by one.
pub(crate) fn pause(child: &Child) {
    signal(child, Signal::STOP);
    let deadline = Instant::now() + PAUSE;
    while !stands_still(child.id()) && Instant::now() < deadline {
        std::thread::sleep(POLL);
    }
}

fn stands_still(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let mut stats =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
    // The name in parentheses may hold anything; the state follows the last parenthesis.
    stats.all(|stat| {
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
    })
}

/// Waits until `ready` answers, the child ends, or `patience` is over; says what the log ends with when it fails.
pub(crate) fn wait_ready<T>(
    child: &mut Child,
    log: &Path,
    patience: Duration,
    mut ready: impl FnMut() -> Option<T>,
) -> Result<T, String> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ready() {
            return Ok(answer);
        }
        let ended = match child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(format!("ended with {status}")),
            Err(error) => Some(error.to_string()),
        };
        let late =
            (Instant::now() >= deadline).then(|| format!("was not ready within {patience:?}"));
        if let Some(what) = ended.or(late) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{what}; its log ends with: {}", tail(log)));
        }
        std::thread::sleep(POLL);
    }
}

/// The last lines of a log, as one.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().rev().take(TAIL).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}
