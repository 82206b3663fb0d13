#![doc = include_str!("conflicting_tls_options.md")]

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::FeatureGate;
use crate::ray::Group;
use crate::ray::pod::{indexes_named, indexes_of_mount};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-tls-options",
    summary: "custom TLS variables or mounts in a cluster with tlsOptions, where KubeRay sets them itself",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("conflicting_tls_options.md"),
    cel: Cel::Yes(include_str!("conflicting_tls_options.cel.yaml")),
    check,
};

/// The environment variables that KubeRay sets for TLS.
const VARIABLES: [&str; 4] = ["RAY_USE_TLS", "RAY_TLS_SERVER_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_CA_CERT"];
/// The name of the volume that KubeRay adds for TLS.
const VOLUME: &str = "ray-tls";
/// The path at which KubeRay mounts that volume.
const MOUNT_PATH: &str = "/etc/ray/tls";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let cluster = &object.cluster;
    let is_on = cluster.json.field("tlsOptions").field("enabled").as_bool() == Some(true);
    // With the gate off, KubeRay sets up no TLS, so nothing conflicts with it; disabled-feature reports the gate.
    let (kuberay, gate) = (&settings.kuberay, FeatureGate::RayClusterMtls);
    if !is_on || !gate.is_in(kuberay.version) || !kuberay.is_enabled(gate) {
        return;
    }
    for container in cluster.groups().filter_map(Group::ray_container) {
        check_container(container.json, || container.path(), findings);
    }
    check_container(cluster.json.field("autoscalerOptions"), || cluster.path().field("autoscalerOptions"), findings);
}

/// Checks the variables and the mounts of a container, or of `autoscalerOptions`.
fn check_container(json: &Json<'_>, path: impl Fn() -> FieldPath, findings: &mut Findings) {
    for index in indexes_named(json.field("env"), &VARIABLES) {
        let message = "with tlsOptions, KubeRay sets this variable itself and refuses a second one";
        findings.forbidden(path().field("env").index(index), message, "remove it, or remove tlsOptions");
    }
    for index in indexes_of_mount(json.field("volumeMounts"), VOLUME, MOUNT_PATH) {
        let message = format!("with tlsOptions, KubeRay mounts {VOLUME} at {MOUNT_PATH} itself");
        let help = "remove it, or use another volume name and another mount path";
        findings.forbidden(path().field("volumeMounts").index(index), message, help);
    }
}
