//! What the figures were taken on.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Syncs of one look at the disk; some 50 ms on a quick one, 2 s on a slow one.
const SYNCS: usize = 200;
/// What PostgreSQL writes at a time.
const BLOCK: [u8; 8_192] = [7; 8_192];

/// Processors, memory and kernel, as Linux tells.
pub(crate) fn describe() -> String {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let model = value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let memory = value("/proc/meminfo", "MemTotal")
        .and_then(|total| total.strip_suffix(" kB")?.parse::<u64>().ok())
        .map_or(0, |kib| kib / (1 << 20));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "Machine: {processors} processors ({model}), {memory} GiB, Linux {}, load {}",
        kernel.trim(),
        load()
    )
}

/// The load average of 1, 5 and 15 minutes.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<&str> = text.split(' ').take(3).collect();
    averages.join(" ")
}

fn value(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The median time of one `fdatasync` of a block, on the disk of `folder`.
pub(crate) fn sync_time(folder: &Path) -> anyhow::Result<Duration> {
    let path = folder.join("fdatasync");
    let mut file = File::create(&path).context("making a file to sync")?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&BLOCK)?;
        let began = Instant::now();
        file.sync_data().context("syncing a file")?;
        times.push(began.elapsed());
    }
    fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times[times.len() / 2])
}
