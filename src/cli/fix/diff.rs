//! The changes of a file as a unified diff.

use std::fmt::Write as _;
use std::io;

use anstream::adapter::strip_str;
use similar::TextDiff;

use crate::cli::{output, text};

/// Prints the difference between two versions of a file. If the output is not for a person, no byte of it is changed,
/// so that `patch -p0` accepts it.
pub(super) fn show(before: &str, after: &str, name: &str) -> io::Result<()> {
    let diff = TextDiff::from_lines(before, after);
    // A name with spaces ends with a tab, as in the output of `diff` and git.
    let name = if name.contains(char::is_whitespace) { format!("{name}\t") } else { name.to_owned() };
    let diff = diff.unified_diff().header(&name, &name).to_string();
    if output::is_plain() { output::raw(diff.as_bytes()) } else { output::print(&coloured(&diff)) }
}

/// Returns a diff with colours, and without the control sequences that the files contain.
pub(in crate::cli) fn coloured(diff: &str) -> String {
    let mut coloured = String::with_capacity(diff.len() * 2);
    let diff = strip_str(diff).to_string();
    for line in text::replace_c1(&diff).split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let colour = match line.as_bytes() {
            [b'+', ..] => "\x1b[32m",
            [b'-', ..] => "\x1b[31m",
            [b'@', ..] => "\x1b[36m",
            _ => "",
        };
        let reset = if colour.is_empty() { "" } else { "\x1b[0m" };
        let _ = write!(coloured, "{colour}{line}{reset}{end}");
    }
    coloured
}
