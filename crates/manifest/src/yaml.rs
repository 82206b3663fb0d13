//! YAML and JSON text as values with positions.
//!
//! Scalars have the same values as in kubectl, including `yes`, `0777` and `<<`, and a text has the same documents.
//! A document that kubectl reads in a surprising way has [notes](Document::notes): a duplicate key, of which kubectl
//! silently drops the first entry, and a quoted string that goes on in a line with too little indentation.
//!
//! This module differs from kubectl where kubectl silently drops a part of a text:
//!
//! - Content that does not belong to the document above it, such as a line with less indentation than the first one, is
//!   an error.
//! - Documents after `...` are read, and JSON or YAML that follows JSON.
//!
//! It differs in rare texts, because its parser reads YAML 1.2 and go-yaml reads YAML 1.1. `tests/kubectl` compares the
//! two, and leaves out these texts:
//!
//! - In YAML 1.1, a single carriage return, U+0085, U+2028 and U+2029 end a line.
//! - A byte order mark is skipped at the start of each section, and is an error elsewhere. For go-yaml, it can be a part
//!   of a key.
//! - Two JSON values and YAML after them are read. kubectl does not accept YAML after two JSON values.
//! - These are errors for this module only: a block whose `|` or `>` is on a line of its own that is not indented more
//!   than the key; the escape `\'`; an unusual tag; a tab
//!   before a brace at the start of the text; infinity in an entry that is dropped; an alias that refers to a
//!   number and is a key; more than 64 places that the module `repair` mends in a section.
//! - These are errors for kubectl only: a tab after a dash or `?`, or within a plain scalar in brackets; a key in
//!   brackets that has several lines or contains `? `; a `#` in a tag; `...` at the start of a section; `---#`.
//! - A file in UTF-16 is an error, with advice. kubectl converts it.

pub mod edit;
mod embedded;
mod event;
mod json_text;
mod kubectl;
mod lines;
mod note;
mod repair;
mod scalar;
mod span_tree;
mod stream;
mod syntax;
mod tabs;
mod tree;
mod write;

use std::ops::Range;
use std::sync::Arc;

use crate::json::Json;
use crate::path::{FieldPath, Step};
use crate::template_syntax::TemplateSyntax;
pub use embedded::Embedded;
use event::ParserEvents;
use json_text::JsonText;
use kubectl::KubectlEvents;
pub use lines::{Lines, Location, Position};
pub use note::{Note, NoteKind};
use span_tree::{Span, SpanTree};
use stream::RawSection;
use tree::{Builder, ReadDocument};
pub use write::to_string;

/// One document of a text, or one item of a `List` in it.
#[derive(Clone, Debug)]
pub struct Document<'t> {
    /// The value of the document.
    pub json: Json<'t>,
    /// What is surprising about how kubectl reads the document, in the order of the text: at most 100 notes. A caller
    /// that accepts no surprise uses [`Document::into_strict`].
    pub notes: Vec<Note>,
    spans: SpanTree,
    lines: Arc<Lines<'t>>,
}

/// The reason why a document cannot be read, and its location.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", location.start)]
pub struct YamlError {
    /// The error message: lower case, without a full stop.
    pub message: String,
    /// Advice on how to correct the text, if there is any.
    pub help: Option<&'static str>,
    /// The location of the error.
    pub location: Location,
    /// The location of the first key, if the error is a duplicate key.
    pub first: Option<Box<Location>>,
}

/// The text between two lines of dashes. Most sections have one document.
#[derive(Clone, Debug)]
pub struct Section<'t> {
    /// The documents, or the reasons why they cannot be read. A text that is empty, `null` or only comments has no
    /// document.
    pub documents: Vec<Result<Document<'t>, YamlError>>,
    text: &'t str,
    has_json: bool,
}

/// Reads all documents of a text. A document that cannot be read is an error in the list, and the other documents are
/// still read. Documents that are empty, `null` or only comments are left out.
pub fn documents(text: &str) -> Vec<Result<Document<'_>, YamlError>> {
    sections(text).flat_map(|section| section.documents).collect()
}

/// Reads a text section by section.
pub fn sections(text: &str) -> impl Iterator<Item = Section<'_>> {
    let lines = Arc::new(Lines::of(text));
    stream::raw_sections(text).map(move |section| Section::read(section, &lines))
}

/// Reads a YAML document that is a string field of an object, such as `runtimeEnvYAML`.
///
/// KubeRay reads such a field with go-yaml's `Unmarshal`. It reads only the first document, and the last of two equal
/// keys counts. An empty text is `null`.
///
/// # Errors
///
/// Returns [`YamlError`] if the text is not YAML.
pub fn unmarshal(text: &str) -> Result<Json<'_>, YamlError> {
    Ok(unmarshal_document(text)?.map_or(Json::Null, |(document, _)| document.json))
}

