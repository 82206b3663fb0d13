#![doc = include_str!("dangling_redis_password.md")]

use crate::context::Context;
use crate::ray::redis::RedisPassword;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "dangling-redis-password",
    summary: "a Redis password that refers to a missing environment variable",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("dangling_redis_password.md"),
    cel: Cel::Yes(include_str!("dangling_redis_password.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(RedisPassword::Dangling(path, name)) = object.redis_password() else { return };
    // A name with lower-case letters may be a password that begins with `$`, and must not be repeated.
    let named = if name.contains(|sign: char| sign.is_ascii_lowercase()) { "the variable" } else { name };
    findings.invalid(
        path.clone(),
        "redis-password refers to a variable that the head's Ray container does not have in env",
        format!("add {named} to env of the head's Ray container, from a Secret"),
    );
}
