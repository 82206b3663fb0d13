//! The policy that the language server applies, and its file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayguard_manifest::yaml;
use rayguard_policy::policy::file::ConfigError;
use rayguard_policy::policy::{Policy, Webhook};

use crate::policy_file::{self, PolicyFileError};

/// The policy, which follows the changes of its file. A file that cannot be used leaves the policy as it was.
#[derive(Debug)]
pub(super) struct WatchedPolicy {
    path: Option<PathBuf>,
    /// What the command line says of the webhook, which takes precedence over the file.
    webhook: Option<Webhook>,
    policy: Policy,
    /// What identifies the version of the file that was read last.
    version: Option<(SystemTime, u64)>,
    /// Why the file cannot be used.
    error: Option<PolicyFileError>,
}

impl WatchedPolicy {
    /// Reads the policy file. Without one, this is the built-in policy.
    pub(super) fn read(path: Option<PathBuf>, webhook: Option<Webhook>) -> Self {
        let policy = Policy { webhook, ..Policy::default() };
        let mut watched = Self { path, webhook, policy, version: None, error: None };
        watched.reload();
        watched
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns why the file cannot be used.
    pub(super) fn error(&self) -> Option<&PolicyFileError> {
        self.error.as_ref()
    }

    /// Reads the file again if it has changed, and reports whether it has.
    pub(super) fn refresh(&mut self) -> bool {
        let has_changed = self.path.as_deref().is_some_and(|path| version(path) != self.version);
        if has_changed {
            self.reload();
        }
        has_changed
    }

    fn reload(&mut self) {
        let Some(path) = &self.path else { return };
        self.version = version(path);
        match policy_file::read(Some(path)) {
            Ok(policy) => {
                self.policy = Policy { webhook: self.webhook.or(policy.webhook), ..policy };
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
    }
}

fn version(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Returns the errors of a text that is a policy file; `None` for another text.
pub(super) fn errors(text: &str) -> Option<Vec<ConfigError>> {
    // Most texts are no policies, and reading one costs more than this search.
    if !text.contains("rayguard.dev/") {
        return None;
    }
    let document = yaml::documents(text).into_iter().next()?.ok()?;
    let is = |field: &str, value: &str| document.json.field(field).as_str().is_some_and(|text| text.starts_with(value));
    (is("apiVersion", "rayguard.dev/") && is("kind", "Policy"))
        .then(|| Policy::from_yaml(text).err().unwrap_or_default())
}
