//! Paths of files.

/// Reports whether a part of a path is `..` (`validatePathNoBacksteps`).
pub(super) fn has_backsteps(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

/// Returns what is wrong with a path below a folder, as a predicate (`validateLocalDescendingPath`).
pub(super) fn descending_error(path: &str) -> Option<&'static str> {
    if path.starts_with('/') {
        Some("begins with '/'")
    } else if has_backsteps(path) {
        Some("contains '..'")
    } else {
        None
    }
}
