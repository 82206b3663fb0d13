//! A fast reader of JSON text. The API server waits for a webhook before every write.
//!
//! The reader produces only [`Json`], and reads a review of 3 kB in the time that `serde_json` takes to skip it. It
//! accepts exactly the same texts as `serde_json` and reads the same values from them. It leaves numbers to
//! `serde_json`. The tests and `fuzz/` compare the two.

use std::borrow::Cow;

use serde_json::Number;

use super::scan::{end_of_brackets, next_special};
use super::{Json, Object};

/// The maximum nesting depth of lists and maps. `serde_json` has the same limit.
const MAX_DEPTH: u32 = 127;

/// The reason why a JSON text cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The text is not JSON, is incomplete, or is nested too deeply.
    Syntax,
    /// The text is JSON, but a value has another type than the caller expects.
    Type,
}

/// A position in a JSON text, with methods that read from there on.
///
/// After an error the reader cannot go on. [`Reader::position`] then returns the position of the error.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    /// Items and fields of the lists and maps that are not complete yet. Each list or map is allocated once, in its
    /// final size. Removing these two costs 5 % of a /validate of raycluster-refused (benches/instructions).
    items: Vec<Json<'a>>,
    fields: Vec<(Cow<'a, str>, Json<'a>)>,
}

impl<'a> Reader<'a> {
    /// Creates a reader at the start of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, items: Vec::with_capacity(16), fields: Vec::with_capacity(64) }
    }

    /// Returns the line and the column up to which the text has been read. Both start at 1; columns count bytes.
    pub fn position(&self) -> (usize, usize) {
        let before = &self.text.as_bytes()[..self.at.min(self.text.len())];
        let lines = before.split(|byte| *byte == b'\n');
        lines.enumerate().last().map_or((1, 1), |(line, text)| (line + 1, text.len() + 1))
    }

    /// Reads the next value.
    ///
    /// # Errors
    ///
    /// Returns [`ReadError::Syntax`] if the text is not JSON here, or is nested too deeply.
    pub fn value(&mut self) -> Result<Json<'a>, ReadError> {
        match self.peek()? {
            b'"' => self.string().map(Json::String),
            b'{' => {
                let start = self.fields.len();
                self.map(|reader, name| {
                    let value = reader.value()?;
                    reader.fields.push((name, value));
                    Ok(())
                })?;
                Ok(Json::Object(Object(self.fields.split_off(start))))
            }
            b'[' => {
                let start = self.items.len();
                self.list(|reader| {
                    let item = reader.value()?;
                    reader.items.push(item);
                    Ok(())
                })?;
                Ok(Json::Array(self.items.split_off(start)))
            }
            b'-' | b'0'..=b'9' => self.number().map(Json::Number),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => Err(ReadError::Syntax),
        }
    }

    /// Reads a map field by field. `read` receives each name and must read the value.
    ///
    /// # Errors
    ///
    /// Returns [`ReadError::Type`] if the next value is not a map, [`ReadError::Syntax`] if the text is not JSON, and
    /// any error of `read`.
    #[inline]
    pub fn map(
        &mut self,
        mut read: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut more = self.enter(b'{')?;
        while more {
            if self.peek()? != b'"' {
                return Err(ReadError::Syntax);
            }
            let name = self.string()?;
            if self.peek()? != b':' {
                return Err(ReadError::Syntax);
            }
            self.at += 1;
            read(self, name)?;
            more = self.next(b'{')?;
        }
        Ok(())
    }

    /// Reads a list item by item. `read` must read each item.
    ///
    /// # Errors
    ///
    /// Returns [`ReadError::Type`] if the next value is not a list, [`ReadError::Syntax`] if the text is not JSON, and
    /// any error of `read`.
    pub fn list(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), ReadError>) -> Result<(), ReadError> {
        let mut more = self.enter(b'[')?;
        while more {
            read(self)?;
            more = self.next(b'[')?;
        }
        Ok(())
    }

    /// Reads the next string.
    ///
    /// # Errors
    ///
    /// Returns [`ReadError::Type`] if the next value is not a string, and [`ReadError::Syntax`] if the text is not
    /// JSON.
    pub fn text(&mut self) -> Result<Cow<'a, str>, ReadError> {
        if self.peek()? == b'"' { self.string() } else { Err(ReadError::Type) }
    }

    /// Reads the next value with `read`, or returns `None` if the value is `null`.
    ///
    /// # Errors
    ///
    /// Returns [`ReadError::Syntax`] if the text is not JSON, and any error of `read`.
    pub fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        if self.peek()? == b'n' { self.value().map(|_| None) } else { read(self).map(Some) }
    }

    /// Skips the next value and returns its text. In a list or a map, this only finds the end: strings must be closed,
    /// and the numbers of opening and closing brackets must match. Other errors in it are not detected.
    ///
    /// # Errors
    ///
    /// Returns [`ReadError::Syntax`] if the value has no end, or is a scalar that is not JSON.
    pub fn skip(&mut self) -> Result<&'a str, ReadError> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'{' | b'[' => self.at = end_of_brackets(self.text.as_bytes(), start).ok_or(ReadError::Syntax)?,
            _ => drop(self.value()?),
        }
        Ok(&self.text[start..self.at])
    }

    /// Reads a value that must be equal to `value`, with the fields of its maps in the same order.
    ///
    /// # Errors
    ///
    /// Returns [`ReadError::Type`] if the value differs, and [`ReadError::Syntax`] if the text is not JSON.
    pub fn expect(&mut self, value: &Json<'_>) -> Result<(), ReadError> {
        let is_same = match value {
            Json::Object(Object(fields)) => {
                let mut fields = fields.iter();
                self.map(|reader, name| match fields.next() {
                    Some((expected, value)) if *expected == name => reader.expect(value),
                    _ => Err(ReadError::Type),
                })?;
                fields.len() == 0
            }
            Json::Array(items) => {
                let mut items = items.iter();
                self.list(|reader| reader.expect(items.next().ok_or(ReadError::Type)?))?;
                items.len() == 0
            }
            Json::String(text) => self.text()? == *text,
            Json::Null | Json::Bool(_) | Json::Number(_) => self.value()? == *value,
        };
        if is_same { Ok(()) } else { Err(ReadError::Type) }
    }

    /// Checks that only white space is left in the text.
    ///
    /// # Errors
    ///
    /// Returns [`ReadError::Syntax`] if anything else is left.
    pub fn end(&mut self) -> Result<(), ReadError> {
        self.blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(ReadError::Syntax) }
    }

    /// Returns the next byte that is not white space, without reading it.
    ///
    /// # Errors
    ///
    /// Returns [`ReadError::Syntax`] at the end of the text.
    #[inline]
    pub fn peek(&mut self) -> Result<u8, ReadError> {
        match self.text.as_bytes().get(self.at) {
            // Removing this case costs 10 % of a /validate of raycluster-refused (benches/instructions).
            Some(byte) if *byte > b' ' => Ok(*byte),
            _ => {
                self.blanks();
                self.text.as_bytes().get(self.at).copied().ok_or(ReadError::Syntax)
            }
        }
    }

    fn blanks(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
        self.at += rest.iter().position(|byte| !blank(byte)).unwrap_or(rest.len());
    }

    /// Reads the opening bracket of a list or map. Returns `false`, and reads the closing bracket too, if nothing is in
    /// it.
    #[inline]
    fn enter(&mut self, bracket: u8) -> Result<bool, ReadError> {
        if self.peek()? != bracket {
            return Err(ReadError::Type);
        }
        if self.depth == MAX_DEPTH {
            return Err(ReadError::Syntax);
        }
        self.depth += 1;
        self.at += 1;
        if self.peek()? != closing(bracket) {
            return Ok(true);
        }
        self.leave();
        Ok(false)
    }

    /// Reads the comma or the closing bracket after an item or field. Returns whether another one follows.
    #[inline]
    fn next(&mut self, bracket: u8) -> Result<bool, ReadError> {
        match self.peek()? {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            byte if byte == closing(bracket) => {
                self.leave();
                Ok(false)
            }
            _ => Err(ReadError::Syntax),
        }
    }

    #[inline]
    fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, ReadError> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(ReadError::Syntax);
        }
        self.at += word.len();
        Ok(value)
    }

    #[inline]
    fn string(&mut self) -> Result<Cow<'a, str>, ReadError> {
        let start = self.at + 1;
        let special = next_special(self.text.as_bytes(), start);
        self.at = special + 1;
        match self.text.as_bytes().get(special) {
            Some(b'"') => Ok(Cow::Borrowed(&self.text[start..special])),
            _ => self.escaped(start, special).map(Cow::Owned),
        }
    }

    /// Reads a string with escapes. `start` is its first byte, and `special` is its first byte that is not plain text.
    #[cold]
    fn escaped(&mut self, start: usize, special: usize) -> Result<String, ReadError> {
        let (bytes, mut special) = (self.text.as_bytes(), special);
        let mut string = String::with_capacity(2 * (special - start) + 64);
        let mut plain = start;
        loop {
            self.at = special;
            let [b'\\', escape, ..] = bytes[special.min(bytes.len())..] else { return Err(ReadError::Syntax) };
            string.push_str(&self.text[plain..special]);
            string.push(match escape {
                b'n' => '\n',
                b'"' | b'\\' | b'/' => char::from(escape),
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'u' => {
                    let (character, length) = unicode(&self.text[special..])?;
                    special += length - 2;
                    character
                }
                _ => return Err(ReadError::Syntax),
            });
            plain = special + 2;
            special = next_special(bytes, plain);
            if bytes.get(special) == Some(&b'"') {
                string.push_str(&self.text[plain..special]);
                self.at = special + 1;
                return Ok(string);
            }
        }
    }

    fn number(&mut self) -> Result<Number, ReadError> {
        let rest = &self.text[self.at..];
        let is_part = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        self.at += length;
        serde_json::from_str(&rest[..length]).map_err(|_| ReadError::Syntax)
    }
}

/// Returns the closing bracket of an opening bracket.
const fn closing(bracket: u8) -> u8 {
    bracket + 2
}

/// Decodes the `\u` escape, or the pair of escapes, at the start of a text. Returns the character and the length of the
/// escapes in bytes.
fn unicode(text: &str) -> Result<(char, usize), ReadError> {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let first = unit(0).ok_or(ReadError::Syntax)?;
    match char::from_u32(first.into()) {
        Some(character) => Ok((character, 6)),
        None => {
            let both = [first, unit(6).ok_or(ReadError::Syntax)?];
            let character = char::decode_utf16(both).next().and_then(Result::ok);
            character.map(|character| (character, 12)).ok_or(ReadError::Syntax)
        }
    }
}

#[cfg(test)]
mod tests;
