//! What a parser reports, one thing after the other, whether it read YAML or JSON.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event as Granit, Parser, ScalarStyle, ScanError, StrInput};

use super::Fault;
use super::place::Span;
use super::scalar::Tag;

/// A thing that a parser found.
#[derive(Debug)]
pub(super) enum Event<'t> {
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
        tag: Option<Tag>,
        anchor: usize,
    },
    Alias(usize),
    ListStart {
        anchor: usize,
    },
    MapStart {
        anchor: usize,
    },
    /// A list or a map ends.
    End,
    DocumentEnd,
}

/// Reads YAML. Positions are bytes of the whole text, of which this may be a part.
pub(super) struct YamlEvents<'t> {
    parser: Parser<'t, StrInput<'t>>,
    text: &'t str,
    offset: usize,
}

impl<'t> YamlEvents<'t> {
    pub(super) fn new(text: &'t str, offset: usize) -> Self {
        // kubectl splits a text before it looks for directives, and so never accepts one.
        Self::with_directives(text, offset, false)
    }

    pub(super) fn with_directives(text: &'t str, offset: usize, allowed: bool) -> Self {
        let options = granit_parser::options! { disallow_directives: !allowed, emit_comments: false };
        Self { parser: Parser::new_from_str_with_options(text, options), text, offset }
    }

    fn fault(&self, error: &ScanError) -> Fault {
        let at = self.text.floor_char_boundary(error.marker().byte_offset().unwrap_or_default());
        let (message, help) = match error.kind() {
            ErrorKind::ExpectedDocumentStart => (
                "this line belongs to nothing above it".to_owned(),
                Some("indent it like its neighbours; kubectl would silently drop it and all that follows"),
            ),
            ErrorKind::ExpectedBlockMappingKey => (
                "expected a key of the map above".to_owned(),
                Some("see to the indentation of this line and of the one above"),
            ),
            ErrorKind::InvalidQuotedScalarIndent => (
                "this line is within quotes that began above".to_owned(),
                Some("close the quotes, or indent the line more than their key"),
            ),
            ErrorKind::UnknownAnchor => ("no anchor of this name stands above".to_owned(), None),
            ErrorKind::DirectiveDisallowed => ("kubectl reads no YAML directives".to_owned(), Some("remove the line")),
            ErrorKind::TabInPlainScalar | ErrorKind::TabInIndentation | ErrorKind::TabInBlockIndentation => {
                ("a tab where only spaces can be".to_owned(), Some("indent with spaces, not with tabs"))
            }
            ErrorKind::RecursionLimitExceeded => return Fault::too_deep(at + self.offset),
            _ => (error.info(), None),
        };
        Fault { help, ..Fault::new(message, at + self.offset) }
    }
}

impl<'t> Iterator for YamlEvents<'t> {
    type Item = Result<(Event<'t>, Span), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (event, span) = match self.parser.next()? {
                Ok(found) => found,
                Err(error) => return Some(Err(self.fault(&error))),
            };
            let event = match event {
                Granit::Scalar(text, style, anchor, tag) => Event::Scalar {
                    text,
                    plain: style == ScalarStyle::Plain,
                    tag: tag.map(|tag| match tag.suffix_in_namespace("tag:yaml.org,2002:") {
                        Some(name) => Tag::of(&name),
                        None => Tag::Other,
                    }),
                    anchor,
                },
                Granit::Alias(anchor) => Event::Alias(anchor),
                Granit::SequenceStart(_, anchor, _) => Event::ListStart { anchor },
                Granit::MappingStart(_, anchor, _) => Event::MapStart { anchor },
                Granit::SequenceEnd | Granit::MappingEnd => Event::End,
                Granit::DocumentEnd => Event::DocumentEnd,
                _ => continue,
            };
            let bytes = span.byte_range().unwrap_or_default();
            return Some(Ok((event, bytes.start + self.offset..bytes.end + self.offset)));
        }
    }
}
