//! Reads what go-yaml accepts and the parser of this crate does not:
//!
//! - a quoted string that goes on in a line with too little indentation, or that is indented with tabs
//! - a tab before a token within brackets
//! - a comment that follows quotes or brackets without a space
//!
//! The parser is given a text of the same length without these, so all positions stay as they are. A quoted string is
//! written on one line in this text, and its value is read on its own.

use std::borrow::Cow;

use granit_parser::{ErrorKind, ScanError};

use super::SyntaxError;
use super::event::{Event, ParserEvents};
use super::span_tree::Span;

/// The maximum number of repairs in a section. The section is parsed up to three times for each.
const MAX_REPAIRS: usize = 64;

/// A change of the text for the parser, with offsets within the section.
struct Repair {
    span: Span,
    /// The new text of the span, which has the same length.
    text: String,
    string: Option<QuotedString>,
}

/// A quoted string whose lines have too little indentation.
struct QuotedString {
    start: usize,
    /// The first character in a line with too little indentation.
    line: usize,
    value: String,
}

/// An iterator over the events of a section, which accepts what go-yaml accepts.
pub(super) struct RepairedEvents<'t> {
    source: Source<'t>,
    text: &'t str,
    offset: usize,
    /// The number of events so far.
    count: usize,
}

enum Source<'t> {
    Parser(ParserEvents<'t>),
    /// The remaining events of a text that needs repairs.
    Events(std::vec::IntoIter<Result<(Event<'t>, Span), SyntaxError>>),
}

impl<'t> RepairedEvents<'t> {
    pub(super) fn new(text: &'t str, offset: usize) -> Self {
        Self { source: Source::Parser(ParserEvents::new(text, offset)), text, offset, count: 0 }
    }
}

impl<'t> Iterator for RepairedEvents<'t> {
    type Item = Result<(Event<'t>, Span), SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let parser = match &mut self.source {
            Source::Parser(parser) => parser,
            Source::Events(events) => return events.next(),
        };
        match parser.try_next()? {
            Ok(event) => {
                self.count += 1;
                Some(Ok(event))
            }
            Err(error) => {
                let Some(events) = repaired(self.text, self.offset, &error) else {
                    return Some(Err(parser.error(&error)));
                };
                // The events before the first repair are the same.
                let mut events = events.into_iter();
                events.by_ref().take(self.count).for_each(drop);
                self.source = Source::Events(events);
                self.next()
            }
        }
    }
}

/// Returns all events of a section whose parser failed with this error, if go-yaml accepts the text there. `offset` is
/// the start of the section within the whole text.
fn repaired<'t>(
    section: &str,
    offset: usize,
    error: &ScanError,
) -> Option<Vec<Result<(Event<'t>, Span), SyntaxError>>> {
    let mut text = section.to_owned();
    let mut strings = Vec::new();
    let mut repair = Repair::find(&text, section, error)?;
    for _ in 0..MAX_REPAIRS {
        text.replace_range(repair.span, &repair.text);
        strings.extend(repair.string);
        let next = ParserEvents::first_error(&text);
        match next.and_then(|error| Repair::find(&text, section, &error)) {
            Some(next) => repair = next,
            None => break,
        }
    }
    let own = |event| match event {
        Ok((event, span)) => Ok((with_string(event, &span, offset, &mut strings), span)),
        Err(error) => Err(error),
    };
    Some(ParserEvents::new(&text, offset).map(own).collect())
}

/// Returns an event that does not borrow from its text, with the value of the string that begins there.
fn with_string<'t>(event: Event<'_>, span: &Span, offset: usize, strings: &mut [QuotedString]) -> Event<'t> {
    match event {
        Event::Scalar { text, plain, tag, anchor, .. } => {
            let index = strings.binary_search_by_key(&span.start, |string| string.start + offset);
            let string = index.ok().map(|index| &mut strings[index]);
            let line = string.as_ref().map(|string| string.line + offset);
            let text = string.map_or_else(|| text.into_owned(), |string| std::mem::take(&mut string.value));
            Event::Scalar { text: Cow::Owned(text), plain, tag, anchor, outdented: line }
        }
        Event::Alias(anchor) => Event::Alias(anchor),
        Event::ListStart { anchor } => Event::ListStart { anchor },
        Event::MapStart { anchor } => Event::MapStart { anchor },
        Event::End => Event::End,
        Event::DocumentEnd => Event::DocumentEnd,
    }
}

