//! YAML and JSON text as values that know where they are written.
//!
//! Scalars mean what they mean to kubectl, `yes`, `0777` and `<<` included, and a text falls into documents as it does
//! there. In two ways this is stricter or kinder than kubectl: a key that is written twice in one map is an error, for
//! kubectl would silently drop the first; and documents behind `...` are read, which kubectl silently drops.

pub mod edit;
mod embedded;
mod event;
mod json_text;
mod lines;
mod place;
mod scalar;
mod stream;
mod syntax;
mod tree;
mod write;

use std::ops::Range;
use std::sync::Arc;

use crate::json::Json;
use crate::path::FieldPath;
use event::YamlEvents;
use json_text::JsonText;
use place::{Place, Span};
use stream::Chunk;
use tree::Builder;

pub use embedded::Embedded;
pub use lines::{Lines, Location, Position};
pub use write::to_string;

/// One document of a text, or one item of a `List` in it.
#[derive(Clone, Debug)]
pub struct Document<'t> {
    /// What is written.
    pub json: Json<'t>,
    place: Place,
    lines: Arc<Lines<'t>>,
}

/// Why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", location.start)]
pub struct YamlError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it, where more can be said.
    pub help: Option<&'static str>,
    /// Where it is.
    pub location: Location,
    /// Where the same key was written first, if that is what is wrong.
    pub first: Option<Box<Location>>,
}

/// A part of a text, as its lines of dashes divide it. Most have one document.
#[derive(Clone, Debug)]
pub struct Part<'t> {
    /// The documents, or why they cannot be read. What is empty, `null` or only a comment is none.
    pub documents: Vec<Result<Document<'t>, YamlError>>,
    text: &'t str,
    has_json: bool,
}

/// Reads every document of a text. A document that cannot be read is an error in its place, and hides no other; what is
/// empty, `null` or only a comment is left out.
pub fn documents(text: &str) -> Vec<Result<Document<'_>, YamlError>> {
    parts(text).flat_map(|part| part.documents).collect()
}

/// Reads a text, and keeps the parts that it falls into.
pub fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let lines = Arc::new(Lines::of(text));
    stream::chunks(text).map(move |chunk| Part::read(chunk, &lines))
}

/// Reads a text that is one document within an object, as KubeRay reads it: with go-yaml's `Unmarshal`, which looks at the
/// first document only and lets the last of two equal keys count. Nothing at all is `null`.
pub fn unmarshal(text: &str) -> Result<Json<'_>, YamlError> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The one directive that go-yaml always takes.
    let mut events = YamlEvents::with_directives(body, text.len() - body.len(), body.starts_with("%YAML 1.1"));
    match Builder::read_leniently(&mut events) {
        None => Ok(Json::Null),
        Some(Ok((json, _))) => Ok(json),
        Some(Err(fault)) => Err(fault.locate(&Lines::of(text))),
    }
}

/// Reads the bytes of a text, which must be UTF-8.
pub fn decode(bytes: &[u8]) -> Result<&str, YamlError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.split_at(error.valid_up_to()).0;
        let lines = Lines::of(std::str::from_utf8(valid).unwrap_or_default());
        let fault = Fault::new(format!("not UTF-8 from byte {} on", error.valid_up_to()), valid.len());
        let fault = match bytes {
            [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => fault.help("it looks like UTF-16; save it as UTF-8"),
            _ => fault,
        };
        fault.locate(&lines)
    })
}

