#![doc = include_str!("dangling_redis_password.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::redis::RedisPassword;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "dangling-redis-password",
    summary: "a password of Redis from a variable that is not there",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("dangling_redis_password.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let Some(RedisPassword::Dangling(path, name)) = object.redis_password() else { return };
    // What is not in capitals may be a password that begins with the sign, and must not be repeated.
    let named = if name.contains(|sign: char| sign.is_ascii_lowercase()) { "the variable" } else { name };
    findings.invalid(
        path.clone(),
        "it names a variable that the head's Ray container does not have in env, so the password is wrong",
        format!("add {named} to that env, from a Secret"),
    );
}
