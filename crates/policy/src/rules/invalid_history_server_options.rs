#![doc = include_str!("invalid_history_server_options.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::pod::places_named;
use crate::ray::{Group, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

pub(super) static RULE: Rule = Rule {
    name: "invalid-history-server-options",
    summary: "a collector of the history server that lacks something, or gets what is KubeRay's to set",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "historyServerOptions.collectorOptions must be set",
        "historyServerOptions.collectorOptions.image must be set",
        "historyServerOptions.collectorOptions.env must not contain",
        "environment variable must be set with a literal string value in historyServerOptions.collectorOptions.env",
        "environment variable must be set when",
        "when history server collector options are enabled",
    ],
    docs: include_str!("invalid_history_server_options.md"),
    check: Check::Object(check),
};

/// What KubeRay calls the collector's container.
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

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let options = object.cluster.json.field("historyServerOptions");
    if options.as_object().is_none() || settings.kuberay.version < Version::v1(7) {
        return;
    }
    let collector = options.field("collectorOptions");
    let path = object.cluster.path().fields(["historyServerOptions", "collectorOptions"]);
    if collector.as_object().is_some() {
        if collector.field("image").as_nonempty_str().is_none() {
            let message = "the collector has no image, and KubeRay has none for it";
            findings.required(path.clone().field("image"), message, "write the image of the collector");
        }
        check_env(collector.field("env"), &path.field("env"), findings);
    } else {
        findings.required(path, "there is no collector, and KubeRay needs one", "write it, with an image and an env");
    }
    for container in object.cluster.groups().flat_map(Group::containers) {
        if container.name() == Some(CONTAINER) {
            let message = "KubeRay calls the collector so, which it puts beside this container";
            findings.forbidden(container.path().field("name"), message, "give it another name");
        }
    }
}

/// Of variables that are there twice KubeRay looks at the last.
fn check_env(env: &Json<'_>, path: &FieldPath, findings: &mut Findings) {
    for index in places_named(env, &MANAGED) {
        let message = "KubeRay sets this variable in the collector itself, and refuses another";
        findings.forbidden(path.clone().index(index), message, "remove it");
    }
    let env = env.items();
    let last = |name: &str| env.iter().rposition(|var| var.field("name").as_str() == Some(name));
    let text = |name: &str| last(name).and_then(|index| env[index].field("value").as_nonempty_str());
    let is_set = |name: &str| {
        let from = |index: usize| env[index].field("valueFrom").as_object().is_some();
        text(name).is_some() || last(name).is_some_and(from)
    };
    // Where to write a value: in the variable, if there is one.
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
        let message = format!("the collector needs {name} for the {BACKEND} that it has");
        findings.required(place(name), message, format!("add {name}, or choose another {BACKEND}"));
    }
}
