//! The results of a check, as data for every output format.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayguard_manifest::yaml::{Lines, Location, YamlError};
use rayguard_policy::rule::{Category, Finding, Level};
use serde::{Serialize, Serializer};

use super::Status;
use super::assumptions::Assumed;
use super::excerpt::Excerpt;
use super::object::ObjectName;

/// The results for one file.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The name of the file.
    pub(super) file: Arc<str>,
    /// KubeRay's objects in the file.
    pub(super) objects: Vec<ObjectReport>,
    /// The errors of the file and of its documents.
    pub(super) errors: Vec<Unreadable>,
    pub(super) summary: Summary,
}

/// The results for one object.
#[derive(Debug)]
pub(super) struct ObjectReport {
    pub(super) object: Arc<ObjectName>,
    pub(super) file: Arc<str>,
    pub(super) findings: Vec<ReportedFinding>,
    /// The findings that an annotation of the object exempts, each with the reason that it gives.
    pub(super) exempted: Vec<(ReportedFinding, String)>,
}

/// A finding and its location.
#[derive(Debug)]
pub(super) struct ReportedFinding {
    pub(super) finding: Finding,
    pub(super) object: Arc<ObjectName>,
    pub(super) file: Arc<str>,
    /// The Helm template that the document was rendered from.
    pub(super) template: Option<Arc<str>>,
    pub(super) region: Region,
    /// The lines to show, if the output shows any.
    pub(super) excerpt: Option<Box<Excerpt>>,
}

/// A file or a document that could not be checked.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Unreadable {
    pub(super) file: String,
    /// The location of the error; `None` if the whole file cannot be read.
    #[serde(flatten)]
    pub(super) region: Option<Box<Region>>,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<&'static str>,
    /// The lines to show, if the file is text.
    #[serde(skip)]
    pub(super) excerpt: Option<Box<Excerpt>>,
}

/// A region of a file. Lines and columns start at 1, and the end is exclusive.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

/// The counts of a whole run.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    /// Files that were read.
    pub(super) files: usize,
    /// Documents in these files, without empty ones.
    pub(super) documents: usize,
    /// KubeRay's objects that were checked.
    pub(super) objects: usize,
    /// Parts of KubeRay's objects: each has a finding about what it lacks.
    pub(super) partial: usize,
    /// Patches for kustomize, which were not checked.
    pub(super) patches: usize,
    /// Objects of other kinds.
    pub(super) passed_by: usize,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) notes: usize,
    /// Findings that objects exempt themselves from.
    pub(super) exempted: usize,
    /// Files and documents that could not be checked.
    pub(super) unreadable: usize,
    /// Documents that could not be read, and do not seem to contain a KubeRay object. They are no errors.
    pub(super) unreadable_others: usize,
    /// Those of the latter that seem to be templates of Helm.
    pub(super) helm_templates: usize,
    pub(super) skipped: SkippedCounts,
    /// What is assumed about the target cluster and changes a finding.
    pub(super) assumptions: Vec<Assumed>,
}

/// Files and folders that were not read.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct SkippedCounts {
    pub(super) hidden: usize,
    pub(super) ignored: usize,
    pub(super) excluded: usize,
}

/// Counts skipped files and folders during a search.
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

    /// Returns the counts. They are complete once the search has ended.
    pub(super) fn counts(&self) -> SkippedCounts {
        let [hidden, ignored, excluded] =
            [&self.hidden, &self.ignored, &self.excluded].map(|count| count.load(Ordering::Relaxed));
        SkippedCounts { hidden, ignored, excluded }
    }
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// A finding of a rule at level `audit`, which neither refuses an object nor warns.
    Note,
    Warning,
    Error,
}

