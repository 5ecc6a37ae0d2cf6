//! What the demo prints: phases with their seconds, headings, tables.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::show;

/// Pause between two lines of progress where no bar can be drawn.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Longest line of durations, without what parts the last one.
const COLUMNS: usize = 114;
/// How often a bar is drawn, at most, per second.
const BAR_HZ: u8 = 8;

/// Standard output, and the phase that is on.
#[derive(Debug)]
pub(super) struct Screen {
    started: Instant,
    phase: Option<(&'static str, Instant)>,
    phases: Vec<(&'static str, Duration)>,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            phase: None,
            phases: Vec::new(),
        }
    }

    /// A line. Whoever stops reading does not stop the demo.
    pub(super) fn line(&mut self, text: impl Display) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    pub(super) fn title(&mut self, text: &str) {
        self.line(format!("{text}\n"));
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.line(format!("\n{text}\n"));
    }

    /// A phase begins.
    pub(super) fn begin(&mut self, name: &'static str) {
        self.phase = Some((name, Instant::now()));
    }

    /// The phase is over; says what it came to, and how long it took.
    pub(super) fn done(&mut self, what: &str) {
        if let Some((name, began)) = self.phase.take() {
            let took = began.elapsed();
            self.phases.push((name, took));
            self.line(format!(
                "  {name:<9} {what:<84} {:>6.1} s",
                took.as_secs_f64()
            ));
        }
    }

    /// A bar on a terminal, a line now and then elsewhere.
    pub(super) fn progress(&self, total: u64, unit: &'static str) -> Progress {
        let bar = match std::io::stderr().is_terminal() {
            true => {
                let target = ProgressDrawTarget::stderr_with_hz(BAR_HZ);
                let style =
                    "  {msg:<9} {bar:40} {human_pos} of {human_len} · {per_sec} · {eta} left";
                let style = ProgressStyle::with_template(style)
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                Some(ProgressBar::with_draw_target(Some(total), target).with_style(style))
            }
            false => None,
        };
        let name = self.phase.map_or("", |(name, _)| name);
        if let Some(bar) = &bar {
            bar.set_message(name);
        }
        let now = Instant::now();
        Progress {
            name,
            unit,
            total,
            bar,
            began: now,
            said: now,
        }
    }

    /// How long everything took, phase by phase.
    pub(super) fn total(&mut self) {
        let phases: Vec<String> = (self.phases.iter())
            .map(|(name, took)| format!("{} {:.1} s", name.to_lowercase(), took.as_secs_f64()))
            .collect();
        let all = self.started.elapsed().as_secs_f64();
        let mut lines = vec![String::new()];
        for phase in phases.into_iter().chain([format!("all {all:.1} s")]) {
            match lines.last_mut() {
                Some(line) if line.is_empty() => *line = phase,
                Some(line) if line.chars().count() + phase.chars().count() < COLUMNS => {
                    line.push_str(" · ");
                    line.push_str(&phase);
                }
                _ => lines.push(phase),
            }
        }
        self.line(format!("\n  {}", lines.join("\n  ")));
    }

    /// How to go on with what runs.
    pub(super) fn keep(&mut self, stack: Option<&Path>, year: i16) {
        self.heading("It goes on until Ctrl-C. In another terminal:");
        if let Some(stack) = stack {
            self.line(format!("  export CHISO_STACK={}", stack.display()));
        }
        self.line(format!("  chiso rank --period {year} --group district"));
        self.line(format!("  chiso explain H40.12 --period {year}"));
        self.line(format!("  chiso watch --period {year}"));
    }
}

/// Progress of a phase.
#[derive(Debug)]
pub(super) struct Progress {
    name: &'static str,
    unit: &'static str,
    total: u64,
    bar: Option<ProgressBar>,
    began: Instant,
    said: Instant,
}

impl Progress {
    /// So much of the total is done.
    pub(super) fn at(&mut self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        } else if self.said.elapsed() >= LINE_EVERY {
            self.said = Instant::now();
            let rate = per_second(done, self.began.elapsed());
            let line = format!(
                "  {:<9} {} of {} {}, {} a second",
                self.name,
                show::count(done),
                show::count(self.total),
                self.unit,
                show::count(rate)
            );
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How many a second.
pub(super) fn per_second(count: u64, time: Duration) -> u64 {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1_000) / millis
}
