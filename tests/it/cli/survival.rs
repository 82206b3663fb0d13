//! Tests of `survival`: its formats, its arguments and its exit status.

use std::collections::BTreeSet;

use rayguard_test_support::generated::assert_current;
use serde_json::{Value, json};

use super::{Shell, allowed};

/// A RayService whose deployment has two replicas on two workers.
const SERVICE: &str = r#"apiVersion: ray.io/v1
kind: RayService
metadata: {name: desk}
spec:
  serveConfigV2: |
    applications:
    - name: desk
      import_path: desk:app
      deployments:
      - {name: Desk, num_replicas: 2, max_replicas_per_node: 1}
  rayClusterConfig:
    rayVersion: 2.57.1
    gcsFaultToleranceOptions:
      redisAddress: redis:6379
      redisPassword: {valueFrom: {secretKeyRef: {name: redis, key: password}}}
    headGroupSpec:
      rayStartParams: {num-cpus: "0"}
      template:
        spec:
          containers:
          - name: ray-head
            image: rayproject/ray:2.57.1
            resources: {limits: {cpu: "1", memory: 2Gi}}
    workerGroupSpecs:
    - groupName: small
      replicas: 2
      minReplicas: 2
      maxReplicas: 2
      rayStartParams: {}
      template:
        spec:
          containers:
          - name: ray-worker
            image: rayproject/ray:2.57.1
            resources: {limits: {cpu: "1", memory: 2Gi}}
"#;

/// A RayCluster without fault tolerance and with two groups.
fn plain() -> String {
    let options = SERVICE.find("    gcsFaultToleranceOptions").zip(SERVICE.find("    headGroupSpec"));
    let (start, end) = options.expect("the options");
    let spec = format!("{}{}", &SERVICE[SERVICE.find("    rayVersion").expect("a spec")..start], &SERVICE[end..]);
    let spec = spec.lines().map(|line| &line[2..]).collect::<Vec<_>>().join("\n") + "\n";
    let group = &spec[spec.find("  - groupName").expect("a group")..];
    let large = group.replace("small", "large").replace(
        "          resources",
        "          env: [{name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"70\"}]\n          resources",
    );
    format!(
        "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {{name: plain}}\nspec:\n{}{large}",
        spec.replacen("rayStartParams: {num-cpus: \"0\"}", "rayStartParams: {}", 1)
    )
}

/// Returns a cluster with a worker Pod.
fn with_worker(manifest: &str) -> String {
    manifest.replace("  - groupName: small\n", "  - groupName: small\n    replicas: 1\n")
}

/// Returns a cluster whose workers give up before the head.
fn denied() -> String {
    with_worker(super::DENIED)
}

/// Returns the clusters of `survival --output json`.
fn clusters(shell: &Shell, arguments: &[&str]) -> Vec<Value> {
    let arguments: Vec<_> = ["survival", "--output", "json"].iter().chain(arguments).copied().collect();
    let ended = shell.run(&arguments);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    report["clusters"].as_array().expect("a list").clone()
}

fn shell() -> Shell {
    Shell::with(&[("service.yaml", SERVICE), ("plain.yaml", &plain()), ("denied.yaml", &denied())])
}

#[test]
fn the_text_is_a_block_for_each_cluster_and_fits_80_columns() {
    let ended = shell().run(&["survival", "service.yaml", "plain.yaml", "denied.yaml"]);
    assert_eq!((ended.status, &*ended.err), (Some(0), ""));
    let wide = |line: &&str| line.chars().count() > 80;
    assert_eq!(ended.out.lines().filter(wide).collect::<Vec<_>>(), [""; 0]);
    insta::assert_snapshot!("survival_text", ended.out);
}

