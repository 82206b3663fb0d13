//! Tests of the rendered chart.

use std::process::Command;

use rayguard_test_support::generated::assert_current;
use serde_json::{Value, json};

use super::helm::{helm_of_major, outcome};
use super::{RELEASE, ROOT, Rendered, helm, objects, program, value_sets};
use crate::server::process;

const CONFIGURATIONS: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// The cluster-scoped kinds.
const CLUSTER_SCOPED: [&str; 4] = ["ClusterRole", "ClusterRoleBinding", CONFIGURATIONS[0], CONFIGURATIONS[1]];

#[test]
fn every_value_set_renders_as_in_its_snapshot() {
    for (name, file) in value_sets() {
        insta::assert_snapshot!(format!("rendered_{name}"), Rendered::with_values(file.as_deref()).text);
    }
}

#[test]
fn generated_plain_manifest_is_current() {
    let namespace = "\
# Installs rayguard without Helm: kubectl apply --filename charts/install.yaml. First set the image of the Deployment to
# one that your nodes can pull. Generated from charts/rayguard by UPDATE=1 cargo test generated; do not edit.
apiVersion: v1
kind: Namespace
metadata:
  name: rayguard
  labels:
    pod-security.kubernetes.io/enforce: restricted
";
    assert_current("charts/install.yaml", &format!("{namespace}{}", Rendered::new([]).text));
}

