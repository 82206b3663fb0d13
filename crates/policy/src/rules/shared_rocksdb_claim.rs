#![doc = include_str!("shared_rocksdb_claim.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::gcs::{GcsFaultTolerance, OPTIONS};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "shared-rocksdb-claim",
    summary: "a RayService whose two clusters need the same volume during an upgrade",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("shared_rocksdb_claim.md"),
    cel: Cel::Yes(include_str!("shared_rocksdb_claim.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let storage = object.cluster.json.field(OPTIONS).field("storage");
    let claimed = storage.field("claimName").as_nonempty_str().is_some();
    if object.kind == Kind::RayService && object.fault_tolerance == GcsFaultTolerance::RocksDb && claimed {
        findings.invalid(
            object.options_path("storage").field("claimName"),
            "during an upgrade the heads of both clusters need this volume, and the new head cannot open it",
            "remove it: KubeRay then creates a claim for each cluster",
        );
    }
}
