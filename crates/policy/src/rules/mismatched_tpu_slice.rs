#![doc = include_str!("mismatched_tpu_slice.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::ray::Group;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "mismatched-tpu-slice",
    summary: "a group of TPU workers whose number of hosts is not that of its topology",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("mismatched_tpu_slice.md"),
    cel: Cel::No("its field paths have list indexes, which CEL of Kubernetes 1.30 cannot compute"),
    check,
};

/// The resource of TPU chips, and the node labels with which GKE chooses a slice.
const CHIPS: &str = "google.com/tpu";
const ACCELERATOR: &str = "cloud.google.com/gke-tpu-accelerator";
const TOPOLOGY: &str = "cloud.google.com/gke-tpu-topology";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    for group in &context.object.cluster.workers {
        let Some(chips) = chips_per_host(group).filter(|chips| *chips > 0) else { continue };
        let selector = group.pod_spec().field("nodeSelector");
        let at = |label: &str| group.path().fields(["template", "spec", "nodeSelector"]).key(label);
        // An affinity can choose the nodes too.
        let has_affinity = !group.pod_spec().descend(["affinity", "nodeAffinity"]).is_null();
        for (label, example) in [(ACCELERATOR, "tpu-v6e-slice"), (TOPOLOGY, "2x4")] {
            if selector.field(label).is_null() && !has_affinity {
                let message = "without this label, GKE does not know which TPU slice the Pods need";
                findings.required(at(label), message, format!("write that of the node pool, such as {example}"));
            }
        }
        let Some(topology) = selector.field(TOPOLOGY).as_str() else { continue };
        let Some(total) = product(topology) else {
            // Of an autoscaled group, `unreadable-group-resources` reports it.
            if context.object.cluster.is_autoscaling() {
                continue;
            }
            let message = "this is not a topology, such as 2x4 or 2x2x4";
            findings.invalid(at(TOPOLOGY), message, "write the topology of the node pool");
            continue;
        };
        let hosts = group.json.field("numOfHosts").as_i64().unwrap_or(1);
        let expected = (total / chips).max(1);
        if hosts != expected {
            let message =
                format!("topology {topology:.20} with {chips} chips a host has {expected} hosts, and not {hosts}");
            let path = group.path().field("numOfHosts");
            findings.invalid(path, message, format!("write {expected}, or another topology"));
        }
    }
}

/// Returns the number of chips that a Pod of a group asks for; `None` where it asks for none, or not with a whole number.
fn chips_per_host(group: &Group<'_>) -> Option<i64> {
    let mut total = None;
    for container in group.containers() {
        let resources = container.json.field("resources");
        let request = resources.field("requests").field(CHIPS);
        let chips = if request.is_null() { resources.field("limits").field(CHIPS) } else { request };
        if !chips.is_null() {
            total = Some(whole(chips)?.checked_add(total.unwrap_or(0))?);
        }
    }
    total
}

fn whole(quantity: &Json<'_>) -> Option<i64> {
    quantity.as_str().map_or_else(|| quantity.as_i64(), |text| text.parse().ok()).filter(|chips| *chips >= 0)
}

/// Returns the number of chips of a topology such as `2x4`.
fn product(topology: &str) -> Option<i64> {
    topology.split('x').try_fold(1_i64, |product, side| {
        let side = side.parse::<i64>().ok().filter(|side| *side > 0)?;
        product.checked_mul(side)
    })
}