impl Repair {
    /// Returns the repair of what the parser of `text` failed at. `section` is the text before all repairs.
    fn find(text: &str, section: &str, error: &ScanError) -> Option<Self> {
        let at = error.marker().byte_offset()?;
        match error.kind() {
            ErrorKind::InvalidQuotedScalarIndent => Self::of_string(text, section, at, true),
            ErrorKind::TabInIndentation => {
                Self::of_string(text, section, at, false).or_else(|| Self::of_tabs(text, at))
            }
            ErrorKind::TabInBlockIndentation | ErrorKind::TabInPlainScalar => Self::of_tabs(text, at),
            ErrorKind::CommentNotSeparated if text[at..].starts_with('#') => {
                // After quotes, brackets and the header of a block. Not in a tag.
                let before = text[..at].strip_suffix(['-', '+']).filter(|before| before.ends_with(['|', '>']));
                if !before.unwrap_or(&text[..at]).ends_with(['"', '\'', '}', ']', '|', '>']) {
                    return None;
                }
                let length = text[at..].find(['\n', '\r']).unwrap_or(text.len() - at);
                Some(Self { span: at..at + length, text: " ".repeat(length), string: None })
            }
            _ => None,
        }
    }

    /// Replaces the tabs in the indentation of a line within brackets by spaces.
    fn of_tabs(text: &str, at: usize) -> Option<Self> {
        let start = text[..at].rfind('\n')? + 1;
        let length = text[start..].len() - text[start..].trim_start_matches([' ', '\t']).len();
        let unclosed = ParserEvents::first_error(&text[..start])?;
        let is_in_flow = matches!(unclosed.kind(), ErrorKind::UnclosedFlowCollection { .. });
        let repair = Self { span: start..start + length, text: " ".repeat(length), string: None };
        (is_in_flow && text[repair.span.clone()].contains('\t')).then_some(repair)
    }

    /// Writes the string that an offset is in on one line.
    fn of_string(text: &str, section: &str, line: usize, is_in_block: bool) -> Option<Self> {
        // The text up to the line break ends within the string, and the error then has the start of the string.
        let content = text[..line].trim_end_matches([' ', '\t', '\r', '\n']);
        let line_break = text[content.len()..line].find(['\n', '\r'])?;
        // A backslash before the line break is no content.
        let end_of_line =
            if line_break == 0 { content.trim_end_matches('\\').len() } else { content.len() + line_break };
        let unclosed = ParserEvents::first_error(&text[..end_of_line])?;
        if *unclosed.kind() != ErrorKind::UnclosedQuotedScalar {
            return None;
        }
        let start = unclosed.marker().byte_offset()?;
        let end = start + length(&section[start..])?;
        // A key has only one line. In a block, nothing else than a comment may follow.
        let rest = section[end..].split(['\n', '\r']).next().unwrap_or_default();
        let after = rest.trim_start_matches([' ', '\t']);
        if after.starts_with(':') || is_in_block && !after.is_empty() && !after.starts_with('#') {
            return None;
        }
        let value = ParserEvents::new(&section[start..end], 0).find_map(|event| match event {
            Ok((Event::Scalar { text, .. }, _)) => Some(Some(text.into_owned())),
            Ok(_) => None,
            Err(_) => Some(None),
        });
        let string = QuotedString { start, line, value: value.flatten()? };
        Some(Self { span: start..end, text: section[start..end].replace(['\n', '\r'], " "), string: Some(string) })
    }
}

