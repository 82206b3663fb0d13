//! Messages for people, in the style of rustc.

use std::borrow::Cow;
use std::fmt::Write as _;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use rayguard_check::assumptions::Assumed;
use rayguard_check::excerpt::FittedExcerpt;
use rayguard_check::report::{Region, SkippedCounts, Summary, Unreadable};
use rayguard_manifest::path::on_one_line;

/// The width of excerpts in columns where no terminal gives one.
const DEFAULT_WIDTH: usize = 100;

/// The least width of excerpts in columns.
const MIN_WIDTH: usize = 40;

/// Renders messages that show source lines.
#[derive(Clone, Debug)]
pub(super) struct TextRenderer {
    renderer: Renderer,
    width: usize,
}

impl TextRenderer {
    /// Returns a renderer with colours. `width` is that of the terminal, if there is one.
    pub(super) fn styled(width: Option<usize>) -> Self {
        Self::new(Renderer::styled(), width)
    }

    /// Returns a renderer without colours. `width` is that of the terminal, if there is one.
    pub(super) fn plain(width: Option<usize>) -> Self {
        Self::new(Renderer::plain(), width)
    }

    fn new(renderer: Renderer, width: Option<usize>) -> Self {
        let width = width.unwrap_or(DEFAULT_WIDTH).max(MIN_WIDTH);
        Self { renderer: renderer.term_width(width), width }
    }

    /// Returns the width of excerpts in columns.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Renders why a file or a document cannot be read.
    pub(super) fn unreadable(&self, unreadable: &Unreadable) -> String {
        let (Some(excerpt), Some(region)) = (&unreadable.excerpt, &unreadable.region) else {
            return error(&format!("{}: {}", unreadable.location(), unreadable.line()));
        };
        let excerpt = excerpt.fit(self.width);
        let mut snippet = snippet(&excerpt, &unreadable.file).fold(true);
        snippet = snippet.annotation(AnnotationKind::Primary.span(excerpt.primary.clone()));
        if let Some(first) = &excerpt.related {
            snippet = snippet.annotation(AnnotationKind::Context.span(first.clone()).label("already defined here"));
        }
        let mut group = Level::ERROR.primary_title(&unreadable.message).element(snippet);
        if let Some(help) = unreadable.help {
            group = group.element(Level::HELP.message(help));
        }
        self.render(group, &excerpt, &unreadable.file, region)
    }

    /// Renders a message about an excerpt, and replaces the column: the renderer only knows that of the excerpt.
    pub(super) fn render(&self, group: Group<'_>, excerpt: &FittedExcerpt, file: &str, region: &Region) -> String {
        let text = self.renderer.render(&[group]);
        let file = on_one_line(file);
        let shown = format!("{file}:{}:{}\n", region.line, excerpt.column());
        text.replacen(&shown, &format!("{file}:{}:{}\n", region.line, region.column), 1) + "\n\n"
    }
}

/// Returns the lines of an excerpt for the renderer.
pub(super) fn snippet<'e>(excerpt: &'e FittedExcerpt, file: &'e str) -> Snippet<'e, Annotation<'e>> {
    // The renderer replaces the other control characters.
    Snippet::source(replace_c1(&excerpt.text)).path(on_one_line(file)).line_start(excerpt.first_line).fold(false)
}

/// Replaces the control characters that are not in ASCII, which some terminals obey, by others of the same length.
pub(super) fn replace_c1(text: &str) -> Cow<'_, str> {
    let is_c1 = |character| ('\u{80}'..='\u{9f}').contains(&character);
    if text.contains(is_c1) { Cow::Owned(text.replace(is_c1, "·")) } else { Cow::Borrowed(text) }
}

/// Renders an error that has no location.
pub(super) fn error(message: &str) -> String {
    title(&Level::ERROR, message)
}

/// Renders a note that has no location.
pub(super) fn note(message: &str) -> String {
    title(&Level::NOTE, message)
}

fn title(level: &Level<'static>, message: &str) -> String {
    let message = message.split('\n').map(on_one_line).collect::<Vec<_>>().join("\n");
    let group = Group::with_title(level.clone().primary_title(message));
    Renderer::styled().render(&[group]) + "\n"
}

/// Renders the summary, one line. A live cluster has no files.
pub(super) fn summary(summary: &Summary, is_live: bool) -> String {
    let Summary { files, objects, passed_by, errors, warnings, notes, exempted, unreadable, skipped, .. } = *summary;
    let Summary { partial, patches, unreadable_others, .. } = *summary;
    let plural = |noun: &str| if noun.ends_with("ch") { "es" } else { "s" };
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { plural(noun) });
    let mut text = format!("checked {}", count(objects, "object"));
    if !is_live {
        let _ = write!(text, " in {}", count(files, "file"));
    }
    let mut unchecked = Vec::new();
    if partial > 0 {
        unchecked.push(format!("{partial} incomplete"));
    }
    if patches > 0 {
        unchecked.push(format!("{} not checked", count(patches, "kustomize patch")));
    }
    if passed_by > 0 {
        unchecked.push(format!("{passed_by} of other kinds skipped"));
    }
    if unreadable_others > 0 {
        let mut text = format!("{} could not be read", count(unreadable_others, "other document"));
        if summary.helm_templates > 0 {
            let templates = count(summary.helm_templates, "template");
            let _ = write!(text, ", {templates} of Helm among them: helm template CHART | rayguard check -");
        }
        unchecked.push(text);
    }
    let SkippedCounts { hidden, ignored, excluded } = skipped;
    let skipped = [(hidden, "hidden"), (ignored, "ignored by git"), (excluded, "excluded")];
    let skipped: Vec<_> =
        skipped.iter().filter(|(count, _)| *count > 0).map(|(count, reason)| format!("{count} {reason}")).collect();
    if !skipped.is_empty() {
        unchecked.push(format!("not read: {}", skipped.join(", ")));
    }
    if !unchecked.is_empty() {
        let _ = write!(text, " ({})", unchecked.join("; "));
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
    let mut assumed: Vec<_> = summary.assumptions.iter().map(|Assumed { phrase, .. }| &**phrase).collect();
    // There are many feature gates.
    assumed.dedup();
    if !assumed.is_empty() {
        let _ = write!(text, "; assumes {}", assumed.join(", "));
    }
    text + "\n"
}