#[test]
fn generated_readme_of_the_chart_is_current() {
    let mut helm_docs = program("helm-docs");
    helm_docs.args(["--dry-run", "--log-level=warning", "--sort-values-order=file", "--chart-search-root=charts"]);
    let output = helm_docs.output().expect("helm-docs runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_current("charts/rayguard/README.md", &String::from_utf8(output.stdout).expect("UTF-8"));
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
fn helm_3_renders_the_same_objects_as_helm_4() {
    let sorted = |mut objects: Vec<Value>| {
        objects.sort_by_key(|object| (object["kind"].to_string(), object["metadata"]["name"].to_string()));
        objects
    };
    for (name, file) in value_sets() {
        let mut helm = helm_of_major(3);
        helm.args(["template", RELEASE, super::CHART, "--namespace", RELEASE, "--skip-tests"]);
        if let Some(file) = &file {
            helm.arg("--values").arg(file);
        }
        let text = outcome(&mut helm).expect("Helm 3 renders the chart");
        assert_eq!(sorted(objects(&text)), sorted(Rendered::with_values(file.as_deref()).objects), "{name}");
    }
}

#[test]
fn helm_lint_reports_nothing() {
    for (name, file) in value_sets() {
        let file = file.map(|file| file.display().to_string());
        let values = file.iter().flat_map(|file| ["--values", file]);
        let linted =
            helm(["lint", "--strict", "--quiet", "--namespace", RELEASE, super::CHART].into_iter().chain(values));
        assert_eq!(linted.as_deref().map(str::trim), Ok(""), "{name}");
    }
}

#[test]
fn the_webhooks_match_only_kuberays_kinds() {
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
fn kube_system_and_the_release_namespace_are_always_excluded() {
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
fn the_webhook_settings_are_right_in_every_value_set() {
    for (name, file) in value_sets() {
        let rendered = Rendered::with_values(file.as_deref());
        for configuration in CONFIGURATIONS {
            let webhook = rendered.webhook(configuration);
            assert_eq!(webhook["sideEffects"], "None", "{name}");
            assert_eq!(webhook["matchPolicy"], "Equivalent", "{name}");
            assert_eq!(webhook["admissionReviewVersions"], json!(["v1"]), "{name}");
            assert!(webhook["timeoutSeconds"].as_u64().is_some_and(|seconds| seconds <= 5), "{name}");
            let has_bundle = webhook["clientConfig"].get("caBundle").is_some();
            assert!(!has_bundle, "{name}: a field that rayguard or cert-manager writes is not rendered");
            assert_eq!(
                rendered.only(configuration)["metadata"]["name"],
                rendered.only("Deployment")["metadata"]["name"]
            );
        }
        let [mutating, validating] = CONFIGURATIONS.map(|configuration| rendered.webhook(configuration));
        assert_eq!(mutating["failurePolicy"], "Ignore", "{name}");
        assert_eq!(mutating["reinvocationPolicy"], "IfNeeded", "{name}");
        let fails_closed = name != "minimal";
        assert_eq!(validating["failurePolicy"], if fails_closed { "Fail" } else { "Ignore" }, "{name}");
    }
}

#[test]
fn every_object_of_the_release_has_its_namespace_and_labels() {
    for (name, file) in value_sets() {
        for object in Rendered::with_values(file.as_deref()).objects {
            let (kind, metadata) = (object["kind"].as_str().expect("a kind"), &object["metadata"]);
            let of_the_user = ["critical", "guard-note"].map(Value::from).contains(&metadata["name"]);
            let namespace = if CLUSTER_SCOPED.contains(&kind) { Value::Null } else { json!(RELEASE) };
            // Roles for users' Secrets are in the namespaces of these Secrets.
            let of_secrets = name == "everything" && metadata["name"] == "guard-secrets";
            let elsewhere = of_secrets && ["ml", "team"].map(Value::from).contains(&metadata["namespace"]);
            assert!(elsewhere || metadata["namespace"] == namespace, "{name}: {kind}: {metadata}");
            assert!(of_the_user || metadata["labels"]["app.kubernetes.io/instance"] == RELEASE, "{name}: {kind}");
            assert!(of_the_user || name != "everything" || metadata["labels"]["team"] == "platform", "{kind}");
        }
    }
}

#[test]
fn the_cainjector_annotation_is_set_only_if_rayguard_does_not_keep_the_ca_bundle() {
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
fn the_client_ca_is_mounted_at_the_path_in_the_arguments() {
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
fn a_pod_disruption_budget_is_rendered_only_with_more_than_one_replica() {
    let has = |arguments: &[&str]| Rendered::new(arguments.iter().copied()).has("PodDisruptionBudget");
    assert!(has(&[]));
    assert!(!has(&["--set", "replicas=1"]));
    assert!(has(&["--set", "replicas=1", "--set", "autoscaling.enabled=true"]));
    assert!(!has(&["--set", "autoscaling.enabled=true", "--set", "autoscaling.minReplicas=1"]));
}

#[test]
fn only_a_changed_policy_changes_the_checksum_of_the_pods() {
    let checksum = |arguments: &[&str]| {
        let rendered = Rendered::new(arguments.iter().copied());
        let template = &rendered.only("Deployment")["spec"]["template"];
        template["metadata"]["annotations"]["checksum/policy"].as_str().expect("a checksum").to_owned()
    };
    assert_eq!(checksum(&[]), checksum(&["--set", "replicas=3"]));
    assert_ne!(checksum(&[]), checksum(&["--set", "policy.highestLevel=audit"]));
}

#[test]
fn the_program_accepts_the_rendered_policy_and_arguments() {
    for (name, file) in value_sets() {
        let rendered = Rendered::with_values(file.as_deref());
        let map = rendered.objects.iter().find_map(|object| object["data"]["policy.yaml"].as_str());
        let policy = rayguard_policy::policy::Policy::from_yaml(map.expect("a policy"));
        assert!(policy.is_ok(), "{name}: {policy:?}");

        let container = &rendered.only("Deployment")["spec"]["template"]["spec"]["containers"][0];
        let arguments = container["args"].as_array().expect("arguments").iter().filter_map(Value::as_str);
        // `--help` comes last, so that all other arguments are parsed.
        let output = Command::new(process::RAYGUARD).args(arguments).arg("--help").current_dir(ROOT).output();
        let output = output.expect("rayguard runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
