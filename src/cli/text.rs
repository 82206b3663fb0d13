//! Findings and errors as people are shown them, in the manner of rustc.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use rayguard_manifest::path::{FieldPath, Step};
use rayguard_manifest::yaml::{Document, Lines, Location, YamlError};
use rayguard_policy::rule::Finding;

use super::excerpt::Excerpt;
use super::object::ObjectName;
use super::report::{Severity, SkippedCounts, Summary};
use super::secret;

/// The columns that excerpts fit into where there is no terminal to measure.
const WIDTH: usize = 100;

/// How many lines above what is underlined an item of a list may begin, to be shown with it.
const CONTEXT: usize = 3;

/// Shows findings and errors.
#[derive(Clone, Debug)]
pub(super) struct TextView {
    renderer: Renderer,
    width: usize,
}

/// A finding to be shown.
pub(super) struct Shown<'s> {
    pub(super) finding: &'s Finding,
    pub(super) object: &'s ObjectName,
    pub(super) file: &'s str,
    /// What Helm has rendered the object from.
    pub(super) template: Option<&'s str>,
    pub(super) location: &'s Location,
    /// The path of what is underlined.
    pub(super) written: &'s FieldPath,
}

impl TextView {
    /// For a terminal of so many columns, or none.
    pub(super) fn new(width: Option<usize>) -> Self {
        let width = width.unwrap_or(WIDTH).max(40);
        Self { renderer: Renderer::styled().term_width(width), width }
    }

    /// A finding with the lines that it is about. `secrets` are stretches of the text that are not to be shown.
    pub(super) fn finding(&self, document: &Document<'_>, shown: &Shown<'_>, secrets: &[Range<usize>]) -> String {
        let Shown { finding, object, file, template, location, written } = shown;
        let lines = document.lines();
        let numbers = first_line(document, written, location)..location.start.line + 1;
        let excerpt = self.excerpt(lines, numbers, location, secrets);
        let level = match Severity::of(finding.level) {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut place = finding.path.to_string();
        if !place.is_empty() {
            place.insert_str(0, "at ");
            place.push(' ');
        }
        let source = template.map(|template| format!(", which Helm has rendered from {template}")).unwrap_or_default();
        let group = level
            .primary_title(&finding.message)
            .id(finding.rule.name)
            .element(snippet(&excerpt, file).annotation(AnnotationKind::Primary.span(excerpt.locate(&location.bytes))))
            .element(Level::NOTE.message(format!("{place}of {object}{source}")))
            .element(Level::HELP.message(&finding.help));
        self.render(group, &excerpt, file, location)
    }

    /// Why a document cannot be read, with the line.
    pub(super) fn unreadable(&self, lines: &Lines<'_>, file: &str, error: &YamlError) -> String {
        let location = &error.location;
        let first = error.first.as_deref();
        let first_line = first.map_or(location.start.line, |first| first.start.line);
        let numbers = first_line.min(location.start.line)..location.start.line + 1;
        let secrets = secret::in_lines(lines, numbers.clone());
        let excerpt = self.excerpt(lines, numbers, location, &secrets);
        let here = AnnotationKind::Primary.span(excerpt.locate(&location.bytes));
        let mut snippet = snippet(&excerpt, file).fold(true).annotation(here);
        if let Some(first) = first.filter(|first| excerpt.first_line <= first.start.line) {
            let span = excerpt.locate(&first.bytes);
            snippet = snippet.annotation(AnnotationKind::Context.span(span).label("it is here already"));
        }
        let mut group = Level::ERROR.primary_title(&error.message).element(snippet);
        if let Some(help) = error.help {
            group = group.element(Level::HELP.message(help));
        }
        self.render(group, &excerpt, file, location)
    }

    /// The lines without secrets, and without what is too far right to be seen.
    fn excerpt(&self, lines: &Lines<'_>, numbers: Range<usize>, at: &Location, secrets: &[Range<usize>]) -> Excerpt {
        // Beside the number stand a blank, a bar, a blank, and perhaps an ellipsis on either side.
        let columns = self.width.saturating_sub(numbers.end.to_string().len() + 3 + 6);
        let tails = numbers.clone().filter_map(|number| {
            let (start, line) = (lines.start(number), lines.line(number));
            let (cut, _) = line.char_indices().nth(columns)?;
            let cut = if number == at.start.line { (start + cut).max(at.bytes.end) } else { start + cut };
            (cut < start + line.len()).then_some(cut..start + line.len())
        });
        let hidden: Vec<_> = secrets.iter().cloned().chain(tails).collect();
        Excerpt::of(lines, numbers, &at.bytes, &hidden)
    }

    /// Renders a group, and puts the position right: the renderer knows only the excerpt.
    fn render(&self, group: Group<'_>, excerpt: &Excerpt, file: &str, location: &Location) -> String {
        let text = self.renderer.render(&[group]);
        let before = &excerpt.text[..excerpt.locate(&location.bytes).start];
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let line = location.start.line;
        let found = format!("{file}:{line}:{column}\n");
        text.replacen(&found, &format!("{file}:{line}:{}\n", location.start.column), 1) + "\n\n"
    }
}

fn snippet<'e>(excerpt: &'e Excerpt, file: &'e str) -> Snippet<'e, annotate_snippets::Annotation<'e>> {
    Snippet::source(&excerpt.text).path(file).line_start(excerpt.first_line).fold(false)
}

