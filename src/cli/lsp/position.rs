//! The positions of a text, as the Language Server Protocol counts them.

use std::ops::Range;

use lsp_types::{GeneralClientCapabilities, Position, PositionEncodingKind};

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes
    Utf8,
    /// Units of UTF-16, which every editor knows
    #[default]
    Utf16,
}

impl Encoding {
    /// Returns the encoding to use with an editor: bytes, if it accepts them.
    pub(super) fn of(capabilities: Option<&GeneralClientCapabilities>) -> Self {
        let accepted = capabilities.and_then(|general| general.position_encodings.as_deref()).unwrap_or_default();
        if accepted.contains(&PositionEncodingKind::UTF8) { Self::Utf8 } else { Self::Utf16 }
    }

    /// Returns the name in the protocol.
    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn length(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
        }
    }
}

/// The lines of a text. In the protocol, a carriage return alone ends a line too.
#[derive(Clone, Debug)]
pub(super) struct LineIndex {
    /// The byte at which each line starts.
    starts: Vec<usize>,
    encoding: Encoding,
}

impl LineIndex {
    pub(super) fn of(text: &str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let is_end = |at: usize| bytes[at] == b'\n' || bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
        let ends = (0..bytes.len()).filter(|at| is_end(*at)).map(|at| at + 1);
        Self { starts: std::iter::once(0).chain(ends).collect(), encoding }
    }

    /// Returns the position of a byte of the text.
    pub(super) fn position(&self, text: &str, byte: usize) -> Position {
        let byte = text.floor_char_boundary(byte);
        let line = self.starts.partition_point(|start| *start <= byte) - 1;
        let column = self.encoding.length(&text[self.starts[line]..byte]);
        Position::new(u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// Returns the range of some bytes of the text.
    pub(super) fn range(&self, text: &str, bytes: &Range<usize>) -> lsp_types::Range {
        lsp_types::Range::new(self.position(text, bytes.start), self.position(text, bytes.end))
    }

    /// Returns the byte at a position. A position after the end of its line is that end.
    pub(super) fn byte(&self, text: &str, position: Position) -> usize {
        let line = position.line as usize;
        let Some(&start) = self.starts.get(line) else { return text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let content = text[start..end].trim_end_matches(['\n', '\r']);
        let mut left = position.character as usize;
        for (at, char) in content.char_indices() {
            let length = self.encoding.length(char.encode_utf8(&mut [0; 4]));
            if left < length {
                return start + at;
            }
            left -= length;
        }
        start + content.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_positions_are_converted_in_both_encodings() {
        let text = "a: é😀 x\r\nb\rc\n";
        let utf16 = LineIndex::of(text, Encoding::Utf16);
        let utf8 = LineIndex::of(text, Encoding::Utf8);
        let at = |what: &str| text.find(what).expect("it is there");
        for (what, line, in_utf16, in_utf8) in
            [("a", 0, 0, 0), ("é", 0, 3, 3), ("😀", 0, 4, 5), ("x", 0, 7, 10), ("b", 1, 0, 0), ("c", 2, 0, 0)]
        {
            assert_eq!(utf16.position(text, at(what)), Position::new(line, in_utf16), "{what}");
            assert_eq!(utf8.position(text, at(what)), Position::new(line, in_utf8), "{what}");
            assert_eq!(utf16.byte(text, Position::new(line, in_utf16)), at(what), "{what}");
            assert_eq!(utf8.byte(text, Position::new(line, in_utf8)), at(what), "{what}");
        }
        assert_eq!(utf16.byte(text, Position::new(0, 99)), at("\r\n"));
        assert_eq!(utf16.byte(text, Position::new(99, 0)), text.len());
        assert_eq!(utf16.position(text, text.len()), Position::new(3, 0));
    }
}
