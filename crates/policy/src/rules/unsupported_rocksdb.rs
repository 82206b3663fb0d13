#![doc = include_str!("unsupported_rocksdb.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::gcs::{GCS_STORAGE, GCS_STORAGE_PATH, GcsFaultTolerance};
use crate::ray::pod::EnvValue;
use crate::ray::release::Release;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unsupported-rocksdb",
    summary: "the storage backend RocksDB with a Ray that does not have it, or without its folder",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unsupported_rocksdb.md"),
    cel: Cel::No("the version of Ray may be in the image's tag, which CEL would have to parse"),
    check,
};

/// The first release with RocksDB.
const FIRST: Release = Release::v2(57, 0);

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let release = || object.ray_release(&object.cluster.head);
    let message = |release: Release| format!("Ray {release} has no RocksDB, and its head ends at the start");
    if object.fault_tolerance == GcsFaultTolerance::RocksDb {
        // An older KubeRay has no such field.
        if settings.kuberay.version >= Version::v1(7)
            && let Some(release) = release().filter(|release| *release < FIRST)
        {
            let help = "use Ray 2.57 or newer, or remove it and use Redis";
            findings.invalid(object.options_path("backend"), message(release), help);
        }
        return;
    }
    let Some(head) = object.head_container() else { return };
    let Some(storage) = head.env_var(GCS_STORAGE) else { return };
    if storage.value() != EnvValue::Literal("rocksdb".into()) {
        return;
    }
    match release() {
        Some(release) if release < FIRST => {
            findings.invalid(storage.value_path(), message(release), "use Ray 2.57 or newer, or remove the variable");
        }
        Some(_) => {
            let is_empty = |path: EnvValue<'_>| path == EnvValue::Literal("".into());
            let has_folder = head.env_var(GCS_STORAGE_PATH).is_some_and(|path| !is_empty(path.value()));
            let may_have_config = object.cluster.head.json.field("rayStartParams").entry("system-config").is_some();
            if !has_folder && !head.has_env_from() && !may_have_config {
                let message = format!("Ray stores its state in RocksDB, and ends without {GCS_STORAGE_PATH}");
                let help = format!("set {GCS_STORAGE_PATH} to a folder of a persistent volume");
                findings.required(head.env_path(), message, help);
            }
        }
        None => {}
    }
}
