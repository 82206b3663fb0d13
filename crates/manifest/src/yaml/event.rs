//! Parser events, which are the same for YAML and JSON.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event as Granit, Parser, ScalarStyle, ScanError, StrInput};

use super::SyntaxError;
use super::note::INSIDE_QUOTES;
use super::scalar::Tag;
use super::span_tree::Span;

/// An event of a parser.
#[derive(Debug)]
pub(super) enum Event<'t> {
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
        tag: Option<Tag>,
        anchor: usize,
        /// The first byte of a line within quotes that has less indentation than YAML requires.
        outdented: Option<usize>,
    },
    Alias(usize),
    ListStart {
        anchor: usize,
    },
    MapStart {
        anchor: usize,
    },
    /// The end of a list or a map.
    End,
    DocumentEnd,
}

/// The message and the help for a tab in the indentation.
pub(super) const TAB: (&str, &str) = ("a tab where only spaces are allowed", "indent with spaces, not with tabs");

/// An iterator over the events of a YAML text, as the parser reads it. Spans are bytes of the whole text, of which this
/// may be a part.
pub(super) struct ParserEvents<'t> {
    parser: Box<Parser<'t, StrInput<'t>>>,
    text: &'t str,
    offset: usize,
}

impl<'t> ParserEvents<'t> {
    pub(super) fn new(text: &'t str, offset: usize) -> Self {
        // kubectl splits a text before it parses directives, so it never accepts a directive.
        Self::with_directives(text, offset, false)
    }

    pub(super) fn with_directives(text: &'t str, offset: usize, allowed: bool) -> Self {
        let options = granit_parser::options! { disallow_directives: !allowed, emit_comments: false };
        Self { parser: Box::new(Parser::new_from_str_with_options(text, options)), text, offset }
    }

    /// Returns the first error of the parser for a text.
    pub(super) fn first_error(text: &'t str) -> Option<ScanError> {
        Self::new(text, 0).parser.find_map(Result::err)
    }

    /// Returns the next event, or the parser's own error.
    pub(super) fn try_next(&mut self) -> Option<Result<(Event<'t>, Span), ScanError>> {
        loop {
            let (event, span) = match self.parser.next()? {
                Ok(found) => found,
                Err(error) => return Some(Err(error)),
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
                    outdented: None,
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

    /// Explains an error of the parser.
    pub(super) fn error(&self, error: &ScanError) -> SyntaxError {
        let at = self.text.floor_char_boundary(error.marker().byte_offset().unwrap_or_default());
        let (message, help) = match error.kind() {
            ErrorKind::ExpectedDocumentStart => (
                "this line does not belong to the document above it".to_owned(),
                Some("indent it like the lines around it; kubectl silently drops this line and everything after it"),
            ),
            ErrorKind::ExpectedBlockMappingKey => (
                "expected a key of the map above".to_owned(),
                Some("check the indentation of this line and of the line above"),
            ),
            ErrorKind::InvalidQuotedScalarIndent => (INSIDE_QUOTES.0.to_owned(), Some(INSIDE_QUOTES.1)),
            ErrorKind::UnknownAnchor => ("no anchor of this name is defined above".to_owned(), None),
            ErrorKind::DirectiveDisallowed => {
                ("kubectl does not accept YAML directives".to_owned(), Some("remove the line"))
            }
            ErrorKind::TabInPlainScalar | ErrorKind::TabInIndentation | ErrorKind::TabInBlockIndentation => {
                (TAB.0.to_owned(), Some(TAB.1))
            }
            ErrorKind::RecursionLimitExceeded => return SyntaxError::too_deep(at + self.offset),
            _ => (error.info(), None),
        };
        SyntaxError { help, ..SyntaxError::new(message, at + self.offset) }
    }
}

impl<'t> Iterator for ParserEvents<'t> {
    type Item = Result<(Event<'t>, Span), SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.try_next()?;
        Some(next.map_err(|error| self.error(&error)))
    }
}
