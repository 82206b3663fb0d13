//! A text as a stream of documents, split as kubectl splits it.
//!
//! kubectl reads line by line (`YAMLReader`, k8s.io/apimachinery pkg/util/yaml/decoder.go): a line that begins with
//! `---` ends a document, wherever it stands, and may carry a comment but no content. The text is split before it is
//! parsed, so that a broken document does not hide the others.

use super::Fault;

/// A part of the text, between two lines of dashes.
#[derive(Debug)]
pub(super) struct Chunk<'t> {
    pub(super) text: &'t str,
    /// The byte of the whole text at which the part begins.
    pub(super) offset: usize,
    /// What is wrong with the line of dashes before it, which is then part of the text.
    pub(super) fault: Option<Fault>,
}

/// The parts of a text.
pub(super) fn chunks(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut next = Some((0, None));
    std::iter::from_fn(move || {
        let (offset, fault) = next.take()?;
        let rest = &text[offset..];
        // The line of dashes before, where it belongs to this part.
        let skipped = if fault.is_some() { 3 } else { 0 };
        let length = skipped + separator_start(&rest[skipped..]);
        if let Some(line) = rest[length..].split_inclusive('\n').next() {
            let content = line[3..].trim();
            let at = offset + length;
            next = Some(if content.is_empty() || content.starts_with('#') {
                (at + line.len(), None)
            } else {
                let content = at + line.len() - line[3..].trim_start().len();
                let fault = Fault::new("kubectl reads nothing that stands behind --- on its line", content);
                (at, Some(fault.help("write it on a line of its own")))
            });
        }
        Some(Chunk { text: &rest[..length], offset, fault }.without_byte_order_mark())
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
            Some(text) => Chunk { text, offset: self.offset + self.text.len() - text.len(), fault: self.fault },
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        chunks(text).map(|chunk| chunk.text).collect()
    }

    #[test]
    fn a_line_of_three_dashes_splits() {
        assert_eq!(split("a\n---\nb\r\n---  # c\r\nd"), ["a\n", "b\r\n", "d"]);
        assert_eq!(split("---\na\n---"), ["", "a\n", ""]);
        assert_eq!(split("\u{feff}---\na"), ["", "a"]);
        assert_eq!(split("\u{feff}a"), ["a"]);
        assert_eq!(split(" ---\n"), [" ---\n"]);
        assert_eq!(split(""), [""]);
    }

    #[test]
    fn content_behind_the_dashes_is_a_fault_of_its_part() {
        let text = "a\n--- {b: 1}\nc\n----\n---\nd";
        assert_eq!(split(text), ["a\n", "--- {b: 1}\nc\n", "----\n", "d"]);
        let faults: Vec<_> = chunks(text).map(|chunk| chunk.fault.map(|fault| fault.at)).collect();
        assert_eq!(faults, [None, Some(6), Some(18), None]);
    }
}
