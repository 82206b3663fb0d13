#![doc = include_str!("conflicting_storage_backend.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::gcs::{GcsFaultTolerance, OPTIONS};
use crate::ray::pod::{places_named, places_of_mount};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::json::Json;

pub(super) static RULE: Rule = Rule {
    name: "conflicting-storage-backend",
    summary: "settings of one storage backend beside the other, or in the way of RocksDB's own",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "cannot set GcsFaultToleranceOptions.RedisAddress when backend is 'rocksdb'",
        "cannot set GcsFaultToleranceOptions.RedisUsername when backend is 'rocksdb'",
        "cannot set GcsFaultToleranceOptions.RedisPassword when backend is 'rocksdb'",
        "cannot set GcsFaultToleranceOptions.ExternalStorageNamespace when backend is 'rocksdb'",
        "GcsFaultToleranceOptions.Storage.ClaimName is mutually exclusive",
        "env var in head Pod when the embedded GCS FT backend is used",
        "cannot set a volume mount named",
        "cannot set a volume named",
        "cannot set GcsFaultToleranceOptions.Storage when backend is 'redis'",
    ],
    docs: include_str!("conflicting_storage_backend.md"),
    check: Check::Object(check),
};

/// The variables that KubeRay sets in the head for RocksDB, the volume that it makes, and where it mounts that.
const VARIABLES: [&str; 2] = ["RAY_gcs_storage", "RAY_gcs_storage_path"];
const VOLUME: &str = "gcs-storage";
const MOUNT_PATH: &str = "/data/gcs";

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
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
            let message = "a volume is for RocksDB, and KubeRay refuses it where Redis is the backend";
            findings.forbidden(object.options_path("storage"), message, "remove it, or write backend: rocksdb");
        }
        _ => {}
    }
}

/// What the options must not say of Redis.
fn check_redis_options(object: &RayObject<'_>, findings: &mut Findings) {
    let options = object.cluster.json.field(OPTIONS);
    for field in ["redisAddress", "redisUsername", "redisPassword", "externalStorageNamespace"] {
        let is_set = match options.field(field) {
            Json::String(text) => !text.is_empty(),
            // A credential counts even when it is empty.
            value => value.as_object().is_some(),
        };
        if is_set {
            let message = "it is for Redis, and KubeRay refuses it beside backend: rocksdb";
            findings.forbidden(object.options_path(field), message, "remove it, or remove backend: rocksdb");
        }
    }
}

/// A claim that is there already has a size, a class and access modes of its own. The class may be an empty text.
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
            let message = "it is for a claim that KubeRay makes, and claimName says that there is one already";
            let path = object.options_path("storage").field(field);
            findings.forbidden(path, message, "remove it, or remove claimName");
        }
    }
}

/// What KubeRay puts into the head itself.
fn check_head(object: &RayObject<'_>, findings: &mut Findings) {
    let message = "with RocksDB KubeRay sets this in the head itself, and refuses another";
    let Some(head) = object.head_container() else { return };
    for index in places_named(head.json.field("env"), &VARIABLES) {
        findings.forbidden(head.env_path().index(index), message, "remove it");
    }
    for index in places_of_mount(head.json.field("volumeMounts"), VOLUME, MOUNT_PATH) {
        let help = format!("remove it, or mount another volume than {VOLUME} elsewhere than at {MOUNT_PATH}");
        findings.forbidden(head.path().field("volumeMounts").index(index), message, help);
    }
    for index in places_named(object.cluster.head.pod_spec().field("volumes"), &[VOLUME]) {
        let path = object.cluster.head.path().fields(["template", "spec", "volumes"]).index(index);
        findings.forbidden(path, message, "remove it, or give it another name");
    }
}
