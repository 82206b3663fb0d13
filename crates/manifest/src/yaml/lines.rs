//! Lines and columns of a text.

use std::fmt;
use std::ops::Range;

/// Where a line begins, for every line of a text.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// How many characters begin before each multiple of [`CHUNK`]: a whole manifest may be one line.
    characters: Vec<usize>,
}

/// So many bytes are looked through at most to tell a column.
const CHUNK: usize = 1024;

/// A place in a text as an editor shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line; the first is 1.
    pub line: usize,
    /// The column in characters; the first is 1.
    pub column: usize,
}

/// A stretch of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The stretch in bytes.
    pub bytes: Range<usize>,
    /// Where it starts.
    pub start: Position,
    /// Where it ends: the place behind its last character.
    pub end: Position,
}

impl<'t> Lines<'t> {
    /// Finds the lines of a text.
    pub fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut characters = vec![0];
        characters.extend(text.as_bytes().chunks(CHUNK).scan(0, |before, chunk| {
            *before += beginnings(chunk);
            Some(*before)
        }));
        Self { text, starts, characters }
    }

    /// The text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// A line without its end; the first is 1. Empty where there is none.
    pub fn line(&self, number: usize) -> &'t str {
        let line = if number == 0 { "" } else { &self.text[self.start(number)..self.start(number + 1)] };
        line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line))
    }

    /// The byte at which a line starts; the text's end where there is no such line.
    pub fn start(&self, number: usize) -> usize {
        self.starts.get(number.max(1) - 1).copied().unwrap_or(self.text.len())
    }

    /// The place of a byte; one within a character counts as that character.
    pub fn position(&self, byte: usize) -> Position {
        let byte = self.text.floor_char_boundary(byte);
        let line = self.starts.partition_point(|start| *start <= byte);
        Position { line, column: self.characters_before(byte) - self.characters_before(self.starts[line - 1]) + 1 }
    }

    fn characters_before(&self, byte: usize) -> usize {
        let chunk = byte / CHUNK;
        self.characters[chunk] + beginnings(&self.text.as_bytes()[chunk * CHUNK..byte])
    }

    /// A stretch of bytes, with lines and columns.
    pub fn location(&self, bytes: Range<usize>) -> Location {
        Location { start: self.position(bytes.start), end: self.position(bytes.end), bytes }
    }

    /// The part of a stretch that lies on its first line, without blanks at its end.
    pub(super) fn first_line(&self, bytes: Range<usize>) -> Range<usize> {
        let line = self.starts.partition_point(|start| *start <= bytes.start);
        let end = self.start(line + 1).clamp(bytes.start, bytes.end.max(bytes.start));
        bytes.start..bytes.start + self.text[bytes.start..end].trim_end().len()
    }
}

/// How many characters begin in these bytes: all of UTF-8's bytes do but the continuing ones.
fn beginnings(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_long_lines_count_characters_too() {
        let text = format!("x\n{}\n{}", "é😀a".repeat(2000), "y".repeat(3000));
        let lines = Lines::of(&text);
        for (byte, _) in text.char_indices().step_by(97).chain([(text.len(), ' ')]) {
            let before = text[..byte].rsplit('\n').next().expect("a line");
            assert_eq!(lines.position(byte).column, before.chars().count() + 1, "{byte}");
        }
    }

    #[test]
    fn columns_count_characters_and_lines_end_as_editors_end_them() {
        let lines = Lines::of("a: é\r\nb: 😀 x\n");
        let position = |byte| {
            let Position { line, column } = lines.position(byte);
            (line, column)
        };
        assert_eq!(position(0), (1, 1));
        assert_eq!(position(3), (1, 4));
        assert_eq!(position(4), (1, 4), "within a character");
        assert_eq!(position(5), (1, 5), "the carriage return");
        assert_eq!(position(7), (2, 1));
        assert_eq!(position(15), (2, 6));
        assert_eq!(position(17), (3, 1));
        assert_eq!(position(99), (3, 1), "behind the end");
        assert_eq!(
            [lines.line(0), lines.line(1), lines.line(2), lines.line(3), lines.line(4)],
            ["", "a: é", "b: 😀 x", "", ""]
        );
    }
}
