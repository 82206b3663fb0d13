//! Text for people: each finding with the source lines that it is about.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Level};
use rayguard_check::report::{Report, ReportedFinding, Severity, Summary};
use rayguard_manifest::path::on_one_line;

use super::ReportWriter;
use crate::cli::text::{TextRenderer, snippet};

pub(super) struct Text {
    renderer: TextRenderer,
}

impl Text {
    pub(super) fn new(renderer: TextRenderer) -> Self {
        Self { renderer }
    }

    fn finding(&self, reported: &ReportedFinding) -> String {
        let ReportedFinding { finding, object, file, template, region, excerpt, .. } = reported;
        let Some(excerpt) = excerpt else { return String::new() };
        let excerpt = excerpt.fit(self.renderer.width());
        let level = match reported.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let field = finding.path.to_string();
        let field = if field.is_empty() { field } else { format!("at {field} ") };
        let object = object.to_string();
        let object = on_one_line(&object);
        let source =
            template.as_ref().map(|template| format!(", which Helm has rendered from {}", on_one_line(template)));
        let group = level
            .primary_title(&finding.message)
            .id(finding.rule.name)
            .element(snippet(&excerpt, file).annotation(AnnotationKind::Primary.span(excerpt.primary.clone())))
            .element(Level::NOTE.message(format!("{field}of {object}{}", source.unwrap_or_default())))
            .element(Level::HELP.message(&finding.help));
        self.renderer.render(group, &excerpt, file, region)
    }
}

impl ReportWriter for Text {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        let text: String = report.findings().map(|finding| self.finding(finding)).collect();
        out.write_all(text.as_bytes())?;
        if report.errors.is_empty() {
            return Ok(());
        }
        // The errors go to the standard error. On a terminal they follow the findings of their file.
        out.flush()
    }

    fn end(&mut self, _: &mut dyn Write, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}
