#![doc = include_str!("conflicting_tls_options.md")]

use crate::kuberay::FeatureGate;
use crate::policy::Settings;
use crate::ray::pod::{places_named, places_of_mount};
use crate::ray::{Group, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

pub(super) static RULE: Rule = Rule {
    name: "conflicting-tls-options",
    summary: "variables or mounts for TLS of the user's own beside the TLS that KubeRay does",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "environment variable in head Pod when tlsOptions is set",
        "environment variable in worker group",
        "environment variable in autoscalerOptions.env when tlsOptions is set",
        "cannot use volume mount named",
        "cannot use volume mount at path",
    ],
    docs: include_str!("conflicting_tls_options.md"),
    check: Check::Object(check),
};

/// The variables, the volume and the folder that are KubeRay's where it does TLS.
const VARIABLES: [&str; 4] = ["RAY_USE_TLS", "RAY_TLS_SERVER_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_CA_CERT"];
const VOLUME: &str = "ray-tls";
const MOUNT_PATH: &str = "/etc/ray/tls";

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let cluster = &object.cluster;
    let is_on = cluster.json.field("tlsOptions").field("enabled").as_bool() == Some(true);
    // With the gate off KubeRay does no TLS, and nothing is in its way; disabled-feature says that it is off.
    let (kuberay, gate) = (&settings.kuberay, FeatureGate::RayClusterMtls);
    if !is_on || !gate.is_in(kuberay.version) || !kuberay.is_enabled(gate) {
        return;
    }
    for container in cluster.groups().filter_map(Group::ray_container) {
        check_container(container.json, || container.path(), findings);
    }
    check_container(cluster.json.field("autoscalerOptions"), || cluster.path().field("autoscalerOptions"), findings);
}

/// Looks at the variables and the mounts of a container, or of the options for the autoscaler's.
fn check_container(json: &Json<'_>, path: impl Fn() -> FieldPath, findings: &mut Findings) {
    for index in places_named(json.field("env"), &VARIABLES) {
        let message = "with tlsOptions KubeRay sets this variable itself, and refuses another";
        findings.forbidden(path().field("env").index(index), message, "remove it, or remove tlsOptions");
    }
    for index in places_of_mount(json.field("volumeMounts"), VOLUME, MOUNT_PATH) {
        let message = format!("with tlsOptions KubeRay mounts {VOLUME} at {MOUNT_PATH} itself");
        let help = "remove it, or take another volume and another folder";
        findings.forbidden(path().field("volumeMounts").index(index), message, help);
    }
}
