//! The check of a text that is alone in a run.

use std::sync::Arc;

use rayguard_check::assumptions::Assumptions;
use rayguard_check::checker::{CheckedFile, Checker};
use rayguard_check::report::Summary;
use rayguard_check::storage;
use rayguard_policy::cluster_context::NoContext;
use rayguard_policy::policy::Policy;
use rayguard_policy::policy::assumption::Assumption;
use rayguard_policy::ray::serve::ServeConfigCache;

use crate::NAMESPACE;
use crate::answer::Checked;

/// The name of the text in messages about two objects.
const FILE: &str = "manifest.yaml";

/// Checks a text.
pub(crate) fn check(text: &str, policy: &Policy) -> Checked {
    let checker = Checker {
        policy,
        assumptions: Assumptions::of(policy),
        is_strict: false,
        is_patch_file: Box::new(|_| false),
        namespace: NAMESPACE,
        with_excerpts: false,
        serve_configs: ServeConfigCache::default(),
    };
    let file: Arc<str> = FILE.into();
    let CheckedFile { mut report, storage_keys } = checker.check(Arc::clone(&file), text.as_bytes(), &NoContext);
    let others = storage::known(&storage_keys);
    if storage::depends_on_domain(&storage_keys, policy) {
        checker.assumptions.add([Assumption::ClusterDomain]);
    }
    if storage::has_conflict(&storage_keys, &others) {
        report = checker.check(file, text.as_bytes(), &others).report;
    }
    let summary = Summary { assumptions: checker.assumptions.found(), ..std::mem::take(&mut report.summary) };
    Checked::of(text, policy, &report, summary)
}
