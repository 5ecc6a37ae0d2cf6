//! How far something is: a bar on a terminal, a line every few seconds otherwise.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{out, show};

/// Pause between two lines where there is no terminal: enough to see that it lives, few enough for a log.
const LINES_EVERY: Duration = Duration::from_secs(5);

/// How far something is.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    started: Instant,
    told: Instant,
    done: u64,
    total: u64,
}

impl Progress {
    /// Nothing done of `total` things, which are called `what`.
    pub fn new(what: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let template = format!("{{bar:30}} {{human_pos}} of {{human_len}} {what}, {{per_sec}}, {{eta}} left {{msg}}");
            let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style)
        });
        let now = Instant::now();
        Self {
            what,
            bar,
            started: now,
            told: now,
            done: 0,
            total,
        }
    }

    /// So much is done, of so many.
    pub fn at(&mut self, done: u64, total: u64) {
        (self.done, self.total) = (done, total);
        match &self.bar {
            Some(bar) => {
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message("");
            }
            None if self.told.elapsed() >= LINES_EVERY => {
                self.told = Instant::now();
                out::note(self.line());
            }
            None => {}
        }
    }

    /// So much more is done.
    pub fn add(&mut self, more: u64) {
        self.at(self.done + more, self.total);
    }

    /// Says why it does not go on.
    pub fn waiting(&mut self, why: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(why.to_owned()),
            None => out::note(why),
        }
    }

    /// Takes the bar away; how long it took.
    pub fn end(self) -> Duration {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.started.elapsed()
    }

    fn line(&self) -> String {
        let (done, total) = (show::count(self.done), show::count(self.total));
        format!(
            "{done} of {total} {}, {} a second",
            self.what,
            show::count(rate(self.done, self.started.elapsed()))
        )
    }
}

/// How many a second.
pub fn rate(done: u64, within: Duration) -> u64 {
    let ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX).max(1);
    done.saturating_mul(1_000) / ms
}
