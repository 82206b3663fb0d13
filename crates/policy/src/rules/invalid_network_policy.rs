#![doc = include_str!("invalid_network_policy.md")]

use std::collections::HashSet;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Version;
use crate::name::{Syntax, sentence};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-network-policy",
    summary: "network policy rules for traffic that its mode does not deny, or for a missing worker group",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_network_policy.md"),
    cel: Cel::No("its field paths have list indexes, which CEL of Kubernetes 1.30 cannot compute"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let cluster = &object.cluster;
    let policy = cluster.json.field("networkPolicy");
    if policy.as_object().is_none() || settings.kuberay.version < Version::v1(7) {
        return;
    }
    let path = || cluster.path().field("networkPolicy");
    // The rules that have no effect in a mode, because the mode does not deny that traffic.
    let useless = match policy.field("mode").as_str() {
        Some("DenyAllEgress") => Some(("ingressRules", "DenyAllEgress", "DenyAllIngress")),
        Some("DenyAllIngress") => Some(("egressRules", "DenyAllIngress", "DenyAllEgress")),
        _ => None,
    };
    let mut check_rules = |rules: &Json<'_>, path: FieldPath| {
        if let Some((field, mode, other)) = useless
            && !rules.field(field).items().is_empty()
        {
            let message = format!("mode {mode} does not deny this traffic, and KubeRay refuses rules for it");
            findings.forbidden(path.field(field), message, format!("remove it, or write mode: DenyAll or {other}"));
        }
    };
    for role in ["head", "worker"] {
        check_rules(policy.field(role), path().field(role));
    }
    let groups = policy.field("workerGroups").items();
    for (index, rules) in groups.iter().enumerate() {
        check_rules(rules, path().field("workerGroups").index(index));
    }
    for group in &cluster.workers {
        let errors = Syntax::Dns1123Label.errors(group.name().unwrap_or_default());
        if !errors.is_empty() {
            let message = format!("groupName becomes part of a NetworkPolicy's name, and {}", sentence(&errors));
            let help = format!("write {}", Syntax::Dns1123Label.form());
            findings.invalid(group.path().field("groupName"), message, help);
        }
    }
    if groups.is_empty() {
        return;
    }
    let names: HashSet<_> = cluster.workers.iter().map(|group| group.name().unwrap_or_default()).collect();
    for (index, rules) in groups.iter().enumerate() {
        if !names.contains(rules.field("groupName").as_str().unwrap_or_default()) {
            let path = path().field("workerGroups").index(index).field("groupName");
            findings.invalid(path, "no worker group has this name", "write the groupName of a worker group");
        }
    }
}
