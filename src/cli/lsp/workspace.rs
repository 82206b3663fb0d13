//! The documents and files of the workspace, and their check.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lsp_types::Uri;
use rayguard_check::assumptions::Assumptions;
use rayguard_check::checker::{CheckedFile, Checker};
use rayguard_check::report::{Report, ReportedFinding};
use rayguard_check::storage::{self, WrittenKey};
use rayguard_policy::cluster_context::{ClusterContext, KnownObjects, NoContext};
use rayguard_policy::kuberay::Kind;
use rayguard_policy::ray::serve::ServeConfigCache;
use rayguard_policy::rules::SHARED_STORAGE_NAMESPACE;

use super::document::Document;
use super::policy::WatchedPolicy;
use super::position::Encoding;
use super::{scan, uri};
use crate::cli::kustomize::Patches;

/// The documents in the editor, the other files of the workspace, and the policy.
#[derive(Debug)]
pub(super) struct Workspace {
    folders: Vec<PathBuf>,
    pub(super) policy: WatchedPolicy,
    pub(super) namespace: String,
    pub(super) encoding: Encoding,
    /// The open documents by URI.
    pub(super) documents: BTreeMap<String, Document>,
    /// The storage keys of each file and document by its name.
    keys: BTreeMap<String, Vec<WrittenKey>>,
}

impl Workspace {
    pub(super) fn new(folders: Vec<PathBuf>, policy: WatchedPolicy, namespace: String, encoding: Encoding) -> Self {
        Self { folders, policy, namespace, encoding, documents: BTreeMap::new(), keys: BTreeMap::new() }
    }

    /// Returns the name of a file in findings: relative to the folder, if the workspace has one folder.
    fn name(&self, path: &Path) -> String {
        let relative = match &self.folders[..] {
            [folder] => path.strip_prefix(folder).ok(),
            _ => None,
        };
        relative.unwrap_or(path).display().to_string()
    }

    /// Returns the file with a name.
    fn path(&self, name: &str) -> PathBuf {
        match &self.folders[..] {
            [folder] => folder.join(name),
            _ => PathBuf::from(name),
        }
    }

    pub(super) fn open(&mut self, uri: &Uri, version: i32, text: String) {
        let name = uri::path(uri).map_or_else(|| uri.as_str().to_owned(), |path| self.name(&path));
        let document = Document::new(uri.clone(), name, version, text, self.encoding);
        self.documents.insert(uri.as_str().to_owned(), document);
    }

    /// Closes a document. Its file, as it is on the disk, is still a part of the workspace.
    pub(super) fn close(&mut self, uri: &Uri) {
        let Some(document) = self.documents.remove(uri.as_str()) else { return };
        let file = document.path.filter(|path| self.folders.iter().any(|folder| path.starts_with(folder)));
        match file {
            Some(path) => self.read_file(&path),
            None => self.set_keys(document.name, Vec::new()),
        }
    }

    /// Adds a file that is not open, or removes one that has no object any more.
    pub(super) fn add_file(&mut self, path: &Path, text: Option<&str>) {
        if self.documents.values().any(|document| document.path.as_deref() == Some(path)) {
            return;
        }
        let name = self.name(path);
        let keys = text.map(|text| self.check(&name, text, &NoContext).storage_keys);
        self.set_keys(name, keys.unwrap_or_default());
    }

    /// Reads a file that has changed on the disk.
    pub(super) fn read_file(&mut self, path: &Path) {
        self.add_file(path, scan::text(path).as_deref());
    }

    /// Marks all documents as stale, because the policy has changed.
    pub(super) fn mark_all_stale(&mut self) {
        self.documents.values_mut().for_each(|document| document.is_stale = true);
    }

    /// Checks a document, if it is stale.
    pub(super) fn refresh(&mut self, uri: &str) {
        let Some(document) = self.documents.get(uri).filter(|document| document.is_stale) else { return };
        let (name, text) = (document.name.clone(), document.text.clone());
        let report = if Kind::is_named_in(&text) {
            let CheckedFile { report, storage_keys: mut keys } = self.check(&name, &text, &NoContext);
            if !report.errors.is_empty() {
                // A document that cannot be read for the moment keeps its keys.
                let owners: Vec<_> = keys.iter().map(|key| key.conflict.owner.clone()).collect();
                let known = self.keys.get(&name).into_iter().flatten();
                keys.extend(known.filter(|key| !owners.contains(&key.conflict.owner)).cloned());
            }
            self.set_keys(name.clone(), keys.clone());
            // Most objects have no storage key, and then the other files do not matter.
            let known = (!keys.is_empty()).then(|| self.known());
            match known.filter(|known| storage::has_conflict(&keys, known)) {
                Some(known) => self.check(&name, &text, &known).report,
                None => report,
            }
        } else {
            self.set_keys(name, Vec::new());
            Report::default()
        };
        if let Some(document) = self.documents.get_mut(uri) {
            (document.report, document.is_stale) = (report, false);
        }
    }

    /// Returns the storage key of the other object of a finding about two objects, and the file of that object.
    pub(super) fn other(&self, reported: &ReportedFinding) -> Option<(&WrittenKey, PathBuf)> {
        if *reported.finding.rule != SHARED_STORAGE_NAMESPACE {
            return None;
        }
        let own = self.keys.get(&*reported.file)?.iter().find(|key| key.location.bytes == reported.bytes)?;
        let other = self.known().storage_keys.conflicts(&own.key, &own.conflict.owner).first?;
        let mut all = self.keys.iter().flat_map(|(name, keys)| keys.iter().map(move |key| (name, key)));
        let (name, key) = all.find(|(_, key)| key.conflict == other)?;
        Some((key, self.path(name)))
    }

    fn check(&self, name: &str, text: &str, others: &dyn ClusterContext) -> CheckedFile {
        let (policy, patches) = (self.policy.policy(), Patches::default());
        let path = self.path(name);
        let checker = Checker {
            policy,
            assumptions: Assumptions::none(policy),
            is_strict: false,
            is_patch_file: Box::new(move |_| patches.contains(&path)),
            namespace: &self.namespace,
            with_excerpts: false,
            serve_configs: ServeConfigCache::default(),
        };
        checker.check(name, text.as_bytes(), others)
    }

    /// Sets the storage keys of a file. If they have changed, the documents that have one of them are checked again.
    fn set_keys(&mut self, name: String, keys: Vec<WrittenKey>) {
        let known = self.keys.get(&name).map_or(&[][..], Vec::as_slice);
        // The findings of other documents show the line and the column of a key.
        let shown = |it: &WrittenKey| (it.key.clone(), it.conflict.clone());
        if !known.iter().map(shown).eq(keys.iter().map(shown)) {
            let changed: Vec<_> = known.iter().chain(&keys).map(|it| it.key.clone()).collect();
            let has_changed = |keys: &Vec<WrittenKey>| keys.iter().any(|it| changed.contains(&it.key));
            for document in self.documents.values_mut().filter(|document| document.name != name) {
                document.is_stale |= self.keys.get(&document.name).is_some_and(has_changed);
            }
        }
        if keys.is_empty() {
            self.keys.remove(&name);
        } else {
            self.keys.insert(name, keys);
        }
    }

    fn known(&self) -> KnownObjects {
        storage::known(self.keys.values().flatten())
    }
}
