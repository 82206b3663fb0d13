//! Maps each byte of a string to its source text.
//!
//! A document in a string field, such as `serveConfigV2`, is read from the string. Findings in it must be displayed in
//! the source, which has quotes, escapes and indentation.

use std::ops::Range;

use super::lines::{Lines, Location};

/// A map from the text of a string to its source.
#[derive(Debug)]
pub struct Embedded<'d, 't> {
    lines: &'d Lines<'t>,
    /// The byte of the source at which the scalar begins.
    start: usize,
    map: SourceMap,
}

impl<'d, 't> Embedded<'d, 't> {
    /// Maps a scalar with this span. The span of a block begins at the first character of its text. Returns `None` if
    /// the style, such as a folded block, cannot be mapped.
    pub(super) fn of(lines: &'d Lines<'t>, span: &Range<usize>, text: &str) -> Option<Self> {
        let source = lines.text();
        let map = SourceMap::of_flow(source.get(span.clone())?).filter(|map| map.text == text);
        let map = map.or_else(|| SourceMap::of_block(source, span, text))?;
        Some(Self { lines, start: span.start, map })
    }

    /// Returns the location in the source of a span of the text, in bytes. Returns `None` if the span is outside the
    /// text.
    pub fn locate(&self, span: &Range<usize>) -> Option<Location> {
        let start = *self.map.starts.get(span.start)?;
        // The end is that of the last byte, which may be a part of an escape.
        let end = if span.is_empty() { start } else { *self.map.ends.get(span.end - 1)? };
        Some(self.lines.location(self.start + start..self.start + end.max(start)))
    }
}

/// The text of a scalar, with the start and end of the source of each byte, relative to the start of the scalar.
#[derive(Debug, Default)]
struct SourceMap {
    text: String,
    starts: Vec<usize>,
    ends: Vec<usize>,
}

impl SourceMap {
    /// Maps a quoted or plain scalar.
    fn of_flow(scalar: &str) -> Option<Self> {
        let mut map = Self::default();
        let quote = scalar.chars().next().filter(|character| matches!(character, '"' | '\''));
        map.read_flow(scalar, quote.map_or(0, char::len_utf8), quote)?;
        Some(map)
    }

    /// Maps a literal block: its lines without the indentation of the first line.
    fn of_block(source: &str, span: &Range<usize>, text: &str) -> Option<Self> {
        let line = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let indent = span.start - line;
        if source[line..span.start].contains(|character| character != ' ') {
            return None;
        }
        let mut map = Self::default();
        // The empty lines before the first line with text.
        let empty = text.len() - text.trim_start_matches('\n').len();
        for _ in 0..empty {
            map.push('\n', 0, 0);
        }
        let mut start = 0;
        for line in source[span.clone()].split_inclusive('\n') {
            let content = line.strip_suffix('\n').unwrap_or(line);
            let content = content.strip_suffix('\r').unwrap_or(content);
            let blanks = content.len() - content.trim_start_matches(' ').len();
            let skipped = if start == 0 { 0 } else { blanks.min(indent) };
            for (offset, character) in content[skipped..].char_indices() {
                let at = start + skipped + offset;
                map.push(character, at, at + character.len_utf8());
            }
            map.push('\n', start + content.len(), start + line.len());
            start += line.len();
        }
        // The header may drop line breaks at the end, and the text may end without one.
        map.text.starts_with(text).then_some(map)
    }

    fn push(&mut self, character: char, start: usize, end: usize) {
        self.text.push(character);
        self.starts.extend(std::iter::repeat_n(start, character.len_utf8()));
        self.ends.extend(std::iter::repeat_n(end, character.len_utf8()));
    }

    /// Reads a quoted or plain scalar, and folds its lines.
    fn read_flow(&mut self, source: &str, mut at: usize, quote: Option<char>) -> Option<()> {
        while let Some(character) = source[at..].chars().next() {
            let rest = &source[at..];
            let length = character.len_utf8();
            match (character, quote) {
                ('\'', Some('\'')) if rest.starts_with("''") => {
                    self.push('\'', at, at + 2);
                    at += 2;
                }
                (character, Some(quote)) if character == quote => return Some(()),
                ('\\', Some('"')) => at += self.read_escape(source, at)?,
                (' ' | '\t' | '\r' | '\n', _) => {
                    let length = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
                    self.read_blanks(&rest[..length], at);
                    at += length;
                }
                _ => {
                    self.push(character, at, at + length);
                    at += length;
                }
            }
        }
        quote.is_none().then_some(())
    }

    /// Reads white space. On one line it stays as it is. One line break becomes a space. Several line breaks lose the
    /// first.
    fn read_blanks(&mut self, blanks: &str, at: usize) {
        match blanks.matches('\n').count() {
            0 => {
                for (offset, character) in blanks.char_indices() {
                    self.push(character, at + offset, at + offset + 1);
                }
            }
            1 => self.push(' ', at, at + blanks.len()),
            several => {
                for _ in 1..several {
                    self.push('\n', at, at + blanks.len());
                }
            }
        }
    }

