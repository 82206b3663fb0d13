//! The check of one text.

use std::cell::LazyCell;
use std::sync::Arc;

use rayguard_manifest::template_syntax::TemplateSyntax;
use rayguard_manifest::yaml::{self, Document, Lines, Location};
use rayguard_policy::cluster_context::ClusterContext;
use rayguard_policy::context::Environment;
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::serve::ServeConfigCache;

use crate::assumptions::Assumptions;
use crate::evaluation::Evaluation;
use crate::excerpt::Excerpt;
use crate::locator::Locator;
use crate::report::{ObjectReport, Region, Report, ReportedFinding, Severity, Unreadable};
use crate::storage::WrittenKey;
use crate::{object, patch_directive, secret};

/// Checks the contents of files.
pub struct Checker<'c> {
    /// The policy to apply.
    pub policy: &'c Policy,
    /// The assumptions that change a finding.
    pub assumptions: Assumptions<'c>,
    /// Whether documents are refused that kubectl reads in a surprising way, and unreadable ones that are not KubeRay's.
    pub is_strict: bool,
    /// Reports whether a file, by its name, is a patch for kustomize, which is not checked.
    pub is_patch_file: Box<dyn Fn(&str) -> bool + Sync + 'c>,
    /// The namespace of objects that name none.
    pub namespace: &'c str,
    /// Whether findings have excerpts. Only text output shows them.
    pub with_excerpts: bool,
    /// Manifests from one template often have equal Serve configurations.
    pub serve_configs: ServeConfigCache,
}

/// The results for a file.
pub struct CheckedFile {
    /// The findings and errors.
    pub report: Report,
    /// The storage keys of its objects, in their order.
    pub storage_keys: Vec<WrittenKey>,
}

impl Checker<'_> {
    /// Checks the content of a file. `others` are the objects of other files.
    pub fn check(&self, file: impl Into<Arc<str>>, bytes: &[u8], others: &dyn ClusterContext) -> CheckedFile {
        let mut report = Report::new(file);
        let storage_keys = self.bytes(bytes, others, &mut report);
        CheckedFile { report, storage_keys }
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
                let storage_key = evaluation.storage_key.take();
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
        patch_directive::is_in(&document.json) || (self.is_patch_file)(&report.file)
    }

    /// Adds the findings of an object to a report, with their locations in the document.
    pub fn report(
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
            bytes: location.bytes.clone(),
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
pub fn is_named_in(bytes: &[u8]) -> bool {
    let bytes: Vec<_> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    Kind::is_named_in(&String::from_utf8_lossy(&bytes))
}
