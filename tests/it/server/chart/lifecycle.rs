//! What Helm keeps when it upgrades, and what remains after it uninstalls.

use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use serde_json::{Value, json};

use super::{CHART, Rendered, program};
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

/// Runs Helm on the shared API server. The release's webhooks apply to no namespace, because all tests share the
/// server.
#[track_caller]
fn helm(command: &str, namespace: &str, values: &[&str]) {
    let mut helm = program("helm");
    helm.env("KUBECONFIG", ApiServer::shared().kubeconfig_file());
    helm.args(command.split(' ')).args(["--namespace", namespace]);
    if command.contains(CHART) {
        helm.args(["--set", "webhooks.namespaceSelector.matchLabels.nowhere=x"]);
    }
    let output = helm.args(values.iter().flat_map(|value| ["--set", value])).output().expect("Helm runs");
    assert!(output.status.success(), "helm {command}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn helm_upgrade_and_rollback_keep_what_rayguard_wrote() {
    let namespace = ApiServer::shared().namespace("helm-upgrade");
    let name = "life-rayguard";
    helm(&format!("install life {CHART}"), &namespace.name, &[]);
    assert_eq!(found(&namespace, name), ["", "", ""]);
    write(&namespace, name).await;

    let kept = [CA; 3];
    assert_eq!(found(&namespace, name), kept);
    helm(&format!("upgrade life {CHART}"), &namespace.name, &["replicas=3", "validatingWebhook.timeoutSeconds=4"]);
    assert_eq!(found(&namespace, name), kept);
    helm("rollback life 1", &namespace.name, &[]);
    assert_eq!(found(&namespace, name), kept);
    // `--force` replaces whole objects, of which docs/install.md warns.
    helm(&format!("upgrade life {CHART} --force"), &namespace.name, &["commonLabels.team=ml"]);
    assert_eq!(found(&namespace, name), ["", "", ""]);
    // Helm removes a field that it once wrote itself, of which docs/install.md warns too.
    let bundle = "certificate.files.caBundle=-----BEGIN CERTIFICATE-----\nQ0E=\n-----END CERTIFICATE-----";
    let files =
        ["certificate.mode=files", "certificate.files.secretName=mine", bundle, "certificate.keepCaBundle=false"];
    helm(&format!("upgrade life {CHART}"), &namespace.name, &files);
    assert!(bundles(&namespace, name).iter().all(|bundle| !bundle.is_empty()));
    helm(&format!("upgrade life {CHART}"), &namespace.name, &[]);
    assert_eq!(bundles(&namespace, name), ["", ""]);
    helm("uninstall life", &namespace.name, &[]);
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
    let namespace = ApiServer::shared().namespace("helm-emergency");
    let configurations = "validatingwebhookconfiguration,mutatingwebhookconfiguration";
    let all = "all,secret,configmap,serviceaccount,role,rolebinding,lease,poddisruptionbudget";
    let label = "app.kubernetes.io/instance=emergency";
    let listed =
        |kinds: &str| namespace.kubectl(&format!("get {kinds} --selector {label} --output=name")).passes().stdout;
    helm(&format!("install emergency {CHART}"), &namespace.name, &[]);

    namespace.kubectl(&format!("delete {configurations} emergency-rayguard")).passes();
    assert_eq!(listed(configurations), "");
    helm(&format!("upgrade emergency {CHART} --reuse-values"), &namespace.name, &[]);
    assert_eq!(listed(configurations).lines().count(), 2);

    // First delete the configurations, which would refuse objects once no replica answers.
    namespace.kubectl(&format!("delete {configurations} emergency-rayguard")).passes();
    helm("uninstall emergency", &namespace.name, &[]);
    for kinds in [all, "clusterrole,clusterrolebinding", configurations] {
        assert_eq!(listed(kinds), "", "{kinds}");
    }
}
