//! The source lines that a message shows.

use std::fmt;
use std::ops::Range;

use rayguard_manifest::path::{FieldPath, Step};
use rayguard_manifest::yaml::{Document, Lines, Location, YamlError};

use crate::secret;

/// The largest excerpt, in bytes. Of a larger one, only a part of one line is kept: a line can be a whole manifest.
const MAX_BYTES: usize = 2000;

/// The bytes that are kept on either side of a location in a long line, and of the location itself.
const KEPT_BYTES: usize = 200;

/// The largest distance, in lines, from a finding to the start of the list item that contains it, so that the excerpt
/// starts with that item.
const CONTEXT_LINES: usize = 3;

/// The columns that the renderer needs next to the line number: space, bar, space, and an ellipsis on either side.
const MARGIN: usize = 3 + 6;

/// The source lines around a location: a copy, so that the rest of the file can be freed.
///
/// The fields are private because `text` still contains secrets. [`Self::fit`] leaves them out.
#[derive(Clone)]
pub struct Excerpt {
    /// Whole lines, or a part of one long line.
    text: String,
    /// The number of the first line.
    first_line: usize,
    /// The number of the line in which the location starts. It is the last line of the excerpt.
    last_line: usize,
    /// The number of characters in the first line before `text`.
    first_column: usize,
    /// The location, in bytes of `text`.
    primary: Range<usize>,
    /// Another location that the message refers to, in bytes of `text`.
    related: Option<Range<usize>>,
    /// The secrets, in bytes of `text`.
    secrets: Vec<Range<usize>>,
}

impl Excerpt {
    /// Returns the lines that a finding needs. `path` is the field that it is about, and `secrets` are spans of the
    /// whole text.
    pub fn of_finding(
        document: &Document<'_>,
        path: &FieldPath,
        location: &Location,
        secrets: &[Range<usize>],
    ) -> Self {
        Self::new(document.lines(), first_line(document, path, location), location, secrets)
    }

    /// Returns the lines that show why a document cannot be read.
    pub fn of_error(lines: &Lines<'_>, error: &YamlError) -> Self {
        let location = &error.location;
        let first = error.first.as_deref();
        let first_line = first.map_or(location.start.line, |first| first.start.line).min(location.start.line);
        let secrets = secret::in_lines(lines, first_line..location.start.line + 1);
        let mut excerpt = Self::new(lines, first_line, location, &secrets);
        let start = location.bytes.start - excerpt.primary.start;
        let first = first.filter(|first| excerpt.first_line <= first.start.line);
        excerpt.related = first.map(|first| relative(&first.bytes, start));
        excerpt
    }

    fn new(lines: &Lines<'_>, mut first_line: usize, location: &Location, secrets: &[Range<usize>]) -> Self {
        let last_line = location.start.line;
        let mut bytes = lines.start(first_line)..lines.start(last_line) + lines.line(last_line).len();
        let mut first_column = 0;
        if bytes.len() > MAX_BYTES {
            first_line = last_line;
            let shown = &location.bytes;
            let (text, start) = (lines.text(), lines.start(last_line));
            let line = start..start + lines.line(last_line).len();
            bytes.start = text.floor_char_boundary(shown.start.saturating_sub(KEPT_BYTES)).max(line.start);
            bytes.end = text.floor_char_boundary(shown.end.min(shown.start + KEPT_BYTES) + KEPT_BYTES).min(line.end);
            first_column = lines.position(bytes.start).column - 1;
        }
        let clip = |secret: &Range<usize>| secret.start.max(bytes.start)..secret.end.min(bytes.end);
        let secrets = secrets.iter().map(clip).filter(|secret| !secret.is_empty());
        Self {
            first_line,
            last_line,
            first_column,
            primary: relative(&location.bytes, bytes.start),
            related: None,
            secrets: secrets.map(|secret| relative(&secret, bytes.start)).collect(),
            text: lines.text()[bytes].to_owned(),
        }
    }

    /// Returns the excerpt without secrets, and without the ends of lines that do not fit this number of columns.
    pub fn fit(&self, width: usize) -> FittedExcerpt {
        let columns = width.saturating_sub((self.last_line + 1).to_string().len() + MARGIN);
        let lines = Lines::of(&self.text);
        let tails = (self.first_line..=self.last_line).filter_map(|number| {
            let number = number - self.first_line + 1;
            let (start, line) = (lines.start(number), lines.line(number));
            let before = if number == 1 { self.first_column } else { 0 };
            let (cut, _) = line.char_indices().nth(columns.saturating_sub(before))?;
            let is_last = number + self.first_line == self.last_line + 1;
            let cut = if is_last { (start + cut).max(self.primary.end) } else { start + cut };
            (cut < start + line.len()).then_some(cut..start + line.len())
        });
        let mut hidden: Vec<_> = self.secrets.iter().cloned().chain(tails).collect();
        hidden.sort_by_key(|span| span.start);
        let mut fitted = FittedExcerpt {
            text: String::new(),
            first_line: self.first_line,
            primary: 0..0,
            related: None,
            removed: Vec::new(),
        };
        fitted.fill(&self.text, hidden);
        fitted.primary = fitted.locate(&self.primary);
        fitted.related = self.related.as_ref().map(|related| fitted.locate(related));
        fitted
    }
}

