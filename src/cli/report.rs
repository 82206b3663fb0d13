//! What a check has found, as people and as programs are told.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayguard_manifest::yaml::{Location, YamlError};
use rayguard_policy::rule::{Category, Finding, Level};
use serde::{Serialize, Serializer};

use super::Status;
use super::object::ObjectName;

/// Everything that came of a text.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The name of the text.
    pub(super) file: Arc<str>,
    /// The findings as people are shown them.
    pub(super) text: String,
    /// KubeRay's objects, with the findings as programs are told them.
    pub(super) objects: Vec<Checked>,
    /// What could not be checked.
    pub(super) errors: Vec<Unreadable>,
    pub(super) summary: Summary,
}

/// An object that was checked.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) object: Arc<ObjectName>,
    pub(super) file: Arc<str>,
    pub(super) findings: Vec<Found>,
    /// What an annotation of the object exempts it from, and its reason.
    pub(super) exempted: Vec<(Found, String)>,
}

/// A finding, and where it is written.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) finding: Finding,
    pub(super) object: Arc<ObjectName>,
    pub(super) file: Arc<str>,
    /// What Helm has rendered the document from.
    pub(super) template: Option<Arc<str>>,
    pub(super) place: Place,
}

/// A text, or a document in it, that could not be checked.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Unreadable {
    pub(super) file: String,
    /// Unknown where it is the whole file that cannot be read.
    #[serde(flatten)]
    pub(super) place: Option<Box<Place>>,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// The error as people are shown it.
    #[serde(skip)]
    pub(super) text: String,
}

/// Lines and columns from 1 on; the end lies behind the last character.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
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
    /// What objects exempt themselves from.
    pub(super) exempted: usize,
    /// Texts and documents that could not be checked.
    pub(super) unreadable: usize,
    pub(super) skipped: SkippedCounts,
}

/// Files and folders that were passed over.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct SkippedCounts {
    pub(super) hidden: usize,
    pub(super) ignored: usize,
    pub(super) excluded: usize,
}

/// Counts them while a search goes on.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    hidden: AtomicUsize,
    ignored: AtomicUsize,
    excluded: AtomicUsize,
}

impl Skipped {
    pub(super) fn count_hidden(&self) {
        self.hidden.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_ignored(&self) {
        self.ignored.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_excluded(&self) {
        self.excluded.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were, once the search is over.
    pub(super) fn counts(&self) -> SkippedCounts {
        let [hidden, ignored, excluded] =
            [&self.hidden, &self.ignored, &self.excluded].map(|count| count.load(Ordering::Relaxed));
        SkippedCounts { hidden, ignored, excluded }
    }
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
    /// The findings of all objects.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Found> {
        self.objects.iter().flat_map(|object| &object.findings)
    }

    pub(super) fn fail(&mut self, unreadable: Unreadable) {
        self.summary.unreadable += 1;
        self.errors.push(unreadable);
    }
}

impl Summary {
    /// Takes in that of a further text.
    pub(super) fn add(&mut self, other: &Self) {
        let Self { files, documents, objects, passed_by, errors, warnings, notes, exempted, unreadable, skipped } =
            other;
        self.files += files;
        self.documents += documents;
        self.objects += objects;
        self.passed_by += passed_by;
        self.errors += errors;
        self.warnings += warnings;
        self.notes += notes;
        self.exempted += exempted;
        self.unreadable += unreadable;
        self.skipped.hidden += skipped.hidden;
        self.skipped.ignored += skipped.ignored;
        self.skipped.excluded += skipped.excluded;
    }

    /// Counts a finding.
    pub(super) fn count(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }

    /// How the check has ended.
    pub(super) fn status(&self, bar: Option<Severity>) -> Status {
        match (self.unreadable, self.worst(), bar) {
            (1.., ..) => Status::Unchecked,
            (_, Some(worst), Some(bar)) if worst >= bar => Status::Denied,
            _ => Status::Clean,
        }
    }

    /// The worst severity there is.
    fn worst(&self) -> Option<Severity> {
        let severities =
            [(self.errors, Severity::Error), (self.warnings, Severity::Warning), (self.notes, Severity::Note)];
        severities.into_iter().find(|(count, _)| *count > 0).map(|(_, severity)| severity)
    }
}

impl Checked {
    /// Whether anything is as severe as this.
    pub(super) fn reaches(&self, bar: Option<Severity>) -> bool {
        bar.is_some_and(|bar| self.findings.iter().any(|found| found.severity() >= bar))
    }
}

impl Found {
    pub(super) fn severity(&self) -> Severity {
        Severity::of(self.finding.level)
    }

    /// The finding on one line, but for its rule.
    pub(super) fn line(&self) -> String {
        let Finding { path, message, help, .. } = &self.finding;
        if path.steps().is_empty() { format!("{message}; {help}") } else { format!("{path}: {message}; {help}") }
    }
}

impl Serialize for Found {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat<'f> {
            rule: &'static str,
            category: Category,
            level: Level,
            severity: Severity,
            message: &'f str,
            help: &'f str,
            path: String,
            object: &'f ObjectName,
            file: &'f str,
            #[serde(skip_serializing_if = "Option::is_none")]
            template: Option<&'f str>,
            #[serde(flatten)]
            place: &'f Place,
        }

        let Finding { rule, level, path, message, help, .. } = &self.finding;
        let flat = Flat {
            rule: rule.name,
            category: rule.category,
            level: *level,
            severity: self.severity(),
            message,
            help,
            path: path.to_string(),
            object: &self.object,
            file: &self.file,
            template: self.template.as_deref(),
            place: &self.place,
        };
        flat.serialize(serializer)
    }
}

impl Unreadable {
    pub(super) fn new(file: String, message: impl Into<String>) -> Self {
        Self { file, place: None, message: message.into(), help: None, text: String::new() }.shown()
    }

    pub(super) fn io(file: String, error: &io::Error) -> Self {
        Self::new(file, format!("cannot be read: {}", without_number(error)))
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

    /// The error on one line.
    pub(super) fn line(&self) -> String {
        let help = self.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}{help}", self.message)
    }

    /// Where it is.
    pub(super) fn at(&self) -> String {
        match &self.place {
            Some(place) => format!("{}:{}:{}", self.file, place.line, place.column),
            None => self.file.clone(),
        }
    }

    fn shown(self) -> Self {
        let text = super::text::error(&format!("{}: {}", self.file, self.message));
        Self { text, ..self }
    }
}

/// Why the system would not do something; the number of the error says nothing that its name does not.
pub(super) fn without_number(error: &io::Error) -> String {
    let message = error.to_string();
    message.split(" (os error").next().unwrap_or_default().to_owned()
}

impl Place {
    pub(super) fn of(location: &Location) -> Self {
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

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}
