#![doc = include_str!("missing_secret.md")]

use crate::cluster_context::SecretKeys;
use crate::context::Context;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::spelling::{closest, quote};

pub(crate) static RULE: Rule = Rule {
    name: "missing-secret",
    summary: "a Redis password in a Secret or key that does not exist",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Cluster,
    since: "0.1.0",
    docs: include_str!("missing_secret.md"),
    cel: Cel::No("it needs another object"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(secret) = object.redis_password_secret() else { return };
    let Some(namespace) = object.namespace.filter(|_| !object.has_ended()) else { return };
    let Some(keys) = context.environment.cluster.secret(namespace, secret.name) else { return };
    let effect = if secret.is_optional { "the head starts without a password" } else { "the head cannot start" };
    let subject = format!("{}/{}", secret.name, secret.key);
    match keys {
        SecretKeys::Absent => {
            let message = format!("there is no Secret {} in the namespace {namespace}: {effect}", quote(secret.name));
            let help = format!("create it with the key {}, or write the name of an existing Secret", quote(secret.key));
            findings.invalid(secret.path.field("name"), message, help).about(&subject);
        }
        SecretKeys::Present(keys) if !keys.contains(secret.key) => {
            let keys: Vec<_> = keys.iter().map(|key| &**key).collect();
            let [name, key] = [secret.name, secret.key].map(quote);
            let message = format!("the Secret {name} has no key {key}: {effect}");
            let written = closest(secret.key, &keys).map_or_else(|| "one of the Secret's keys".to_owned(), quote);
            let help = format!("write {written}, or add the key {key} to the Secret");
            findings.invalid(secret.path.field("key"), message, help).about(&subject);
        }
        SecretKeys::Present(_) => {}
    }
}
