#![doc = include_str!("conflicting_storage_backend.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::RayObject;
use crate::ray::gcs::{GCS_STORAGE, GCS_STORAGE_PATH, GcsFaultTolerance, OPTIONS};
use crate::ray::pod::{indexes_named, indexes_of_mount};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-storage-backend",
    summary: "settings of the other storage backend, or settings that KubeRay adds itself for RocksDB",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("conflicting_storage_backend.md"),
    cel: Cel::Yes(include_str!("conflicting_storage_backend.cel.yaml")),
    check,
};

/// The environment variables that KubeRay sets in the head for RocksDB.
const VARIABLES: [&str; 2] = [GCS_STORAGE, GCS_STORAGE_PATH];
/// The name of the volume that KubeRay adds to the head for RocksDB.
const VOLUME: &str = "gcs-storage";
/// The path at which KubeRay mounts that volume.
const MOUNT_PATH: &str = "/data/gcs";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(7) {
        return;
    }
    let storage = object.cluster.json.field(OPTIONS).field("storage");
    match object.fault_tolerance {
        GcsFaultTolerance::RocksDb => {
            check_redis_options(object, findings);
            check_claim(object, storage, findings);
            check_head(object, findings);
        }
        _ if storage.as_object().is_some() => {
            let message = "storage is only for RocksDB, and KubeRay refuses it if Redis is the backend";
            findings.forbidden(object.options_path("storage"), message, "remove it, or write backend: rocksdb");
        }
        _ => {}
    }
}

/// Reports options for Redis that are set together with RocksDB.
fn check_redis_options(object: &RayObject<'_>, findings: &mut Findings) {
    let options = object.cluster.json.field(OPTIONS);
    for field in ["redisAddress", "redisUsername", "redisPassword", "externalStorageNamespace"] {
        let is_set = match options.field(field) {
            Json::String(text) => !text.is_empty(),
            // A credential counts even when it is empty.
            value => value.as_object().is_some(),
        };
        if is_set {
            let message = format!("{field} is only for Redis, and KubeRay refuses it with backend: rocksdb");
            findings.forbidden(object.options_path(field), message, "remove it, or remove backend: rocksdb");
        }
    }
}

/// Reports properties of a new claim that are set together with the name of an existing claim. A storage class counts
/// even when it is empty.
fn check_claim(object: &RayObject<'_>, storage: &Json<'_>, findings: &mut Findings) {
    if storage.field("claimName").as_nonempty_str().is_none() {
        return;
    }
    for field in ["size", "storageClassName", "accessModes"] {
        let is_set = match storage.field(field) {
            Json::Array(modes) => !modes.is_empty(),
            value => !value.is_null(),
        };
        if is_set {
            let message = format!("{field} is for a claim that KubeRay creates, but claimName names an existing one");
            let path = object.options_path("storage").field(field);
            findings.forbidden(path, message, "remove it, or remove claimName");
        }
    }
}

/// Reports what KubeRay adds to the head itself for RocksDB.
fn check_head(object: &RayObject<'_>, findings: &mut Findings) {
    let message = "KubeRay adds this to the head itself for RocksDB, and refuses a second one";
    let Some(head) = object.head_container() else { return };
    for index in indexes_named(head.json.field("env"), &VARIABLES) {
        findings.forbidden(head.env_path().index(index), message, "remove it");
    }
    for index in indexes_of_mount(head.json.field("volumeMounts"), VOLUME, MOUNT_PATH) {
        let help = format!("remove it, or use a name other than {VOLUME} and a path other than {MOUNT_PATH}");
        findings.forbidden(head.path().field("volumeMounts").index(index), message, help);
    }
    for index in indexes_named(object.cluster.head.pod_spec().field("volumes"), &[VOLUME]) {
        let path = object.cluster.head.path().fields(["template", "spec", "volumes"]).index(index);
        findings.forbidden(path, message, "remove it, or give it another name");
    }
}
