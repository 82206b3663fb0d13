//! The results of a check, as data for every output format.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use rayguard_manifest::yaml::{Lines, Location, YamlError};
use rayguard_policy::rule::{Category, Finding, Level};
use serde::{Serialize, Serializer};

use crate::assumptions::Assumed;
use crate::excerpt::Excerpt;
use crate::object::ObjectName;

/// The results for one file.
#[derive(Debug, Default)]
pub struct Report {
    /// The name of the file.
    pub file: Arc<str>,
    /// KubeRay's objects in the file.
    pub objects: Vec<ObjectReport>,
    /// The errors of the file and of its documents.
    pub errors: Vec<Unreadable>,
    /// The counts.
    pub summary: Summary,
}

/// The results for one object.
#[derive(Debug)]
pub struct ObjectReport {
    /// The identity of the object.
    pub object: Arc<ObjectName>,
    /// The name of its file.
    pub file: Arc<str>,
    /// The findings, in the order of the rules.
    pub findings: Vec<ReportedFinding>,
    /// The findings that an annotation of the object exempts, each with the reason that it gives.
    pub exempted: Vec<(ReportedFinding, String)>,
}

/// A finding and its location.
#[derive(Debug)]
pub struct ReportedFinding {
    /// What the rule reports.
    pub finding: Finding,
    /// The object that it is about.
    pub object: Arc<ObjectName>,
    /// The name of its file.
    pub file: Arc<str>,
    /// The Helm template that the document was rendered from.
    pub template: Option<Arc<str>>,
    /// The location in the file.
    pub region: Region,
    /// The location in the file, in bytes.
    pub bytes: Range<usize>,
    /// The lines to show, if the output shows any.
    pub excerpt: Option<Box<Excerpt>>,
}

/// A file or a document that could not be checked.
#[derive(Clone, Debug, Serialize)]
pub struct Unreadable {
    /// The name of the file.
    pub file: String,
    /// The location of the error; `None` if the whole file cannot be read.
    #[serde(flatten)]
    pub region: Option<Box<Region>>,
    /// The location of the error, in bytes.
    #[serde(skip)]
    pub bytes: Option<Range<usize>>,
    /// What is wrong: one line.
    pub message: String,
    /// What to do about it, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<&'static str>,
    /// The lines to show, if the file is text.
    #[serde(skip)]
    pub excerpt: Option<Box<Excerpt>>,
}

/// A region of a file. Lines and columns start at 1, and the end is exclusive.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    /// The first line.
    pub line: usize,
    /// The column of the first character, in characters.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// The column after the last character.
    pub end_column: usize,
}

/// The counts of a whole run.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// Documents in these files, without empty ones.
    pub documents: usize,
    /// KubeRay's objects that were checked.
    pub objects: usize,
    /// Parts of KubeRay's objects: each has a finding about what it lacks.
    pub partial: usize,
    /// Patches for kustomize, which were not checked.
    pub patches: usize,
    /// Objects of other kinds.
    pub passed_by: usize,
    /// Findings that deny an object.
    pub errors: usize,
    /// Findings that warn.
    pub warnings: usize,
    /// Findings of rules at level `audit`.
    pub notes: usize,
    /// Findings that objects exempt themselves from.
    pub exempted: usize,
    /// Files and documents that could not be checked.
    pub unreadable: usize,
    /// Documents that could not be read, and do not seem to contain a KubeRay object. They are no errors.
    pub unreadable_others: usize,
    /// Those of the latter that seem to be templates of Helm.
    pub helm_templates: usize,
    /// Files and folders that were not read.
    pub skipped: SkippedCounts,
    /// What is assumed about the target cluster and changes a finding.
    pub assumptions: Vec<Assumed>,
}

/// Files and folders that were not read.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct SkippedCounts {
    /// Hidden ones.
    pub hidden: usize,
    /// Those that git ignores.
    pub ignored: usize,
    /// Those that `--exclude` names.
    pub excluded: usize,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A finding of a rule at level `audit`, which neither refuses an object nor warns.
    Note,
    /// The webhook admits the object with a warning.
    Warning,
    /// The webhook denies the object.
    Error,
}

impl Report {
    /// Returns an empty report on a file.
    pub fn new(file: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// Returns the findings of all objects.
    pub fn findings(&self) -> impl Iterator<Item = &ReportedFinding> {
        self.objects.iter().flat_map(|object| &object.findings)
    }

    /// Adds an error.
    pub fn fail(&mut self, unreadable: Unreadable) {
        self.summary.unreadable += 1;
        self.errors.push(unreadable);
    }
}

impl Summary {
    /// Adds the counts of another file.
    pub fn add(&mut self, other: &Self) {
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
    pub fn count(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }

    /// Returns the severity of the worst finding.
    pub fn worst(&self) -> Option<Severity> {
        let severities =
            [(self.errors, Severity::Error), (self.warnings, Severity::Warning), (self.notes, Severity::Note)];
        severities.into_iter().find(|(count, _)| *count > 0).map(|(_, severity)| severity)
    }
}

impl ObjectReport {
    /// Reports whether any finding has at least this severity.
    pub fn reaches(&self, threshold: Option<Severity>) -> bool {
        threshold.is_some_and(|threshold| self.findings.iter().any(|finding| finding.severity() >= threshold))
    }
}

impl ReportedFinding {
    /// Returns the severity.
    pub fn severity(&self) -> Severity {
        Severity::of(self.finding.level)
    }

    /// Returns the finding in one line, without the name of its rule.
    pub fn line(&self) -> String {
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
    pub fn new(file: String, message: impl Into<String>) -> Self {
        Self { file, region: None, bytes: None, message: message.into(), help: None, excerpt: None }
    }

    /// Returns the error of a file that is not text.
    pub fn encoding(file: &str, error: &YamlError) -> Self {
        Self {
            file: file.to_owned(),
            region: Some(Box::new(Region::of(&error.location))),
            bytes: Some(error.location.bytes.clone()),
            message: error.message.clone(),
            help: error.help,
            excerpt: None,
        }
    }

    /// Returns the error of a document. `lines` are those of its file.
    pub fn document(file: &str, lines: &Lines<'_>, error: &YamlError) -> Self {
        let excerpt = Some(Box::new(Excerpt::of_error(lines, error)));
        Self { excerpt, ..Self::encoding(file, error) }
    }

    /// Returns the message and the help in one line.
    pub fn line(&self) -> String {
        let help = self.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}{help}", self.message)
    }

    /// Returns the location: `file:line:column`, or only the file.
    pub fn location(&self) -> String {
        match &self.region {
            Some(region) => format!("{}:{}:{}", self.file, region.line, region.column),
            None => self.file.clone(),
        }
    }
}

impl Region {
    /// Returns the region of a location.
    pub fn of(location: &Location) -> Self {
        let Location { start, end, .. } = location;
        Self { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
    }
}

impl Severity {
    /// Returns the severity of a finding at a level.
    pub fn of(level: Level) -> Self {
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
