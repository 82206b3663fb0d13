//! The changes between two versions of a text, as edits of an editor.

use std::ops::Range;

use lsp_types::TextEdit;
use similar::{DiffTag, TextDiff};

use super::position::LineIndex;

/// Returns the edits that turn a text into another one: whole lines, so that markers in other lines stay where they are.
pub(super) fn between(before: &str, after: &str, lines: &LineIndex) -> Vec<TextEdit> {
    let diff = TextDiff::from_lines(before, after);
    let old = offsets(diff.iter_old_slices());
    let new = offsets(diff.iter_new_slices());
    let bytes = |offsets: &[usize], range: Range<usize>| offsets[range.start]..offsets[range.end];
    let changes = diff.ops().iter().filter(|change| change.tag() != DiffTag::Equal);
    let edits = changes.map(|change| {
        let range = lines.range(before, &bytes(&old, change.old_range()));
        TextEdit::new(range, after[bytes(&new, change.new_range())].to_owned())
    });
    edits.collect()
}

/// Returns the byte at which each line starts, and the end of the last one.
fn offsets<'l>(lines: impl Iterator<Item = &'l str>) -> Vec<usize> {
    let mut offsets = vec![0];
    offsets.extend(lines.scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    }));
    offsets
}
