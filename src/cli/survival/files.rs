//! The objects of files.

use std::path::Path;

use rayguard_check::checker::is_named_in;
use rayguard_check::object::{self, ObjectName, UnknownObject};
use rayguard_check::patch_directive;
use rayguard_check::report::Unreadable;
use rayguard_manifest::yaml::{self, Document, Lines, YamlError};
use rayguard_policy::cluster_context::KnownObjects;
use rayguard_policy::context::Environment;
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::Outcome;
use rayguard_policy::ray::RayObject;

use super::Run;
use crate::cli::kustomize::Patches;
use crate::cli::output;
use crate::cli::source::{Source, Sources};

/// An object of a file, as the API server would store it.
struct Stored {
    file: String,
    name: ObjectName,
    outcome: Outcome<'static>,
}

impl Run<'_> {
    /// Adds the forecasts of all objects of files.
    pub(super) fn read(&mut self, sources: Sources) {
        let (mut found, patches) = (Vec::new(), Patches::default());
        for source in sources {
            let read = source.and_then(|source: Source| Ok((source.name(), source.read()?)));
            if let Err(unreadable) = read.and_then(|(name, bytes)| self.file(&name, &bytes, &patches, &mut found)) {
                self.fail(&unreadable);
            }
        }
        let known = self.known(&found);
        let environment = Environment { cluster: &known, ..Environment::EMPTY };
        for Stored { file, name, outcome } in found {
            let Some(added) = self.add(&file, name, &outcome.object, environment) else { continue };
            let changes = added.forecast.events.iter_mut().filter_map(|event| event.change.as_mut());
            changes.for_each(|change| change.path = outcome.as_written(&change.path));
        }
    }

    /// Returns what the objects of one run know of each other, as those of one Kubernetes cluster.
    fn known(&self, found: &[Stored]) -> KnownObjects {
        let mut known = KnownObjects::default();
        for mut object in found.iter().filter_map(|stored| RayObject::read(&stored.outcome.object)) {
            object.namespace = object.namespace.or(Some(self.namespace));
            known.add(&object, &self.policy.settings.cluster_domain, None);
        }
        known
    }

    fn file(&mut self, file: &str, bytes: &[u8], patches: &Patches, found: &mut Vec<Stored>) -> Result<(), Unreadable> {
        let text = match yaml::decode(bytes) {
            Ok(text) => text,
            Err(_) if !is_named_in(bytes) => return Ok(()),
            Err(error) => return Err(Unreadable::encoding(file, &error)),
        };
        let lines = Lines::of(text);
        for section in yaml::sections(text) {
            let is_foreign = !Kind::is_named_in(section.text());
            for document in section.documents {
                match document {
                    Ok(document) => {
                        let mut objects = Vec::new();
                        object::objects(document, &mut objects);
                        for document in &objects {
                            if let Err(error) = self.document(file, document, patches, found) {
                                self.fail(&Unreadable::document(file, document.lines(), &error));
                            }
                        }
                    }
                    Err(_) if is_foreign => {}
                    Err(error) => self.fail(&Unreadable::document(file, &lines, &error)),
                }
            }
        }
        Ok(())
    }

    fn document(
        &self,
        file: &str,
        document: &Document<'_>,
        patches: &Patches,
        found: &mut Vec<Stored>,
    ) -> Result<(), YamlError> {
        let Some(outcome) = self.policy.dry_run(&document.json, Some(self.namespace)) else {
            return match object::unknown_version(&document.json) {
                Some(UnknownObject { path, message, help }) => {
                    Err(YamlError { message, help: Some(help), location: document.locate(&path), first: None })
                }
                None => Ok(()),
            };
        };
        let name = ObjectName::of(&document.json, self.namespace);
        let is_patch = patch_directive::is_in(&document.json) || patches.contains(Path::new(file));
        if is_patch || outcome.is_partial {
            output::message(&crate::cli::text::note(&format!("{file}: {name} is incomplete, and has no forecast")));
            return Ok(());
        }
        let Outcome { object, patch, findings, exempted, is_partial } = outcome;
        let outcome = Outcome { object: object.into_owned(), patch, findings, exempted, is_partial };
        found.push(Stored { file: file.to_owned(), name, outcome });
        Ok(())
    }
}
