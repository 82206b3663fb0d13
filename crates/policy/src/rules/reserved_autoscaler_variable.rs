#![doc = include_str!("reserved_autoscaler_variable.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::pod::places_named;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "reserved-autoscaler-variable",
    summary: "a variable of the autoscaler that KubeRay sets itself",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["autoscalerOptions.env must not contain"],
    docs: include_str!("reserved_autoscaler_variable.md"),
    check: Check::Object(check),
};

/// The command with which KubeRay would start the autoscaler.
const START_COMMAND: &str = "KUBERAY_GEN_AUTOSCALER_START_CMD";

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if settings.kuberay.version < Version::v1(7) {
        return;
    }
    let cluster = &object.cluster;
    for index in places_named(cluster.json.descend(["autoscalerOptions", "env"]), &[START_COMMAND]) {
        findings.forbidden(
            cluster.path().fields(["autoscalerOptions", "env"]).index(index),
            "KubeRay puts the autoscaler's start command into this variable itself",
            "remove it; a command of your own belongs into autoscalerOptions.command and args",
        );
    }
}
