//! What comes of a text, or of an object of a live cluster.

use std::cell::LazyCell;
use std::sync::Arc;

use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{self, Document, Embedded, Lines, Location};
#[cfg(feature = "server")]
use rayguard_policy::policy::Exemptible;
use rayguard_policy::policy::Policy;
#[cfg(feature = "server")]
use rayguard_policy::ray::RayObject;
use rayguard_policy::ray::storage_key::StorageKey;
use rayguard_policy::rule::Finding;
#[cfg(feature = "server")]
use rayguard_policy::policy::stored::Owners;
use rayguard_policy::cluster_context::{ClusterContext, Conflict, KnownObjects, NoContext};
use rayguard_policy::context::Environment;
#[cfg(feature = "server")]
use rayguard_policy::context::Context;
use rayguard_policy::ray::serve::ServeConfigCache;

use super::fix::Fixed;
use super::judged::Judged;
#[cfg(feature = "server")]
use super::live;
#[cfg(feature = "server")]
use super::object::ObjectName;
use super::report::{Checked, Found, Place, Report, Severity, Unreadable};
use super::source::Source;
use super::text::{self, Shown, TextView};
use super::{object, secret};

/// What it takes to check a text.
pub(super) struct Checker<'c> {
    pub(super) policy: &'c Policy,
    pub(super) namespace: &'c str,
    pub(super) view: TextView,
    /// Whether findings are to be shown to people.
    pub(super) for_people: bool,
    /// Whether they are to be told to programs.
    pub(super) for_programs: bool,
    /// What was fixed before.
    pub(super) fixed: Option<Fixed>,
    /// The Serve configurations of manifests that one template made are often equal.
    pub(super) serve_configs: ServeConfigCache,
}

/// What comes of a text before the others are known.
pub(super) struct First {
    pub(super) report: Report,
    /// What its objects claim.
    pub(super) claims: Vec<(StorageKey, Conflict)>,
    /// The text, if it has claims.
    again: Option<Again>,
}

/// A text to read a second time.
enum Again {
    /// From where it was read; many of these need not be held at a time.
    Source(Source),
    /// What can be read only once.
    Bytes(Vec<u8>),
}