#[test]
fn long_times_fit_80_columns() {
    let shell = shell();
    let largest = u32::MAX.to_string();
    let options = ["--redis-outage", "--node-recovery", "--image-pull"].map(|option| [option, &largest]).concat();
    let arguments: Vec<_> = ["survival", "service.yaml", "plain.yaml"].into_iter().chain(options).collect();
    let out = shell.run(&arguments).out;
    assert_eq!(out.lines().filter(|line| line.chars().count() > 80).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn json_has_every_number_and_its_evidence() {
    let ended = shell().run(&["survival", "-o", "json", "--event", "head-loss", "--event", "gcs-stop", "service.yaml"]);
    insta::assert_snapshot!("survival_json", ended.out);
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    let names: BTreeSet<_> =
        report["measurements"].as_array().expect("a list").iter().map(|it| it["name"].as_str()).collect();
    for event in report["clusters"][0]["events"].as_array().expect("a list") {
        let evidence = event["evidence"].as_array().expect("a list");
        assert!(evidence.iter().all(|name| names.contains(&name.as_str())), "{evidence:?}");
    }
}

#[test]
fn svg_is_well_formed_and_has_a_panel_for_each_event() {
    let shell = shell();
    let ended = shell.run(&["survival", "-o", "svg", "--event", "gcs-crash-loop", "plain.yaml"]);
    insta::assert_snapshot!("survival_svg", ended.out);
    let name = "metadata: {name: \"a<b>&\\u0001\"}";
    shell.write("odd.yaml", plain().replace("metadata: {name: plain}", name).as_bytes());
    let all = shell.run(&["survival", "-o", "svg", "service.yaml", "plain.yaml", "odd.yaml"]).out;
    assert_eq!(all.matches("<g ").count(), 30);
    let mut reader = quick_xml::Reader::from_str(&all);
    while !matches!(reader.read_event().expect("well-formed"), quick_xml::events::Event::Eof) {}
}

#[test]
fn the_pictures_of_the_page_are_generated() {
    let hasty = SERVICE.trim_end().to_owned()
        + "\n            env: [{name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"30\"}]\n";
    let shell = Shell::with(&[("service.yaml", SERVICE), ("hasty.yaml", &hasty)]);
    for (picture, manifest, events) in [
        ("docs/survival-kept.svg", "service.yaml", ["gcs-stop", "head-loss"]),
        ("docs/survival-lost.svg", "hasty.yaml", ["gcs-stop", "redis-outage"]),
    ] {
        let [first, second] = events;
        let ended = shell.run(&["survival", "-o", "svg", "--event", first, "--event", second, manifest]);
        assert_current(picture, &ended.out);
    }
}

#[test]
fn options_change_the_outages() {
    let shell = shell();
    let away = |arguments: &[&str]| {
        let arguments: Vec<_> = arguments.iter().chain(&["service.yaml"]).copied().collect();
        clusters(&shell, &arguments)[0]["events"][0]["gcsAwaySeconds"].clone()
    };
    assert_eq!(away(&["--event", "node-loss"])["max"], Value::Null);
    assert_eq!(away(&["--event", "node-loss", "--node-recovery", "100"]), json!({"min": 100.6, "max": 172.5}));
    assert_eq!(away(&["--event", "head-loss", "--image-pull", "100"]), json!({"min": 0.6, "max": 112.5}));
    assert_eq!(away(&["--event", "redis-outage", "--redis-outage", "600"])["min"], json!(600.0));
    assert_eq!(shell.run(&["survival", "--event", "fire", "service.yaml"]).status, Some(2));
}

#[test]
fn the_defaults_of_the_webhook_count_where_it_is_installed() {
    let lacking = denied().replace(
        "          env:\n          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: \"300\"\n",
        "",
    );
    let shell = Shell::with(&[
        ("lacking.yaml", &lacking),
        ("policy.yaml", "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\nwebhook: installed\n"),
    ]);
    let group = |arguments: &[&str]| {
        let arguments: Vec<_> = arguments.iter().chain(&["lacking.yaml"]).copied().collect();
        clusters(&shell, &arguments)[0]["groups"][0].clone()
    };
    let kuberay = json!({"name": "small", "reconnectTimeoutSeconds": 600, "source": "kuberay-default"});
    let rayguard = json!({"name": "small", "reconnectTimeoutSeconds": 1440, "source": "rayguard-default"});
    assert_eq!(group(&[]), kuberay);
    assert_eq!(group(&["--webhook", "absent"]), kuberay);
    assert_eq!(group(&["--webhook", "installed"]), rayguard);
    assert_eq!(group(&["--config", "policy.yaml"]), rayguard);
}

#[test]
fn what_a_rule_denies_is_named_and_changed_first() {
    let shell = shell();
    let loss = &clusters(&shell, &["--event", "head-loss", "denied.yaml"])[0]["events"][0];
    assert_eq!(loss["detachedActors"], "unknown");
    assert!(loss["notes"].to_string().contains("worker-reconnect-timeout denies the object"), "{loss}");
    assert_eq!(
        (&loss["change"]["path"], &loss["change"]["write"]),
        (&json!("spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value"), &json!("1440"))
    );
    shell.write("allowed.yaml", with_worker(&allowed()).as_bytes());
    let loss = &clusters(&shell, &["--event", "head-loss", "allowed.yaml"])[0]["events"][0];
    assert_eq!((&loss["detachedActors"], &loss["change"]), (&json!("kept"), &Value::Null));
}

/// Each file refers to the other one, so the storage of both is doubtful.
#[test]
fn objects_of_one_run_are_compared() {
    let named = |name: &str| {
        let options = "    redisAddress: redis:6379\n    externalStorageNamespace: ours\n";
        with_worker(&allowed()).replace("name: allowed", &format!("name: {name}")).replacen(
            "    redisAddress: redis:6379\n",
            options,
            1,
        )
    };
    let shell = Shell::with(&[("a.yaml", &named("a")), ("b.yaml", &named("b"))]);
    let actors = |files: &[&str]| {
        let arguments: Vec<_> = ["--event", "head-loss"].iter().chain(files).copied().collect();
        clusters(&shell, &arguments)[0]["events"][0]["detachedActors"].clone()
    };
    assert_eq!((actors(&["a.yaml"]), actors(&["a.yaml", "b.yaml"])), (json!("kept"), json!("unknown")));
}

#[test]
fn what_cannot_be_read_is_an_error_and_the_rest_is_forecast() {
    let shell = shell();
    shell.write("broken.yaml", b"a: [ # kind: RayCluster\n---\nkind: Service\n");
    let ended = shell.run(&["survival", "-o", "json", "broken.yaml", "missing.yaml", "plain.yaml"]);
    assert_eq!(ended.status, Some(2));
    assert!(ended.err.contains("broken.yaml:1:4") && ended.err.contains("missing.yaml"), "{}", ended.err);
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(report["clusters"].as_array().map(Vec::len), Some(1));
    let none = shell.pipe(&["survival"], b"kind: Service\n");
    assert_eq!((none.status, &*none.out, &*none.err), (Some(0), "", "note: no Ray cluster was found\n"));
}
