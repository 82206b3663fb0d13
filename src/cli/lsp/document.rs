//! A document that is open in the editor.

use std::path::PathBuf;

use lsp_types::{Position, Range, Uri};
use rayguard_check::report::Report;

use super::position::{Encoding, LineIndex};
use super::uri;

/// A text in the editor, and what the last check found in it.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) uri: Uri,
    /// The file; `None` for a text that is not in a file.
    pub(super) path: Option<PathBuf>,
    /// The name in findings and messages.
    pub(super) name: String,
    pub(super) version: i32,
    pub(super) text: String,
    lines: LineIndex,
    /// The result of the last check.
    pub(super) report: Report,
    /// Whether the text, or what it is checked against, has changed since the last check.
    pub(super) is_stale: bool,
}

impl Document {
    pub(super) fn new(uri: Uri, name: String, version: i32, text: String, encoding: Encoding) -> Self {
        let lines = LineIndex::of(&text, encoding);
        let path = uri::path(&uri);
        Self { uri, path, name, version, text, lines, report: Report::default(), is_stale: true }
    }

    /// Replaces the text by a new version.
    pub(super) fn change(&mut self, version: i32, text: String, encoding: Encoding) {
        self.lines = LineIndex::of(&text, encoding);
        (self.version, self.text, self.is_stale) = (version, text, true);
    }

    pub(super) fn lines(&self) -> &LineIndex {
        &self.lines
    }

    /// Returns the range of some bytes of the text.
    pub(super) fn range(&self, bytes: &std::ops::Range<usize>) -> Range {
        self.lines.range(&self.text, bytes)
    }

    /// Returns the byte at a position.
    pub(super) fn byte(&self, position: Position) -> usize {
        self.lines.byte(&self.text, position)
    }
}
