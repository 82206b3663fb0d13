//! The progress bar of a long run on a terminal.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The time after which the bar appears.
const DELAY: Duration = Duration::from_secs(1);

/// A progress bar on the standard error, if that is a terminal and the run is long.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    began: Instant,
}

impl Progress {
    /// Returns a progress bar, which is disabled unless it is wanted.
    pub(super) fn new(is_wanted: bool) -> Self {
        let bar = (is_wanted && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            if let Ok(style) = ProgressStyle::with_template("{pos}/{len} files {wide_bar} {elapsed}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, began: Instant::now() }
    }

    /// Returns the items. If there is a bar, they are collected first to get their number.
    pub(super) fn count<'i, I: Send + 'i>(
        &self,
        items: impl Iterator<Item = I> + Send + 'i,
    ) -> Box<dyn Iterator<Item = I> + Send + 'i> {
        let Some(bar) = &self.bar else { return Box::new(items) };
        let items: Vec<_> = items.collect();
        bar.set_length(items.len() as u64);
        Box::new(items.into_iter())
    }

    /// Advances the bar by one item.
    pub(super) fn advance(&mut self) {
        let Some(bar) = &self.bar else { return };
        if bar.is_hidden() && self.began.elapsed() > DELAY {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.inc(1);
    }

    /// Hides the bar while `write` prints to the terminal. Its argument is true if the bar is visible.
    pub(super) fn suspend<T>(&self, write: impl FnOnce(bool) -> T) -> T {
        match self.bar.as_ref().filter(|bar| !bar.is_hidden()) {
            Some(bar) => bar.suspend(|| write(true)),
            None => write(false),
        }
    }

    /// Removes the bar.
    pub(super) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
