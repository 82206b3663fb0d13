#![doc = include_str!("negative_deletion_delay.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Kind;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "negative-deletion-delay",
    summary: "a RayService with a negative delay before it deletes its old cluster",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("negative_deletion_delay.md"),
    cel: Cel::Yes(include_str!("negative_deletion_delay.cel.yaml")),
    check,
};

const FIELDS: [&str; 2] = ["spec", "rayClusterDeletionDelaySeconds"];

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(5) || object.kind != Kind::RayService {
        return;
    }
    if let Some(seconds) = object.json.descend(FIELDS).as_i64().filter(|seconds| *seconds < 0) {
        findings.invalid(
            FieldPath::of(FIELDS),
            format!("the delay before the old cluster is deleted cannot be negative, is {seconds}"),
            "write 0 or more, or remove it for the default of 60",
        );
    }
}
