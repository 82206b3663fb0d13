//! Glob patterns in place of a path, for shells that do not expand them.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use rayguard_check::report::Unreadable;

use super::{Source, Sources};

/// Returns the folder that contains all files that a pattern can match, and the pattern; `None` for a path without a
/// pattern.
pub(super) fn split(path: &Path) -> Option<(PathBuf, GlobMatcher)> {
    let is_literal =
        |part: &Component<'_>| !part.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[{".contains(byte));
    let folder: PathBuf = path.components().take_while(is_literal).collect();
    if folder.components().count() == path.components().count() {
        return None;
    }
    let glob = GlobBuilder::new(path.to_str()?.trim_start_matches("./")).literal_separator(true).build().ok()?;
    Some((if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }, glob.compile_matcher()))
}

/// Returns the files below a folder that a pattern matches; an error if there are none.
pub(super) fn matching(
    path: &Path,
    found: impl Iterator<Item = Result<Source, Unreadable>> + Send + 'static,
    glob: GlobMatcher,
) -> Sources {
    let mut found = found.filter(move |source| match source {
        Ok(Source::File(path)) => glob.is_match(path.strip_prefix(".").unwrap_or(path)),
        _ => true,
    });
    let first =
        found.next().unwrap_or_else(|| Err(Unreadable::new(path.display().to_string(), "no file matches this")));
    Box::new(std::iter::once(first).chain(found))
}
