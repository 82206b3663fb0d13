#![doc = include_str!("invalid_history_server_options.md")]

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::Group;
use crate::ray::pod::indexes_named;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-history-server-options",
    summary: "a history server collector that lacks a setting, or that has one that KubeRay sets itself",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_history_server_options.md"),
    cel: Cel::Yes(include_str!("invalid_history_server_options.cel.yaml")),
    check,
};

/// The name of the collector's container.
const CONTAINER: &str = "ray-history-collector";
/// The variables that KubeRay sets in the collector itself.
const MANAGED: [&str; 8] = [
    "POD_IP",
    "FQ_RAY_IP",
    "RAY_CLUSTER_NAME",
    "RAY_CLUSTER_NAMESPACE",
    "RAY_ROLE",
    "OWNER_KIND",
    "OWNER_NAME",
    "EVENTS_PORT",
];
const BACKEND: &str = "STORAGE_BACKEND";
const AZURE_MODE: &str = "AZURE_STORAGE_AUTH_MODE";
const AZURE_CONNECTION: &str = "AZURE_STORAGE_CONNECTION_STRING";
const AZURE_ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT_URL";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let options = object.cluster.json.field("historyServerOptions");
    if options.as_object().is_none() || settings.kuberay.version < Version::v1(7) {
        return;
    }
    let collector = options.field("collectorOptions");
    let path = object.cluster.path().fields(["historyServerOptions", "collectorOptions"]);
    if collector.as_object().is_some() {
        if collector.field("image").as_nonempty_str().is_none() {
            let message = "the collector has no image, and KubeRay has no default for it";
            findings.required(path.clone().field("image"), message, "write the image of the collector");
        }
        check_env(collector.field("env"), &path.field("env"), findings);
    } else {
        findings.required(path, "historyServerOptions has no collectorOptions", "write them, with an image and an env");
    }
    for container in object.cluster.groups().flat_map(Group::containers) {
        if container.name() == Some(CONTAINER) {
            let message = "KubeRay uses this name for the collector, which it adds to this Pod";
            findings.forbidden(container.path().field("name"), message, "give it another name");
        }
    }
}

/// Checks the collector's environment variables. Of two variables with the same name, KubeRay reads the last one.
fn check_env(env: &Json<'_>, path: &FieldPath, findings: &mut Findings) {
    for index in indexes_named(env, &MANAGED) {
        let message = "KubeRay sets this variable in the collector itself, and refuses a second one";
        findings.forbidden(path.clone().index(index), message, "remove it");
    }
    let env = env.items();
    let last = |name: &str| env.iter().rposition(|var| var.field("name").as_str() == Some(name));
    let text = |name: &str| last(name).and_then(|index| env[index].field("value").as_nonempty_str());
    let is_set = |name: &str| {
        let from = |index: usize| env[index].field("valueFrom").as_object().is_some();
        text(name).is_some() || last(name).is_some_and(from)
    };
    // Where to write a value: in the variable if it exists, else in the list.
    let place = |name: &str| match last(name) {
        Some(index) => path.clone().index(index).field("value"),
        None => path.clone(),
    };
    let Some(backend) = text(BACKEND) else {
        let message = format!("the collector needs {BACKEND}, as a plain value: KubeRay reads it itself");
        let help = format!("add {BACKEND} with the value GCS, S3, AzureBlob or AliyunOSS");
        findings.required(place(BACKEND), message, help);
        return;
    };
    let mode = text(AZURE_MODE).map(|mode| mode.trim().to_lowercase());
    let needed: &[&str] = match (&*backend.to_uppercase(), mode.as_deref()) {
        ("GCS", _) => &["GCS_BUCKET"],
        ("S3", _) => &["S3_REGION"],
        ("ALIYUNOSS", _) => &["OSS_BUCKET", "OSS_ENDPOINT", "OSS_REGION"],
        ("AZUREBLOB", Some("connection_string")) => &[AZURE_CONNECTION],
        ("AZUREBLOB", Some("workload_identity" | "default")) => &[AZURE_ACCOUNT],
        ("AZUREBLOB", _) if is_set(AZURE_ACCOUNT) => &[],
        ("AZUREBLOB", _) => &[AZURE_CONNECTION],
        _ => &[],
    };
    for name in needed.iter().filter(|name| !is_set(name)) {
        let message = format!("the collector needs {name} for its {BACKEND}");
        findings.required(place(name), message, format!("add {name}, or choose another {BACKEND}"));
    }
}
