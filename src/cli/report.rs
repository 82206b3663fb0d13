//! What a check has found, as people and as programs are told.

use std::io;

use rayguard::rule::{Category, Finding, Level};
use rayguard::yaml::{Location, YamlError};
use serde::Serialize;

use super::object::ObjectName;

/// Everything that came of a text.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The findings as people are shown them.
    pub(super) text: String,
    /// The findings as programs are told them.
    pub(super) findings: Vec<Found>,
    /// What could not be checked.
    pub(super) errors: Vec<Unreadable>,
    pub(super) summary: Summary,
}

/// A finding, and where it is written.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    rule: &'static str,
    category: Category,
    level: Level,
    severity: Severity,
    message: String,
    help: String,
    path: String,
    object: ObjectName,
    file: String,
    #[serde(flatten)]
    place: Place,
}

/// A text, or a document in it, that could not be checked.
#[derive(Debug, Serialize)]
pub(super) struct Unreadable {
    file: String,
    /// Unknown where it is the whole file that cannot be read.
    #[serde(flatten)]
    place: Option<Box<Place>>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// The error as people are shown it.
    #[serde(skip)]
    pub(super) text: String,
}

/// Lines and columns from 1 on; the end lies behind the last character.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// How many there were of everything.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    /// Texts that were read.
    pub(super) files: usize,
    /// Documents in them, without empty ones.
    pub(super) documents: usize,
    /// KubeRay's objects that were checked.
    pub(super) objects: usize,
    /// Other objects.
    pub(super) passed_by: usize,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) notes: usize,
    /// Texts and documents that could not be checked.
    pub(super) unreadable: usize,
}

/// How a finding is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Of a rule at level `audit`, which refuses nothing and warns of nothing.
    Note,
    Warning,
    Error,
}

impl Report {
    pub(super) fn fail(&mut self, unreadable: Unreadable) {
        self.summary.unreadable += 1;
        self.errors.push(unreadable);
    }
}

impl Summary {
    /// Takes in that of a further text.
    pub(super) fn add(&mut self, other: &Self) {
        let Self { files, documents, objects, passed_by, errors, warnings, notes, unreadable } = other;
        self.files += files;
        self.documents += documents;
        self.objects += objects;
        self.passed_by += passed_by;
        self.errors += errors;
        self.warnings += warnings;
        self.notes += notes;
        self.unreadable += unreadable;
    }

    /// Counts a finding.
    pub(super) fn count(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }

    /// The worst severity there is.
    pub(super) fn worst(&self) -> Option<Severity> {
        let severities =
            [(self.errors, Severity::Error), (self.warnings, Severity::Warning), (self.notes, Severity::Note)];
        severities.into_iter().find(|(count, _)| *count > 0).map(|(_, severity)| severity)
    }
}

impl Found {
    pub(super) fn new(finding: &Finding, object: ObjectName, file: &str, location: &Location) -> Self {
        Self {
            rule: finding.rule.name,
            category: finding.rule.category,
            level: finding.level,
            severity: Severity::of(finding.level),
            message: finding.message.clone(),
            help: finding.help.clone(),
            path: finding.path.to_string(),
            object,
            file: file.to_owned(),
            place: Place::of(location),
        }
    }
}

impl Unreadable {
    pub(super) fn new(file: String, message: impl Into<String>) -> Self {
        Self { file, place: None, message: message.into(), help: None, text: String::new() }.shown()
    }

    pub(super) fn io(file: String, error: &io::Error) -> Self {
        let message = error.to_string();
        // The number of the error says nothing that its name does not.
        let message = message.split(" (os error").next().unwrap_or_default();
        Self::new(file, format!("cannot be read: {message}"))
    }

    /// A document's error. `text` shows it.
    pub(super) fn document(file: &str, error: &YamlError, text: String) -> Self {
        Self {
            file: file.to_owned(),
            place: Some(Box::new(Place::of(&error.location))),
            message: error.message.clone(),
            help: error.help.map(str::to_owned),
            text,
        }
    }

    fn shown(self) -> Self {
        let text = super::text::error(&format!("{}: {}", self.file, self.message));
        Self { text, ..self }
    }
}

impl Place {
    fn of(location: &Location) -> Self {
        let Location { start, end, .. } = location;
        Self { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
    }
}

impl Severity {
    pub(super) fn of(level: Level) -> Self {
        match level {
            Level::Deny => Severity::Error,
            Level::Warn => Severity::Warning,
            Level::Audit | Level::Off => Severity::Note,
        }
    }
}
