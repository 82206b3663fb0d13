#![doc = include_str!("invalid_kueue_label.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::name::{Syntax, sentence};
use crate::ray::RayObject;
use crate::ray::kueue::{MAX_EXEC_TIME_LABEL, PREBUILT_WORKLOAD_LABEL, QUEUE_LABEL};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-kueue-label",
    summary: "a label for Kueue with a value that Kueue refuses",
    category: Category::Kueue,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_kueue_label.md"),
    cel: Cel::No("Kueue has this check as a webhook of its own"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, previous, .. } = *context;
    // On an update, Kueue checks only an object that is in a queue.
    let is_unchecked_update = previous.is_some() && object.kueue_queue().is_none();
    if !settings.installed.kueue || !object.is_known_to_kueue() || is_unchecked_update || is_unmanaged_job(object) {
        return;
    }
    for (label, what) in [(QUEUE_LABEL, "a LocalQueue"), (PREBUILT_WORKLOAD_LABEL, "a Workload")] {
        let Some(value) = object.label(label) else { continue };
        let errors = Syntax::Dns1123Subdomain.errors(value);
        if !errors.is_empty() {
            let message = format!("Kueue reads the value as the name of {what}, but it {}", sentence(&errors));
            let help = format!("write the name of {what}: {}", Syntax::Dns1123Subdomain.form());
            findings.invalid(RayObject::label_path(label), message, help);
        }
    }
    if let Some(value) = object.label(MAX_EXEC_TIME_LABEL) {
        // Go's Atoi accepts a sign, as Rust does.
        if value.parse::<i64>().is_ok_and(|seconds| seconds > 0) {
            return;
        }
        let message = "Kueue reads the value as a number of seconds greater than 0";
        findings.invalid(
            RayObject::label_path(MAX_EXEC_TIME_LABEL),
            message,
            "write a number of seconds, such as \"3600\"",
        );
    }
}

/// Reports whether Kueue stops at the cluster of a RayJob in a queue, before it looks at other labels.
fn is_unmanaged_job(object: &RayObject<'_>) -> bool {
    let has_selector = !object.json.descend(["spec", "clusterSelector"]).entries().is_empty();
    object.kind == Kind::RayJob && object.kueue_queue().is_some() && (has_selector || !object.cluster.exists())
}
