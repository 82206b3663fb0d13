#![doc = include_str!("missing_redis_address.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::gcs::{GcsFaultTolerance, REDIS_ADDRESS, RedisAddress};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "missing-redis-address",
    summary: "fault tolerance without the address of a Redis",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("missing_redis_address.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let help = match object.fault_tolerance {
        GcsFaultTolerance::Options(_) => "write redisAddress: host:port".to_owned(),
        _ => format!("set {REDIS_ADDRESS} to host:port in the head's Ray container"),
    };
    let what = "fault tolerance is on, but there is no address of Redis";
    match object.redis_address() {
        Some(RedisAddress::Missing(path)) => {
            let consequence = match object.fault_tolerance {
                GcsFaultTolerance::Options(_) => ": KubeRay gives the head an empty one, and it cannot start",
                _ => ", so a head that restarts has lost everything",
            };
            findings.required(path.clone(), format!("{what}{consequence}"), help);
        }
        Some(RedisAddress::Literal(path, address)) if address.is_empty() => {
            findings.required(path.clone(), format!("{what}: it is empty, and the head cannot start"), help);
        }
        Some(RedisAddress::Unknown(path))
            if object.fault_tolerance == GcsFaultTolerance::Annotation
                && object.head_env_var(REDIS_ADDRESS).is_none() =>
        {
            findings
                .required(path.clone(), format!("only envFrom can bring {REDIS_ADDRESS}, unseen"), help)
                .at_most_warn();
        }
        _ => {}
    }
}
