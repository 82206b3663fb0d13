//! Parser events, which are the same for YAML and JSON.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event as Granit, Parser, ScalarStyle, ScanError, StrInput};

use super::note::INSIDE_QUOTES;
use super::scalar::Tag;
use super::span_tree::Span;
use super::{SyntaxError, quoted, tabs};

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

/// An iterator over the events of a YAML text. Spans are bytes of the whole text, of which this may be a part.
pub(super) struct YamlEvents<'t> {
    source: Source<'t>,
    text: &'t str,
    offset: usize,
    /// The number of events so far, if quoted strings with too little indentation are accepted.
    accepted: Option<usize>,
    /// The byte of the first tab that only go-yaml refuses.
    tab: Option<usize>,
    /// Whether an escape that only go-yaml refuses is an error.
    is_strict: bool,
}

/// The message and the help for a tab in the indentation.
const TAB: (&str, &str) = ("a tab where only spaces are allowed", "indent with spaces, not with tabs");

enum Source<'t> {
    Parser(Box<Parser<'t, StrInput<'t>>>),
    /// The remaining events of a text with a quoted string that the parser does not accept.
    Events(std::vec::IntoIter<Result<(Event<'t>, Span), SyntaxError>>),
}

/// Returns a parser of a section.
pub(super) fn parser(text: &str, allows_directives: bool) -> Parser<'_, StrInput<'_>> {
    let options = granit_parser::options! { disallow_directives: !allows_directives, emit_comments: false };
    Parser::new_from_str_with_options(text, options)
}

impl<'t> YamlEvents<'t> {
    /// Returns the events of a section as kubectl reads it.
    pub(super) fn new(text: &'t str, offset: usize) -> Self {
        let tab = tabs::find(text).map(|tab| tab + offset);
        Self { accepted: Some(0), tab, is_strict: true, ..Self::without_repair(text, offset) }
    }

    /// Returns the events of a section, without an error for a tab that only go-yaml refuses.
    pub(super) fn without_tab_check(text: &'t str) -> Self {
        Self { accepted: Some(0), ..Self::without_repair(text, 0) }
    }

    /// Returns the events of a section, and an error for a quoted string with too little indentation.
    pub(super) fn without_repair(text: &'t str, offset: usize) -> Self {
        // kubectl splits a text before it parses directives, so it never accepts a directive.
        Self::with_directives(text, offset, false)
    }

    pub(super) fn with_directives(text: &'t str, offset: usize, allowed: bool) -> Self {
        let source = Source::Parser(Box::new(parser(text, allowed)));
        Self { source, text, offset, accepted: None, tab: None, is_strict: false }
    }

    /// Returns the error for what only go-yaml refuses, if there is any up to the end of this event.
    fn refusal(&mut self, event: &Event<'_>, span: &Span) -> Option<SyntaxError> {
        let end = if matches!(event, Event::DocumentEnd) { span.end } else { span.start };
        if let Some(tab) = self.tab.take_if(|tab| *tab < end) {
            return Some(SyntaxError::new(TAB.0, tab).help(TAB.1));
        }
        let Event::Scalar { plain: false, text: Cow::Owned(_), .. } = event else { return None };
        let written = self.text.get(span.start - self.offset..span.end - self.offset)?;
        let slash = self.is_strict.then(|| escaped_slash(written)).flatten()?;
        let error = SyntaxError::new("kubectl does not accept the escape \\/ in YAML", span.start + slash);
        Some(error.help("write / without the backslash"))
    }

    fn error(&self, error: &ScanError) -> SyntaxError {
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

impl<'t> Iterator for YamlEvents<'t> {
    type Item = Result<(Event<'t>, Span), SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_event()?;
        match &next {
            Ok((event, span)) => Some(self.refusal(event, span).map_or(next, Err)),
            Err(error) => match self.tab.take_if(|tab| *tab < error.at) {
                Some(tab) => Some(Err(SyntaxError::new(TAB.0, tab).help(TAB.1))),
                None => Some(next),
            },
        }
    }
}

impl<'t> YamlEvents<'t> {
    fn next_event(&mut self) -> Option<Result<(Event<'t>, Span), SyntaxError>> {
        loop {
            let parser = match &mut self.source {
                Source::Parser(parser) => parser,
                Source::Events(events) => return events.next(),
            };
            let (event, span) = match parser.next()? {
                Ok(found) => found,
                Err(error) => match self.accepted.and_then(|_| quoted::events(self.text, self.offset, &error)) {
                    Some(events) => {
                        let mut events = events.into_iter();
                        // The events before the quoted string are the same.
                        events.by_ref().take(self.accepted.unwrap_or_default()).for_each(drop);
                        self.source = Source::Events(events);
                        continue;
                    }
                    None => return Some(Err(self.error(&error))),
                },
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
            self.accepted = self.accepted.map(|count| count + 1);
            let bytes = span.byte_range().unwrap_or_default();
            return Some(Ok((event, bytes.start + self.offset..bytes.end + self.offset)));
        }
    }
}

/// Returns the offset of the first `\/` in a string in double quotes.
fn escaped_slash(written: &str) -> Option<usize> {
    let mut at = written.starts_with('"').then_some(1)?;
    loop {
        at += written[at..].find('\\')?;
        if written[at + 1..].starts_with('/') {
            return Some(at);
        }
        at += 1 + written[at + 1..].chars().next()?.len_utf8();
    }
}