    /// Reads an escape, and returns its length.
    fn read_escape(&mut self, source: &str, at: usize) -> Option<usize> {
        let escaped = source[at + 1..].chars().next()?;
        let digits = |from: usize, count: usize| {
            let digits = source.get(from..from + count)?;
            u32::from_str_radix(digits, 16).ok()
        };
        let (character, length) = match escaped {
            'n' => ('\n', 2),
            't' | '\t' => ('\t', 2),
            'r' => ('\r', 2),
            '0' => ('\0', 2),
            'a' => ('\u{7}', 2),
            'b' => ('\u{8}', 2),
            'v' => ('\u{b}', 2),
            'f' => ('\u{c}', 2),
            'e' => ('\u{1b}', 2),
            'N' => ('\u{85}', 2),
            '_' => ('\u{a0}', 2),
            'L' => ('\u{2028}', 2),
            'P' => ('\u{2029}', 2),
            'x' => (char::from_u32(digits(at + 2, 2)?)?, 4),
            'U' => (char::from_u32(digits(at + 2, 8)?)?, 10),
            'u' => match digits(at + 2, 4)? {
                high @ 0xd800..0xdc00 if source.get(at + 6..at + 8) == Some("\\u") => {
                    let low = digits(at + 8, 4)?.checked_sub(0xdc00)?;
                    (char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low)?, 12)
                }
                unit => (char::from_u32(unit)?, 6),
            },
            // An escaped line break joins two lines.
            '\n' | '\r' => {
                let rest = &source[at + 1..];
                let rest = rest.strip_prefix('\r').unwrap_or(rest);
                let rest = rest.strip_prefix('\n')?.trim_start_matches([' ', '\t']);
                return Some(source.len() - at - rest.len());
            }
            other => (other, 1 + other.len_utf8()),
        };
        self.push(character, at, at + length);
        Some(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::json::Json;
    use crate::path::FieldPath;
    use crate::yaml::documents;

    /// Returns the source of each character of the value.
    fn located(yaml: &str) -> Option<Vec<&str>> {
        let documents = documents(yaml);
        let [Ok(document)] = &documents[..] else { panic!("{yaml}: {documents:?}") };
        let path = FieldPath::of(["a"]);
        let text = document.json.field("a").as_str().expect("text");
        let embedded = document.embedded(&path)?;
        let located = |(at, character): (usize, char)| {
            let location = embedded.locate(&(at..at + character.len_utf8()))?;
            Some(&yaml[location.bytes])
        };
        text.char_indices().map(located).collect()
    }

    #[test]
    fn each_character_is_mapped_to_its_source() {
        for (yaml, expected) in [
            ("a: |\n  é1\n\n    b\nc: 1\n", &["é", "1", "\n", "\n", " ", " ", "b", "\n"][..]),
            ("a: |-  # c\r\n    1\r\n    2\r\n", &["1", "\r\n", "2"]),
            ("a: &x !!str |\n 1\n", &["1", "\n"]),
            ("a: |2\n    b\n", &[" ", " ", "b", "\n"]),
            ("a: |\n\n  b\n", &["", "b", "\n"]),
            ("a: bc", &["b", "c"]),
            ("{\"a\": \"b\\n\\\"\\u00e9\\ud83d\\ude00\"}", &["b", "\\n", "\\\"", "\\u00e9", "\\ud83d\\ude00"]),
            ("a: \"b\n  c\n\n  d\\\n  e\"", &["b", "\n  ", "c", "\n\n  ", "d", "e"]),
            ("a: 'it''s'", &["i", "t", "''", "s"]),
            ("a: b\n  c", &["b", "\n  ", "c"]),
        ] {
            assert_eq!(located(yaml).as_deref(), Some(expected), "{yaml}");
        }
    }

    #[test]
    fn folded_blocks_are_not_mapped() {
        assert_eq!(located("a: >\n  b\n  c\n"), None);
    }

    proptest! {
        /// For any text in any style, the map is right or absent.
        #[test]
        fn each_character_is_at_its_location(text in "[a-zé😀 \\n'\"\\\\:#{}-]{0,40}") {
            let json = Json::from_iter([("a".into(), Json::from(text.clone()))]);
            for yaml in [serde_json::to_string(&json).expect("JSON"), crate::yaml::to_string(&json).expect("YAML")] {
                let Some(sources) = located(&yaml) else { continue };
                prop_assert_eq!(sources.len(), text.chars().count());
                for (source, character) in sources.iter().zip(text.chars()) {
                    let is_escape = source.starts_with(['\\', '\'', '\n']);
                    let is_it = source.starts_with(character) || is_escape || source.is_empty() && character == '\n';
                    prop_assert!(is_it, "{:?} is at {:?} in {}", character, source, yaml);
                }
            }
        }
    }
}
