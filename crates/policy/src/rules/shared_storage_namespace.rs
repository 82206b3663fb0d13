#![doc = include_str!("shared_storage_namespace.md")]

use crate::policy::Settings;
use crate::ray::{Kind, RayObject};
use crate::rule::{Category, Check, Findings, Level, Reason, Rule, Scope};
use crate::view::{Rivals, View};

pub(super) static RULE: Rule = Rule {
    name: "shared-storage-namespace",
    summary: "two clusters that keep their tables under one name in one Redis",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("shared_storage_namespace.md"),
    check: Check::Cluster { ask, subject },
};

fn ask(object: &RayObject<'_>, view: &dyn View, settings: &Settings, findings: &mut Findings) {
    let Some(claim) = object.claim(&settings.cluster_domain) else { return };
    let Some(namespace) = object.storage_namespace() else { return };
    let Some(Rivals { count, first: Some(first) }) = view.rivals(&claim, &object.claimant()) else { return };
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    let message = format!(
        "the storage namespace is shared with {}{more} at the same Redis: they mix nodes and actors",
        first.claimant
    );
    let of = if object.kind == Kind::RayService { "each cluster's" } else { "the cluster's" };
    let place = first.place.as_ref().map(|place| format!("; the other is at {place}")).unwrap_or_default();
    let help = format!("write one that no other cluster has, or none, for KubeRay to take {of} UID{place}");
    findings.report(Reason::Duplicate, namespace.path, message.as_str(), help).in_full(message);
}

fn subject(object: &RayObject<'_>, settings: &Settings) -> Option<String> {
    object.claim(&settings.cluster_domain).map(|claim| format!("{claim:?}"))
}
