#![doc = include_str!("plaintext_redis_password.md")]

use crate::context::Context;
use crate::ray::gcs::{GcsFaultTolerance, REDIS_PASSWORD, REDIS_PASSWORD_PARAM};
use crate::ray::redis::RedisPassword;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "plaintext-redis-password",
    summary: "a Redis password in plain text in the object",
    category: Category::Security,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("plaintext_redis_password.md"),
    cel: Cel::Yes(include_str!("plaintext_redis_password.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(RedisPassword::Plaintext(path)) = object.redis_password() else { return };
    let help = match object.fault_tolerance {
        GcsFaultTolerance::Options(_) => {
            "put it in a Secret, and write valueFrom: {secretKeyRef: {name: …, key: …}}".to_owned()
        }
        _ => format!(
            "put it in a Secret, set {REDIS_PASSWORD} from it, and write {REDIS_PASSWORD_PARAM}: ${REDIS_PASSWORD}"
        ),
    };
    findings.invalid(path.clone(), "the Redis password is in plain text for everyone who can read the object", help);
}