/// Does not print the text, which contains secrets.
impl fmt::Debug for Excerpt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first_line, last_line, .. } = self;
        formatter.debug_struct("Excerpt").field("lines", &(first_line..=last_line)).finish_non_exhaustive()
    }
}

/// Returns a span of the whole text as a span of the part that begins at `start`.
fn relative(span: &Range<usize>, start: usize) -> Range<usize> {
    span.start.saturating_sub(start)..span.end.saturating_sub(start)
}

/// Returns the first line to show: the one where the innermost list item around the location starts, if it is near. It
/// usually has the name of the variable or the container.
fn first_line(document: &Document<'_>, path: &FieldPath, location: &Location) -> usize {
    let line = location.start.line;
    let item = path.steps().iter().rposition(|step| matches!(step, Step::Index(_)));
    let item = item.and_then(|index| document.bytes(&path.take(index + 1)));
    let start = item.map_or(line, |bytes| document.lines().position(bytes.start).line);
    if start <= line && line - start <= CONTEXT_LINES { start } else { line }
}

/// An excerpt that can be printed.
#[derive(Debug)]
pub struct FittedExcerpt {
    /// The lines to print.
    pub text: String,
    /// The number of the first line.
    pub first_line: usize,
    /// The location, in bytes of `text`.
    pub primary: Range<usize>,
    /// Another location that the message refers to, in bytes of `text`.
    pub related: Option<Range<usize>>,
    /// The spans of the original text that were removed, each with its position in `text`.
    removed: Vec<(Range<usize>, usize)>,
}

impl FittedExcerpt {
    /// Copies the text with an ellipsis for each hidden span. The spans are sorted by their start.
    fn fill(&mut self, text: &str, hidden: Vec<Range<usize>>) {
        let mut at = 0;
        for span in hidden {
            if span.start >= at {
                self.text.push_str(&text[at..span.start]);
                self.removed.push((span.clone(), self.text.len()));
                self.text.push('…');
            }
            at = at.max(span.end);
        }
        self.text.push_str(&text[at..]);
    }

    /// Returns the span of `text` that shows a span of the original text.
    fn locate(&self, bytes: &Range<usize>) -> Range<usize> {
        let start = self.position(bytes.start, false);
        start..self.position(bytes.end.min(bytes.start + MAX_BYTES), true).max(start)
    }

    fn position(&self, byte: usize, is_end: bool) -> usize {
        let (mut lost, mut gained) = (0, 0);
        for (span, at) in &self.removed {
            if byte <= span.start {
                break;
            }
            if byte < span.end {
                return if is_end { at + '…'.len_utf8() } else { *at };
            }
            lost += span.len();
            gained += '…'.len_utf8();
        }
        self.text.floor_char_boundary((byte + gained).saturating_sub(lost))
    }

    /// Returns the column of the location in `text`; the first is 1.
    pub fn column(&self) -> usize {
        let before = &self.text[..self.primary.start];
        before.rsplit('\n').next().unwrap_or_default().chars().count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: usize = 10_000;

    fn excerpt(text: &str, first_line: usize, shown: Range<usize>, secrets: &[Range<usize>]) -> Excerpt {
        let lines = Lines::of(text);
        Excerpt::new(&lines, first_line, &lines.location(shown), secrets)
    }

    #[test]
    fn secrets_are_removed_and_locations_are_adjusted() {
        let text = "a: 1\nb: secret # é\nc: {d: hush, e: 2}\n";
        let find = |what: &str| text.find(what).map(|at| at..at + what.len()).expect("it is there");
        let secrets = [find("hush"), find("secret"), find("cre")];
        let excerpt = excerpt(text, 2, find("2"), &secrets);
        let fitted = excerpt.fit(WIDE);
        assert_eq!(fitted.text, "b: … # é\nc: {d: …, e: 2}");
        for (what, shown) in [("b", "b"), ("é", "é"), ("secret", "…"), ("hush", "…"), ("2", "2"), ("e: 2", "e: 2")]
        {
            let span = relative(&find(what), text.find('b').expect("it is there"));
            assert_eq!(&fitted.text[fitted.locate(&span)], shown, "{what}");
        }
        assert!(!format!("{excerpt:?}").contains("hush"), "{excerpt:?}");
    }

    #[test]
    fn lines_are_cut_at_the_width_but_not_before_the_location() {
        let text = format!("- {}\n  b: {} x\n", "ä".repeat(50), "z".repeat(50));
        let at = text.find("b: ").expect("it is there");
        let fitted = excerpt(&text, 1, at..at + 53, &[]).fit(30);
        assert_eq!(fitted.text, format!("- {}…\n  b: {}…", "ä".repeat(18), "z".repeat(50)));
    }

    #[test]
    fn only_the_part_of_a_long_line_around_the_location_is_kept() {
        let text = format!("x\n{}\"é\"{}\n", "é ".repeat(5000), " z".repeat(5000));
        let at = text.find('"').expect("it is there");
        let fitted = excerpt(&text, 1, at..at + 4, &[]).fit(WIDE * 10);
        assert_eq!(fitted.first_line, 2);
        assert!(fitted.text.len() < 3 * KEPT_BYTES, "{}", fitted.text.len());
        assert_eq!(&fitted.text[fitted.primary], "\"é\"");
        let long = excerpt(&text, 2, 2..text.len() - 1, &[]).fit(WIDE * 10);
        assert!(long.text.len() < 3 * KEPT_BYTES);
        assert!(long.primary.end <= long.text.len());
    }
}
