#![doc = include_str!("misspelled_variable.md")]

use crate::policy::Settings;
use crate::ray::Group;
use crate::ray::RayObject;
use crate::ray::gcs::{
    FT_ENABLED_ANNOTATION, GcsFaultTolerance, REDIS_ADDRESS, REDIS_PASSWORD, STORAGE_NAMESPACE,
    STORAGE_NAMESPACE_ANNOTATION,
};
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::rule::{Category, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "misspelled-variable",
    summary: "a name that Ray and KubeRay ignore, much like one that they read",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    docs: include_str!("misspelled_variable.md"),
    check,
};

/// Variables that no application has for purposes of its own.
const VARIABLES: [&str; 3] = [RECONNECT_TIMEOUT, STORAGE_NAMESPACE, REDIS_ADDRESS];

/// Parameters of `ray start` on which these rules, or what Ray makes of the Pod, depend.
const PARAMS: [&str; 13] = [
    "block",
    "dashboard-host",
    "memory",
    "metrics-export-port",
    "node-ip-address",
    "num-cpus",
    "num-gpus",
    "object-store-memory",
    "port",
    "redis-password",
    "redis-username",
    "resources",
    "system-config",
];

/// Names that Ray reads as well, though they look like slips of the ones above.
const REAL: [&str; 2] = ["dashboard-port", "RAY_gcs_rpc_server_connect_timeout_s"];

const ANNOTATIONS: [&str; 2] = [FT_ENABLED_ANNOTATION, STORAGE_NAMESPACE_ANNOTATION];

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    for (key, _) in object.json.descend(["metadata", "annotations"]).entries() {
        if let Some(meant) = near(key, &ANNOTATIONS) {
            let message = format!("KubeRay ignores this annotation; it reads {meant}");
            findings.invalid(RayObject::annotation_path(key), message, format!("write {meant}"));
        }
    }
    for group in object.cluster.groups() {
        check_variables(object, group, findings);
        for (name, _) in group.ray_start_params() {
            if let Some(meant) = near(name, &PARAMS)
                && group.ray_start_param(meant).is_none()
            {
                let message = format!("ray start has no parameter of this name; it has {meant}");
                findings.invalid(group.ray_start_param_path(name), message, format!("write {meant}"));
            }
        }
    }
}

fn check_variables(object: &RayObject<'_>, group: &Group<'_>, findings: &mut Findings) {
    let Some(container) = group.ray_container() else { return };
    // An application may well have a REDIS_ADDRESS of its own. Where Ray's is missing, it was meant for Ray.
    // The right timeout may stand beside a wrong one only because rayguard wrote it there.
    let lacks = |name: &str| name == RECONNECT_TIMEOUT || container.env_var(name).is_none();
    let by_annotation = group.is_head() && object.fault_tolerance == GcsFaultTolerance::Annotation;
    for var in container.env() {
        let Some(name) = var.name() else { continue };
        let meant = match normal(name).as_str() {
            "redis_address" if by_annotation && name != REDIS_ADDRESS => Some(REDIS_ADDRESS),
            "redis_address" | "redis_password" if !by_annotation => None,
            "redis_password" if name != REDIS_PASSWORD => Some(REDIS_PASSWORD),
            _ => near(name, &VARIABLES),
        };
        if let Some(meant) = meant.filter(|meant| lacks(meant)) {
            // Ray has the password from its parameter; of the variables only the clean-up Job reads one.
            let reader = if meant == REDIS_PASSWORD { "KubeRay's clean-up Job" } else { "Ray" };
            let message = format!("{reader} ignores a variable of this name; it reads {meant}");
            findings.invalid(var.path().field("name"), message, format!("write {meant}"));
        }
    }
}

/// A known name that this one was probably meant to be.
fn near(name: &str, known: &[&'static str]) -> Option<&'static str> {
    /// So many letters may differ in a name that is long enough for that to be no accident.
    const TYPOS: usize = 2;
    const LONG: usize = 8;
    if known.contains(&name) || REAL.contains(&name) {
        return None;
    }
    let same = known.iter().find(|known| normal(known) == normal(name));
    let typo = || {
        // What differs more in length than that cannot be a typo, and is not worth comparing.
        let alike = known.iter().filter(|known| known.len() >= LONG && known.len().abs_diff(name.len()) <= TYPOS);
        alike.copied().find(|known| strsim::osa_distance(known, name) <= TYPOS)
    };
    same.copied().or_else(typo)
}

/// A name without what people get wrong: case, dashes, the prefix `RAY_`, the unit at its end, a plural.
fn normal(name: &str) -> String {
    let lower = name.trim().trim_start_matches("--").to_lowercase().replace('-', "_");
    let bare = lower.strip_prefix("ray_").unwrap_or(&lower);
    let bare = bare.strip_suffix("_seconds").or_else(|| bare.strip_suffix("_s")).unwrap_or(bare);
    bare.strip_suffix('s').filter(|_| !bare.ends_with("ss") && bare.len() > 3).unwrap_or(bare).to_owned()
}
