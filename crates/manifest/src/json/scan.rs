//! SIMD searches for the end of a string, a list or a map.

use wide::u8x16;

/// Returns the index, from `at` on, of the first byte that is not plain text of a string: a quote, a backslash or a
/// control character.
///
/// A loop over the bytes in place of this costs 20 % of a /validate of rayservice-create, `memchr2` 19 %, and eight
/// bytes at a time in a `u64` 8 % (benches/instructions).
#[inline]
pub(super) fn next_special(bytes: &[u8], mut at: usize) -> usize {
    while let Some(sixteen) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let sixteen = u8x16::new(*sixteen);
        let controls = sixteen.min(u8x16::splat(0x1f)).simd_eq(sixteen);
        let special = sixteen.simd_eq(u8x16::splat(b'"')) | sixteen.simd_eq(u8x16::splat(b'\\')) | controls;
        let special = special.to_bitmask();
        if special != 0 {
            return at + special.trailing_zeros() as usize;
        }
        at += 16;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | ..0x20)) {
        at += 1;
    }
    at
}

/// Returns the index after the bracket that closes the bracket at `start`, or `None` if it is not closed. Brackets and
/// braces are not distinguished.
///
/// A loop over the bytes in place of this costs 27 % of a /validate of raycluster-reapply, `memchr2` in strings 21 %,
/// and [`next_special`] in strings 10 % (benches/instructions).
pub(super) fn end_of_brackets(bytes: &[u8], start: usize) -> Option<usize> {
    let mut state = State::default();
    let mut depth = 0;
    for (number, block) in bytes[start..].chunks(64).enumerate() {
        let Block { opening, closing, .. } = state.outside_strings(Block::of(block));
        if depth > closing.count_ones() {
            depth = depth + opening.count_ones() - closing.count_ones();
            continue;
        }
        // The bracket may be closed in this block.
        let mut rest = opening | closing;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            rest ^= bit;
            depth = if opening & bit == 0 { depth - 1 } else { depth + 1 };
            if depth == 0 {
                return Some(start + number * 64 + bit.trailing_zeros() as usize + 1);
            }
        }
    }
    None
}

/// Counts the lists and maps that begin in a text, and its commas, both outside of strings. The text need not be JSON.
pub fn count_brackets_and_commas(bytes: &[u8]) -> (usize, usize) {
    let mut state = State::default();
    let blocks = bytes.chunks(64).map(|block| state.outside_strings(Block::of(block)));
    blocks.fold((0, 0), |(brackets, commas), block| {
        (brackets + block.opening.count_ones() as usize, commas + block.commas.count_ones() as usize)
    })
}

/// The positions of some characters in 64 bytes, as bit masks. The lowest bit is the first byte.
struct Block {
    quotes: u64,
    backslashes: u64,
    opening: u64,
    closing: u64,
    commas: u64,
}

impl Block {
    /// Finds the characters in 64 bytes, or in fewer bytes at the end of a text.
    #[inline]
    fn of(bytes: &[u8]) -> Self {
        let mut block = Self { quotes: 0, backslashes: 0, opening: 0, closing: 0, commas: 0 };
        let mut last = [0; 64];
        let bytes = bytes.first_chunk().unwrap_or_else(|| {
            last[..bytes.len()].copy_from_slice(bytes);
            &last
        });
        for (quarter, sixteen) in bytes.as_chunks().0.iter().enumerate() {
            let sixteen = u8x16::new(*sixteen);
            // `{` and `[` differ in this bit alone, and so do `}` and `]`.
            let braces = sixteen | u8x16::splat(0x20);
            let bits = |found: u8x16| u64::from(found.to_bitmask()) << (16 * quarter);
            block.quotes |= bits(sixteen.simd_eq(u8x16::splat(b'"')));
            block.backslashes |= bits(sixteen.simd_eq(u8x16::splat(b'\\')));
            block.opening |= bits(braces.simd_eq(u8x16::splat(b'{')));
            block.closing |= bits(braces.simd_eq(u8x16::splat(b'}')));
            block.commas |= bits(sixteen.simd_eq(u8x16::splat(b',')));
        }
        block
    }
}

/// The state at the start of a block.
#[derive(Default)]
struct State {
    /// All ones if the block starts inside a string, else zero.
    string: u64,
    /// One if the first byte of the block is escaped by a backslash, else zero.
    escape: u64,
}

impl State {
    /// Removes the brackets and commas inside strings from the next block.
    #[inline]
    fn outside_strings(&mut self, mut block: Block) -> Block {
        let quotes = block.quotes & !self.escaped(block.backslashes);
        // A bit is set if the number of quotes up to it is odd: from each opening quote up to its closing quote.
        let mut string = quotes;
        for distance in [1, 2, 4, 8, 16, 32] {
            string ^= string << distance;
        }
        string ^= self.string;
        self.string = if string >> 63 == 1 { u64::MAX } else { 0 };
        for mask in [&mut block.opening, &mut block.closing, &mut block.commas] {
            *mask &= !string;
        }
        block
    }

    /// Returns the bytes that are escaped by a backslash before them.
    #[inline]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        let mut escaped = self.escape;
        self.escape = 0;
        let mut rest = backslashes & !escaped;
        while rest != 0 {
            let backslash = rest & rest.wrapping_neg();
            escaped |= backslash << 1;
            self.escape = backslash >> 63;
            rest &= !(backslash | backslash << 1);
        }
        escaped
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Finds the end byte by byte.
    fn end(bytes: &[u8]) -> Option<usize> {
        let (mut depth, mut in_string, mut escaped) = (0, false, false);
        for (at, byte) in bytes.iter().enumerate() {
            let is_escaped = std::mem::take(&mut escaped);
            match byte {
                b'\\' => escaped = !is_escaped,
                b'"' if !is_escaped => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }

    proptest! {
        #[test]
        fn the_end_is_where_a_loop_over_bytes_finds_it(text in r#"[\[\]{}"\\ax]{0,200}"#, padding in 0_usize..70) {
            let text = format!("[{}{text}", "é".repeat(padding));
            prop_assert_eq!(end_of_brackets(text.as_bytes(), 0), end(text.as_bytes()), "{}", text);
        }

        #[test]
        fn the_next_special_byte_is_the_first(text in r"[ -~\x01\n\x7fé]{0,70}", start in 0_usize..80) {
            let first = text.bytes().enumerate().skip(start).find(|(_, byte)| matches!(byte, b'"' | b'\\' | ..0x20));
            let expected = first.map_or(text.len().max(start), |(at, _)| at);
            prop_assert_eq!(next_special(text.as_bytes(), start), expected);
        }
    }
}