impl Checker<'_> {
    pub(super) fn first(&self, source: Result<Source, Unreadable>) -> First {
        let mut report = Report::default();
        let mut claims = Vec::new();
        let again = match source.and_then(|source| Ok((self.read(&source)?, source))) {
            Err(unreadable) => {
                report.file = unreadable.file.as_str().into();
                report.fail(unreadable);
                None
            }
            Ok((bytes, source)) => {
                report.file = source.name().into();
                claims = self.bytes(&bytes, &NoContext, &mut report);
                Some(if source.is_there_again() { Again::Source(source) } else { Again::Bytes(bytes) })
            }
        };
        First { report, again: again.filter(|_| !claims.is_empty()), claims }
    }

    /// The same once the others are known.
    pub(super) fn beside(&self, first: First, others: &KnownObjects) -> Report {
        let First { report, claims, again } = first;
        let is_contested = |claim: &StorageKey, conflict: &Conflict| others.storage_keys.conflicts(claim, &conflict.owner).count > 0;
        let Some(again) = again.filter(|_| claims.iter().any(|(claim, conflict)| is_contested(claim, conflict))) else {
            return report;
        };
        let mut report = Report { file: report.file, ..Report::default() };
        let bytes = match again {
            Again::Bytes(bytes) => Ok(bytes),
            Again::Source(source) => self.read(&source),
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

    /// Reports what is in a text; gives what its objects claim.
    fn bytes(&self, bytes: &[u8], others: &dyn ClusterContext, report: &mut Report) -> Vec<(StorageKey, Conflict)> {
        report.summary.files = 1;
        let mut claims = Vec::new();
        match yaml::decode(bytes) {
            Ok(text) => self.text(text, others, report, &mut claims),
            Err(error) => {
                let shown = text::undecoded(&report.file, &error);
                report.fail(Unreadable::document(&report.file.clone(), &error, shown));
            }
        }
        claims
    }

    fn text(&self, text: &str, others: &dyn ClusterContext, report: &mut Report, claims: &mut Vec<(StorageKey, Conflict)>) {
        let lines = LazyCell::new(|| Lines::of(text));
        for part in yaml::parts(text) {
            let template = part.template().map(Arc::from);
            for document in part.documents {
                report.summary.documents += 1;
                match document {
                    Ok(document) => {
                        let mut objects = Vec::new();
                        object::objects(document, &mut objects);
                        let judged =
                            objects.iter().map(|object| self.object(object, template.as_ref(), others, report));
                        claims.extend(judged.flatten());
                    }
                    Err(error) => {
                        let shown = self.view.unreadable(&lines, &report.file, &error);
                        report.fail(Unreadable::document(&report.file.clone(), &error, shown));
                    }
                }
            }
        }
    }

    /// Reports what is in an object; gives what it claims.
    fn object(
        &self,
        document: &Document<'_>,
        template: Option<&Arc<str>>,
        others: &dyn ClusterContext,
        report: &mut Report,
    ) -> Option<(StorageKey, Conflict)> {
        let environment = Environment { cluster: others, serve_configs: Some(&self.serve_configs) };
        let judged = Judged::of(self.policy, environment, (&report.file, document), self.namespace);
        let mut judged = match judged {
            Ok(Some(judged)) => judged,
            Ok(None) => {
                report.summary.passed_by += 1;
                return None;
            }
            Err(error) => {
                let shown = self.view.unreadable(document.lines(), &report.file, &error);
                report.fail(Unreadable::document(&report.file.clone(), &error, shown));
                return None;
            }
        };
        let claim = judged.claim.take();
        self.judged(document, judged, template, report);
        claim
    }

    /// Reports what was found in the object of a document.
    fn judged(&self, document: &Document<'_>, judged: Judged, template: Option<&Arc<str>>, report: &mut Report) {
        report.summary.objects += 1;
        report.summary.exempted += judged.exempted.len();
        let is_clean = judged.findings.is_empty() && judged.exempted.is_empty();
        if is_clean && !self.for_programs {
            return;
        }
        let secrets = if self.for_people && !is_clean { secret::in_document(document) } else { Vec::new() };
        let object = Arc::new(judged.name);
        let mut checked = Checked {
            object: Arc::clone(&object),
            file: Arc::clone(&report.file),
            findings: Vec::new(),
            exempted: Vec::new(),
        };
        let found = |finding: &Finding, place: Place| Found {
            finding: finding.clone(),
            object: Arc::clone(&object),
            file: Arc::clone(&report.file),
            template: template.cloned(),
            place,
        };
        let mut locator = Locator::of(document);
        for (finding, written) in &judged.findings {
            report.summary.count(Severity::of(finding.level));
            let location = locator.locate(finding, written);
            if self.for_people {
                let (object, file, template) = (&*object, &*report.file, template.map(|template| &**template));
                let shown = Shown { finding, object, file, template, location: &location, written };
                report.text += &self.view.finding(document, &shown, &secrets);
            }
            if self.for_programs {
                checked.findings.push(found(finding, Place::of(&location)));
            }
        }
        if self.for_programs {
            for (finding, written, reason) in judged.exempted {
                let place = Place::of(&locator.locate(&finding, &written));
                checked.exempted.push((found(&finding, place), reason));
            }
            report.objects.push(checked);
        }
    }
}

/// Tells where findings are written. Of a text that is a document of its own, it is worked out once where its parts are.
struct Locator<'d, 't> {
    document: &'d Document<'t>,
    embedded: Option<(FieldPath, Option<Embedded<'d, 't>>)>,
}

impl<'d, 't> Locator<'d, 't> {
    fn of(document: &'d Document<'t>) -> Self {
        Self { document, embedded: None }
    }

    /// Where a finding is written: within the text that its field holds, if it is about a part of that.
    fn locate(&mut self, finding: &Finding, written: &FieldPath) -> Location {
        let Some(stretch) = &finding.within else { return self.document.locate(written) };
        if self.embedded.as_ref().is_none_or(|(path, _)| path != written) {
            self.embedded = Some((written.clone(), self.document.embedded(written)));
        }
        let embedded = self.embedded.as_ref().and_then(|(_, embedded)| embedded.as_ref());
        embedded.and_then(|embedded| embedded.locate(stretch)).unwrap_or_else(|| self.document.locate(written))
    }
}

#[cfg(feature = "server")]
impl Checker<'_> {
    pub(super) fn live_object(
        &self,
        read: Result<live::Live, Unreadable>,
        around: &dyn ClusterContext,
        owners: &mut Owners,
    ) -> Report {
        let mut report = Report::default();
        let name = read.as_ref().map_or_else(|unreadable| &unreadable.file, |live| &live.name);
        report.file = name.as_str().into();
        if let Err(unreadable) = read.and_then(|live| self.live(&live, around, owners, &mut report)) {
            report.fail(unreadable);
        }
        report
    }

    fn live(
        &self,
        live: &live::Live,
        around: &dyn ClusterContext,
        owners: &mut Owners,
        report: &mut Report,
    ) -> Result<(), Unreadable> {
        let fault = |message: String| Unreadable::new(live.name.clone(), message);
        // What is shown is the object as kubectl would show it.
        let text = yaml::to_string(&live.json).map_err(|error| fault(format!("cannot be shown: {error}")))?;
        let document = yaml::documents(&text).into_iter().next();
        let document = document.ok_or_else(|| fault("is empty".to_owned()))?.map_err(|error| {
            let shown = self.view.unreadable(&Lines::of(&text), &live.name, &error);
            Unreadable::document(&live.name, &error, shown)
        })?;
        let object = RayObject::read(&live.json).ok_or_else(|| fault("is no object of KubeRay's".to_owned()))?;
        let environment = Environment { cluster: around, ..Environment::EMPTY };
        let context = Context::new(&object, &self.policy.settings).within(environment);
        let judged = owners.judge(self.policy, &context, &Exemptible::All);
        let judged = Judged::stored(ObjectName::of(&live.json, self.namespace), judged);
        self.judged(&document, judged, None, report);
        Ok(())
    }
}
