//! Files that are reloaded when their content changes, without a restart.

use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::certificates::TlsError;
use crate::metrics::Metrics;

/// Reloads files when their content changes.
pub(super) struct FileReloader<'a> {
    /// The name of the content in the log
    pub(super) what: &'static str,
    /// How often the files are read
    pub(super) interval: Duration,
    /// The metrics that count reloads
    pub(super) metrics: &'a Metrics,
}

impl FileReloader<'_> {
    /// Reads the files at each interval, and applies the content if it has changed. Content that is not usable is not
    /// applied.
    ///
    /// The content is compared, because kubelet updates a mounted Secret by changing a symbolic link, which a watch on
    /// the file does not report.
    pub(super) async fn run<T: PartialEq + Send + 'static>(
        self,
        mut last: T,
        read: impl Fn() -> Result<T, TlsError> + Clone + Send + 'static,
        apply: impl Fn(&T) -> Result<(), TlsError>,
    ) -> Infallible {
        let mut is_unreadable = false;
        loop {
            tokio::time::sleep(self.interval).await;
            // Reading a volume may hang, which must not block requests.
            let Ok(read) = tokio::task::spawn_blocking(read.clone()).await else { continue };
            if read.as_ref().map_or(is_unreadable, |content| *content == last && !is_unreadable) {
                continue;
            }
            is_unreadable = read.is_err();
            let result = read.and_then(|content| {
                last = content;
                apply(&last)
            });
            self.metrics.reloaded(result.is_ok());
            match result {
                Ok(()) => tracing::info!("reloaded {}", self.what),
                Err(error) => tracing::error!(%error, "cannot reload {}; keeping the previous one", self.what),
            }
        }
    }
}

/// Reads a file.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}
