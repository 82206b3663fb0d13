//! Files of the project that are generated from its code.

use std::fs;

use crate::root;

/// Compares a file of the project with its generated content, or writes it if `UPDATE` is set in the environment.
#[track_caller]
pub fn assert_current(file: &str, content: &str) {
    let path = root().join(file);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, content).unwrap_or_else(|error| panic!("{file} cannot be written: {error}"));
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == content, "{file} is out of date; run `UPDATE=1 cargo test generated`, and look at `git diff`");
}

/// Does the same for the part of a file between two marks, `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
#[track_caller]
pub fn assert_part_current(file: &str, name: &str, content: &str) {
    let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let [begin, end] = ["begin", "end"].map(|mark| format!("<!-- {name}:{mark} -->\n"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{file} has no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{file} has no {end}"));
    assert_current(file, &format!("{before}{begin}{content}{end}{after}"));
}
