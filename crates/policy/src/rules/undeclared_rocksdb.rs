#![doc = include_str!("undeclared_rocksdb.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::Group;
use crate::ray::gcs::{GCS_STORAGE, GcsFaultTolerance};
use crate::ray::pod::EnvValue;
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "undeclared-rocksdb",
    summary: "the storage backend RocksDB by a variable, so that KubeRay does not know of the fault tolerance",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("undeclared_rocksdb.md"),
    cel: Cel::No("a variable may have the value of another one"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if object.fault_tolerance != GcsFaultTolerance::Off {
        return;
    }
    let Some(storage) = object.head_env_var(GCS_STORAGE) else { return };
    let has_timeout = |group: &Group<'_>| {
        group.ray_container().is_some_and(|container| container.env_var(RECONNECT_TIMEOUT).is_some())
    };
    if object.cluster.workers.iter().all(has_timeout) {
        return;
    }
    if storage.value() == EnvValue::Literal("rocksdb".into()) {
        let help = if settings.kuberay.version >= Version::v1(7) {
            "remove it, and set gcsFaultToleranceOptions with backend: rocksdb"
        } else {
            "use KubeRay 1.7 with gcsFaultToleranceOptions, or set RAY_gcs_rpc_server_reconnect_timeout_s on workers"
        };
        findings.invalid(
            storage.value_path(),
            "Ray survives the loss of its head, but KubeRay leaves the workers' reconnect timeout at 60 s",
            help,
        );
    }
}
