#![doc = include_str!("redis_tls_without_ca.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::RedisAddress;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "redis-tls-without-ca",
    summary: "a Redis behind TLS, and no CA to know it by",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("redis_tls_without_ca.md"),
    check: Check::Object(check),
};

/// Where Ray looks for what it trusts (`REDIS_CA_CERT`, `REDIS_CA_PATH`, `crates/policy/src/ray/common/ray_config_def.h` in Ray), and
/// what moves the system's certificates, which it takes without these (measured on Ray 2.52).
const CA: [&str; 4] = ["RAY_REDIS_CA_CERT", "RAY_REDIS_CA_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"];

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let Some(RedisAddress::Literal(path, address)) = object.redis_address() else { return };
    let Some(head) = object.head_container() else { return };
    let tls = RedisEndpoint::parse(first_of(address).0).is_ok_and(|endpoint| endpoint.tls);
    let is_set = |name: &&str| head.env_var(name).is_some_and(|var| var.literal() != Some(""));
    if tls && !head.has_env_from() && !CA.iter().any(is_set) {
        findings.invalid(
            path.clone(),
            "rediss:// without a CA of its own: a private certificate fails, a plain Redis hangs without a word",
            format!("mount the CA, and set {} to its file on the head", CA[0]),
        );
    }
}
