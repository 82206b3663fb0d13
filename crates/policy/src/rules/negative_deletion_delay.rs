#![doc = include_str!("negative_deletion_delay.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::{Kind, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::path::FieldPath;

pub(super) static RULE: Rule = Rule {
    name: "negative-deletion-delay",
    summary: "a RayService that is to delete its old cluster before it is replaced",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["RayClusterDeletionDelaySeconds should be a non-negative integer"],
    docs: include_str!("negative_deletion_delay.md"),
    check: Check::Object(check),
};

const FIELDS: [&str; 2] = ["spec", "rayClusterDeletionDelaySeconds"];

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if settings.kuberay.version < Version::v1(5) || object.kind != Kind::RayService {
        return;
    }
    if let Some(seconds) = object.json.descend(FIELDS).as_i64().filter(|seconds| *seconds < 0) {
        findings.invalid(
            FieldPath::of(FIELDS),
            format!("the old cluster cannot be deleted {seconds} seconds after it was replaced"),
            "write 0 or more, or remove it for 60",
        );
    }
}
