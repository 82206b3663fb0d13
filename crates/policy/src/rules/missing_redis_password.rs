#![doc = include_str!("missing_redis_password.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::{GcsFaultTolerance, REDIS_PASSWORD, REDIS_PASSWORD_PARAM, RedisAddress};
use crate::ray::redis::RedisPassword;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "missing-redis-password",
    summary: "fault tolerance with a Redis that asks for no password",
    category: Category::Security,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("missing_redis_password.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    match object.redis_password() {
        Some(RedisPassword::Missing(path)) if !is_loopback(object) => {
            let help = match object.fault_tolerance {
                GcsFaultTolerance::Options(_) => "write valueFrom: {secretKeyRef: {name: …, key: …}}".to_owned(),
                _ => format!("write {REDIS_PASSWORD_PARAM}: ${REDIS_PASSWORD}, and set that variable from a Secret"),
            };
            let message = "the head gives Redis no password, so whoever reaches Redis owns the cluster";
            let finding = findings.required(path.clone(), message, help);
            if object.fault_tolerance == GcsFaultTolerance::Annotation && object.ray_start_override().is_some() {
                // The user's own script may well read it from elsewhere.
                finding.at_most_warn();
            }
        }
        Some(RedisPassword::Unseen(path)) => {
            let help = format!("set {REDIS_PASSWORD} in env, from a Secret");
            findings
                .required(path.clone(), "only envFrom can bring the password of Redis, unseen", help)
                .at_most_warn();
        }
        _ => {}
    }
}

/// Whether Redis runs in the head's own Pod and is reached by nobody else.
fn is_loopback(object: &RayObject<'_>) -> bool {
    let Some(RedisAddress::Literal(_, address)) = object.redis_address() else { return false };
    RedisEndpoint::parse(first_of(address).0).is_ok_and(|endpoint| endpoint.is_loopback())
}
