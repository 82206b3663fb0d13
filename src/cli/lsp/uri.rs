//! The URIs by which editors name files.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The characters that a path in a URI does not contain.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns the path of a file; `None` for a text that is not in a file.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let encoded = rest.strip_prefix("localhost").unwrap_or(rest).split(['?', '#']).next()?;
    let path = percent_decode_str(encoded).decode_utf8().ok()?;
    path.starts_with('/').then(|| PathBuf::from(&*path))
}

/// Returns the URI of a file; `None` for a relative path, or one that is not UTF-8.
pub(super) fn of_path(path: &Path) -> Option<Uri> {
    let path = path.to_str().filter(|path| path.starts_with('/'))?;
    Uri::from_str(&format!("file://{}", utf8_percent_encode(path, ENCODED))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_uris_are_converted() {
        for (path, uri) in
            [("/a/b.yaml", "file:///a/b.yaml"), ("/with space/é#?%.yaml", "file:///with%20space/%C3%A9%23%3F%25.yaml")]
        {
            assert_eq!(of_path(Path::new(path)).expect("a URI").as_str(), uri);
            assert_eq!(super::path(&Uri::from_str(uri).expect("a URI")), Some(PathBuf::from(path)));
        }
        for uri in ["untitled:Untitled-1", "file://server/share/a.yaml", "https://example.org/a.yaml"] {
            assert_eq!(super::path(&Uri::from_str(uri).expect("a URI")), None, "{uri}");
        }
        assert!(of_path(Path::new("a.yaml")).is_none());
    }
}
