#![doc = include_str!("network_policy_without_api_server.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::ray::network_policy::Direction;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "network-policy-without-api-server",
    summary: "a network policy that does not let the autoscaler reach the API server",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("network_policy_without_api_server.md"),
    cel: Cel::No("CEL of Kubernetes 1.30 cannot express the ranges of ports readably"),
    check,
};

/// The ports at which the API servers of most distributions listen.
const PORTS: [i64; 4] = [443, 6443, 8443, 16443];

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if !object.cluster.is_autoscaling() || object.cluster.head.pod_spec().field("hostNetwork").as_bool() == Some(true) {
        return;
    }
    let Some(policy) = object.network_policy(&settings.kuberay).filter(|policy| policy.denies(Direction::Egress))
    else {
        return;
    };
    let rules = policy.head(Direction::Egress);
    // The API server is no Pod of a namespace in most clusters, but a selector of all namespaces may be meant for it.
    let is_wide = |peer: &Json<'_>| !peer.field("ipBlock").is_null() || selects_all_namespaces(peer);
    if PORTS.iter().any(|port| rules.for_port("TCP", *port).any(|rule| rules.admits(rule, is_wide))) {
        return;
    }
    findings.required(
        rules.path,
        "no rule lets the head reach the API server, so the autoscaler cannot add or remove workers",
        "add a rule with the addresses of the API server: {to: [{ipBlock: {cidr: …}}], ports: [{port: 6443}]}",
    );
}

fn selects_all_namespaces(peer: &Json<'_>) -> bool {
    peer.field("namespaceSelector").as_object().is_some()
        && peer.field("namespaceSelector").entries().is_empty()
        && peer.field("podSelector").entries().is_empty()
}
