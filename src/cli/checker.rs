//! The check of one file.

use std::cell::LazyCell;
use std::path::Path;
use std::sync::Arc;

use rayguard_manifest::path::FieldPath;
use rayguard_manifest::template_syntax::TemplateSyntax;
use rayguard_manifest::yaml::{self, Document, Embedded, Lines, Location};
use rayguard_policy::cluster_context::{ClusterContext, Conflict, KnownObjects, NoContext};
use rayguard_policy::context::Environment;
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::serve::ServeConfigCache;
use rayguard_policy::ray::storage_key::{RelativeStorageKey, StorageKey};
use rayguard_policy::rule::Finding;

use super::assumptions::Assumptions;
use super::evaluation::Evaluation;
use super::excerpt::Excerpt;
use super::fix::Fixed;
use super::kustomize::{self, Patches};
use super::report::{ObjectReport, Region, Report, ReportedFinding, Severity, Unreadable};
use super::source::Source;
use super::{object, secret};

/// Checks files.
pub(super) struct Checker<'c> {
    pub(super) policy: &'c Policy,
    /// The assumptions that change a finding.
    pub(super) assumptions: Assumptions<'c>,
    /// Whether documents are refused that kubectl reads in a surprising way, and unreadable ones that are not KubeRay's.
    pub(super) is_strict: bool,
    /// The patches for kustomize, which are not checked.
    pub(super) patches: Patches,
    /// The namespace of objects that name none.
    pub(super) namespace: &'c str,
    /// Whether findings have excerpts. Only text output shows them.
    pub(super) with_excerpts: bool,
    /// The result of `--fix`.
    pub(super) fixed: Option<Fixed>,
    /// Manifests from one template often have equal Serve configurations.
    pub(super) serve_configs: ServeConfigCache,
}

/// The results for a file, without the rules that compare its objects with those of other files.
pub(super) struct FirstPass {
    pub(super) report: Report,
    /// The storage keys of its objects.
    pub(super) storage_keys: Vec<WrittenKey>,
    /// The file, if its objects have storage keys.
    input: Option<SecondPassInput>,
}

/// The storage key of an object in a file.
pub(super) struct WrittenKey {
    pub(super) key: StorageKey,
    pub(super) conflict: Conflict,
    /// The key as it is written; `None` if no rule compares it.
    pub(super) relative: Option<RelativeStorageKey>,
}

/// The input of a second pass.
enum SecondPassInput {
    /// The file is read again, so that only a few files are in memory at a time.
    Source(Source),
    /// The content of a file that can be read only once.
    Bytes(Vec<u8>),
}

