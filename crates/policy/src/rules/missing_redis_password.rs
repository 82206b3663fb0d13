#![doc = include_str!("missing_redis_password.md")]

use crate::context::Context;
use crate::ray::RayObject;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::{GcsFaultTolerance, REDIS_PASSWORD, REDIS_PASSWORD_PARAM, RedisAddress};
use crate::ray::old_settings::SecretKey;
use crate::ray::redis::RedisPassword;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "missing-redis-password",
    summary: "fault tolerance with Redis and without a password",
    category: Category::Security,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("missing_redis_password.md"),
    cel: Cel::Yes(include_str!("missing_redis_password.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    match object.redis_password() {
        Some(RedisPassword::Missing(path)) if !is_loopback(object) => {
            let secret = object.old_redis_secret();
            let help = match object.fault_tolerance {
                GcsFaultTolerance::Options(_) => {
                    let SecretKey { name, key } = secret.unwrap_or(SecretKey { name: "…", key: "…" });
                    format!("write valueFrom: {{secretKeyRef: {{name: {name}, key: {key}}}}}")
                }
                _ if secret.is_some() => format!("write {REDIS_PASSWORD_PARAM}: ${REDIS_PASSWORD}"),
                _ => format!("write {REDIS_PASSWORD_PARAM}: ${REDIS_PASSWORD}, and set that variable from a Secret"),
            };
            let message = "the head sends no password to Redis, so anyone who can reach Redis can control the cluster";
            let finding = findings.required(path.clone(), message, help);
            if secret.is_some() && object.fault_tolerance == GcsFaultTolerance::Annotation {
                finding.fix_by_value(path.clone(), format!("${REDIS_PASSWORD}"));
            }
            if object.fault_tolerance == GcsFaultTolerance::Annotation && object.ray_start_override().is_some() {
                // The user's own script may read it from another source.
                finding.at_most_warn();
            }
        }
        Some(RedisPassword::FromEnvFrom(path)) => {
            let help = format!("set {REDIS_PASSWORD} in env, from a Secret");
            let message = "the Redis password can only come from envFrom, which rayguard cannot read";
            findings.required(path.clone(), message, help).at_most_warn();
        }
        _ => {}
    }
}

/// Whether Redis runs in the head's own Pod, so that no other Pod can reach it.
fn is_loopback(object: &RayObject<'_>) -> bool {
    let Some(RedisAddress::Literal(_, address)) = object.redis_address() else { return false };
    RedisEndpoint::parse(first_of(address).0).is_ok_and(|endpoint| endpoint.is_loopback())
}
