#![doc = include_str!("loopback_redis.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::RedisAddress;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "loopback-redis",
    summary: "a Redis in the head's own Pod, which nobody can clean up",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("loopback_redis.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let Some(RedisAddress::Literal(path, address)) = object.redis_address() else { return };
    if RedisEndpoint::parse(first_of(address).0).is_ok_and(|endpoint| endpoint.is_loopback()) {
        findings.invalid(
            path.clone(),
            "KubeRay's clean-up Job runs in another Pod and cannot reach it, so every deletion waits for it in vain",
            "give Redis a Pod and a Service of its own",
        );
    }
}
