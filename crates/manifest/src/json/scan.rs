//! Looking for what ends a string, a list or a map, many bytes at a time.

use wide::u8x16;

/// The first byte, from here on, that cannot simply be a part of a string: a quote, a backslash or a control character.
///
/// A loop over the bytes in its place costs 20 % of a /validate of rayservice-create, `memchr2` 19 %, and eight bytes at a
/// time in a `u64` 8 % (benches/instructions).
#[inline]
pub(super) fn next_sign(bytes: &[u8], mut at: usize) -> usize {
    while let Some(sixteen) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let sixteen = u8x16::new(*sixteen);
        let controls = sixteen.min(u8x16::splat(0x1f)).simd_eq(sixteen);
        let signs = sixteen.simd_eq(u8x16::splat(b'"')) | sixteen.simd_eq(u8x16::splat(b'\\')) | controls;
        let signs = signs.to_bitmask();
        if signs != 0 {
            return at + signs.trailing_zeros() as usize;
        }
        at += 16;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | ..0x20)) {
        at += 1;
    }
    at
}

/// The byte behind the bracket that closes the one at a byte; `None` where none does. A bracket of either kind closes either.
///
/// A loop over the bytes in its place costs 27 % of a /validate of raycluster-reapply, `memchr2` in strings 21 %, and
/// [`next_sign`] in strings 10 % (benches/instructions).
pub(super) fn end_of_brackets(bytes: &[u8], start: usize) -> Option<usize> {
    let mut inside = Inside::default();
    let mut depth = 0;
    for (number, block) in bytes[start..].chunks(64).enumerate() {
        let Block { opening, closing, .. } = inside.outside_strings(Block::of(block));
        if depth > closing.count_ones() {
            depth = depth + opening.count_ones() - closing.count_ones();
            continue;
        }
        // It may close here.
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

/// How many lists and maps begin in a text, and how many commas it has, both outside of strings. This is all that is looked
/// at: the text need not be JSON.
pub fn count(bytes: &[u8]) -> (usize, usize) {
    let mut inside = Inside::default();
    let blocks = bytes.chunks(64).map(|block| inside.outside_strings(Block::of(block)));
    blocks.fold((0, 0), |(brackets, commas), block| {
        (brackets + block.opening.count_ones() as usize, commas + block.commas.count_ones() as usize)
    })
}

/// Where in 64 bytes some signs are, the first byte's in the lowest bit.
struct Block {
    quotes: u64,
    backslashes: u64,
    opening: u64,
    closing: u64,
    commas: u64,
}

impl Block {
    /// Of 64 bytes, or fewer at the end.
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
            // In this bit alone `{` is other than `[`, and `}` than `]`.
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

/// What a block is inside of when it begins.
#[derive(Default)]
struct Inside {
    /// All ones inside of a string, else zero.
    string: u64,
    /// One right behind a backslash that escapes something, else zero.
    escape: u64,
}

impl Inside {
    /// The next block with those brackets and commas alone that are in no string.
    #[inline]
    fn outside_strings(&mut self, mut block: Block) -> Block {
        let quotes = block.quotes & !self.escaped(block.backslashes);
        // A bit of this is set if an odd number of quotes is at or before it: from a quote to the one that closes it.
        let mut string = quotes;
        for distance in [1, 2, 4, 8, 16, 32] {
            string ^= string << distance;
        }
        string ^= self.string;
        self.string = if string >> 63 == 1 { u64::MAX } else { 0 };
        for signs in [&mut block.opening, &mut block.closing, &mut block.commas] {
            *signs &= !string;
        }
        block
    }

    /// What is escaped by a backslash before it.
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

    /// Byte by byte.
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
        fn many_bytes_at_a_time_end_where_one_does(text in r#"[\[\]{}"\\ax]{0,200}"#, padding in 0_usize..70) {
            let text = format!("[{}{text}", "é".repeat(padding));
            prop_assert_eq!(end_of_brackets(text.as_bytes(), 0), end(text.as_bytes()), "{}", text);
        }

        #[test]
        fn the_next_sign_is_the_first(text in r"[ -~\x01\n\x7fé]{0,70}", start in 0_usize..80) {
            let first = text.bytes().enumerate().skip(start).find(|(_, byte)| matches!(byte, b'"' | b'\\' | ..0x20));
            let expected = first.map_or(text.len().max(start), |(at, _)| at);
            prop_assert_eq!(next_sign(text.as_bytes(), start), expected);
        }
    }
}
