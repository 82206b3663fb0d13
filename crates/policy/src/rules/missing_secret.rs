#![doc = include_str!("missing_secret.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use crate::spelling::{closest, quote};
use crate::view::{SecretKeys, View};

pub(super) static RULE: Rule = Rule {
    name: "missing-secret",
    summary: "a password of Redis in a Secret that is not there",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("missing_secret.md"),
    check: Check::Cluster { ask, subject },
};

fn ask(object: &RayObject<'_>, view: &dyn View, _: &Settings, findings: &mut Findings) {
    let Some(secret) = object.redis_password_secret() else { return };
    let Some(namespace) = object.namespace.filter(|_| !object.is_over()) else { return };
    let Some(keys) = view.secret(namespace, secret.name) else { return };
    let effect = if secret.is_optional { "the head starts without a password" } else { "the head cannot start" };
    match keys {
        SecretKeys::Absent => {
            let message = format!("there is no Secret {} in the namespace {namespace}: {effect}", quote(secret.name));
            let help = format!("create it with the key {}, or write the name of one that is there", quote(secret.key));
            findings.invalid(secret.path.field("name"), message, help);
        }
        SecretKeys::Present(keys) if !keys.contains(secret.key) => {
            let keys: Vec<_> = keys.iter().map(|key| &**key).collect();
            let [name, key] = [secret.name, secret.key].map(quote);
            let message = format!("the Secret {name} has no key {key}: {effect}");
            let written = closest(secret.key, &keys).map_or_else(|| "one of the Secret's keys".to_owned(), quote);
            let help = format!("write {written}, or add the key {key} to the Secret");
            findings.invalid(secret.path.field("key"), message, help);
        }
        SecretKeys::Present(_) => {}
    }
}

fn subject(object: &RayObject<'_>, _: &Settings) -> Option<String> {
    object.redis_password_secret().map(|secret| format!("{}/{}", secret.name, secret.key))
}
