//! Tests of the Pod of `helm test` and of its rights.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::{Rendered, helm, value_sets};
use crate::server::apiserver::ApiServer;
use crate::server::process::{RAYGUARD, Rayguard, eventually};

#[test]
fn the_helm_test_renders_as_in_its_snapshot() {
    for (name, file) in value_sets().into_iter().filter(|(name, _)| ["default", "everything"].contains(&&**name)) {
        let file = file.map(|file| file.display().to_string());
        let rendered = Rendered::test(file.iter().flat_map(|file| ["--values", file]));
        insta::assert_snapshot!(format!("test_{name}"), rendered.text);
    }
}

#[test]
fn the_helm_test_pod_is_as_restricted_as_rayguards_pods_and_not_selected_with_them() {
    let (own, test) = (Rendered::new([]), Rendered::test([]));
    let own = &own.only("Deployment")["spec"]["template"];
    let test = test.only("Pod");
    for field in ["/securityContext", "/containers/0/securityContext", "/containers/0/image", "/containers/0/resources"]
    {
        let [own, test] = [own, test].map(|pod| pod["spec"].pointer(field));
        assert!(own.is_some() && own == test, "{field}: {test:?}");
    }
    // Selectors of rayguard's Pods, especially of its Service, must not match this Pod.
    let label = "/metadata/labels/app.kubernetes.io~1name";
    assert_ne!(own.pointer(label), test.pointer(label));
}

#[test]
fn an_excluded_namespace_has_no_helm_test() {
    let hooks = |arguments: &[&str]| {
        let all = ["template", "rayguard", super::CHART].into_iter().chain(arguments.iter().copied());
        helm(all).expect("it renders").matches("helm.sh/hook: test").count()
    };
    assert_eq!(hooks(&["--namespace", "rayguard"]), 4);
    assert_eq!(hooks(&["--namespace", "default"]), 0, "the release's own namespace is excluded");
    assert_eq!(hooks(&["--namespace", "default", "--set", "test.namespace=ml"]), 4);
    assert_eq!(hooks(&["--namespace", "rayguard", "--set", "test.namespace=kube-system"]), 0);
    assert_eq!(hooks(&["--namespace", "rayguard", "--set", "webhooks.excludedNamespaces[0]=default"]), 0);
    assert_eq!(hooks(&["--namespace", "rayguard", "--set", "test.enabled=false"]), 0);
}

/// Runs the Pod's command with the rights of its account, though not on a node.
#[test]
fn the_rights_and_arguments_of_the_helm_test_suffice() {
    let (server, name) = (ApiServer::shared(), "chart-test");
    let home = server.namespace("chart-test-home");
    let namespace = server.namespace(name);
    let policy = "policy.highestLevel=warn";
    let values = ["--set", "test.namespace=chart-test", "--set", policy];
    let (rendered, test) = (Rendered::new(values), Rendered::test(values));
    home.kubectl("label namespace chart-test-home pod-security.kubernetes.io/warn=restricted").passes();
    for object in &test.objects {
        let corner = if object["metadata"]["namespace"] == name { &namespace } else { &home };
        let object = object.to_string().replace("\"namespace\":\"rayguard\"", "\"namespace\":\"chart-test-home\"");
        corner.send("create --validate=strict -f -", &object).passes_silently();
    }
    let token = home.token("rayguard-test");

    let policy = rendered.objects.iter().find_map(|object| object["data"]["policy.yaml"].as_str()).expect("a policy");
    let rayguard =
        Rayguard::with_policy(policy.trim_start_matches("apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n"));
    namespace.guard(&rayguard);
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    fs::write(&kubeconfig, server.kubeconfig(server.address(), &token, "default")).expect("a file");
    let arguments = test.only("Pod")["spec"]["containers"][0]["args"].as_array().expect("arguments");
    let installed = rayguard.policy().display().to_string();
    let arguments = arguments.iter().filter_map(Value::as_str);
    let arguments: Vec<_> =
        arguments.map(|argument| argument.replace("/etc/rayguard/policy/policy.yaml", &installed)).collect();
    let run = || Command::new(RAYGUARD).args(&arguments).env_clear().env("KUBECONFIG", &kubeconfig).output();
    let output = run().expect("the binary is built");
    let printed = String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(printed.contains("a bad RayCluster is admitted without a default, with a warning of"), "{printed}");

    let account = "--as system:serviceaccount:chart-test-home:rayguard-test";
    let may = |what: &str| namespace.kubectl(&format!("auth can-i {what} {account}")).success();
    assert!(may("create rayclusters.ray.io/rayguard-check-good"));
    for other in
        ["create rayclusters.ray.io", "create rayclusters.ray.io/other", "get rayclusters.ray.io", "create pods"]
    {
        assert!(!may(other), "{other}");
    }

    // It may also read why the webhooks are not called.
    namespace.kubectl(&format!("label namespace {name} rayguard.dev/ignore=")).passes();
    let selector = json!([{"op": "add", "path": "/webhooks/0/namespaceSelector/matchExpressions",
        "value": [{"key": "rayguard.dev/ignore", "operator": "DoesNotExist"}]}]);
    for kind in ["mutating", "validating"] {
        namespace.json_patch(&format!("{kind}webhookconfiguration/rayguard-{name}"), &selector).passes();
    }
    let printed = eventually("the namespace to be excluded", || {
        let mut command = Command::new(RAYGUARD);
        command.args(arguments.iter().filter(|argument| !argument.starts_with("--wait")));
        let output = command.env_clear().env("KUBECONFIG", &kubeconfig).output().expect("the binary is built");
        (output.status.code() == Some(1)).then(|| String::from_utf8(output.stdout).expect("text"))
    });
    assert!(printed.contains("namespace chart-test is excluded by its label"), "{printed}");
}
