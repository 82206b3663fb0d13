#![doc = include_str!("autoscaler_without_workers.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::autoscaler::reader::Autoscaler;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "autoscaler-without-workers",
    summary: "an autoscaler in a cluster without worker groups, which fails",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("autoscaler_without_workers.md"),
    cel: Cel::No("it is about Ray, and no expression is written for it"),
    check,
};

const FIELD: &str = "workerGroupSpecs";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    if !object.cluster.is_autoscaling() {
        return;
    }
    let fails = match object.cluster.json.field(FIELD) {
        Json::Null => true,
        // The operator omits an empty list when it creates the RayCluster of another kind.
        Json::Array(groups) => groups.is_empty() && object.kind != Kind::RayCluster,
        _ => false,
    };
    if !fails {
        return;
    }
    let finding = findings.required(
        object.cluster.path().field(FIELD),
        "the autoscaler fails in a cluster without worker groups",
        "add a worker group, or remove enableInTreeAutoscaling",
    );
    if !Autoscaler::of(object).surely_fails(|_| true) {
        finding.at_most_warn();
    }
}