/// Reads a YAML document as [`unmarshal`] does, with the positions of its values. Also returns the first duplicate key
/// in a map, which is no error. Returns `None` for an empty text.
///
/// # Errors
///
/// Returns [`YamlError`] if the text is not YAML.
pub fn unmarshal_document(text: &str) -> Result<Option<(Document<'_>, Option<YamlError>)>, YamlError> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    // go-yaml always accepts this directive.
    let mut events = ParserEvents::with_directives(body, text.len() - body.len(), body.starts_with("%YAML 1.1"));
    let Some(document) = Builder::read_first(&mut events) else { return Ok(None) };
    let lines = Arc::new(Lines::of(text));
    let document = document.map_err(|error| error.locate(text, &lines))?;
    let document = Document::located(document, &lines);
    let duplicate = document.notes.first().map(Note::to_error);
    Ok(Some((document, duplicate)))
}

/// Decodes the bytes of a text.
///
/// # Errors
///
/// Returns [`YamlError`] if the bytes are not UTF-8. Its location is the end of the valid text.
pub fn decode(bytes: &[u8]) -> Result<&str, YamlError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.split_at(error.valid_up_to()).0;
        let lines = Lines::of(std::str::from_utf8(valid).unwrap_or_default());
        let error = SyntaxError::new(format!("not UTF-8 from byte {} on", error.valid_up_to()), valid.len());
        let error = match bytes {
            [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => error.help("it looks like UTF-16; save it as UTF-8"),
            _ => error,
        };
        error.locate("", &lines)
    })
}

impl<'t> Section<'t> {
    /// Returns the text of the section, also if it cannot be read. If the line of dashes before it has content, which is
    /// an error, that line is part of the text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Reports whether at least one document of the section can be read.
    pub fn is_partly_readable(&self) -> bool {
        self.documents.iter().any(Result::is_ok)
    }

    /// Returns the template language that the text of the section seems to be written in, for a caller that has an error
    /// of the section. A text that can be read may contain scripts that look like a template.
    pub fn template_syntax(&self) -> Option<TemplateSyntax> {
        TemplateSyntax::find(self.text)
    }

    /// Returns the text of the section, if it has at most one document and still means the same after a line of dashes.
    /// Returns `None` for JSON, because kubectl reads JSON after a line of dashes as YAML.
    pub fn verbatim(&self) -> Option<&'t str> {
        (self.documents.len() <= 1 && !self.has_json).then_some(self.text)
    }

    /// Returns the Helm template that the section was rendered from, according to Helm's comment at its start.
    pub fn template(&self) -> Option<&'t str> {
        let mut comments = self.text.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with('#'));
        comments.find_map(|comment| comment.strip_prefix("# Source: ")).map(str::trim)
    }

    fn read(section: RawSection<'t>, lines: &Arc<Lines<'t>>) -> Self {
        let RawSection { text, offset, error } = section;
        let mut section = Self { documents: Vec::new(), text, has_json: false };
        if let Some(error) = error {
            section.documents.push(Err(error.locate(text, lines)));
            return section;
        }
        let (mut rest, mut offset) = (text, offset);
        if text.trim_start().starts_with('{') {
            let (values, end) = JsonText::split(text, offset);
            section.has_json = !values.is_empty();
            for mut value in values {
                section.collect(&mut value, lines);
            }
            (rest, offset) = (&text[end..], offset + end);
        }
        let before = section.documents.len();
        section.collect(&mut KubectlEvents::new(rest, offset), lines);
        // A text that is neither YAML nor JSON is probably meant as JSON if its first key is quoted.
        let first_key = rest.trim_start().strip_prefix('{').map(str::trim_start);
        if first_key.is_some_and(|key| key.starts_with('"'))
            && let [Err(error)] = &mut section.documents[before..]
            && let Some(json_error) = JsonText::error(rest, offset)
        {
            *error = json_error.locate(text, lines);
        }
        section
    }

    fn collect(
        &mut self,
        events: &mut impl Iterator<Item = Result<(event::Event<'t>, Span), SyntaxError>>,
        lines: &Arc<Lines<'t>>,
    ) {
        while let Some(document) = Builder::read(events) {
            match document {
                Ok(ReadDocument { json: Json::Null, .. }) => (),
                Ok(document) => self.documents.push(Ok(Document::located(document, lines))),
                Err(error) => return self.documents.push(Err(error.locate(self.text, lines))),
            }
        }
    }
}

