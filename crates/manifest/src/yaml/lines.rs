//! Line and column numbers of a text.

use std::fmt;
use std::ops::Range;

/// A text with an index of its lines.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// The number of characters before each multiple of [`CHUNK`] bytes. A whole manifest may be one line.
    characters: Vec<usize>,
}

/// The maximum number of bytes to count for a column.
const CHUNK: usize = 1024;

/// A position in a text, as editors display it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line; the first is 1.
    pub line: usize,
    /// The column in characters; the first is 1.
    pub column: usize,
}

/// A span of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The span in bytes.
    pub bytes: Range<usize>,
    /// The position of its first character.
    pub start: Position,
    /// The position after its last character.
    pub end: Position,
}

impl<'t> Lines<'t> {
    /// Builds the index of a text.
    pub fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut characters = vec![0];
        characters.extend(text.as_bytes().chunks(CHUNK).scan(0, |before, chunk| {
            *before += count_characters(chunk);
            Some(*before)
        }));
        Self { text, starts, characters }
    }

    /// Returns the text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Returns a line without its line break; the first line is 1. Returns an empty string if there is no such line.
    pub fn line(&self, number: usize) -> &'t str {
        let line = if number == 0 { "" } else { &self.text[self.start(number)..self.start(number + 1)] };
        line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line))
    }

    /// Returns the byte at which a line starts, or the end of the text if there is no such line.
    pub fn start(&self, number: usize) -> usize {
        self.starts.get(number.max(1) - 1).copied().unwrap_or(self.text.len())
    }

    /// Returns the position of a byte. For a byte within a character, this is the position of the character.
    pub fn position(&self, byte: usize) -> Position {
        let byte = self.text.floor_char_boundary(byte);
        let line = self.starts.partition_point(|start| *start <= byte);
        Position { line, column: self.characters_before(byte) - self.characters_before(self.starts[line - 1]) + 1 }
    }

    /// Returns the byte at a position. A position after the end of its line is that end.
    pub fn byte(&self, position: Position) -> usize {
        let line = self.line(position.line);
        let column = line.char_indices().nth(position.column.saturating_sub(1));
        self.start(position.line) + column.map_or(line.len(), |(at, _)| at)
    }

    fn characters_before(&self, byte: usize) -> usize {
        let chunk = byte / CHUNK;
        self.characters[chunk] + count_characters(&self.text.as_bytes()[chunk * CHUNK..byte])
    }

    /// Adds lines and columns to a span of bytes.
    pub fn location(&self, bytes: Range<usize>) -> Location {
        Location { start: self.position(bytes.start), end: self.position(bytes.end), bytes }
    }

    /// Returns the part of a span on its first line, without trailing white space.
    pub(super) fn first_line(&self, bytes: Range<usize>) -> Range<usize> {
        let line = self.starts.partition_point(|start| *start <= bytes.start);
        let end = self.start(line + 1).clamp(bytes.start, bytes.end.max(bytes.start));
        bytes.start..bytes.start + self.text[bytes.start..end].trim_end().len()
    }
}

/// Counts the characters that begin in some bytes of UTF-8: all bytes except continuation bytes.
fn count_characters(bytes: &[u8]) -> usize {
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
    fn columns_of_long_lines_count_characters() {
        let text = format!("x\n{}\n{}", "é😀a".repeat(2000), "y".repeat(3000));
        let lines = Lines::of(&text);
        for (byte, _) in text.char_indices().step_by(97).chain([(text.len(), ' ')]) {
            let before = text[..byte].rsplit('\n').next().expect("a line");
            assert_eq!(lines.position(byte).column, before.chars().count() + 1, "{byte}");
        }
    }

    #[test]
    fn columns_count_characters_and_lines_end_as_in_editors() {
        let lines = Lines::of("a: é\r\nb: 😀 x\n");
        let position = |byte| {
            let Position { line, column } = lines.position(byte);
            (line, column)
        };
        assert_eq!(position(0), (1, 1));
        assert_eq!(position(3), (1, 4));
        assert_eq!(position(4), (1, 4), "inside a character");
        assert_eq!(position(5), (1, 5), "the carriage return");
        assert_eq!(position(7), (2, 1));
        assert_eq!(position(15), (2, 6));
        assert_eq!(position(17), (3, 1));
        assert_eq!(position(99), (3, 1), "after the end");
        for byte in [0, 3, 5, 7, 15] {
            assert_eq!(lines.byte(lines.position(byte)), byte);
        }
        assert_eq!(lines.byte(Position { line: 1, column: 99 }), 5, "the end of the line");
        assert_eq!(
            [lines.line(0), lines.line(1), lines.line(2), lines.line(3), lines.line(4)],
            ["", "a: é", "b: 😀 x", "", ""]
        );
    }
}
