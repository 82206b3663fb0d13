//! What the chart renders.

use std::process::Command;

use serde_json::{Value, json};

use super::{RELEASE, ROOT, Rendered, helm, is_up_to_date, program, value_sets};
use crate::server::process;

const CONFIGURATIONS: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Of these a cluster has one for all namespaces.
const CLUSTER_SCOPED: [&str; 4] = ["ClusterRole", "ClusterRoleBinding", CONFIGURATIONS[0], CONFIGURATIONS[1]];

#[test]
fn every_set_of_values_renders_what_it_should() {
    for (name, file) in value_sets() {
        insta::assert_snapshot!(format!("rendered_{name}"), Rendered::with_values(file.as_deref()).text);
    }
}

#[test]
fn the_plain_manifest_is_what_the_chart_renders() {
    let namespace = "\
# rayguard without Helm: kubectl apply --filename charts/install.yaml, once the image of the Deployment is one that your
# nodes can pull. Made from charts/rayguard by UPDATE=1 cargo test --test it chart; do not edit.
apiVersion: v1
kind: Namespace
metadata:
  name: rayguard
  labels:
    pod-security.kubernetes.io/enforce: restricted
";
    is_up_to_date("charts/install.yaml", &format!("{namespace}{}", Rendered::new([]).text));
}

