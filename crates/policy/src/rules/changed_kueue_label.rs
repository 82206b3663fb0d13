#![doc = include_str!("changed_kueue_label.md")]

use crate::context::Context;
use crate::ray::RayObject;
use crate::ray::kueue::{MAX_EXEC_TIME_LABEL, PREBUILT_WORKLOAD_LABEL, PRIORITY_CLASS_LABEL, QUEUE_LABEL};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "changed-kueue-label",
    summary: "a change of a label that Kueue refuses while the object runs",
    category: Category::Kueue,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Previous,
    since: "0.1.0",
    docs: include_str!("changed_kueue_label.md"),
    cel: Cel::No("Kueue has this check as a webhook of its own"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, previous, .. } = *context;
    if !settings.installed.kueue || object.kueue_queue().is_none() {
        return;
    }
    let Some(old) = previous.and_then(|previous| previous.object()) else { return };
    let (is_suspended, was_suspended) = (object.is_suspended_for_kueue(), old.is_suspended_for_kueue());
    let value = |object: &RayObject<'_>, label: &str| object.label(label).unwrap_or_default().to_owned();
    for (label, may_change) in [
        (QUEUE_LABEL, is_suspended),
        (PREBUILT_WORKLOAD_LABEL, is_suspended),
        (MAX_EXEC_TIME_LABEL, is_suspended && was_suspended),
    ] {
        if may_change || value(object, label) == value(old, label) {
            continue;
        }
        let message = "Kueue refuses a change of this label while the object is not suspended";
        let help = "restore the value; or suspend the object first";
        let finding = findings.invalid(RayObject::label_path(label), message, help);
        if label == PREBUILT_WORKLOAD_LABEL && old.is_elastic_for_kueue() {
            // Elastic jobs exist only with a feature gate, which the object does not show.
            finding.message = format!("{message}, unless its feature gate for elastic jobs is on");
            finding.at_most_warn();
        }
    }
    let [new, old] = [object, old].map(|object| value(object, PRIORITY_CLASS_LABEL));
    if new.is_empty() != old.is_empty() && (new.is_empty() || !is_suspended) {
        let (message, help) = if new.is_empty() {
            ("Kueue refuses the removal of the priority class of a workload", "restore the label")
        } else {
            (
                "Kueue refuses a new priority class while the object is not suspended",
                "remove it; or suspend the object first",
            )
        };
        findings.invalid(RayObject::label_path(PRIORITY_CLASS_LABEL), message, help);
    }
}
