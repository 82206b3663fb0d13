//! The words of `ray.dict`, which libFuzzer reads too.

use std::sync::LazyLock;

static TEXT: &str = include_str!("../ray.dict");

/// What no line of `ray.dict` can be.
static MORE: [&str; 7] = ["", "a\nb", "a\u{0}b", "\t", "é", "😀", "\u{2028}"];

/// Every word, without its quotes.
pub static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let entries = TEXT.lines().filter(|line| line.starts_with('"'));
    let words = entries.map(|line| serde_json::from_str(line).expect("ray.dict has only escapes that JSON has, too"));
    words.chain(MORE.map(String::from)).collect()
});
