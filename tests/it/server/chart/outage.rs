//! A cluster while rayguard is down and its webhooks fail closed: everything that it needs to restart is admitted.

use serde_json::{Value, json};

use super::Rendered;
use crate::server::apiserver::webhooks::PROBE;
use crate::server::apiserver::{ApiServer, Namespace};
use crate::server::process::eventually;

/// Returns objects of other components that a Pod needs: for its node, scheduling, network, storage and certificate.
fn of_others(namespace: &str) -> Vec<Value> {
    let named = |version: &str, kind: &str| json!({"apiVersion": version, "kind": kind, "metadata": {"name": "other"}});
    let with = |mut object: Value, field: &str, value: Value| {
        object[field] = value;
        object
    };
    let address = json!([{"addresses": ["192.0.2.1"]}]);
    vec![
        named("v1", "Namespace"),
        named("v1", "Node"),
        named("v1", "ConfigMap"),
        named("v1", "Secret"),
        named("v1", "ServiceAccount"),
        with(named("v1", "Event"), "involvedObject", json!({"namespace": namespace})),
        with(named("v1", "Endpoints"), "subsets", json!([{"addresses": [{"ip": "192.0.2.1"}]}])),
        with(with(named("discovery.k8s.io/v1", "EndpointSlice"), "addressType", json!("IPv4")), "endpoints", address),
        named("coordination.k8s.io/v1", "Lease"),
        with(named("scheduling.k8s.io/v1", "PriorityClass"), "value", json!(1)),
        with(named("storage.k8s.io/v1", "StorageClass"), "provisioner", json!("example.com/disk")),
        with(named("storage.k8s.io/v1", "CSIDriver"), "spec", json!({})),
        with(named("storage.k8s.io/v1", "CSINode"), "spec", json!({"drivers": []})),
    ]
}

/// Creates an object, or updates an existing one.
#[track_caller]
fn create(namespace: &Namespace<'_>, object: &Value) {
    namespace.send("apply --server-side --force-conflicts -f -", &object.to_string()).passes();
}

#[test]
fn everything_that_rayguard_needs_to_start_is_admitted_while_it_is_down() {
    // A separate API server, because here the webhooks apply to every namespace, and no replica answers.
    let server = ApiServer::start();
    let rendered = Rendered::new([]);
    let namespace = server.namespace("rayguard");
    namespace.send("apply --server-side -f -", &rendered.text).passes_silently();
    let elsewhere = server.namespace("elsewhere");
    eventually("calls of rayguard to fail", || {
        let refused = elsewhere.send("create --dry-run=server -f -", PROBE);
        refused.stderr.contains("failed calling webhook \"validate.rayguard.dev\"").then_some(())
    });

    // Creates the release again, except the webhook configurations, which stay.
    for object in &rendered.objects {
        let kind = object["kind"].as_str().expect("a kind");
        if !kind.ends_with("WebhookConfiguration") {
            namespace.send("delete --wait=false -f -", &object.to_string()).passes();
            create(&namespace, object);
        }
    }
    // Without a controller and a node, the test creates the rest itself: the Pod, its node, and its endpoints.
    let template = &rendered.only("Deployment")["spec"]["template"];
    let mut metadata = template["metadata"].clone();
    metadata["name"] = "rayguard".into();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]});
    for target in [&namespace, &elsewhere] {
        create(target, &pod);
        for object in of_others(&target.name) {
            create(target, &object);
        }
        let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "rayguard"},
            "target": {"apiVersion": "v1", "kind": "Node", "name": "other"}});
        let path = format!("create --raw /api/v1/namespaces/{}/pods/rayguard/binding -f -", target.name);
        target.send(&path, &binding.to_string()).passes();
        let running = r#"{"status": {"phase": "Running"}}"#;
        let status = ["patch", "pod/rayguard", "--subresource=status", "--type=merge", "--patch", running];
        target.kubectl_with(status).passes_silently();
    }
    // rayguard's own writes are not sent to its webhooks either: the Secret, the Leases, and the webhook
    // configurations.
    let data = r#"{"data": {"tls.crt": "Q0E="}}"#;
    namespace.patch("secret/rayguard-certificate", data).passes_silently();
    for lease in ["lease/rayguard-certificate", "lease/rayguard-audit"] {
        namespace.patch(lease, r#"{"spec": {"holderIdentity": "rayguard"}}"#).passes_silently();
    }
    for phase in ["mutating", "validating"] {
        let bundle = json!([{"op": "add", "path": "/metadata/labels/written", "value": "yes"}]);
        namespace.json_patch(&format!("{phase}webhookconfiguration/rayguard"), &bundle).passes_silently();
    }
    elsewhere.send("create --dry-run=server -f -", PROBE).fails();
}
