#![doc = include_str!("malformed_redis_address.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::placeholder;
use crate::ray::address::{AddressError, RedisEndpoint, first_of};
use crate::ray::gcs::RedisAddress;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "malformed-redis-address",
    summary: "a Redis address that Ray cannot use",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("malformed_redis_address.md"),
    cel: Cel::Yes(include_str!("malformed_redis_address.cel.yaml")),
    check,
};

const HELP: &str = "write host:port, redis://host:port or rediss://host:port";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(RedisAddress::Literal(path, address)) = object.redis_address() else { return };
    if address.is_empty() {
        return; // missing-redis-address reports it
    }
    let (first, more) = first_of(address);
    // The address itself is not repeated: it may hold a password.
    match RedisEndpoint::parse(first) {
        Err(fault) => {
            let is_open = fault == AddressError::HostName && placeholder::is_placeholder(first);
            let help = if is_open { placeholder::HELP } else { HELP };
            let finding = findings.invalid(path.clone(), format!("the Redis address {}", fault.describe()), help);
            let is_written = path.value(object.json).and_then(Json::as_str) == Some(&**address);
            if let Some(meant) = meant(address).filter(|_| is_written) {
                finding.fix_by_value(path.clone(), meant);
            }
        }
        Ok(_) if more => {
            let message = "Ray uses only the first of several Redis addresses";
            findings
                .invalid(path.clone(), message, "write a single address that stays the same when Redis fails over")
                .at_most_warn();
        }
        Ok(endpoint) if endpoint.host.starts_with("clustercfg.") => {
            let message = "this is the address of a Redis Cluster, which Ray can use if it has one shard";
            let help = "confirm that there is one shard: aws memorydb describe-clusters, or aws elasticache \
                        describe-replication-groups";
            findings.invalid(path.clone(), message, help).at_most_audit();
        }
        Ok(_) => {}
    }
}

/// The address without surrounding blanks and trailing slash, and with its scheme in lower case, if Ray accepts the
/// result. The user cannot have meant anything else.
fn meant(address: &str) -> Option<String> {
    let bare = address.trim();
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    let meant = match bare.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => bare.to_owned(),
    };
    (!meant.contains(',') && RedisEndpoint::parse(&meant).is_ok()).then_some(meant)
}
