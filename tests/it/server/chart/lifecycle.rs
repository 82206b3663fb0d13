//! What Helm keeps when it upgrades, and what remains after it uninstalls.

use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use serde_json::{Value, json};

use super::helm::{helm_of_major, outcome};
use super::{CHART, Rendered};
use crate::server::apiserver::{ApiServer, Namespace};

/// Some bytes in base64, in place of a CA.
const CA: &str = "Q0E=";

/// Writes the fields that rayguard writes, as its field manager: the CA of both configurations, and its Secret.
async fn write(namespace: &Namespace<'_>, name: &str) {
    let client = namespace.client().await;
    let apply = async |api: Api<DynamicObject>, name: &str, object: Value| {
        let params = PatchParams::apply("rayguard");
        api.patch(name, &params, &Patch::Apply(&object)).await.expect("it may be written");
    };
    for (kind, webhook) in [("MutatingWebhookConfiguration", "mutate"), ("ValidatingWebhookConfiguration", "validate")]
    {
        let kind = GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", kind);
        let webhook = json!({"name": format!("{webhook}.rayguard.dev"), "clientConfig": {"caBundle": CA}});
        let object = json!({"apiVersion": kind.api_version(), "kind": kind.kind, "webhooks": [webhook]});
        apply(Api::all_with(client.clone(), &ApiResource::from_gvk(&kind)), name, object).await;
    }
    let secrets = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Secret"));
    let object = json!({"apiVersion": "v1", "kind": "Secret", "data": {"tls.crt": CA}});
    apply(Api::namespaced_with(client, &namespace.name, &secrets), &format!("{name}-certificate"), object).await;
}

fn field(namespace: &Namespace<'_>, object: &str, path: &str) -> String {
    namespace.kubectl(&format!("get {object} --output=jsonpath={{{path}}}")).passes().stdout
}

fn bundles(namespace: &Namespace<'_>, name: &str) -> [String; 2] {
    ["mutating", "validating"].map(|phase| {
        field(namespace, &format!("{phase}webhookconfiguration/{name}"), ".webhooks[0].clientConfig.caBundle")
    })
}

/// Returns the current values of the fields that [`write`] writes.
fn found(namespace: &Namespace<'_>, name: &str) -> [String; 3] {
    let [mutating, validating] = bundles(namespace, name);
    [mutating, validating, field(namespace, &format!("secret/{name}-certificate"), r".data.tls\.crt")]
}

/// Runs Helm 3 or 4 on the shared API server. The release's webhooks apply to no namespace, because all tests share the
/// server.
fn try_helm(major: u8, command: &str, namespace: &str, values: &[&str]) -> Result<String, String> {
    let mut helm = helm_of_major(major);
    helm.env("KUBECONFIG", ApiServer::shared().kubeconfig_file());
    helm.args(command.split(' ')).args(["--namespace", namespace]);
    if command.contains(CHART) {
        helm.args(["--set", "webhooks.namespaceSelector.matchLabels.nowhere=x"]);
    }
    outcome(helm.args(values.iter().flat_map(|value| ["--set", value])))
}

#[track_caller]
fn helm(major: u8, command: &str, namespace: &str, values: &[&str]) {
    try_helm(major, command, namespace, values).unwrap_or_else(|error| panic!("helm {command}: {error}"));
}

#[tokio::test]
async fn helm_3_upgrade_and_rollback_keep_what_rayguard_wrote() {
    upgrade_and_rollback_keep_what_rayguard_wrote(3, "helm-3", "--force").await;
}

#[tokio::test]
async fn helm_4_upgrade_and_rollback_keep_what_rayguard_wrote() {
    upgrade_and_rollback_keep_what_rayguard_wrote(4, "helm-4", "--force-replace --server-side=false").await;
}

async fn upgrade_and_rollback_keep_what_rayguard_wrote(major: u8, release: &str, force: &str) {
    let namespace = ApiServer::shared().namespace(&format!("{release}-upgrade"));
    let name = format!("{release}-rayguard");
    let (upgrade, kept) = (format!("upgrade {release} {CHART}"), [CA; 3]);
    helm(major, &format!("install {release} {CHART}"), &namespace.name, &[]);
    assert_eq!(found(&namespace, &name), ["", "", ""]);
    write(&namespace, &name).await;

    assert_eq!(found(&namespace, &name), kept);
    helm(major, &upgrade, &namespace.name, &["replicas=3", "validatingWebhook.timeoutSeconds=4"]);
    assert_eq!(found(&namespace, &name), kept);
    helm(major, &format!("rollback {release} 1"), &namespace.name, &[]);
    assert_eq!(found(&namespace, &name), kept);
    // These options replace whole objects, of which docs/install.md warns.
    helm(major, &format!("{upgrade} {force}"), &namespace.name, &["commonLabels.team=ml"]);
    assert_eq!(found(&namespace, &name), ["", "", ""]);
    // Helm removes a field that it once wrote itself, of which docs/install.md warns too.
    let bundle = "certificate.files.caBundle=-----BEGIN CERTIFICATE-----\nQ0E=\n-----END CERTIFICATE-----";
    let files =
        ["certificate.mode=files", "certificate.files.secretName=mine", bundle, "certificate.keepCaBundle=false"];
    helm(major, &upgrade, &namespace.name, &files);
    assert!(bundles(&namespace, &name).iter().all(|bundle| !bundle.is_empty()));
    helm(major, &upgrade, &namespace.name, &[]);
    assert_eq!(bundles(&namespace, &name), ["", ""]);
    helm(major, &format!("uninstall {release}"), &namespace.name, &[]);
}

