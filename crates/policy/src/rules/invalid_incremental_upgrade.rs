#![doc = include_str!("invalid_incremental_upgrade.md")]

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Kind;
use crate::kuberay::{FeatureGate, Version};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-incremental-upgrade",
    summary: "an incremental upgrade without an autoscaler, or with options that are missing or out of bounds",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_incremental_upgrade.md"),
    cel: Cel::Yes(include_str!("invalid_incremental_upgrade.cel.yaml")),
    check,
};

const TYPE: &str = "NewClusterWithIncrementalUpgrade";
const OPTIONS: [&str; 3] = ["spec", "upgradeStrategy", "clusterUpgradeOptions"];
/// The default of `maxSurgePercent` in KubeRay's schema, in percent.
const WHOLE_CAPACITY: i64 = 100;

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let kuberay = &settings.kuberay;
    let strategy = object.json.descend(["spec", "upgradeStrategy"]);
    if object.kind != Kind::RayService
        || strategy.as_object().is_none()
        || kuberay.version < Version::v1(5)
        || !kuberay.is_enabled(FeatureGate::RayServiceIncrementalUpgrade)
    {
        return;
    }
    match strategy.field("type") {
        // A bug, fixed in 1.7: with the gate on, KubeRay dereferences the type without checking that it is set.
        Json::Null if kuberay.version < Version::v1(7) => {
            findings.required(
                FieldPath::of(["spec", "upgradeStrategy", "type"]),
                format!("without a type, KubeRay {} crashes on this object at every retry", kuberay.version),
                "write NewCluster, the default without an upgradeStrategy, or another type",
            );
            return;
        }
        kind if kind.as_str() == Some(TYPE) => {}
        _ => return,
    }
    if !object.cluster.is_autoscaling() {
        findings.required(
            object.cluster.path().field("enableInTreeAutoscaling"),
            "an incremental upgrade needs the autoscaler",
            "write enableInTreeAutoscaling: true, or the upgrade strategy NewCluster",
        );
    }
    let options = object.json.descend(OPTIONS);
    if options.as_object().is_some() {
        check_percentages(options, kuberay.version, findings);
        check_interval(options, findings);
        check_gateway(options, findings);
    } else {
        findings.required(
            FieldPath::of(OPTIONS),
            "an incremental upgrade needs clusterUpgradeOptions",
            "add stepSizePercent, intervalSeconds and gatewayClassName",
        );
    }
}

fn path(field: &'static str) -> FieldPath {
    FieldPath::of(OPTIONS).field(field)
}

fn check_percentages(options: &Json<'_>, version: Version, findings: &mut Findings) {
    let is_percentage = |percent: i64| (0..=100).contains(&percent);
    let surge = options.field("maxSurgePercent").as_i64().unwrap_or(WHOLE_CAPACITY);
    let step = options.field("stepSizePercent").as_i64();
    for (field, percent) in [("maxSurgePercent", Some(surge)), ("stepSizePercent", step)] {
        if let Some(percent) = percent.filter(|percent| !is_percentage(*percent)) {
            findings.invalid(
                path(field),
                format!("{field} is a percentage, and cannot be {percent}"),
                "write a number from 0 to 100",
            );
        }
    }
    match step {
        None => {
            findings.required(
                path("stepSizePercent"),
                "stepSizePercent is missing: the share of the traffic that moves in one step",
                "write stepSizePercent, a number from 0 to 100",
            );
        }
        Some(step) if version >= Version::v1(7) && is_percentage(surge) && is_percentage(step) && surge < step => {
            findings.invalid(
                path("stepSizePercent"),
                format!("stepSizePercent, which is {step}, exceeds maxSurgePercent, which is {surge}"),
                format!("write {surge} or less, or a higher maxSurgePercent"),
            );
        }
        Some(_) => {}
    }
}

fn check_interval(options: &Json<'_>, findings: &mut Findings) {
    match options.field("intervalSeconds").as_i64() {
        None => {
            findings.required(
                path("intervalSeconds"),
                "intervalSeconds is missing: the time to wait between two steps",
                "write intervalSeconds, a number from 1",
            );
        }
        Some(seconds) if seconds <= 0 => {
            findings.invalid(
                path("intervalSeconds"),
                format!("intervalSeconds must be at least 1, and is {seconds}"),
                "write 1 or more",
            );
        }
        Some(_) => {}
    }
}

fn check_gateway(options: &Json<'_>, findings: &mut Findings) {
    if options.field("gatewayClassName").as_nonempty_str().is_none() {
        findings.required(
            path("gatewayClassName"),
            "gatewayClassName is not set: the class of the Gateway that moves the traffic",
            "write gatewayClassName: one that kubectl get gatewayclass lists",
        );
    }
}
