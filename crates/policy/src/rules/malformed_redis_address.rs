#![doc = include_str!("malformed_redis_address.md")]

use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::RedisAddress;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::json::Json;

pub(super) static RULE: Rule = Rule {
    name: "malformed-redis-address",
    summary: "an address of Redis that Ray cannot use",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("malformed_redis_address.md"),
    check: Check::Object(check),
};

const HELP: &str = "write host:port, redis://host:port or rediss://host:port";

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let Some(RedisAddress::Literal(path, address)) = object.redis_address() else { return };
    if address.is_empty() {
        return; // missing-redis-address says so
    }
    let (first, more) = first_of(address);
    // The address itself is not repeated: it may hold a password.
    match RedisEndpoint::parse(first) {
        Err(fault) => {
            let finding = findings.invalid(path.clone(), format!("the address of Redis {}", fault.describe()), HELP);
            let is_written = path.value(object.json).and_then(Json::as_str) == Some(&**address);
            if let Some(meant) = meant(address).filter(|_| is_written) {
                finding.fix_by_value(path.clone(), meant);
            }
        }
        Ok(_) if more => {
            let message = "of several addresses of Redis Ray uses the first one only";
            findings
                .invalid(path.clone(), message, "write one address, of a Redis that fails over behind it")
                .at_most_warn();
        }
        Ok(endpoint) if endpoint.host.starts_with("clustercfg.") => {
            let message = "this is the address of a Redis Cluster, and Ray cannot use one of several masters";
            findings.invalid(path.clone(), message, "use a Redis with one master").at_most_warn();
        }
        Ok(_) => {}
    }
}

/// The address without blanks around it, without a slash at its end, and with its scheme in small letters, if that is one
/// that Ray takes: nothing else can have been meant.
fn meant(address: &str) -> Option<String> {
    let bare = address.trim();
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    let meant = match bare.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => bare.to_owned(),
    };
    (!meant.contains(',') && RedisEndpoint::parse(&meant).is_ok()).then_some(meant)
}
