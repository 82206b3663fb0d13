#![doc = include_str!("shared_storage_namespace.md")]

use crate::cluster_context::Conflicts;
use crate::context::Context;
use crate::kuberay::Kind;
use crate::reason::Reason;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

/// Two clusters with one storage namespace at one Redis.
pub static RULE: Rule = Rule {
    name: "shared-storage-namespace",
    summary: "two clusters with the same storage namespace in the same Redis",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Cluster,
    since: "0.1.0",
    docs: include_str!("shared_storage_namespace.md"),
    cel: Cel::No("it needs other objects"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(key) = object.storage_key(&settings.cluster_domain) else { return };
    let Some(namespace) = object.storage_namespace() else { return };
    let conflicts = context.environment.cluster.conflicts(&key, &object.owner());
    let Some(Conflicts { count, first: Some(first) }) = conflicts else { return };
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    let message = format!(
        "the storage namespace is shared with {}{more} at the same Redis: they mix nodes and actors",
        first.owner
    );
    let of = if object.kind == Kind::RayService { "each cluster's" } else { "the cluster's" };
    let place = first.location.as_ref().map(|place| format!("; the other is at {place}")).unwrap_or_default();
    let help = format!("write one that no other cluster uses, or remove it: KubeRay then uses {of} UID{place}");
    findings
        .report(Reason::Duplicate, namespace.path, message.as_str(), help)
        .in_full(message)
        .about(&format!("{key:?}"));
}
