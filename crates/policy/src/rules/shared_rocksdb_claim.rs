#![doc = include_str!("shared_rocksdb_claim.md")]

use crate::policy::Settings;
use crate::ray::Kind;
use crate::ray::RayObject;
use crate::ray::gcs::{GcsFaultTolerance, OPTIONS};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "shared-rocksdb-claim",
    summary: "a RayService whose two clusters want one volume during an upgrade",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("shared_rocksdb_claim.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let storage = object.cluster.json.field(OPTIONS).field("storage");
    let claimed = storage.field("claimName").as_nonempty_str().is_some();
    if object.kind == Kind::RayService && object.fault_tolerance == GcsFaultTolerance::RocksDb && claimed {
        findings.invalid(
            object.options_path("storage").field("claimName"),
            "during an upgrade the heads of both clusters want this one volume, and the new one cannot open it",
            "remove it: KubeRay then makes a claim for each cluster",
        );
    }
}
