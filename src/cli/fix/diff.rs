//! What is changed in a text, as a unified diff.

use std::fmt::Write as _;

use anstream::adapter::strip_str;
use similar::TextDiff;

/// The difference between two texts of one name, with colours. `patch -p0` takes it.
pub(super) fn unified(before: &str, after: &str, name: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    coloured(&diff.unified_diff().header(name, name).to_string())
}

/// A diff with colours, and without what else would steer a terminal.
pub(in crate::cli) fn coloured(diff: &str) -> String {
    let mut text = String::with_capacity(diff.len() * 2);
    for line in strip_str(diff).to_string().split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let colour = match line.as_bytes() {
            [b'+', ..] => "\x1b[32m",
            [b'-', ..] => "\x1b[31m",
            [b'@', ..] => "\x1b[36m",
            _ => "",
        };
        let reset = if colour.is_empty() { "" } else { "\x1b[0m" };
        let _ = write!(text, "{colour}{line}{reset}{end}");
    }
    text
}
