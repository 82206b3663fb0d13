//! Quoted strings that go on in a line with too little indentation, or that is indented with tabs.
//!
//! go-yaml ignores the indentation within quotes, and the parser of this crate does not. The parser is given a text of
//! the same length in which such a string is on one line, so all positions stay as they are. The string itself is read
//! on its own.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event as Granit, Parser, ScanError};

use super::SyntaxError;
use super::event::{Event, YamlEvents, parser};
use super::span_tree::Span;

/// The maximum number of such strings in a section. The section is parsed up to three times for each.
const MAX_STRINGS: usize = 64;

/// A quoted string, with offsets within the section.
struct Quoted {
    span: Span,
    /// The first character in a line with too little indentation.
    line: usize,
    text: String,
}

/// Returns all events of a section whose parser failed with this error, if the error is about the indentation within a
/// quoted string that go-yaml accepts. `offset` is the start of the section within the whole text.
pub(super) fn events<'t>(
    section: &str,
    offset: usize,
    error: &ScanError,
) -> Option<Vec<Result<(Event<'t>, Span), SyntaxError>>> {
    let mut strings = vec![Quoted::find(section, section, error)?];
    let mut text = section.to_owned();
    loop {
        let Quoted { span, .. } = strings.last()?;
        let line = section[span.clone()].replace(['\n', '\r'], " ");
        text.replace_range(span.clone(), &line);
        let next = parser(&text, false).find_map(Result::err);
        match next.and_then(|error| Quoted::find(&text, section, &error)) {
            Some(string) if strings.len() < MAX_STRINGS => strings.push(string),
            _ => break,
        }
    }
    let own = |event| match event {
        Ok((event, span)) => Ok((with_string(event, &span, offset, &mut strings), span)),
        Err(error) => Err(error),
    };
    Some(YamlEvents::without_repair(&text, offset).map(own).collect())
}

/// Returns an event that does not borrow from its text, with the value of the string that begins there.
fn with_string<'t>(event: Event<'_>, span: &Span, offset: usize, strings: &mut [Quoted]) -> Event<'t> {
    match event {
        Event::Scalar { text, plain, tag, anchor, .. } => {
            let index = strings.binary_search_by_key(&span.start, |string| string.span.start + offset);
            let string = index.ok().map(|index| &mut strings[index]);
            let line = string.as_ref().map(|string| string.line + offset);
            let text = string.map_or_else(|| text.into_owned(), |string| std::mem::take(&mut string.text));
            Event::Scalar { text: Cow::Owned(text), plain, tag, anchor, outdented: line }
        }
        Event::Alias(anchor) => Event::Alias(anchor),
        Event::ListStart { anchor } => Event::ListStart { anchor },
        Event::MapStart { anchor } => Event::MapStart { anchor },
        Event::End => Event::End,
        Event::DocumentEnd => Event::DocumentEnd,
    }
}

impl Quoted {
    /// Returns the string in which the parser of `text` failed. `section` has its original lines.
    fn find(text: &str, section: &str, error: &ScanError) -> Option<Self> {
        let is_indent = *error.kind() == ErrorKind::InvalidQuotedScalarIndent;
        if !is_indent && *error.kind() != ErrorKind::TabInIndentation {
            return None;
        }
        let line = error.marker().byte_offset()?;
        // The text up to the line break ends within the string, and the error then has the start of the string.
        let content = text[..line].trim_end_matches([' ', '\t', '\r', '\n']);
        let line_break = text[content.len()..line].find(['\n', '\r'])?;
        // A backslash before the line break is no content.
        let end_of_line =
            if line_break == 0 { content.trim_end_matches('\\').len() } else { content.len() + line_break };
        let unclosed = parser(&text[..end_of_line], false).find_map(Result::err)?;
        if *unclosed.kind() != ErrorKind::UnclosedQuotedScalar {
            return None;
        }
        let start = unclosed.marker().byte_offset()?;
        let end = start + length(&section[start..])?;
        // A key has only one line. In a block, nothing else than a comment may follow.
        let rest = section[end..].split(['\n', '\r']).next().unwrap_or_default();
        let after = rest.trim_start_matches([' ', '\t']);
        let is_comment = after.starts_with('#') && after.len() < rest.len();
        if after.starts_with(':') || is_indent && !after.is_empty() && !is_comment {
            return None;
        }
        let mut events = Parser::new_from_str(&section[start..end]);
        let text = events.find_map(|event| match event {
            Ok((Granit::Scalar(text, ..), _)) => Some(Some(text.into_owned())),
            Ok(_) => None,
            Err(_) => Some(None),
        });
        Some(Self { span: start..end, line, text: text.flatten()? })
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
    fn a_number_of_strings_is_accepted() {
        let text = |count: usize| (0..count).map(|index| format!("k{index}: 'a\nb'\n")).collect::<String>();
        assert_eq!(only(&text(super::MAX_STRINGS)).expect("a document").json.entries().len(), super::MAX_STRINGS);
        let error = only(&text(super::MAX_STRINGS + 1)).expect_err("one too many");
        assert_eq!(error.location.start.line, 2 * super::MAX_STRINGS + 2);
    }
}
