//! The playground: what `rayguard check` and `rayguard default` do to a text, for a page in a browser.
//!
//! The functions take the texts of a manifest and of a policy file, and return JSON. `docs/playground/src/protocol.ts`
//! describes the JSON. The page runs them in a Web Worker. After a panic, the page starts another worker, because the
//! state of this one is unknown.

mod answer;
mod check;
mod choice;
mod offset;
mod panic;

use rayguard_check::fix;
use rayguard_policy::kuberay::Version;
use rayguard_policy::policy::file::ConfigError;
use rayguard_policy::policy::{Policy, Webhook};
use serde::Serialize;
use similar::TextDiff;
use wasm_bindgen::prelude::wasm_bindgen;

use answer::{About, ChangedText, Checked, Defaults};
pub use panic::last_panic;

/// The namespace of objects that name none, as the command assumes it.
const NAMESPACE: &str = "default";

/// The version of rayguard and the versions of KubeRay, as JSON.
#[wasm_bindgen]
pub fn about() -> String {
    panic::watch();
    json(&About {
        version: env!("CARGO_PKG_VERSION"),
        kuberay: Version::ALL.iter().map(Version::to_string).collect(),
        assumed_kuberay: Version::NEWEST.to_string(),
    })
}

/// The findings in a manifest, as JSON. They are those of `rayguard check --config POLICY MANIFEST`.
#[wasm_bindgen]
pub fn check(text: &str, policy: &str) -> String {
    panic::watch();
    json(&match read(policy) {
        Ok(policy) => check::check(text, &policy),
        Err(errors) => Checked::refused(policy, &errors),
    })
}

/// The defaults that the webhook would write into a manifest, as JSON. They are those of
/// `rayguard default --config POLICY --in-place MANIFEST`.
#[wasm_bindgen]
pub fn defaults(text: &str, policy: &str) -> String {
    panic::watch();
    let changed = read(policy).map(|policy| {
        let policy = Policy { webhook: Some(Webhook::Installed), ..policy };
        fix::with_defaults(text, &policy, NAMESPACE)
    });
    let changed = ChangedText::of(text, changed.ok());
    let diff = TextDiff::from_lines(text, &changed.text);
    json(&Defaults { diff: diff.unified_diff().to_string(), changed })
}

/// A manifest with all safe fixes, as JSON. It is that of `rayguard check --config POLICY --fix MANIFEST`.
#[wasm_bindgen]
pub fn fix_all(text: &str, policy: &str) -> String {
    panic::watch();
    let changed = read(policy).map(|policy| fix::with_fixes(text, &policy, NAMESPACE));
    json(&ChangedText::of(text, changed.ok()))
}

/// A manifest with the fix of one finding, as JSON. The finding is that of this rule at these bytes of the text.
#[wasm_bindgen]
pub fn fix_one(text: &str, policy: &str, rule: &str, start: usize, end: usize) -> String {
    panic::watch();
    let changed = read(policy).ok().and_then(|policy| fix::with_fix(text, &policy, NAMESPACE, rule, &(start..end)));
    json(&ChangedText::of(text, changed))
}

/// A policy with another version of KubeRay, or without one, as JSON.
#[wasm_bindgen]
pub fn set_kuberay(policy: &str, version: Option<String>) -> String {
    panic::watch();
    json(&choice::set(policy, &["kuberay", "version"], version))
}

/// A policy that says whether the webhook is in the cluster, or does not say it, as JSON.
#[wasm_bindgen]
pub fn set_webhook(policy: &str, state: Option<String>) -> String {
    panic::watch();
    json(&choice::set(policy, &["webhook"], state))
}

/// Returns a policy. An empty text is the built-in one.
fn read(policy: &str) -> Result<Policy, Vec<ConfigError>> {
    if policy.trim().is_empty() { Ok(Policy::default()) } else { Policy::from_yaml(policy) }
}

/// Serializes an answer, which has only texts and numbers.
fn json(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).unwrap_or_default()
}
