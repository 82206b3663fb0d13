//! A text as a stream of documents, split as kubectl splits it.
//!
//! kubectl reads line by line (`YAMLReader`, k8s.io/apimachinery pkg/util/yaml/decoder.go): a line that begins with
//! `---` ends a document, wherever it stands, and may carry a comment but no content. The text is split before it is
//! parsed, so that a broken document does not hide the others.

use super::Fault;

/// A part of the text that holds a document, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk<'t> {
    pub(super) text: &'t str,
    /// The byte of the whole text at which the part begins.
    pub(super) offset: usize,
}

/// The parts of a text. A separator that kubectl refuses takes the part behind it along.
pub(super) fn chunks(text: &str) -> impl Iterator<Item = Result<Chunk<'_>, Fault>> {
    let mut offset = 0;
    let mut separator = Ok(());
    let mut is_over = false;
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let rest = &text[offset..];
        let length = separator_start(rest);
        let chunk = Chunk { text: &rest[..length], offset };
        let found = std::mem::replace(&mut separator, Ok(())).map(|()| chunk.without_byte_order_mark());
        match rest[length..].split_inclusive('\n').next() {
            None => is_over = true,
            Some(line) => {
                let content = line[3..].trim();
                if !content.is_empty() && !content.starts_with('#') {
                    let at = offset + length + line.find(content).unwrap_or_default();
                    separator = Err(Fault::new("kubectl reads nothing that stands behind --- on its line", at)
                        .help("write it on a line of its own"));
                }
                offset += length + line.len();
            }
        }
        Some(found)
    })
}

/// Where the first line that begins with `---` begins, or the end.
fn separator_start(text: &str) -> usize {
    if text.starts_with("---") || text.starts_with("\u{feff}---") {
        return text.find('-').unwrap_or_default();
    }
    text.find("\n---").map_or(text.len(), |at| at + 1)
}

impl Chunk<'_> {
    fn without_byte_order_mark(self) -> Self {
        match self.text.strip_prefix('\u{feff}') {
            Some(text) => Chunk { text, offset: self.offset + self.text.len() - text.len() },
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<Result<&str, String>> {
        chunks(text).map(|chunk| chunk.map(|chunk| chunk.text).map_err(|fault| fault.message)).collect()
    }

    #[test]
    fn a_line_of_three_dashes_splits() {
        assert_eq!(split("a\n---\nb\r\n---  # c\r\nd"), [Ok("a\n"), Ok("b\r\n"), Ok("d")]);
        assert_eq!(split("---\na\n---"), [Ok(""), Ok("a\n"), Ok("")]);
        assert_eq!(split("\u{feff}---\na"), [Ok(""), Ok("a")]);
        assert_eq!(split("\u{feff}a"), [Ok("a")]);
        assert_eq!(split(" ---\n"), [Ok(" ---\n")]);
        assert_eq!(split(""), [Ok("")]);
    }

    #[test]
    fn content_behind_the_dashes_is_refused_with_its_part() {
        let parts = split("a\n--- {b: 1}\nc\n---\nd");
        assert!(matches!(&parts[..], [Ok("a\n"), Err(_), Ok("d")]), "{parts:?}");
        let fault = chunks("a\n--- {b: 1}\n").nth(1).expect("two parts").expect_err("content behind the dashes");
        assert_eq!(fault.at, 6);
    }
}
