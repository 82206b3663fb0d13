//! Splits a text into sections as kubectl does.
//!
//! kubectl reads line by line (`YAMLReader`, k8s.io/apimachinery pkg/util/yaml/decoder.go). Any line that begins with
//! `---` ends a document. Such a line may have a comment, but no content. The text is split before it is parsed, so
//! that a document with an error does not hide the others.

use super::SyntaxError;

/// The text between two lines of dashes, before it is parsed.
#[derive(Debug)]
pub(super) struct RawSection<'t> {
    pub(super) text: &'t str,
    /// The byte of the whole text at which the section begins.
    pub(super) offset: usize,
    /// The error in the line of dashes before the section. That line is then part of the text.
    pub(super) error: Option<SyntaxError>,
}

/// Returns the sections of a text.
pub(super) fn raw_sections(text: &str) -> impl Iterator<Item = RawSection<'_>> {
    let mut next = Some((0, None));
    std::iter::from_fn(move || {
        let (offset, error) = next.take()?;
        let rest = &text[offset..];
        // The length of the dashes before the section, if they are part of its text.
        let skipped = if error.is_some() { 3 } else { 0 };
        let length = skipped + separator_start(&rest[skipped..]);
        if let Some(line) = rest[length..].split_inclusive('\n').next() {
            let content = line[3..].trim();
            let at = offset + length;
            next = Some(if content.is_empty() || content.starts_with('#') {
                (at + line.len(), None)
            } else {
                let content = at + line.len() - line[3..].trim_start().len();
                let error = SyntaxError::new("kubectl ignores content after --- on the same line", content);
                (at, Some(error.help("move it to the next line")))
            });
        }
        Some(RawSection { text: &rest[..length], offset, error }.without_byte_order_mark())
    })
}

/// Returns the start of the first line that begins with `---`, or the end of the text.
fn separator_start(text: &str) -> usize {
    if text.starts_with("---") || text.starts_with("\u{feff}---") {
        return text.find('-').unwrap_or_default();
    }
    text.find("\n---").map_or(text.len(), |at| at + 1)
}

impl RawSection<'_> {
    fn without_byte_order_mark(self) -> Self {
        match self.text.strip_prefix('\u{feff}') {
            Some(text) => RawSection { text, offset: self.offset + self.text.len() - text.len(), error: self.error },
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        raw_sections(text).map(|section| section.text).collect()
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
    fn content_after_the_dashes_is_an_error_of_its_section() {
        let text = "a\n--- {b: 1}\nc\n----\n---\nd";
        assert_eq!(split(text), ["a\n", "--- {b: 1}\nc\n", "----\n", "d"]);
        let errors: Vec<_> = raw_sections(text).map(|section| section.error.map(|error| error.at)).collect();
        assert_eq!(errors, [None, Some(6), Some(18), None]);
    }
}
