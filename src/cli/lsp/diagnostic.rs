//! The findings of a document, as an editor shows them.

use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Position,
    Range,
};
use rayguard_check::report::{ReportedFinding, Severity, Unreadable};
use rayguard_manifest::template_syntax::TemplateSyntax;
use rayguard_manifest::yaml::Lines;
use rayguard_policy::policy::file::ConfigError;

use super::document::Document;
use super::page::Pages;
use super::workspace::Workspace;
use super::{policy, uri};

/// The name of this program in the list of findings of an editor.
const SOURCE: &str = "rayguard";

/// Returns what an editor shows of a document: its findings, and the errors of its documents.
pub(super) fn of(document: &Document, workspace: &Workspace, pages: &mut Pages) -> Vec<Diagnostic> {
    let mut found: Vec<_> = policy_errors(document);
    found.extend(document.report.errors.iter().map(|error| of_error(document, error)));
    found.extend(document.report.findings().map(|reported| of_finding(document, reported, workspace, pages)));
    found
}

pub(super) fn of_finding(
    document: &Document,
    reported: &ReportedFinding,
    workspace: &Workspace,
    pages: &mut Pages,
) -> Diagnostic {
    let rule = reported.finding.rule;
    let severity = match reported.severity() {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Note => DiagnosticSeverity::INFORMATION,
    };
    let related = workspace.other(reported).and_then(|(key, file)| {
        let uri = uri::of_path(&file)?;
        let number = |number: usize| u32::try_from(number.saturating_sub(1)).ok();
        // The column of a storage namespace counts characters, which are those of ASCII in almost every manifest.
        let start = Position::new(number(key.location.start.line)?, number(key.location.start.column)?);
        let location = Location { uri, range: Range::new(start, start) };
        let message = format!("the storage namespace of {}", key.conflict.owner);
        Some(vec![DiagnosticRelatedInformation { location, message }])
    });
    Diagnostic {
        range: document.range(&reported.bytes),
        severity: Some(severity),
        code: Some(NumberOrString::String(rule.name.to_owned())),
        code_description: pages.uri(rule).map(|href| CodeDescription { href }),
        source: Some(SOURCE.to_owned()),
        // The range shows where.
        message: format!("{}; {}", reported.finding.message, reported.finding.help),
        related_information: related,
        ..Diagnostic::default()
    }
}

fn of_error(document: &Document, error: &Unreadable) -> Diagnostic {
    // A template is no manifest, and its author cannot change that.
    let is_template = TemplateSyntax::find(&document.text) == Some(TemplateSyntax::Helm);
    let severity = if is_template { DiagnosticSeverity::INFORMATION } else { DiagnosticSeverity::ERROR };
    Diagnostic {
        range: document.range(error.bytes.as_ref().unwrap_or(&(0..0))),
        severity: Some(severity),
        source: Some(SOURCE.to_owned()),
        message: error.line(),
        ..Diagnostic::default()
    }
}

/// Returns the errors of a policy file that is open in the editor.
fn policy_errors(document: &Document) -> Vec<Diagnostic> {
    let Some(errors) = policy::errors(&document.text) else { return Vec::new() };
    let lines = Lines::of(&document.text);
    let of_error = |error: ConfigError| {
        let start = error.position.map_or(0, |position| lines.byte(position));
        let is_word = |char: char| !char.is_whitespace() && char != ':';
        let length = document.text[start..].find(|char| !is_word(char)).unwrap_or(document.text.len() - start);
        Diagnostic {
            range: document.range(&(start..start + length)),
            severity: Some(DiagnosticSeverity::ERROR),
            source: Some(SOURCE.to_owned()),
            message: ConfigError { position: None, ..error }.to_string(),
            ..Diagnostic::default()
        }
    };
    errors.into_iter().map(of_error).collect()
}
