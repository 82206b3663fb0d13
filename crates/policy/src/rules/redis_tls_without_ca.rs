#![doc = include_str!("redis_tls_without_ca.md")]

use crate::context::Context;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::RedisAddress;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(crate) static RULE: Rule = Rule {
    name: "redis-tls-without-ca",
    summary: "a TLS connection to Redis without a CA to verify it",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("redis_tls_without_ca.md"),
    cel: Cel::Yes(include_str!("redis_tls_without_ca.cel.yaml")),
    check,
};

/// The variables that name a CA for Redis (`REDIS_CA_CERT`, `REDIS_CA_PATH`, `src/ray/common/ray_config_def.h` in Ray),
/// and those that replace the system's certificates, which Ray uses by default (measured on Ray 2.52).
const CA: [&str; 4] = ["RAY_REDIS_CA_CERT", "RAY_REDIS_CA_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"];

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(RedisAddress::Literal(path, address)) = object.redis_address() else { return };
    let Some(head) = object.head_container() else { return };
    let tls = RedisEndpoint::parse(first_of(address).0).is_ok_and(|endpoint| endpoint.tls);
    let is_set = |name: &&str| head.env_var(name).is_some_and(|var| var.literal() != Some(""));
    if tls && !head.has_env_from() && !CA.iter().any(is_set) {
        findings.invalid(
            path.clone(),
            "rediss:// without a CA: a private certificate fails, and a Redis without TLS makes the head hang silently",
            format!("mount the CA in the head, and set {} to its file", CA[0]),
        );
    }
}
