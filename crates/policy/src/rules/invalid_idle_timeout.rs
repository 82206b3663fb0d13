#![doc = include_str!("invalid_idle_timeout.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::path::FieldPath;

pub(super) static RULE: Rule = Rule {
    name: "invalid-idle-timeout",
    summary: "an idle timeout that is negative, or that the autoscaler of the cluster does not know",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        ": idleTimeoutSeconds must be non-negative",
        "idleTimeoutSeconds is set, but autoscaler v2 is not enabled",
        "autoscalerOptions.idleTimeoutSeconds must be non-negative",
    ],
    docs: include_str!("invalid_idle_timeout.md"),
    check: Check::Object(check),
};

const FIELD: &str = "idleTimeoutSeconds";

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if settings.kuberay.version < Version::v1(6) {
        return;
    }
    let mut refuse_negative = |seconds: i64, path: FieldPath| {
        if seconds < 0 {
            findings.invalid(
                path,
                format!("a worker cannot be idle for {seconds} seconds"),
                "write 0 or more, or remove it for the autoscaler's own default",
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
        "remove it, or remove RAY_enable_autoscaler_v2 and write version: v2 into autoscalerOptions"
    } else {
        "remove it, or write version: v2 into autoscalerOptions"
    };
    for (group, _) in timeouts() {
        findings.forbidden(
            group.path().field(FIELD),
            "only version 2 of the autoscaler has an idle timeout for each group, and it is not asked for",
            help,
        );
    }
}
