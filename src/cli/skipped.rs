//! The files and folders that a search skips.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayguard_check::report::SkippedCounts;

/// Counts skipped files and folders during a search.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    hidden: AtomicUsize,
    ignored: AtomicUsize,
    excluded: AtomicUsize,
}

impl Skipped {
    pub(super) fn count_hidden(&self) {
        self.hidden.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_ignored(&self) {
        self.ignored.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_excluded(&self) {
        self.excluded.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the counts. They are complete once the search has ended.
    pub(super) fn counts(&self) -> SkippedCounts {
        let [hidden, ignored, excluded] =
            [&self.hidden, &self.ignored, &self.excluded].map(|count| count.load(Ordering::Relaxed));
        SkippedCounts { hidden, ignored, excluded }
    }
}