impl<'t> Document<'t> {
    /// Returns the location to display for a path:
    ///
    /// - for a scalar on one line, its value
    /// - for any other value in a map, its key
    /// - for an item of a list, and for the whole document, its first line
    /// - for an absent value, the key of the nearest parent that is present
    pub fn locate(&self, path: &FieldPath) -> Location {
        self.lines.location(self.spans.find(&self.json, path, &self.lines))
    }

    /// Returns the location of the key at a path. For a path that has no key, such as an item of a list or an absent
    /// field, it is that of [`Self::locate`].
    pub fn locate_key(&self, path: &FieldPath) -> Location {
        let key = self.spans.descend(&self.json, path).ok().and_then(|(spans, _)| spans.key.clone());
        key.map_or_else(|| self.locate(path), |key| self.lines.location(key))
    }

    /// Returns a map from the bytes of a string to its source. Returns `None` if the path does not lead to a string, or
    /// if its style, such as a folded block, cannot be mapped.
    pub fn embedded(&self, path: &FieldPath) -> Option<Embedded<'_, 't>> {
        let (spans, json) = self.spans.descend(&self.json, path).ok()?;
        Embedded::of(&self.lines, &spans.value, json.as_str()?)
    }

    /// Returns the bytes of the text that a value takes up, from its first to its last character.
    pub fn bytes(&self, path: &FieldPath) -> Option<Range<usize>> {
        self.spans.descend(&self.json, path).ok().map(|(spans, _)| spans.value.clone())
    }

    /// Returns the path of the innermost value whose key or text contains a byte of the whole text; `None` outside of
    /// the document. A byte after the last character of a key or a value counts as a part of it.
    pub fn path_at(&self, byte: usize) -> Option<FieldPath> {
        self.spans.path_at(&self.json, byte)
    }

    /// Returns the lines of the whole text that the document is part of.
    pub fn lines(&self) -> &Lines<'t> {
        &self.lines
    }

    /// Returns the location of the whole document.
    pub fn location(&self) -> Location {
        self.lines.location(self.spans.value.clone())
    }

    fn located(document: ReadDocument<'t>, lines: &Arc<Lines<'t>>) -> Self {
        let ReadDocument { json, spans, notes } = document;
        let notes = notes.into_iter().map(|note| note.locate(lines)).collect();
        Self { json, notes, spans, lines: Arc::clone(lines) }
    }

    /// Returns the items of the list under a key of this document. Each item is a document with the notes on its parts,
    /// and their paths are relative to the item. The other notes on this document are dropped.
    pub fn into_items(mut self, key: &str) -> Vec<Document<'t>> {
        let notes = std::mem::take(&mut self.notes);
        let Json::Object(object) = self.json else { return Vec::new() };
        let mut fields = object.0.into_iter().zip(self.spans.children);
        let Some(((_, Json::Array(items)), spans)) = fields.find(|((name, _), _)| name == key) else {
            return Vec::new();
        };
        let documents = items.into_iter().zip(spans.children);
        let of_item = |(index, (json, spans))| {
            let steps = [Step::Key(key.to_owned()), Step::Index(index)];
            let notes = notes.iter().filter_map(|note| note.below(&steps)).collect();
            Document { json, notes, spans, lines: Arc::clone(&self.lines) }
        };
        documents.enumerate().map(of_item).collect()
    }
}

/// An error with byte offsets in place of a [`Location`].
#[derive(Debug)]
struct SyntaxError {
    message: String,
    help: Option<&'static str>,
    at: usize,
    end: usize,
}

impl SyntaxError {
    fn new(message: impl Into<String>, at: usize) -> Self {
        Self { message: message.into(), help: None, at, end: at }
    }

    fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    fn too_deep(at: usize) -> Self {
        Self::new("nested too deeply", at)
    }

    /// `section` is the text between two lines of dashes that has the error.
    fn locate(self, section: &str, lines: &Lines<'_>) -> YamlError {
        let line = lines.line(lines.position(self.at).line);
        let template = TemplateSyntax::find_action(line).or_else(|| TemplateSyntax::find_action_line(section));
        // A script in the same section may look like a template, so a substitution counts at the error only.
        let template_help = || TemplateSyntax::find(line).map(TemplateSyntax::help);
        YamlError {
            message: self.message,
            help: template.map(TemplateSyntax::help).or(self.help).or_else(template_help),
            location: lines.location(self.at..self.end),
            first: None,
        }
    }
}

#[cfg(test)]
mod tests;
