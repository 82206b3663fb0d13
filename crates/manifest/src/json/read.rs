//! Reading JSON text, as quickly as a webhook has to that is asked before every write.
//!
//! A review of 3 kB has to be read in the time that `serde_json` takes to merely step over it, so this is a reader of our
//! own for one type, [`Json`]. It accepts and understands exactly what `serde_json` does, which it leaves unusual
//! numbers to. `fuzz/` and the tests below hold the two against each other.

use std::borrow::Cow;

use serde_json::Number;

use super::scan::{end_of_brackets, next_sign};
use super::{Json, Object};

/// Lists and maps may lie so deep in one another, as `serde_json` has it.
const DEEPEST: u32 = 127;

/// Why a text cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not JSON, breaks off, or is nested too deeply.
    Syntax,
    /// It is JSON, with a value of another type than asked for.
    Type,
}

/// A place in a JSON text, and how to go on from there.
///
/// After a fault nothing more can be read; [`Reader::position`] is where it is.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    /// Items and fields of the lists and maps that are being read, so that each is made once, in its final size. Removing
    /// these two costs 5 % of a /validate of raycluster-refused (benches/instructions).
    items: Vec<Json<'a>>,
    fields: Vec<(Cow<'a, str>, Json<'a>)>,
}

impl<'a> Reader<'a> {
    /// Begins with a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, items: Vec::with_capacity(16), fields: Vec::with_capacity(64) }
    }

    /// The line and the column, both from 1, up to which the text has been read.
    pub fn position(&self) -> (usize, usize) {
        let before = &self.text.as_bytes()[..self.at.min(self.text.len())];
        let lines = before.split(|byte| *byte == b'\n');
        lines.enumerate().last().map_or((1, 1), |(line, text)| (line + 1, text.len() + 1))
    }

    /// The value that comes next.
    pub fn value(&mut self) -> Result<Json<'a>, Fault> {
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
            _ => Err(Fault::Syntax),
        }
    }

    /// A map, field by field: `read` is given each name, and has to read the value.
    #[inline]
    pub fn map(&mut self, mut read: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut more = self.enter(b'{')?;
        while more {
            if self.peek()? != b'"' {
                return Err(Fault::Syntax);
            }
            let name = self.string()?;
            if self.peek()? != b':' {
                return Err(Fault::Syntax);
            }
            self.at += 1;
            read(self, name)?;
            more = self.next(b'{')?;
        }
        Ok(())
    }

    /// A list, item by item: `read` has to read each.
    pub fn list(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut more = self.enter(b'[')?;
        while more {
            read(self)?;
            more = self.next(b'[')?;
        }
        Ok(())
    }

    /// Returns the value of a field of the map at a path of field names, without reading anything else; `None` where the path
    /// leads to no map, `null` where the map has no such field.
    ///
    /// # Errors
    ///
    /// [`Fault::Syntax`] where the text on the way is not JSON.
    pub fn field_at(&mut self, path: &[&str], field: &str) -> Result<Option<Json<'a>>, Fault> {
        if self.peek()? != b'{' {
            return self.skip().map(|_| None);
        }
        let mut found = path.is_empty().then_some(Json::Null);
        self.map(|reader, name| {
            match path {
                [] if name == field => found = Some(reader.value()?),
                [first, below @ ..] if name == *first => found = reader.field_at(below, field)?,
                _ => drop(reader.skip()?),
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The string that comes next.
    pub fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        if self.peek()? == b'"' { self.string() } else { Err(Fault::Type) }
    }

    /// What `read` makes of the next value; nothing of `null`.
    pub fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
        if self.peek()? == b'n' { self.value().map(|_| None) } else { read(self).map(Some) }
    }

    /// Steps over the value that comes next, and gives its text. Of a list or a map only the end is looked for: strings have
    /// to be closed, and as many brackets as are opened. What else is wrong in it is not seen.
    pub fn skip(&mut self) -> Result<&'a str, Fault> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'{' | b'[' => self.at = end_of_brackets(self.text.as_bytes(), start).ok_or(Fault::Syntax)?,
            _ => drop(self.value()?),
        }
        Ok(&self.text[start..self.at])
    }

    /// Reads a value that has to be this one, the fields of its maps in the same order.
    pub fn expect(&mut self, value: &Json<'_>) -> Result<(), Fault> {
        let is_same = match value {
            Json::Object(Object(fields)) => {
                let mut fields = fields.iter();
                self.map(|reader, name| match fields.next() {
                    Some((expected, value)) if *expected == name => reader.expect(value),
                    _ => Err(Fault::Type),
                })?;
                fields.len() == 0
            }
            Json::Array(items) => {
                let mut items = items.iter();
                self.list(|reader| reader.expect(items.next().ok_or(Fault::Type)?))?;
                items.len() == 0
            }
            Json::String(text) => self.text()? == *text,
            Json::Null | Json::Bool(_) | Json::Number(_) => self.value()? == *value,
        };
        if is_same { Ok(()) } else { Err(Fault::Type) }
    }

    /// That nothing but blanks is left.
    pub fn end(&mut self) -> Result<(), Fault> {
        self.blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(Fault::Syntax) }
    }

    /// The next byte that is no blank.
    #[inline]
    pub fn peek(&mut self) -> Result<u8, Fault> {
        match self.text.as_bytes().get(self.at) {
            // Removing this case costs 10 % of a /validate of raycluster-refused (benches/instructions).
            Some(byte) if *byte > b' ' => Ok(*byte),
            _ => {
                self.blanks();
                self.text.as_bytes().get(self.at).copied().ok_or(Fault::Syntax)
            }
        }
    }

    fn blanks(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
        self.at += rest.iter().position(|byte| !blank(byte)).unwrap_or(rest.len());
    }

    /// Goes into a list or map, and tells whether there is anything in it.
    #[inline]
    fn enter(&mut self, bracket: u8) -> Result<bool, Fault> {
        if self.peek()? != bracket {
            return Err(Fault::Type);
        }
        if self.depth == DEEPEST {
            return Err(Fault::Syntax);
        }
        self.depth += 1;
        self.at += 1;
        if self.peek()? != closing(bracket) {
            return Ok(true);
        }
        self.leave();
        Ok(false)
    }

    /// Goes on within a list or map, or leaves it; tells whether there is more in it.
    #[inline]
    fn next(&mut self, bracket: u8) -> Result<bool, Fault> {
        match self.peek()? {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            byte if byte == closing(bracket) => {
                self.leave();
                Ok(false)
            }
            _ => Err(Fault::Syntax),
        }
    }

    #[inline]
    fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, Fault> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Fault::Syntax);
        }
        self.at += word.len();
        Ok(value)
    }

    #[inline]
    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.at + 1;
        let sign = next_sign(self.text.as_bytes(), start);
        self.at = sign + 1;
        match self.text.as_bytes().get(sign) {
            Some(b'"') => Ok(Cow::Borrowed(&self.text[start..sign])),
            _ => self.escaped(start, sign).map(Cow::Owned),
        }
    }

    /// A string with escapes: where it starts, and the first of its bytes that is not simply a part of it.
    #[cold]
    fn escaped(&mut self, start: usize, sign: usize) -> Result<String, Fault> {
        let (bytes, mut sign) = (self.text.as_bytes(), sign);
        let mut string = String::with_capacity(2 * (sign - start) + 64);
        let mut plain = start;
        loop {
            self.at = sign;
            let [b'\\', escape, ..] = bytes[sign.min(bytes.len())..] else { return Err(Fault::Syntax) };
            string.push_str(&self.text[plain..sign]);
            string.push(match escape {
                b'n' => '\n',
                b'"' | b'\\' | b'/' => char::from(escape),
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'u' => {
                    let (character, length) = unicode(&self.text[sign..])?;
                    sign += length - 2;
                    character
                }
                _ => return Err(Fault::Syntax),
            });
            plain = sign + 2;
            sign = next_sign(bytes, plain);
            if bytes.get(sign) == Some(&b'"') {
                string.push_str(&self.text[plain..sign]);
                self.at = sign + 1;
                return Ok(string);
            }
        }
    }

    fn number(&mut self) -> Result<Number, Fault> {
        let rest = &self.text[self.at..];
        let is_part = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        self.at += length;
        serde_json::from_str(&rest[..length]).map_err(|_| Fault::Syntax)
    }
}

/// What closes what this bracket opens.
const fn closing(bracket: u8) -> u8 {
    bracket + 2
}

/// The character that an escape, or two in a row, at the beginning of a text stands for, and how many bytes it is.
fn unicode(text: &str) -> Result<(char, usize), Fault> {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let first = unit(0).ok_or(Fault::Syntax)?;
    match char::from_u32(first.into()) {
        Some(character) => Ok((character, 6)),
        None => {
            let both = [first, unit(6).ok_or(Fault::Syntax)?];
            let character = char::decode_utf16(both).next().and_then(Result::ok);
            character.map(|character| (character, 12)).ok_or(Fault::Syntax)
        }
    }
}

#[cfg(test)]
mod tests;
