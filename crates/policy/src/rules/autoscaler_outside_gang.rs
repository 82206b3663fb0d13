#![doc = include_str!("autoscaler_outside_gang.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Kind;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "autoscaler-outside-gang",
    summary: "a gang of YuniKorn without the resources of the autoscaler",
    category: Category::Kuberay,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("autoscaler_outside_gang.md"),
    cel: Cel::No("its help needs the resources of the autoscaler"),
    check,
};

/// The label with which KubeRay schedules all Pods of a cluster together.
const GANG: &str = "ray.io/gang-scheduling-enabled";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    // A RayCronJob passes on none of its labels.
    if !object.cluster.is_autoscaling() || object.kind == Kind::RayCronJob {
        return;
    }
    let labels = object.json.descend(["metadata", "labels"]).entries();
    let (mut is_gang, mut is_yunikorn) = (false, false);
    for (name, _) in labels {
        is_gang |= name == GANG;
        is_yunikorn |= name.starts_with("yunikorn.apache.org/");
    }
    if is_gang && is_yunikorn {
        findings.forbidden(
            FieldPath::of(["metadata", "labels"]).key(GANG),
            "KubeRay reserves no room in YuniKorn's gang for the autoscaler's container, so the head stays pending",
            "remove the label, or set enableInTreeAutoscaling to false",
        );
    }
}