impl Report {
    /// Returns an empty report on a file.
    pub(super) fn new(file: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// Returns the findings of all objects.
    pub(super) fn findings(&self) -> impl Iterator<Item = &ReportedFinding> {
        self.objects.iter().flat_map(|object| &object.findings)
    }

    /// Adds an error.
    pub(super) fn fail(&mut self, unreadable: Unreadable) {
        self.summary.unreadable += 1;
        self.errors.push(unreadable);
    }
}

impl Summary {
    /// Adds the counts of another file.
    pub(super) fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.documents += other.documents;
        self.objects += other.objects;
        self.partial += other.partial;
        self.patches += other.patches;
        self.passed_by += other.passed_by;
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.notes += other.notes;
        self.exempted += other.exempted;
        self.unreadable += other.unreadable;
        self.unreadable_others += other.unreadable_others;
        self.helm_templates += other.helm_templates;
        self.skipped.hidden += other.skipped.hidden;
        self.skipped.ignored += other.skipped.ignored;
        self.skipped.excluded += other.skipped.excluded;
    }

    /// Counts a finding.
    pub(super) fn count(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }

    /// Returns the exit status. `threshold` is the least severity that counts as a failure.
    pub(super) fn status(&self, threshold: Option<Severity>) -> Status {
        match (self.unreadable, self.worst(), threshold) {
            (1.., ..) => Status::Unchecked,
            (_, Some(worst), Some(threshold)) if worst >= threshold => Status::Denied,
            _ => Status::Clean,
        }
    }

    fn worst(&self) -> Option<Severity> {
        let severities =
            [(self.errors, Severity::Error), (self.warnings, Severity::Warning), (self.notes, Severity::Note)];
        severities.into_iter().find(|(count, _)| *count > 0).map(|(_, severity)| severity)
    }
}

impl ObjectReport {
    /// Reports whether any finding has at least this severity.
    pub(super) fn reaches(&self, threshold: Option<Severity>) -> bool {
        threshold.is_some_and(|threshold| self.findings.iter().any(|finding| finding.severity() >= threshold))
    }
}

impl ReportedFinding {
    pub(super) fn severity(&self) -> Severity {
        Severity::of(self.finding.level)
    }

    /// Returns the finding in one line, without the name of its rule.
    pub(super) fn line(&self) -> String {
        let Finding { path, message, help, .. } = &self.finding;
        if path.steps().is_empty() { format!("{message}; {help}") } else { format!("{path}: {message}; {help}") }
    }
}

impl Serialize for ReportedFinding {
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
            region: &'f Region,
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
            region: &self.region,
        };
        flat.serialize(serializer)
    }
}

impl Unreadable {
    /// Returns the error of a whole file.
    pub(super) fn new(file: String, message: impl Into<String>) -> Self {
        Self { file, region: None, message: message.into(), help: None, excerpt: None }
    }

    /// Returns the error of a file or a folder that the system does not let rayguard read.
    pub(super) fn io(file: String, error: &io::Error) -> Self {
        Self::new(file, format!("cannot be read: {}", without_number(error)))
    }

    /// Returns the error of a file that is not text.
    pub(super) fn encoding(file: &str, error: &YamlError) -> Self {
        Self {
            file: file.to_owned(),
            region: Some(Box::new(Region::of(&error.location))),
            message: error.message.clone(),
            help: error.help,
            excerpt: None,
        }
    }

    /// Returns the error of a document. `lines` are those of its file.
    pub(super) fn document(file: &str, lines: &Lines<'_>, error: &YamlError) -> Self {
        let excerpt = Some(Box::new(Excerpt::of_error(lines, error)));
        Self { excerpt, ..Self::encoding(file, error) }
    }

    /// Returns the message and the help in one line.
    pub(super) fn line(&self) -> String {
        let help = self.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}{help}", self.message)
    }

    /// Returns the location: `file:line:column`, or only the file.
    pub(super) fn location(&self) -> String {
        match &self.region {
            Some(region) => format!("{}:{}:{}", self.file, region.line, region.column),
            None => self.file.clone(),
        }
    }
}

/// Returns the message of a system error without its number.
pub(super) fn without_number(error: &io::Error) -> String {
    let message = error.to_string();
    message.split(" (os error").next().unwrap_or_default().to_owned()
}

impl Region {
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
