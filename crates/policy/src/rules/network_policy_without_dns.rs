#![doc = include_str!("network_policy_without_dns.md")]

use std::net::IpAddr;

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::ray::RayObject;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::RedisAddress;
use crate::ray::network_policy::{Direction, Rules};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "network-policy-without-dns",
    summary: "a network policy that does not let Pods ask DNS",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("network_policy_without_dns.md"),
    cel: Cel::No("its field paths have list indexes, which CEL of Kubernetes 1.30 cannot compute"),
    check,
};

/// The port of DNS.
const PORT: i64 = 53;

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(policy) = object.network_policy(&settings.kuberay).filter(|policy| policy.denies(Direction::Egress))
    else {
        return;
    };
    let is_in_dns_namespace = object.namespace.is_none_or(|namespace| namespace == "kube-system");
    let mut check_rules = |rules: &Rules<'_>, who: &str| {
        // A Pod of DNS is in another namespace, so a podSelector alone does not select it.
        let is_dns = |peer: &Json<'_>| {
            is_in_dns_namespace || ["ipBlock", "namespaceSelector"].iter().any(|field| !peer.field(field).is_null())
        };
        let asks = |protocol| rules.for_port(protocol, PORT).any(|rule| rules.admits(rule, is_dns));
        let message = match (asks("UDP"), asks("TCP")) {
            (true, _) => return,
            (false, true) => format!("the rules let {who} ask DNS only over TCP, but resolvers ask over UDP"),
            (false, false) => format!("no rule lets {who} ask DNS"),
        };
        let help = "add {to: [{namespaceSelector: {}}], ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]}";
        findings.required(rules.path.clone(), message, help);
    };
    let is_on_host = object.cluster.head.pod_spec().field("hostNetwork").as_bool() == Some(true);
    if !is_on_host && asks_for_redis(object) {
        check_rules(&policy.head(Direction::Egress), "the head, which finds Redis by its name,");
    }
    for rules in policy.workers(&object.cluster.workers, Direction::Egress) {
        check_rules(&rules, "the workers, which find the head by its name,");
    }
}

/// Reports whether the head finds its Redis by a name.
fn asks_for_redis(object: &RayObject<'_>) -> bool {
    let Some(RedisAddress::Literal(_, text)) = object.redis_address() else { return false };
    let is_name = |endpoint: RedisEndpoint<'_>| endpoint.host.parse::<IpAddr>().is_err() && !endpoint.is_loopback();
    RedisEndpoint::parse(first_of(text).0).is_ok_and(is_name)
}
