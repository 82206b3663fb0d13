//! What a reader does not expect of a document that kubectl accepts.

use std::ops::Range;

use super::lines::{Lines, Location};
use super::span_tree::Span;
use super::{Document, YamlError};
use crate::path::{FieldPath, Step};

/// The maximum number of notes on one document. A path repeats the keys above it, so their number must be limited.
pub(super) const MAX_NOTES: usize = 100;

/// A part of a document that kubectl accepts, and whose meaning is surprising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What is surprising.
    pub kind: NoteKind,
    /// The path of the entry within the document.
    pub path: FieldPath,
    /// A sentence without a full stop that starts in lower case, such as `duplicate key "a" in this map`.
    pub message: String,
    /// Advice on how to correct the text.
    pub help: &'static str,
    /// The location of the later key, or of the line within the quoted string.
    pub location: Location,
    /// The location of the first key, if the note is about two equal keys.
    pub first: Option<Box<Location>>,
    /// The bytes of the value that kubectl drops, if the note is about two equal keys. The value of the document does
    /// not contain it.
    pub dropped: Option<Range<usize>>,
}

/// The kind of a [`Note`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// A map has a key twice. kubectl uses the last entry and silently drops the first.
    DuplicateKey,
    /// A map has two keys of different types that are equal as strings, such as `1` and `"1"`. kubectl uses one of the
    /// two entries at random. The value of the document has the last one.
    AmbiguousKey,
    /// A quoted string goes on in a line that is not indented more than the key of the string. kubectl accepts this.
    /// YAML does not allow it, and some other programs refuse it.
    QuotedIndent,
}

impl Note {
    /// Returns the error of a caller that accepts no surprise.
    pub fn to_error(&self) -> YamlError {
        YamlError {
            message: self.message.clone(),
            help: Some(self.help),
            location: self.location.clone(),
            first: self.first.clone(),
        }
    }

    /// Returns the note on an item of a list, if the note is about a part of it. `steps` lead to the item.
    pub(super) fn below(&self, steps: &[Step]) -> Option<Self> {
        let (above, rest) = self.path.steps().split_at_checked(steps.len())?;
        let is_same = |(one, other): (&Step, &Step)| one.name() == other.name() && index(one) == index(other);
        let is_below = above.iter().zip(steps).all(is_same);
        is_below.then(|| Self { path: FieldPath::root().join(rest), ..self.clone() })
    }
}

fn index(step: &Step) -> Option<usize> {
    if let Step::Index(index) = step { Some(*index) } else { None }
}

impl Document<'_> {
    /// Returns the document if nothing about it is surprising.
    ///
    /// # Errors
    ///
    /// Returns the first of the [`notes`](Document::notes) as an error.
    pub fn into_strict(self) -> Result<Self, YamlError> {
        match self.notes.first() {
            Some(note) => Err(note.to_error()),
            None => Ok(self),
        }
    }
}

/// A note with byte offsets in place of a [`Location`].
#[derive(Debug)]
pub(super) struct RawNote {
    pub(super) kind: NoteKind,
    pub(super) path: FieldPath,
    pub(super) span: Span,
    pub(super) first: Option<Span>,
    pub(super) dropped: Option<Span>,
}

impl RawNote {
    pub(super) fn locate(self, lines: &Lines<'_>) -> Note {
        let key = self.path.steps().last().and_then(Step::name).unwrap_or_default();
        let (message, help) = match self.kind {
            NoteKind::DuplicateKey => (duplicate_key(key), "keep only one of the two; kubectl uses the last one"),
            NoteKind::AmbiguousKey => {
                (duplicate_key(key), "keep only one of the two; kubectl uses one of them at random")
            }
            NoteKind::QuotedIndent => (INSIDE_QUOTES.0.to_owned(), INSIDE_QUOTES.1),
        };
        Note {
            kind: self.kind,
            path: self.path,
            message,
            help,
            location: lines.location(self.span),
            first: self.first.map(|first| Box::new(lines.location(first))),
            dropped: self.dropped,
        }
    }
}

fn duplicate_key(key: &str) -> String {
    format!("duplicate key {key:?} in this map")
}

/// The message and the help for a line that is inside a quoted string, and indented too little for that.
pub(super) const INSIDE_QUOTES: (&str, &str) = (
    "this line is inside a quoted string that starts above",
    "close the quotes, or indent the line more than the key of the string",
);

#[cfg(test)]
mod tests;