impl Checker<'_> {
    /// Checks a file by itself.
    pub(super) fn first_pass(&self, source: Result<Source, Unreadable>) -> FirstPass {
        match source.and_then(|source| Ok((self.read(&source)?, source))) {
            Err(unreadable) => {
                let mut report = Report::new(unreadable.file.as_str());
                report.fail(unreadable);
                FirstPass { report, storage_keys: Vec::new(), input: None }
            }
            Ok((bytes, source)) => {
                let mut report = Report::new(source.name());
                let storage_keys = self.bytes(&bytes, &NoContext, &mut report);
                let input = (!storage_keys.is_empty()).then(|| match source {
                    source if source.is_rereadable() => SecondPassInput::Source(source),
                    _ => SecondPassInput::Bytes(bytes),
                });
                FirstPass { report, storage_keys, input }
            }
        }
    }

    /// Checks a file again if another object has one of its storage keys.
    pub(super) fn second_pass(&self, first: FirstPass, others: &KnownObjects) -> Report {
        let FirstPass { report, storage_keys, input } = first;
        let has_conflict = |WrittenKey { key, conflict, .. }: &WrittenKey| {
            others.storage_keys.conflicts(key, &conflict.owner).count > 0
        };
        let Some(input) = input.filter(|_| storage_keys.iter().any(has_conflict)) else { return report };
        let mut report = Report::new(report.file);
        let bytes = match input {
            SecondPassInput::Bytes(bytes) => Ok(bytes),
            SecondPassInput::Source(source) => self.read(&source),
        };
        match bytes {
            Ok(bytes) => drop(self.bytes(&bytes, others, &mut report)),
            Err(unreadable) => report.fail(unreadable),
        }
        report
    }

    fn read(&self, source: &Source) -> Result<Vec<u8>, Unreadable> {
        match self.fixed.as_ref().and_then(|fixed| fixed.read(source)) {
            Some(bytes) => Ok(bytes),
            None => source.read(),
        }
    }

    /// Checks the content of a file, and returns the storage keys of its objects.
    fn bytes(&self, bytes: &[u8], others: &dyn ClusterContext, report: &mut Report) -> Vec<WrittenKey> {
        report.summary.files = 1;
        match yaml::decode(bytes) {
            Ok(text) => self.text(text, others, report),
            Err(_) if !self.is_strict && !is_named_in(bytes) => {
                report.summary.unreadable_others += 1;
                Vec::new()
            }
            Err(error) => {
                let unreadable = Unreadable::encoding(&report.file, &error);
                report.fail(unreadable);
                Vec::new()
            }
        }
    }

    fn text(&self, text: &str, others: &dyn ClusterContext, report: &mut Report) -> Vec<WrittenKey> {
        let lines = LazyCell::new(|| Lines::of(text));
        let mut storage_keys = Vec::new();
        for section in yaml::sections(text) {
            let section_text = section.text();
            let template = section.template().map(Arc::from);
            let is_foreign = LazyCell::new(|| !self.is_strict && !Kind::is_named_in(section_text));
            for document in section.documents {
                report.summary.documents += 1;
                match document.and_then(|document| if self.is_strict { document.into_strict() } else { Ok(document) }) {
                    Ok(document) => {
                        let mut objects = Vec::new();
                        object::objects(document, &mut objects);
                        let keys = objects.iter().map(|object| self.object(object, template.as_ref(), others, report));
                        storage_keys.extend(keys.flatten());
                    }
                    Err(_) if *is_foreign => {
                        report.summary.unreadable_others += 1;
                        let is_helm = TemplateSyntax::find(section_text) == Some(TemplateSyntax::Helm);
                        report.summary.helm_templates += usize::from(is_helm);
                    }
                    Err(error) => {
                        let unreadable = Unreadable::document(&report.file, &lines, &error);
                        report.fail(unreadable);
                    }
                }
            }
        }
        storage_keys
    }

    /// Checks an object, and returns its storage key.
    fn object(
        &self,
        document: &Document<'_>,
        template: Option<&Arc<str>>,
        others: &dyn ClusterContext,
        report: &mut Report,
    ) -> Option<WrittenKey> {
        let environment =
            Environment { cluster: others, serve_configs: Some(&self.serve_configs), ..Environment::EMPTY };
        let evaluate = |policy: &Policy| Evaluation::of(policy, environment, (&report.file, document), self.namespace);
        match evaluate(self.policy) {
            Ok(Some(_)) if self.is_patch(document, report) => {
                report.summary.patches += 1;
                None
            }
            Ok(Some(mut evaluation)) => {
                self.assumptions.examine(&evaluation, |policy| evaluate(policy).ok().flatten());
                let relative = evaluation.relative_key.take();
                let storage_key = evaluation.storage_key.take();
                let storage_key = storage_key.map(|(key, conflict)| WrittenKey { key, conflict, relative });
                self.report(document, evaluation, template, report);
                storage_key
            }
            Ok(None) => {
                report.summary.passed_by += 1;
                None
            }
            Err(error) => {
                let unreadable = Unreadable::document(&report.file, document.lines(), &error);
                report.fail(unreadable);
                None
            }
        }
    }

    /// Reports whether a document is a patch for kustomize.
    fn is_patch(&self, document: &Document<'_>, report: &Report) -> bool {
        kustomize::has_directive(&document.json) || self.patches.contains(Path::new(&*report.file))
    }

    /// Adds the findings of an object to a report, with their locations in the document.
    pub(super) fn report(
        &self,
        document: &Document<'_>,
        evaluation: Evaluation,
        template: Option<&Arc<str>>,
        report: &mut Report,
    ) {
        let Evaluation { name, findings, exempted, is_partial, .. } = evaluation;
        if is_partial {
            report.summary.partial += 1;
        } else {
            report.summary.objects += 1;
        }
        report.summary.exempted += exempted.len();
        let needs_secrets = self.with_excerpts && !findings.is_empty();
        let secrets = if needs_secrets { secret::in_document(document) } else { Vec::new() };
        let object = Arc::new(name);
        let file = Arc::clone(&report.file);
        let reported = |finding, location: &Location, excerpt| ReportedFinding {
            finding,
            object: Arc::clone(&object),
            file: Arc::clone(&file),
            template: template.cloned(),
            region: Region::of(location),
            excerpt,
        };
        let mut locator = Locator::of(document);
        let findings = findings.into_iter().map(|(finding, path)| {
            report.summary.count(Severity::of(finding.level));
            let location = locator.locate(&finding, &path);
            let excerpt = || Box::new(Excerpt::of_finding(document, &path, &location, &secrets));
            reported(finding, &location, self.with_excerpts.then(excerpt))
        });
        let findings = findings.collect();
        let exempted = exempted.into_iter().map(|(finding, path, reason)| {
            let location = locator.locate(&finding, &path);
            (reported(finding, &location, None), reason)
        });
        let exempted = exempted.collect();
        report.objects.push(ObjectReport { object: Arc::clone(&object), file: Arc::clone(&file), findings, exempted });
    }
}

/// Reports whether a file that is not UTF-8 seems to contain a KubeRay object. In UTF-16, each letter of ASCII is next to
/// a zero byte.
pub(super) fn is_named_in(bytes: &[u8]) -> bool {
    let bytes: Vec<_> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    Kind::is_named_in(&String::from_utf8_lossy(&bytes))
}

/// Locates findings in a document. The last embedded document, such as a Serve configuration, is parsed only once.
struct Locator<'d, 't> {
    document: &'d Document<'t>,
    embedded: Option<(FieldPath, Option<Embedded<'d, 't>>)>,
}

impl<'d, 't> Locator<'d, 't> {
    fn of(document: &'d Document<'t>) -> Self {
        Self { document, embedded: None }
    }

    /// Returns the location of a finding: within the text of its field, if it is about a part of that text.
    fn locate(&mut self, finding: &Finding, path: &FieldPath) -> Location {
        let Some(span) = &finding.within else {
            return if finding.is_about_key { self.document.locate_key(path) } else { self.document.locate(path) };
        };
        if self.embedded.as_ref().is_none_or(|(known, _)| known != path) {
            self.embedded = Some((path.clone(), self.document.embedded(path)));
        }
        let embedded = self.embedded.as_ref().and_then(|(_, embedded)| embedded.as_ref());
        embedded.and_then(|embedded| embedded.locate(span)).unwrap_or_else(|| self.document.locate(path))
    }
}