impl<'t> Part<'t> {
    /// The text, if it holds no more than one document, and one that stays the same behind a line of dashes: JSON does
    /// not, for kubectl then takes it for YAML.
    pub fn verbatim(&self) -> Option<&'t str> {
        (self.documents.len() <= 1 && !self.has_json).then_some(self.text)
    }

    /// The template that Helm has rendered the part from, as it says in a comment above it.
    pub fn template(&self) -> Option<&'t str> {
        let mut comments = self.text.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with('#'));
        comments.find_map(|comment| comment.strip_prefix("# Source: ")).map(str::trim)
    }

    fn read(chunk: Chunk<'t>, lines: &Arc<Lines<'t>>) -> Self {
        let Chunk { text, offset, fault } = chunk;
        let mut part = Self { documents: Vec::new(), text, has_json: false };
        if let Some(fault) = fault {
            part.documents.push(Err(fault.locate(lines)));
            return part;
        }
        let (mut rest, mut offset) = (text, offset);
        if text.trim_start().starts_with('{') {
            let (values, end) = JsonText::split(text, offset);
            part.has_json = !values.is_empty();
            for mut value in values {
                part.collect(&mut value, lines);
            }
            (rest, offset) = (&text[end..], offset + end);
        }
        let before = part.documents.len();
        part.collect(&mut YamlEvents::new(rest, offset), lines);
        // What is neither is more likely meant as JSON if its first key is quoted.
        let first_key = rest.trim_start().strip_prefix('{').map(str::trim_start);
        if first_key.is_some_and(|key| key.starts_with('"'))
            && let [Err(error)] = &mut part.documents[before..]
            && error.first.is_none()
            && let Some(fault) = JsonText::fault(rest, offset)
        {
            *error = fault.locate(lines);
        }
        part
    }

    fn collect(
        &mut self,
        events: &mut impl Iterator<Item = Result<(event::Event<'t>, Span), Fault>>,
        lines: &Arc<Lines<'t>>,
    ) {
        while let Some(document) = Builder::read(events) {
            match document {
                Ok((Json::Null, _)) => (),
                Ok((json, place)) => self.documents.push(Ok(Document { json, place, lines: Arc::clone(lines) })),
                Err(fault) => return self.documents.push(Err(fault.locate(lines))),
            }
        }
    }
}

impl<'t> Document<'t> {
    /// Where to point for a path: at a value that fits on its line, else at its key; for a list's item, at its first
    /// line. For what is not written, at the key of the nearest thing above that is.
    pub fn locate(&self, path: &FieldPath) -> Location {
        self.lines.location(self.place.find(&self.json, path, &self.lines))
    }

    /// Where the parts of the text that a path leads to are written; `None` where that cannot be told.
    pub fn embedded(&self, path: &FieldPath) -> Option<Embedded<'_, 't>> {
        let (place, json) = self.place.descend(&self.json, path).ok()?;
        Embedded::of(&self.lines, &place.value, json.as_str()?)
    }

    /// Where a value is written, in bytes of the text, from its first character to its last.
    pub fn bytes(&self, path: &FieldPath) -> Option<Range<usize>> {
        self.place.descend(&self.json, path).ok().map(|(place, _)| place.value.clone())
    }

    /// The text that the document is part of.
    pub fn lines(&self) -> &Lines<'t> {
        &self.lines
    }

    /// The whole document's place.
    pub fn location(&self) -> Location {
        self.lines.location(self.place.value.clone())
    }

    /// The items of a list that this document holds under a key, as documents of their own.
    pub fn into_items(self, key: &str) -> Vec<Document<'t>> {
        let Json::Object(object) = self.json else { return Vec::new() };
        let mut fields = object.0.into_iter().zip(self.place.children);
        let Some(((_, Json::Array(items)), place)) = fields.find(|((name, _), _)| name == key) else {
            return Vec::new();
        };
        let documents = items.into_iter().zip(place.children);
        documents.map(|(json, place)| Document { json, place, lines: Arc::clone(&self.lines) }).collect()
    }
}

/// An error whose place is still a byte.
#[derive(Debug)]
struct Fault {
    message: String,
    help: Option<&'static str>,
    at: usize,
    end: usize,
    first: Option<Span>,
}

impl Fault {
    fn new(message: impl Into<String>, at: usize) -> Self {
        Self { message: message.into(), help: None, at, end: at, first: None }
    }

    fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    fn too_deep(at: usize) -> Self {
        Self::new("nested too deep", at)
    }

    fn duplicate(key: &str, second: Span, first: Span) -> Self {
        let fault = Self::new(format!("the key {key:?} is already in this map"), second.start);
        Self { end: second.end, first: Some(first), ..fault }.help("keep one of the two: only the last would count")
    }

    fn locate(self, lines: &Lines<'_>) -> YamlError {
        let is_template = lines.line(lines.position(self.at).line).contains("{{");
        YamlError {
            message: self.message,
            help: if is_template { Some(TEMPLATE) } else { self.help },
            location: lines.location(self.at..self.end),
            first: self.first.map(|span| Box::new(lines.location(span))),
        }
    }
}

/// What is said where a line holds what only Helm can read.
const TEMPLATE: &str = "if this is a Helm template, render it first: helm template CHART | rayguard check -";

#[cfg(test)]
mod tests;
