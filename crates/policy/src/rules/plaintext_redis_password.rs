#![doc = include_str!("plaintext_redis_password.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::gcs::{GcsFaultTolerance, REDIS_PASSWORD, REDIS_PASSWORD_PARAM};
use crate::ray::redis::RedisPassword;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "plaintext-redis-password",
    summary: "a password of Redis that everybody can read who can read the object",
    category: Category::Security,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("plaintext_redis_password.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let Some(RedisPassword::Plaintext(path)) = object.redis_password() else { return };
    let help = match object.fault_tolerance {
        GcsFaultTolerance::Options(_) => {
            "put it into a Secret, and write valueFrom: {secretKeyRef: {name: …, key: …}}".to_owned()
        }
        _ => format!(
            "put it into a Secret, take {REDIS_PASSWORD} from there, and write {REDIS_PASSWORD_PARAM}: ${REDIS_PASSWORD}"
        ),
    };
    findings.invalid(path.clone(), "the password of Redis stands here for all to read", help);
}
