//! A JSON parser that reports positions.
//!
//! Not all JSON is YAML: a YAML parser refuses a character outside the Basic Multilingual Plane that is written as two
//! `\u` escapes. kubectl also tries JSON first if a text begins with a brace.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::SyntaxError;
use super::event::Event;
use super::span_tree::Span;

/// An iterator over the events of a JSON value, whose text is well-formed.
#[derive(Debug)]
pub(super) struct JsonText<'t> {
    text: &'t str,
    at: usize,
    offset: usize,
    is_over: bool,
}

impl<'t> JsonText<'t> {
    /// Returns the consecutive JSON maps at the start of a text, and the offset of their end. `offset` is the start of
    /// the text within the whole text.
    pub(super) fn split(text: &'t str, offset: usize) -> (Vec<Self>, usize) {
        let mut values = Vec::new();
        let mut end = 0;
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        while let Some(Ok(_)) = stream.next() {
            let value = &text[end..stream.byte_offset()];
            // A number or a word may be the start of a YAML scalar. Kubernetes objects are maps.
            if !value.trim_start().starts_with('{') {
                break;
            }
            values.push(Self { text: value, at: 0, offset: offset + end, is_over: false });
            end = stream.byte_offset();
        }
        (values, end)
    }

    /// Returns the first JSON error of a text that begins like JSON.
    pub(super) fn error(text: &str, offset: usize) -> Option<SyntaxError> {
        let error = serde_json::from_str::<IgnoredAny>(text).err()?;
        let line_start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        // The message ends with the position of serde_json, which is relative to this part of the text.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let at = text.floor_char_boundary(line_start + error.column().saturating_sub(1));
        Some(SyntaxError::new(format!("not JSON: {message}"), offset + at))
    }

    /// Returns the length of the token at the start of a text.
    fn token_length(rest: &str) -> usize {
        let bytes = rest.as_bytes();
        match bytes[0] {
            b'"' => {
                let mut at = 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                (at + 1).min(bytes.len())
            }
            b'{' | b'}' | b'[' | b']' => 1,
            _ => bytes.iter().position(|byte| b",:]} \t\r\n".contains(byte)).unwrap_or(bytes.len()),
        }
    }
}

impl<'t> Iterator for JsonText<'t> {
    type Item = Result<(Event<'t>, Span), SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let blanks = self.text[self.at..].bytes().take_while(|byte| b",: \t\r\n".contains(byte)).count();
        let start = self.at + blanks;
        let rest = &self.text[start..];
        if rest.is_empty() {
            let end = self.offset + start;
            return (!std::mem::replace(&mut self.is_over, true)).then_some(Ok((Event::DocumentEnd, end..end)));
        }
        let token = &rest[..Self::token_length(rest)];
        self.at = start + token.len();
        let span = self.offset + start..self.offset + self.at;
        let event = match token.as_bytes()[0] {
            b'{' => Event::MapStart { anchor: 0 },
            b'[' => Event::ListStart { anchor: 0 },
            b'}' | b']' => Event::End,
            b'"' => {
                let text = match &token[1..token.len() - 1] {
                    plain if !plain.contains('\\') => Cow::Borrowed(plain),
                    _ => match serde_json::from_str(token) {
                        Ok(text) => Cow::Owned(text),
                        Err(_) => {
                            return Some(Err(SyntaxError::new("a string with an unpaired surrogate", span.start)));
                        }
                    },
                };
                Event::Scalar { text, plain: false, tag: None, anchor: 0, outdented: None }
            }
            _ => Event::Scalar { text: Cow::Borrowed(token), plain: true, tag: None, anchor: 0, outdented: None },
        };
        Some(Ok((event, span)))
    }
}
