#![doc = include_str!("invalid_idle_timeout.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-idle-timeout",
    summary: "an idle timeout that is negative, or that the cluster's autoscaler does not support",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_idle_timeout.md"),
    cel: Cel::Yes(include_str!("invalid_idle_timeout.cel.yaml")),
    check,
};

const FIELD: &str = "idleTimeoutSeconds";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(6) {
        return;
    }
    let mut refuse_negative = |seconds: i64, path: FieldPath| {
        if seconds < 0 {
            findings.invalid(
                path,
                format!("{FIELD} must not be negative, and is {seconds}"),
                "write 0 or more, or remove it to get the autoscaler's default",
            );
        }
    };
    let cluster = &object.cluster;
    if let Some(seconds) = cluster.json.descend(["autoscalerOptions", FIELD]).as_i64() {
        refuse_negative(seconds, cluster.path().fields(["autoscalerOptions", FIELD]));
    }
    let timeouts = || cluster.workers.iter().filter_map(|group| Some((group, group.json.field(FIELD).as_i64()?)));
    for (group, seconds) in timeouts() {
        refuse_negative(seconds, group.path().field(FIELD));
    }
    if timeouts().next().is_none() || cluster.has_autoscaler_v2() {
        return;
    }
    let help = if cluster.autoscaler_v2_switch().is_some() {
        "remove it, or remove RAY_enable_autoscaler_v2 and write version: v2 in autoscalerOptions"
    } else {
        "remove it, or write version: v2 in autoscalerOptions"
    };
    for (group, _) in timeouts() {
        findings.forbidden(
            group.path().field(FIELD),
            "only autoscaler v2 supports an idle timeout for each group, and it is not enabled",
            help,
        );
    }
}
