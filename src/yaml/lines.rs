//! Lines and columns of a text.

use std::fmt;
use std::ops::Range;

/// Where a line begins, for every line of a text.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

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
        Self { text, starts }
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
        Position { line, column: self.text[self.starts[line - 1]..byte].chars().count() + 1 }
    }

    /// A stretch of bytes, with lines and columns.
    pub fn location(&self, bytes: Range<usize>) -> Location {
        Location { start: self.position(bytes.start), end: self.position(bytes.end), bytes }
    }

    /// The part of a stretch that lies on its first line, without blanks at its end.
    pub(super) fn first_line(&self, bytes: Range<usize>) -> Range<usize> {
        let text = &self.text[bytes.clone()];
        let line = text.lines().next().unwrap_or_default().trim_end();
        bytes.start..bytes.start + line.len()
    }
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
