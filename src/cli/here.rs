//! The working folder.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A path as it is seen from the working folder, if it lies in that.
pub(super) fn from_here(path: &Path) -> &Path {
    static HERE: LazyLock<PathBuf> = LazyLock::new(|| env::current_dir().unwrap_or_default());
    path.strip_prefix(&*HERE).unwrap_or(path)
}
