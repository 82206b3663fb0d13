#![doc = include_str!("network_policy_without_redis.md")]

use crate::context::Context;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::RedisAddress;
use crate::ray::network_policy::Direction;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "network-policy-without-redis",
    summary: "a network policy that does not let the head reach its Redis",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("network_policy_without_redis.md"),
    cel: Cel::No("CEL cannot parse the address of Redis"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(policy) = object.network_policy(&settings.kuberay).filter(|policy| policy.denies(Direction::Egress))
    else {
        return;
    };
    let Some(RedisAddress::Literal(_, text)) = object.redis_address() else { return };
    let Ok(endpoint) = RedisEndpoint::parse(first_of(text).0) else { return };
    if endpoint.is_loopback() || object.cluster.head.pod_spec().field("hostNetwork").as_bool() == Some(true) {
        return;
    }
    let rules = policy.head(Direction::Egress);
    let port = endpoint.port;
    // The port of a Service may be another one than that of its Pods, for which the rules are.
    if rules.for_port("TCP", i64::from(port)).next().is_none() && rules.for_port("TCP", 6379).next().is_none() {
        findings.required(
            rules.path,
            format!("no rule lets the head reach its Redis at port {port}, so it cannot start"),
            format!("add a rule for the Pods of Redis: {{to: [{{podSelector: …}}], ports: [{{port: {port}}}]}}"),
        );
    }
}
