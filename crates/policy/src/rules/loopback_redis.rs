#![doc = include_str!("loopback_redis.md")]

use crate::context::Context;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::RedisAddress;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "loopback-redis",
    summary: "a Redis in the head's own Pod, which KubeRay cannot clean up",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("loopback_redis.md"),
    cel: Cel::Yes(include_str!("loopback_redis.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(RedisAddress::Literal(path, address)) = object.redis_address() else { return };
    if RedisEndpoint::parse(first_of(address).0).is_ok_and(|endpoint| endpoint.is_loopback()) {
        findings.invalid(
            path.clone(),
            "KubeRay's clean-up Job runs in another Pod and cannot reach it, so deletion waits until the Job fails",
            "run Redis in its own Pod, and write the address of its Service",
        );
    }
}
