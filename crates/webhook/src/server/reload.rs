//! Files that are taken up again when they change, without a restart.

use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::certificates::TlsError;
use crate::metrics::Metrics;

/// What is followed, and how.
pub(super) struct Reload<'a> {
    /// What the log calls it
    pub(super) what: &'static str,
    /// How often it is looked at
    pub(super) every: Duration,
    /// Where changes are counted
    pub(super) metrics: &'a Metrics,
}

impl Reload<'_> {
    /// Reads files again and again, and takes up what has changed. Their content is compared: kubelet changes a mounted
    /// Secret by turning a symbolic link, of which a watch on the file itself learns nothing. What cannot be used leaves
    /// what was there before in place.
    pub(super) async fn follow<T: PartialEq + Send + 'static>(
        self,
        mut last: T,
        read: impl Fn() -> Result<T, TlsError> + Clone + Send + 'static,
        take_up: impl Fn(&T) -> Result<(), TlsError>,
    ) -> Infallible {
        let mut unreadable = false;
        loop {
            tokio::time::sleep(self.every).await;
            // A volume may hang; the requests must not.
            let Ok(read) = tokio::task::spawn_blocking(read.clone()).await else { continue };
            if read.as_ref().map_or(unreadable, |content| *content == last && !unreadable) {
                continue;
            }
            unreadable = read.is_err();
            let result = read.and_then(|content| {
                last = content;
                take_up(&last)
            });
            self.metrics.reloaded(result.is_ok());
            match result {
                Ok(()) => tracing::info!("took up the new {}", self.what),
                Err(error) => tracing::error!(%error, "kept the old {}", self.what),
            }
        }
    }
}

/// Reads one of the files.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}
