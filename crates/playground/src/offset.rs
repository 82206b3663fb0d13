//! Offsets in UTF-16, in which JavaScript counts.

/// Translates bytes of a text to UTF-16 units.
pub(crate) struct Offsets<'t> {
    text: &'t str,
    /// The start of each line, in bytes and in UTF-16 units.
    lines: Vec<(usize, usize)>,
}

impl<'t> Offsets<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let mut lines = vec![(0, 0)];
        let (mut bytes, mut units) = (0, 0);
        for line in text.split_inclusive('\n') {
            bytes += line.len();
            units += units_of(line);
            lines.push((bytes, units));
        }
        Self { text, lines }
    }

    /// Returns the offset of a byte. A byte within a character has the offset of the character.
    pub(crate) fn utf16(&self, byte: usize) -> usize {
        let line = self.lines.partition_point(|(start, _)| *start <= byte).saturating_sub(1);
        let (start, units) = self.lines[line];
        let end = (0..=byte.min(self.text.len())).rev().find(|end| self.text.is_char_boundary(*end)).unwrap_or(start);
        units + units_of(&self.text[start..end])
    }
}

fn units_of(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_as_javascript_does() {
        let text = "a: é\nb: 😀c\n";
        let offsets = Offsets::of(text);
        let found: Vec<_> = text.char_indices().map(|(byte, _)| offsets.utf16(byte)).collect();
        assert_eq!(found, [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11]);
        assert_eq!(offsets.utf16(text.len()), text.encode_utf16().count());
        assert_eq!(offsets.utf16(text.len() + 1), text.encode_utf16().count(), "a byte after the end");
        assert_eq!(offsets.utf16(text.find('😀').expect("it is there") + 1), 8, "a byte within a character");
    }
}
