//! The documents and files of the workspace, and their check.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lsp_types::Uri;
use rayguard_check::assumptions::Assumptions;
use rayguard_check::checker::{CheckedFile, Checker, WrittenKey};
use rayguard_check::report::{Report, ReportedFinding};
use rayguard_policy::cluster_context::{ClusterContext, Conflict, KnownObjects, NoContext};
use rayguard_policy::kuberay::Kind;
use rayguard_policy::ray::serve::ServeConfigCache;
use rayguard_policy::ray::storage_key::StorageKey;
use rayguard_policy::rules::SHARED_STORAGE_NAMESPACE;

use super::document::Document;
use super::policy::WatchedPolicy;
use super::position::Encoding;
use super::{scan, uri};
use crate::cli::kustomize::Patches;

/// A storage key of an object, and the object with its location.
type Key = (StorageKey, Conflict);

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
    keys: BTreeMap<String, Vec<Key>>,
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
        self.set_keys(name, keys.into_iter().flatten().map(key).collect());
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
            let CheckedFile { report, storage_keys } = self.check(&name, &text, &NoContext);
            let mut keys: Vec<_> = storage_keys.into_iter().map(key).collect();
            if !report.errors.is_empty() {
                // A document that cannot be read for the moment keeps its keys.
                let owners: Vec<_> = keys.iter().map(|(_, conflict)| conflict.owner.clone()).collect();
                let known = self.keys.get(&name).into_iter().flatten();
                keys.extend(known.filter(|(_, conflict)| !owners.contains(&conflict.owner)).cloned());
            }
            self.set_keys(name.clone(), keys.clone());
            let known = self.known();
            let conflicts = |(key, it): &Key| known.storage_keys.conflicts(key, &it.owner).count > 0;
            if keys.iter().any(conflicts) { self.check(&name, &text, &known).report } else { report }
        } else {
            self.set_keys(name, Vec::new());
            Report::default()
        };
        if let Some(document) = self.documents.get_mut(uri) {
            (document.report, document.is_stale) = (report, false);
        }
    }

    /// Returns the other object of a finding about two objects: its name, its file, and the line and the column of the
    /// field, from 1.
    pub(super) fn other(&self, reported: &ReportedFinding) -> Option<(String, PathBuf, usize, usize)> {
        if *reported.finding.rule != SHARED_STORAGE_NAMESPACE {
            return None;
        }
        let subject = reported.finding.subject.as_deref()?;
        let place = format!("{}:{}:{}", reported.file, reported.region.line, reported.region.column);
        let own =
            self.keys.get(&*reported.file)?.iter().find(|(key, conflict)| {
                format!("{key:?}") == subject && conflict.location.as_deref() == Some(&place)
            })?;
        let other = self.known().storage_keys.conflicts(&own.0, &own.1.owner).first?;
        let location = other.location?;
        let (rest, column) = location.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some((other.owner.to_string(), self.path(file), line.parse().ok()?, column.parse().ok()?))
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

    /// Sets the storage keys of a file. The documents that have one of them are checked again.
    fn set_keys(&mut self, name: String, keys: Vec<Key>) {
        let known = self.keys.get(&name).map_or(&[][..], Vec::as_slice);
        if known == keys {
            return;
        }
        let changed: Vec<_> = known.iter().chain(&keys).map(|(key, _)| key.clone()).collect();
        let has_changed = |keys: &Vec<Key>| keys.iter().any(|(key, _)| changed.contains(key));
        for document in self.documents.values_mut().filter(|document| document.name != name) {
            document.is_stale |= self.keys.get(&document.name).is_some_and(has_changed);
        }
        if keys.is_empty() {
            self.keys.remove(&name)
        } else {
            self.keys.insert(name, keys)
        };
    }

    fn known(&self) -> KnownObjects {
        let mut known = KnownObjects::default();
        for (key, conflict) in self.keys.values().flatten() {
            known.storage_keys.add(key.clone(), conflict.clone());
        }
        known
    }
}

fn key(written: WrittenKey) -> Key {
    (written.key, written.conflict)
}
