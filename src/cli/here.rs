//! The working folder.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Returns a path relative to the working folder, if it is in that folder.
pub(super) fn from_here(path: &Path) -> &Path {
    static WORKING_FOLDER: LazyLock<PathBuf> = LazyLock::new(|| env::current_dir().unwrap_or_default());
    path.strip_prefix(&*WORKING_FOLDER).unwrap_or(path)
}
