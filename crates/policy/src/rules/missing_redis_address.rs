#![doc = include_str!("missing_redis_address.md")]

use crate::context::Context;
use crate::ray::gcs::{GcsFaultTolerance, REDIS_ADDRESS, RedisAddress};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "missing-redis-address",
    summary: "fault tolerance without a Redis address",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("missing_redis_address.md"),
    cel: Cel::Yes(include_str!("missing_redis_address.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let help = match object.fault_tolerance {
        GcsFaultTolerance::Options(_) => "write redisAddress: host:port".to_owned(),
        _ => format!("set {REDIS_ADDRESS} to host:port in the head's Ray container"),
    };
    let what = "fault tolerance is on, but there is no Redis address";
    match object.redis_address() {
        Some(RedisAddress::Missing(path)) => {
            let consequence = match object.fault_tolerance {
                GcsFaultTolerance::Options(_) => ": KubeRay passes an empty one, and the head cannot start",
                _ => ", so all cluster state is lost when the head restarts",
            };
            findings.required(path.clone(), format!("{what}{consequence}"), help);
        }
        Some(RedisAddress::Literal(path, address)) if address.is_empty() => {
            let message = "fault tolerance is on, but the Redis address is empty, so the head cannot start";
            findings.required(path.clone(), message, help);
        }
        Some(RedisAddress::Unknown(path))
            if object.fault_tolerance == GcsFaultTolerance::Annotation
                && object.head_env_var(REDIS_ADDRESS).is_none() =>
        {
            let message = format!("{REDIS_ADDRESS} can only come from envFrom, which rayguard cannot read");
            findings.required(path.clone(), message, help).at_most_warn();
        }
        _ => {}
    }
}
