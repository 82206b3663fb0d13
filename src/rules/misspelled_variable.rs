#![doc = include_str!("misspelled_variable.md")]

use std::sync::LazyLock;

use crate::policy::Settings;
use crate::ray::Group;
use crate::ray::RayObject;
use crate::ray::gcs::{
    FT_ENABLED_ANNOTATION, GcsFaultTolerance, REDIS_ADDRESS, REDIS_PASSWORD, STORAGE_NAMESPACE,
    STORAGE_NAMESPACE_ANNOTATION,
};
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "misspelled-variable",
    summary: "a name that Ray and KubeRay ignore, much like one that they read",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("misspelled_variable.md"),
    check: Check::Object(check),
};

/// Variables that no application has for purposes of its own.
static VARIABLES: LazyLock<Vec<Known>> =
    LazyLock::new(|| Known::all(&[RECONNECT_TIMEOUT, STORAGE_NAMESPACE, REDIS_ADDRESS]));

/// Parameters of `ray start` on which these rules, or what Ray makes of the Pod, depend.
static PARAMS: LazyLock<Vec<Known>> = LazyLock::new(|| {
    Known::all(&[
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
    ])
});

/// Names that Ray reads as well, though they look like slips of the ones above.
const REAL: [&str; 2] = ["dashboard-port", "RAY_gcs_rpc_server_connect_timeout_s"];

static ANNOTATIONS: LazyLock<Vec<Known>> =
    LazyLock::new(|| Known::all(&[FT_ENABLED_ANNOTATION, STORAGE_NAMESPACE_ANNOTATION]));

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    for (key, _) in object.json.descend(["metadata", "annotations"]).entries() {
        if let Some(meant) = near(key, &normal(key), &ANNOTATIONS) {
            let message = format!("KubeRay ignores this annotation; it reads {meant}");
            findings.invalid(RayObject::annotation_path(key), message, format!("write {meant}"));
        }
    }
    for group in object.cluster.groups() {
        check_variables(object, group, findings);
        for (name, _) in group.ray_start_params() {
            if let Some(meant) = near(name, &normal(name), &PARAMS)
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
        let bare = normal(name);
        let meant = match bare.as_str() {
            "redis_address" if by_annotation && name != REDIS_ADDRESS => Some(REDIS_ADDRESS),
            "redis_address" | "redis_password" if !by_annotation => None,
            "redis_password" if name != REDIS_PASSWORD => Some(REDIS_PASSWORD),
            _ => near(name, &bare, &VARIABLES),
        };
        if let Some(meant) = meant.filter(|meant| lacks(meant)) {
            // Ray has the password from its parameter; of the variables only the clean-up Job reads one.
            let reader = if meant == REDIS_PASSWORD { "KubeRay's clean-up Job" } else { "Ray" };
            let message = format!("{reader} ignores a variable of this name; it reads {meant}");
            findings.invalid(var.path().field("name"), message, format!("write {meant}"));
        }
    }
}

/// A name that Ray or KubeRay reads, with its [`normal`] form, which is worth working out only once.
struct Known {
    name: &'static str,
    normal: String,
}

impl Known {
    fn all(names: &[&'static str]) -> Vec<Self> {
        names.iter().map(|name| Self { name, normal: normal(name) }).collect()
    }
}

/// A known name that this one was probably meant to be.
fn near(name: &str, normal: &str, known: &[Known]) -> Option<&'static str> {
    /// So many letters may differ in a name that is long enough for that to be no accident.
    const TYPOS: usize = 2;
    const LONG: usize = 8;
    if known.iter().any(|known| known.name == name) || REAL.contains(&name) {
        return None;
    }
    let same = known.iter().find(|known| known.normal == normal);
    let typo = || {
        // What differs more in length than that cannot be a typo, and is not worth comparing.
        let comparable = |known: &&Known| known.name.len() >= LONG && known.name.len().abs_diff(name.len()) <= TYPOS;
        known.iter().filter(comparable).find(|known| strsim::osa_distance(known.name, name) <= TYPOS)
    };
    same.or_else(typo).map(|known| known.name)
}

/// A name without what people get wrong: case, dashes, the prefix `RAY_`, the unit at its end, a plural.
fn normal(name: &str) -> String {
    let mut bare = name.trim();
    while let Some(rest) = bare.strip_prefix("--") {
        bare = rest;
    }
    let lower = bare.to_lowercase().replace('-', "_");
    let bare = lower.strip_prefix("ray_").unwrap_or(&lower);
    let bare = bare.strip_suffix("_seconds").or_else(|| bare.strip_suffix("_s")).unwrap_or(bare);
    bare.strip_suffix('s').filter(|_| !bare.ends_with("ss") && bare.len() > 3).unwrap_or(bare).to_owned()
}
