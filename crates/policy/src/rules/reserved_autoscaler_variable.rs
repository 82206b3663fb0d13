#![doc = include_str!("reserved_autoscaler_variable.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::pod::indexes_named;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "reserved-autoscaler-variable",
    summary: "an autoscaler variable that KubeRay sets itself",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("reserved_autoscaler_variable.md"),
    cel: Cel::Yes(include_str!("reserved_autoscaler_variable.cel.yaml")),
    check,
};

/// The variable that holds the command with which KubeRay would start the autoscaler.
const START_COMMAND: &str = "KUBERAY_GEN_AUTOSCALER_START_CMD";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(7) {
        return;
    }
    let cluster = &object.cluster;
    for index in indexes_named(cluster.json.descend(["autoscalerOptions", "env"]), &[START_COMMAND]) {
        findings.forbidden(
            cluster.path().fields(["autoscalerOptions", "env"]).index(index),
            "KubeRay sets this variable to the autoscaler's start command",
            "remove it; write your own command in autoscalerOptions.command and args",
        );
    }
}