#[test]
fn the_readme_lists_the_values() {
    let mut helm_docs = program("helm-docs");
    helm_docs.args(["--dry-run", "--log-level=warning", "--sort-values-order=file", "--chart-search-root=charts"]);
    let output = helm_docs.output().expect("helm-docs runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    is_up_to_date("charts/rayguard/README.md", &String::from_utf8(output.stdout).expect("UTF-8"));
}

#[test]
fn the_chart_has_the_version_of_the_program() {
    let chart = helm(["show", "chart", super::CHART]).expect("Helm shows it");
    for field in ["version", "appVersion"] {
        let line = format!("{field}: {}", env!("CARGO_PKG_VERSION"));
        assert!(chart.lines().any(|found| found == line), "no {line} in\n{chart}");
    }
}

#[test]
fn helm_finds_nothing_to_complain_of() {
    for (name, file) in value_sets() {
        let file = file.map(|file| file.display().to_string());
        let values = file.iter().flat_map(|file| ["--values", file]);
        let linted =
            helm(["lint", "--strict", "--quiet", "--namespace", RELEASE, super::CHART].into_iter().chain(values));
        assert_eq!(linted.as_deref().map(str::trim), Ok(""), "{name}");
    }
}

#[test]
fn the_webhooks_touch_nothing_but_kuberays_own_kinds() {
    for (name, file) in value_sets() {
        let rendered = Rendered::with_values(file.as_deref());
        let kinds = [vec!["rayclusters", "rayservices"], vec!["rayclusters", "rayservices", "rayjobs", "raycronjobs"]];
        for (configuration, resources) in CONFIGURATIONS.into_iter().zip(kinds) {
            let rules = &rendered.webhook(configuration)["rules"];
            let expected = json!([{
                "apiGroups": ["ray.io"], "apiVersions": ["v1"], "resources": resources,
                "operations": ["CREATE", "UPDATE"], "scope": "Namespaced",
            }]);
            assert_eq!(rules, &expected, "{name}: {configuration}");
        }
    }
}

#[test]
fn kube_system_and_the_own_namespace_cannot_be_lost_from_the_exclusions() {
    for (name, file) in value_sets() {
        let rendered = Rendered::with_values(file.as_deref());
        for configuration in CONFIGURATIONS {
            let expressions = &rendered.webhook(configuration)["namespaceSelector"]["matchExpressions"];
            let names = &expressions[0];
            assert_eq!((&names["key"], &names["operator"]), (&json!("kubernetes.io/metadata.name"), &json!("NotIn")));
            let values = names["values"].as_array().expect("a list");
            for namespace in ["kube-system", RELEASE] {
                assert!(values.contains(&json!(namespace)), "{name}: {configuration}: {values:?}");
            }
            assert_eq!(expressions[1], json!({"key": "rayguard.dev/ignore", "operator": "DoesNotExist"}), "{name}");
        }
    }
}

#[test]
fn what_the_api_server_is_told_of_the_webhooks_is_as_it_should_be_in_every_set_of_values() {
    for (name, file) in value_sets() {
        let rendered = Rendered::with_values(file.as_deref());
        for configuration in CONFIGURATIONS {
            let webhook = rendered.webhook(configuration);
            assert_eq!(webhook["sideEffects"], "None", "{name}");
            assert_eq!(webhook["matchPolicy"], "Equivalent", "{name}");
            assert_eq!(webhook["admissionReviewVersions"], json!(["v1"]), "{name}");
            assert!(webhook["timeoutSeconds"].as_u64().is_some_and(|seconds| seconds <= 5), "{name}");
            let has_bundle = webhook["clientConfig"].get("caBundle").is_some();
            assert!(!has_bundle, "{name}: what rayguard or cert-manager writes is not rendered");
            assert_eq!(
                rendered.only(configuration)["metadata"]["name"],
                rendered.only("Deployment")["metadata"]["name"]
            );
        }
        let [mutating, validating] = CONFIGURATIONS.map(|configuration| rendered.webhook(configuration));
        assert_eq!(mutating["failurePolicy"], "Ignore", "{name}");
        assert_eq!(mutating["reinvocationPolicy"], "IfNeeded", "{name}");
        let refuses = name != "minimal";
        assert_eq!(validating["failurePolicy"], if refuses { "Fail" } else { "Ignore" }, "{name}");
    }
}

#[test]
fn what_belongs_to_the_release_lies_in_its_namespace_and_carries_its_labels() {
    for (name, file) in value_sets() {
        for object in Rendered::with_values(file.as_deref()).objects {
            let (kind, metadata) = (object["kind"].as_str().expect("a kind"), &object["metadata"]);
            let of_the_user = ["critical", "guard-note"].map(Value::from).contains(&metadata["name"]);
            let namespace = if CLUSTER_SCOPED.contains(&kind) { Value::Null } else { json!(RELEASE) };
            // The rights on Secrets of users lie where these are.
            let of_secrets = name == "everything" && metadata["name"] == "guard-secrets";
            let elsewhere = of_secrets && ["ml", "team"].map(Value::from).contains(&metadata["namespace"]);
            assert!(elsewhere || metadata["namespace"] == namespace, "{name}: {kind}: {metadata}");
            assert!(of_the_user || metadata["labels"]["app.kubernetes.io/instance"] == RELEASE, "{name}: {kind}");
            assert!(of_the_user || name != "everything" || metadata["labels"]["team"] == "platform", "{kind}");
        }
    }
}

#[test]
fn cainjector_is_told_of_the_webhooks_only_where_rayguard_does_not_keep_the_ca_bundle() {
    let annotation = |keep: bool, configuration: &str| {
        let values = format!("certificate.mode=cert-manager,certificate.keepCaBundle={keep}");
        let rendered = Rendered::new(["--set", &values]);
        rendered.only(configuration)["metadata"]["annotations"]["cert-manager.io/inject-ca-from"].clone()
    };
    for configuration in CONFIGURATIONS {
        assert_eq!(annotation(false, configuration), "rayguard/rayguard");
        assert_eq!(annotation(true, configuration), Value::Null);
    }
}

#[test]
fn the_ca_of_clients_is_mounted_where_the_program_is_told_to_look_for_it() {
    for (value, volume) in [
        ("mtls.configMapName=client-ca", json!({"name": "client", "configMap": {"name": "client-ca"}})),
        ("mtls.secretName=client-ca", json!({"name": "client", "secret": {"secretName": "client-ca"}})),
    ] {
        let rendered = Rendered::new(["--set", value]);
        let pod = &rendered.only("Deployment")["spec"]["template"]["spec"];
        let has = |list: &Value, item: &Value| list.as_array().is_some_and(|items| items.contains(item));
        let container = &pod["containers"][0];
        assert!(has(&container["args"], &json!("--client-ca=/etc/rayguard/client/ca.crt")), "{value}");
        let mount = json!({"name": "client", "mountPath": "/etc/rayguard/client", "readOnly": true});
        assert!(has(&container["volumeMounts"], &mount) && has(&pod["volumes"], &volume), "{value}: {pod}");
    }
}

#[test]
fn a_budget_for_disruptions_is_there_only_where_a_pod_can_be_spared() {
    let has = |arguments: &[&str]| Rendered::new(arguments.iter().copied()).has("PodDisruptionBudget");
    assert!(has(&[]));
    assert!(!has(&["--set", "replicas=1"]));
    assert!(has(&["--set", "replicas=1", "--set", "autoscaling.enabled=true"]));
    assert!(!has(&["--set", "autoscaling.enabled=true", "--set", "autoscaling.minReplicas=1"]));
}

#[test]
fn another_policy_rolls_the_pods_and_nothing_else_does() {
    let checksum = |arguments: &[&str]| {
        let rendered = Rendered::new(arguments.iter().copied());
        let template = &rendered.only("Deployment")["spec"]["template"];
        template["metadata"]["annotations"]["checksum/policy"].as_str().expect("a checksum").to_owned()
    };
    assert_eq!(checksum(&[]), checksum(&["--set", "replicas=3"]));
    assert_ne!(checksum(&[]), checksum(&["--set", "policy.highestLevel=audit"]));
}

#[test]
fn the_program_reads_the_policy_and_the_arguments() {
    for (name, file) in value_sets() {
        let rendered = Rendered::with_values(file.as_deref());
        let map = rendered.objects.iter().find_map(|object| object["data"]["policy.yaml"].as_str());
        let policy = rayguard_policy::policy::Policy::from_yaml(map.expect("a policy"));
        assert!(policy.is_ok(), "{name}: {policy:?}");

        let container = &rendered.only("Deployment")["spec"]["template"]["spec"]["containers"][0];
        let arguments = container["args"].as_array().expect("arguments").iter().filter_map(Value::as_str);
        // Last, so that everything before it is looked at.
        let output = Command::new(process::RAYGUARD).args(arguments).arg("--help").current_dir(ROOT).output();
        let output = output.expect("rayguard runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
