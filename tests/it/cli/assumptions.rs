//! What a verdict rests on: the webhook, and other facts about the cluster that the policy may state.

use serde_json::{Value, json};

use super::{DENIED, Shell, allowed, locations};

/// Returns a cluster with a raised timeout of the head, whose workers set none.
fn raised() -> String {
    let (unset, _) = DENIED.rsplit_once("          env:").expect("the workers' environment");
    unset.to_owned()
}

const POLICY: &str = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n";

/// Returns the keys of the assumptions that the JSON output names.
fn assumed(report: &Value) -> Vec<&str> {
    let assumptions = report["summary"]["assumptions"].as_array().expect("a list");
    assumptions.iter().map(|it| it["key"].as_str().expect("a key")).collect()
}

#[test]
fn a_denial_that_only_a_default_prevents_is_a_warning_unless_the_webhook_is_stated() {
    let shell = Shell::with(&[("a.yaml", &raised())]);
    for state in ["installed", "absent"] {
        shell.write(&format!("{state}.yaml"), format!("{POLICY}webhook: {state}\n").as_bytes());
    }
    let rule = ["a.yaml:25:11 worker-reconnect-timeout"];
    for (arguments, status, expected) in [
        (&["check", "--webhook", "installed", "a.yaml"][..], 0, &rule[..0]),
        (&["check", "--webhook", "absent", "a.yaml"], 1, &rule[..]),
        (&["check", "--fail-on", "warning", "a.yaml"], 1, &rule),
        (&["check", "a.yaml"], 0, &rule),
        (&["check", "--config", "installed.yaml", "a.yaml"], 0, &rule[..0]),
        (&["check", "--config", "absent.yaml", "a.yaml"], 1, &rule),
        (&["check", "--config", "absent.yaml", "--webhook", "installed", "a.yaml"], 0, &rule[..0]),
    ] {
        assert_eq!(shell.run(arguments).status, Some(status), "{arguments:?}");
        let report = shell.json(&arguments[1..]);
        assert_eq!(locations(&report), expected, "{arguments:?}");
        let is_unsaid =
            !arguments.iter().any(|it| ["installed", "absent", "installed.yaml", "absent.yaml"].contains(it));
        assert_eq!(assumed(&report).contains(&"webhook"), is_unsaid, "{arguments:?}");
    }
    let ended = shell.run(&["check", "a.yaml"]);
    assert!(ended.err.ends_with(": 1 warning; assumes KubeRay 1.7, rayguard's webhook\n"), "{}", ended.err);
    assert!(
        ended.out.contains("rayguard's webhook does it where it is installed (--webhook installed)"),
        "{}",
        ended.out
    );
}

#[test]
fn fix_writes_the_default_that_prevents_a_denial() {
    let shell = Shell::with(&[("a.yaml", &raised())]);
    let ended = shell.run(&["check", "--fix", "a.yaml"]);
    assert!(ended.err.ends_with("fixed 1, 0 left\n"), "{}", ended.err);
    assert_eq!(shell.run(&["check", "--webhook", "absent", "a.yaml"]).status, Some(0));
    let text = std::fs::read_to_string(shell.path().join("a.yaml")).expect("the file");
    assert!(text.contains("value: \"1440\""), "{text}");
    // A default of the administrator stands between this object and a denial.
    let head = "defaults:\n  podTemplate:\n    worker:\n      spec:\n        containers:\n        - name: ray-worker\n          \
                env: [{name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"2000\"}]\n";
    let shell = Shell::with(&[("a.yaml", &raised()), ("policy.yaml", &format!("{POLICY}{head}"))]);
    let policy = ["check", "--config", "policy.yaml", "--fail-on", "warning"];
    let run = |more: &[&str]| shell.run(&[&policy[..], more].concat()).status;
    assert_eq!((run(&["a.yaml"]), run(&["--fix", "a.yaml"]), run(&["a.yaml"])), (Some(1), Some(0), Some(0)));
}

#[test]
fn only_the_assumptions_that_change_a_finding_are_named() {
    let plain = "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: plain}\nspec:\n  headGroupSpec:\n    \
                 rayStartParams: {}\n    template:\n      spec:\n        containers:\n        - {name: a, image: \"rayproject/ray:2.52.0\"}\n";
    let queued = plain.replace("{name: plain}", "{name: plain, labels: {kueue.x-k8s.io/queue-name: jobs}}");
    let queued = queued.replace("  headGroupSpec:", "  enableInTreeAutoscaling: true\n  headGroupSpec:");
    let policies = plain.replace("  headGroupSpec:", "  networkPolicy: {mode: DenyAll}\n  headGroupSpec:");
    let domains = |address: &str, name: &str| {
        let options = "  gcsFaultToleranceOptions:\n    externalStorageNamespace: ray\n";
        let text = allowed().replacen("  gcsFaultToleranceOptions:\n", options, 1);
        text.replacen("redis:6379", address, 1).replacen("name: allowed", &format!("name: {name}"), 1)
    };
    let two = |one: &str, other: &str| format!("{}---\n{}", domains(one, "one"), domains(other, "other"));
    let gate = "kuberay.featureGates.RayClusterNetworkPolicy";
    let all = format!(
        "{POLICY}kuberay: {{version: \"1.7\", featureGates: {{RayClusterNetworkPolicy: true}}}}\ninstalled: []\nwebhook: installed\nsettings: {{clusterDomain: cluster.local}}\n"
    );
    for (text, expected) in [
        (plain.to_owned(), vec![]),
        (queued, vec!["installed"]),
        (policies, vec!["kuberay.version", gate]),
        (allowed(), vec!["kuberay.version"]),
        (raised(), vec!["kuberay.version", "webhook"]),
        (two("redis.default.svc.cluster.local:6379", "redis:6379"), vec!["kuberay.version", "settings.clusterDomain"]),
        (two("redis.default.svc.corp.example:6379", "redis:6379"), vec!["kuberay.version", "settings.clusterDomain"]),
        (two("redis.default.svc:6379", "redis:6379"), vec!["kuberay.version"]),
        // No domain makes these one host.
        (two("redis.default.svc.cluster.local:6379", "redis.default.svc.corp.example:6379"), vec!["kuberay.version"]),
    ] {
        let shell = Shell::with(&[("a.yaml", &text), ("policy.yaml", &all)]);
        assert_eq!(assumed(&shell.json(&["a.yaml"])), expected, "{text}");
        let stated = shell.json(&["--config", "policy.yaml", "a.yaml"]);
        assert_eq!(stated["summary"]["assumptions"], json!([]), "{text}");
    }
}

#[cfg(feature = "server")]
#[test]
fn the_webhook_itself_cannot_be_absent() {
    let shell = Shell::with(&[("policy.yaml", &format!("{POLICY}webhook: absent\n"))]);
    let ended = shell.run(&["serve", "--config", "policy.yaml"]);
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.err.contains("webhook: this is the webhook, so it is not absent"), "{}", ended.err);
}
