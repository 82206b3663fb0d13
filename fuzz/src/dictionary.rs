//! The words of `ray.dict`, which libFuzzer reads too.

use std::sync::LazyLock;

static TEXT: &str = include_str!("../ray.dict");

/// Words that a line of `ray.dict` cannot contain.
static MORE: [&str; 7] = ["", "a\nb", "a\u{0}b", "\t", "é", "😀", "\u{2028}"];

/// All words, without quotes.
pub static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let entries = TEXT.lines().filter(|line| line.starts_with('"'));
    let words = entries.map(|line| serde_json::from_str(line).expect("ray.dict has only escapes that JSON has, too"));
    words.chain(MORE.map(String::from)).collect()
});
