//! Text within text: where in its source each byte of a scalar is written.
//!
//! A document that another holds as a string, as `serveConfigV2` does, is read from the string; what is found in it is to
//! be shown in the source, with its quotes, escapes and indentation.

use std::ops::Range;

use super::lines::{Lines, Location};

/// Where the parts of a scalar's text are written in a source.
#[derive(Debug)]
pub struct Embedded<'d, 't> {
    lines: &'d Lines<'t>,
    /// Where the scalar begins.
    start: usize,
    map: Map,
}

impl<'d, 't> Embedded<'d, 't> {
    /// Of a scalar that is written at a place, of a block the text alone, from its first character on. `None` where nobody
    /// can tell, as of a folded block.
    pub(super) fn of(lines: &'d Lines<'t>, span: &Range<usize>, text: &str) -> Option<Self> {
        let source = lines.text();
        let map = Map::of_flow(source.get(span.clone())?).filter(|map| map.text == text);
        let map = map.or_else(|| Map::of_block(source, span, text))?;
        Some(Self { lines, start: span.start, map })
    }

    /// Where a stretch of the text, in bytes, is written; `None` where that is beyond the text.
    pub fn locate(&self, stretch: &Range<usize>) -> Option<Location> {
        let start = *self.map.places.get(stretch.start)?;
        // The end is right behind the last byte, which may be a part of an escape.
        let end = if stretch.is_empty() { start } else { *self.map.ends.get(stretch.end - 1)? };
        Some(self.lines.location(self.start + start..self.start + end.max(start)))
    }
}

/// A scalar's text, with the place of each byte and the end of it, seen from where the scalar begins.
#[derive(Debug, Default)]
struct Map {
    text: String,
    places: Vec<usize>,
    ends: Vec<usize>,
}

impl Map {
    /// Of a scalar in quotes or without.
    fn of_flow(scalar: &str) -> Option<Self> {
        let mut map = Self::default();
        let quote = scalar.chars().next().filter(|sign| matches!(sign, '"' | '\''));
        map.read_flow(scalar, quote.map_or(0, char::len_utf8), quote)?;
        Some(map)
    }

    /// Of a literal block: each line as it is, without the indentation of the first one.
    fn of_block(source: &str, span: &Range<usize>, text: &str) -> Option<Self> {
        let line = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let indent = span.start - line;
        if source[line..span.start].contains(|sign| sign != ' ') {
            return None;
        }
        let mut map = Self::default();
        // Lines before the first that has anything.
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
            for (offset, sign) in content[skipped..].char_indices() {
                let place = start + skipped + offset;
                map.push(sign, place, place + sign.len_utf8());
            }
            map.push('\n', start + content.len(), start + line.len());
            start += line.len();
        }
        // The header may keep fewer line ends than there are, or the text end without one.
        map.text.starts_with(text).then_some(map)
    }

    fn push(&mut self, sign: char, place: usize, end: usize) {
        self.text.push(sign);
        self.places.extend(std::iter::repeat_n(place, sign.len_utf8()));
        self.ends.extend(std::iter::repeat_n(end, sign.len_utf8()));
    }

    /// A scalar in quotes or without: lines are folded.
    fn read_flow(&mut self, source: &str, mut at: usize, quote: Option<char>) -> Option<()> {
        while let Some(sign) = source[at..].chars().next() {
            let rest = &source[at..];
            let length = sign.len_utf8();
            match (sign, quote) {
                ('\'', Some('\'')) if rest.starts_with("''") => {
                    self.push('\'', at, at + 2);
                    at += 2;
                }
                (sign, Some(quote)) if sign == quote => return Some(()),
                ('\\', Some('"')) => at += self.read_escape(source, at)?,
                (' ' | '\t' | '\r' | '\n', _) => {
                    let length = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
                    self.read_blanks(&rest[..length], at);
                    at += length;
                }
                _ => {
                    self.push(sign, at, at + length);
                    at += length;
                }
            }
        }
        quote.is_none().then_some(())
    }

    /// Blanks: as they are on one line; one line end is a blank, and of several all but one stay.
    fn read_blanks(&mut self, blanks: &str, at: usize) {
        match blanks.matches('\n').count() {
            0 => {
                for (offset, sign) in blanks.char_indices() {
                    self.push(sign, at + offset, at + offset + 1);
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

    /// What a backslash begins; gives the length of it.
    fn read_escape(&mut self, source: &str, at: usize) -> Option<usize> {
        let escaped = source[at + 1..].chars().next()?;
        let digits = |from: usize, count: usize| {
            let digits = source.get(from..from + count)?;
            u32::from_str_radix(digits, 16).ok()
        };
        let (sign, length) = match escaped {
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
            // An escaped line end joins two lines.
            '\n' | '\r' => {
                let rest = &source[at + 1..];
                let rest = rest.strip_prefix('\r').unwrap_or(rest);
                let rest = rest.strip_prefix('\n')?.trim_start_matches([' ', '\t']);
                return Some(source.len() - at - rest.len());
            }
            other => (other, 1 + other.len_utf8()),
        };
        self.push(sign, at, at + length);
        Some(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::json::Json;
    use crate::path::FieldPath;
    use crate::yaml::documents;

    /// What the source says where each sign of the value is written.
    fn located(yaml: &str) -> Option<Vec<&str>> {
        let documents = documents(yaml);
        let [Ok(document)] = &documents[..] else { panic!("{yaml}: {documents:?}") };
        let path = FieldPath::of(["a"]);
        let text = document.json.field("a").as_str().expect("text");
        let embedded = document.embedded(&path)?;
        let located = |(at, sign): (usize, char)| {
            let location = embedded.locate(&(at..at + sign.len_utf8()))?;
            Some(&yaml[location.bytes])
        };
        text.char_indices().map(located).collect()
    }

    #[test]
    fn every_sign_is_found_where_it_is_written() {
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
    fn what_cannot_be_told_is_not_guessed() {
        assert_eq!(located("a: >\n  b\n  c\n"), None);
    }

    proptest! {
        /// Of any text, in any of the ways to write it, what is found is either nothing or right.
        #[test]
        fn each_place_says_its_sign(text in "[a-zé😀 \\n'\"\\\\:#{}-]{0,40}") {
            let json = Json::from_iter([("a".into(), Json::from(text.clone()))]);
            for yaml in [serde_json::to_string(&json).expect("JSON"), crate::yaml::to_string(&json).expect("YAML")] {
                let Some(places) = located(&yaml) else { continue };
                prop_assert_eq!(places.len(), text.chars().count());
                for (place, sign) in places.iter().zip(text.chars()) {
                    let is_it = place.starts_with(sign) || place.starts_with(['\\', '\'', '\n']) || place.is_empty() && sign == '\n';
                    prop_assert!(is_it, "{:?} is at {:?} in {}", sign, place, yaml);
                }
            }
        }
    }
}
