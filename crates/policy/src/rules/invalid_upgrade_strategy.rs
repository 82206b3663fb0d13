#![doc = include_str!("invalid_upgrade_strategy.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Kind;
use crate::kuberay::Version;
use crate::reason::Reason;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::spelling::quote;

pub(crate) static RULE: Rule = Rule {
    name: "invalid-upgrade-strategy",
    summary: "an upgrade strategy that does not exist, or that this object cannot have",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_upgrade_strategy.md"),
    cel: Cel::Yes(include_str!("invalid_upgrade_strategy.cel.yaml")),
    check,
};

/// The label that the operator gives to the RayCluster of a RayService or RayJob; its value is the kind of that owner.
const ORIGIN: &str = "ray.io/originated-from-crd";
const STRATEGY: [&str; 2] = ["upgradeStrategy", "type"];

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let version = settings.kuberay.version;
    if object.kind == Kind::RayService && version >= Version::v1(3) {
        let asked = object.json.field("spec").descend(STRATEGY).as_str();
        let (choices, help): (&[&'static str], _) = if version >= Version::v1(5) {
            (
                &["NewCluster", "NewClusterWithIncrementalUpgrade", "None"],
                "write NewCluster, NewClusterWithIncrementalUpgrade or None",
            )
        } else {
            (&["NewCluster", "None"], "write NewCluster or None")
        };
        if let Some(asked) = asked.filter(|asked| !choices.contains(asked)) {
            unknown(asked, FieldPath::of(["spec"]).fields(STRATEGY), choices, help, findings);
        }
    }
    let cluster = &object.cluster;
    let asked = if version >= Version::v1(6) { cluster.json.descend(STRATEGY).as_str() } else { None };
    let Some(asked) = asked else { return };
    let origin = object.json.descend(["metadata", "labels", ORIGIN]).as_str();
    if object.kind != Kind::RayCluster || matches!(origin, Some("RayService" | "RayJob")) {
        findings.forbidden(
            cluster.path().fields(STRATEGY),
            "KubeRay refuses an upgradeStrategy in the RayCluster of a RayService or RayJob",
            "remove it: only a standalone RayCluster can have it",
        );
    } else if !matches!(asked, "Recreate" | "None") {
        let help = "write Recreate or None";
        unknown(asked, cluster.path().fields(STRATEGY), &["Recreate", "None"], help, findings);
    }
}

fn unknown(asked: &str, path: FieldPath, choices: &[&'static str], help: &str, findings: &mut Findings) {
    let message = format!("KubeRay has no upgrade strategy {} here", quote(asked));
    let finding = findings.report(Reason::NotSupported, path.clone(), message, help);
    if let Some(choice) = choices.iter().find(|choice| choice.eq_ignore_ascii_case(asked)) {
        finding.fix_by_value(path, *choice);
    }
}