#[tokio::test]
async fn helm_4_takes_over_a_release_of_helm_3() {
    // By default, Helm 4 goes on with client-side apply, as Helm 3 did. The second release changes to server-side apply.
    for (release, option) in [("taken", ""), ("taken-server-side", " --server-side=true")] {
        let namespace = ApiServer::shared().namespace(release);
        let name = format!("{release}-rayguard");
        let upgrade = format!("upgrade {release} {CHART}{option}");
        let timeout = || {
            let webhook = format!("validatingwebhookconfiguration/{name}");
            field(&namespace, &webhook, ".webhooks[0].timeoutSeconds")
        };
        helm(3, &format!("install {release} {CHART}"), &namespace.name, &["validatingWebhook.timeoutSeconds=4"]);
        write(&namespace, &name).await;
        helm(4, &upgrade, &namespace.name, &["validatingWebhook.timeoutSeconds=3", "commonLabels.team=ml"]);
        assert_eq!((found(&namespace, &name), timeout()), ([CA; 3].map(str::to_owned), "3".to_owned()), "{release}");
        // What is no longer in the chart's values is gone, whoever wrote it first.
        helm(4, &upgrade, &namespace.name, &[]);
        let team = field(&namespace, &format!("deployment/{name}"), ".metadata.labels.team");
        assert_eq!((found(&namespace, &name), team), ([CA; 3].map(str::to_owned), String::new()), "{release}");
        helm(4, &format!("rollback {release} 1"), &namespace.name, &[]);
        assert_eq!((found(&namespace, &name), timeout()), ([CA; 3].map(str::to_owned), "4".to_owned()), "{release}");
        helm(4, &format!("uninstall {release}"), &namespace.name, &[]);
    }
}

#[tokio::test]
async fn helm_4_refuses_to_write_the_ca_bundle_of_a_running_rayguard_unless_it_is_told_to() {
    let namespace = ApiServer::shared().namespace("helm-conflict");
    let name = "conflict-rayguard";
    helm(4, &format!("install conflict {CHART}"), &namespace.name, &[]);
    write(&namespace, name).await;
    let bundle = "certificate.files.caBundle=-----BEGIN CERTIFICATE-----\nQ0E=\n-----END CERTIFICATE-----";
    let files =
        ["certificate.mode=files", "certificate.files.secretName=mine", bundle, "certificate.keepCaBundle=false"];
    let upgrade = format!("upgrade conflict {CHART}");
    let refused = try_helm(4, &upgrade, &namespace.name, &files).expect_err("rayguard owns the field");
    assert!(refused.contains(r#"conflict with "rayguard""#), "{refused}");
    assert_eq!(bundles(&namespace, name), [CA; 2]);
    helm(4, &format!("{upgrade} --force-conflicts"), &namespace.name, &files);
    assert!(bundles(&namespace, name).iter().all(|bundle| bundle != CA));
    helm(4, "uninstall conflict", &namespace.name, &[]);
}

#[tokio::test]
async fn kubectl_apply_keeps_what_rayguard_wrote() {
    for (command, name) in [("apply", "applied"), ("apply --server-side", "applied-server-side")] {
        let namespace = ApiServer::shared().namespace(name);
        let values =
            [format!("fullnameOverride={name}"), "webhooks.namespaceSelector.matchLabels.nowhere=x".to_owned()];
        let mut arguments: Vec<_> = values.iter().flat_map(|value| ["--set", value]).collect();
        let apply = |arguments: &[&str]| {
            // The manifest has another release namespace.
            let manifest = Rendered::new(arguments.iter().copied()).text;
            let manifest = manifest.replace("namespace: rayguard\n", &format!("namespace: {name}\n"));
            namespace.send(&format!("{command} -f -"), &manifest).passes_silently();
        };
        apply(&arguments);
        write(&namespace, name).await;
        arguments.extend(["--set", "validatingWebhook.timeoutSeconds=4"]);
        apply(&arguments);
        assert_eq!(found(&namespace, name), [CA; 3], "{command}");
    }
}

#[test]
fn helm_upgrade_restores_deleted_webhook_configurations_and_uninstall_leaves_nothing() {
    for major in [3, 4] {
        restores_deleted_webhook_configurations_and_leaves_nothing(major);
    }
}

fn restores_deleted_webhook_configurations_and_leaves_nothing(major: u8) {
    let namespace = ApiServer::shared().namespace(&format!("helm-{major}-emergency"));
    let configurations = "validatingwebhookconfiguration,mutatingwebhookconfiguration";
    let all = "all,secret,configmap,serviceaccount,role,rolebinding,lease,poddisruptionbudget";
    let label = "app.kubernetes.io/instance=emergency";
    let listed =
        |kinds: &str| namespace.kubectl(&format!("get {kinds} --selector {label} --output=name")).passes().stdout;
    helm(major, &format!("install emergency {CHART}"), &namespace.name, &[]);

    namespace.kubectl(&format!("delete {configurations} emergency-rayguard")).passes();
    assert_eq!(listed(configurations), "");
    helm(major, &format!("upgrade emergency {CHART} --reuse-values"), &namespace.name, &[]);
    assert_eq!(listed(configurations).lines().count(), 2);

    // First delete the configurations, which would refuse objects once no replica answers.
    namespace.kubectl(&format!("delete {configurations} emergency-rayguard")).passes();
    helm(major, "uninstall emergency", &namespace.name, &[]);
    for kinds in [all, "clusterrole,clusterrolebinding", configurations] {
        assert_eq!(listed(kinds), "", "{kinds}");
    }
}