/// Returns the length of the quoted string at the start of a text, if the quotes are closed.
fn length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.first()?;
    let mut at = 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::path::FieldPath;
    use crate::yaml::edit::{Change, edit};
    use crate::yaml::{Document, NoteKind, YamlError, documents, unmarshal};

    fn only(text: &str) -> Result<Document<'_>, YamlError> {
        let mut documents = documents(text);
        assert_eq!(documents.len(), 1, "{text}: {documents:?}");
        documents.remove(0)
    }

    #[test]
    fn a_quoted_string_goes_on_in_any_line() {
        for (text, value, line) in [
            ("a: 'b\nc'\nd: 1\n", "b c", 2),
            ("a: \"b\n c\n\n\nd\" # e\nd: 1\n", "b c\n\nd", 5),
            ("a: \"b\r\nc\"\r\nd: 1\r\n", "b c", 2),
            ("a: 'it''s\n# no: comment'\nd: 1\n", "it's # no: comment", 2),
            ("a: \"x \\\"\ny\\\n  z\\u00e9\"\nd: 1\n", "x \" yzé", 2),
            ("a: &x !!str \"b\nc\"\nd: 1", "b c", 2),
            ("a: \"\nc\"\nd: 1", " c", 2),
            ("a: 'b\n\tc'\nd: 1\n", "b c", 2),
            ("a: \"b\\\n\tc\"\nd: 1\n", "bc", 2),
        ] {
            let document = only(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(document.json.field("a").as_str(), Some(value), "{text}");
            assert_eq!(document.json.field("d").as_i64(), Some(1), "{text}");
            if text.contains('\t') {
                continue;
            }
            let [note] = &document.notes[..] else { panic!("{text}: {:?}", document.notes) };
            assert_eq!((note.kind, note.path.to_string()), (NoteKind::QuotedIndent, "a".to_owned()));
            assert_eq!(note.location.start.line, line, "{text}");
        }
    }

    #[test]
    fn a_strict_caller_gets_an_error_as_does_a_text_that_is_not_closed() {
        let message = "this line is inside a quoted string that starts above";
        let help = "close the quotes, or indent the line more than the key of the string";
        let strict = only("x:\n- a: 'b\n  c'\n").and_then(Document::into_strict).expect_err("a note");
        assert_eq!((strict.to_string(), strict.help), (format!("line 3, column 3: {message}"), Some(help)));
        for text in ["a: 'b\nc: d\n", "a: \"b\nc: \"d\"\n", "a: \"b\nc\" d\n", "a: \"b\n...\nc\"\n"] {
            let error = documents(text).into_iter().find_map(Result::err).unwrap_or_else(|| panic!("{text}"));
            assert!(error.message == message || text.contains("..."), "{text}: {error}");
        }
        for text in ["\"a\nb\": c\n", "x:\n  'a\n  b': c\n"] {
            assert!(documents(text)[0].is_err(), "a key has one line: {text}");
        }
        assert!(unmarshal("a: 'b\nc'").is_err());
        // An error after the string is at its own position.
        assert_eq!(only("a: 'b\nc'\nd: [\n").expect_err("an error").location.start.line, 3);
    }

    #[test]
    fn positions_after_the_string_and_within_it_are_those_of_the_text() {
        let text = "x: é\nw:\n- a: 'b\n  c'\n  d: 1\nz: \"e\n\n\\u00e9\"\n---\nlast: 2\n";
        let documents = documents(text);
        let document = documents[0].as_ref().expect("a document");
        let bytes = |path: FieldPath| &text[document.bytes(&path).expect("a value")];
        let item = || FieldPath::of(["w"]).index(0);
        assert_eq!(bytes(item().field("a")), "'b\n  c'");
        assert_eq!(bytes(item().field("d")), "1");
        assert_eq!(bytes(FieldPath::of(["z"])), "\"e\n\n\\u00e9\"");
        assert_eq!(document.notes.iter().map(|note| note.path.to_string()).collect::<Vec<_>>(), ["w[0].a", "z"]);
        let embedded = document.embedded(&FieldPath::of(["z"])).expect("a map to the source");
        let located = |at: std::ops::Range<usize>| &text[embedded.locate(&at).expect("a location").bytes];
        assert_eq!((located(0..1), located(2..4)), ("e", "\\u00e9"));
    }

    #[test]
    fn edits_around_the_string_keep_it_and_edits_of_it_replace_it() {
        let text = "a: 'b\nc' # d\ne: \"f\ng\"\nh: 1\n";
        let json = |text: &str| serde_json::from_str::<crate::json::Json<'_>>(text).expect("JSON").into_owned();
        for (path, value, expected) in [
            ("h", "2", text.replace('1', "2")),
            ("a", "\"x\"", text.replace("'b\nc'", "'x'")),
            ("e", "\"x\"", text.replace("\"f\ng\"", "\"x\"")),
            ("i", "3", format!("{text}i: 3\n")),
        ] {
            let set = crate::fix::Edit::Set { path: FieldPath::of([path]), value: json(value) };
            let edited = edit(text, &[Change { object: 0, edits: vec![set] }]);
            assert_eq!((edited.text, &edited.obstacles[..]), (expected, &[None][..]), "{path}");
        }
        let remove = crate::fix::Edit::Remove { path: FieldPath::of(["e"]) };
        let edited = edit(text, &[Change { object: 0, edits: vec![remove] }]);
        assert_eq!(edited.text, "a: 'b\nc' # d\nh: 1\n");
    }

    #[test]
    fn tabs_within_brackets_and_comments_after_them_are_accepted() {
        for (text, value) in [
            ("a:\n  b: [\n\t1,\n\t\t2]\n", "{\"a\":{\"b\":[1,2]}}"),
            ("a: {b: 1}#c: d\ne: 'f'# g\nh: |-#\n  i\n", "{\"a\":{\"b\":1},\"e\":\"f\",\"h\":\"i\"}"),
        ] {
            let document = only(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (serde_json::to_string(&document.json).expect("JSON"), &document.notes[..]),
                (value.to_owned(), &[][..])
            );
        }
    }

    #[test]
    fn a_number_of_strings_is_accepted() {
        let string = |index: usize| format!("k{index}: 'a\nb'\n");
        let text = |count: usize| (0..count).map(string).collect::<Vec<_>>().concat();
        assert_eq!(only(&text(super::MAX_REPAIRS)).expect("a document").json.entries().len(), super::MAX_REPAIRS);
        let error = only(&text(super::MAX_REPAIRS + 1)).expect_err("one too many");
        assert_eq!(error.location.start.line, 2 * super::MAX_REPAIRS + 2);
    }
}