/// The line from which on to show a place: the one where the innermost list item around it begins, if that is near, for
/// there stands the name of the variable or the container.
fn first_line(document: &Document<'_>, path: &FieldPath, location: &Location) -> usize {
    let line = location.start.line;
    let item = path.steps().iter().rposition(|step| matches!(step, Step::Index(_)));
    let item = item.and_then(|index| document.bytes(&path.take(index + 1)));
    let begins = item.map_or(line, |bytes| document.lines().position(bytes.start).line);
    if begins <= line && line - begins <= CONTEXT { begins } else { line }
}

/// Why a file is no text at all.
pub(super) fn undecoded(file: &str, error: &YamlError) -> String {
    let YamlError { message, help, location, .. } = error;
    let help = help.map(|help| format!("; {help}")).unwrap_or_default();
    self::error(&format!("{file}:{}:{}: {message}{help}", location.start.line, location.start.column))
}

/// An error without a place in a text.
pub(super) fn error(message: &str) -> String {
    title(&Level::ERROR, message)
}

/// The same for what is no error.
pub(super) fn note(message: &str) -> String {
    title(&Level::NOTE, message)
}

fn title(level: &Level<'static>, message: &str) -> String {
    let group = Group::with_title(level.clone().primary_title(message));
    Renderer::styled().render(&[group]) + "\n"
}

/// The summary, one line.
pub(super) fn summary(summary: &Summary, is_live: bool) -> String {
    let Summary { files, objects, passed_by, errors, warnings, notes, exempted, unreadable, skipped, .. } = *summary;
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let mut text = format!("checked {}", count(objects, "object"));
    if !is_live {
        let _ = write!(text, " in {}", count(files, "file"));
    }
    let mut aside = Vec::new();
    if passed_by > 0 {
        aside.push(format!("{passed_by} of other kinds passed by"));
    }
    let SkippedCounts { hidden, ignored, excluded } = skipped;
    let skipped = [(hidden, "hidden"), (ignored, "ignored by git"), (excluded, "excluded")];
    let skipped: Vec<_> =
        skipped.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
    if !skipped.is_empty() {
        aside.push(format!("not read: {}", skipped.join(", ")));
    }
    if !aside.is_empty() {
        let _ = write!(text, " ({})", aside.join("; "));
    }
    text.push_str(": ");
    let mut found: Vec<_> = [(errors, "error"), (warnings, "warning"), (notes, "note")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| count(number, noun))
        .collect();
    if exempted > 0 {
        found.push(format!("{exempted} exempted"));
    }
    if unreadable > 0 {
        found.push(format!("{unreadable} unreadable"));
    }
    text += &if found.is_empty() { "nothing found".to_owned() } else { found.join(", ") };
    text + "\n"
}
