//! How far a long run has come, for somebody who waits for it at a terminal.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What ends sooner needs no bar.
const LONG: Duration = Duration::from_secs(1);

/// A bar on the standard error, if that is a terminal and the run is long.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    began: Instant,
}

impl Progress {
    /// None unless it is wanted.
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

    /// The same items. Where they are to be shown, they are counted first.
    pub(super) fn count<'i, I: Send + 'i>(
        &self,
        items: impl Iterator<Item = I> + Send + 'i,
    ) -> Box<dyn Iterator<Item = I> + Send + 'i> {
        let Some(bar) = &self.bar else { return Box::new(items) };
        let items: Vec<_> = items.collect();
        bar.set_length(items.len() as u64);
        Box::new(items.into_iter())
    }

    /// One more is done.
    pub(super) fn advance(&mut self) {
        let Some(bar) = &self.bar else { return };
        if bar.is_hidden() && self.began.elapsed() > LONG {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.inc(1);
    }

    /// Does what writes to the terminal that the bar is on, and says whether there is one to be drawn again.
    pub(super) fn suspend<T>(&self, write: impl FnOnce(bool) -> T) -> T {
        match self.bar.as_ref().filter(|bar| !bar.is_hidden()) {
            Some(bar) => bar.suspend(|| write(true)),
            None => write(false),
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
