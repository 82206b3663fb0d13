//! Locations in texts within an object, and objects within Helm output or reviews.

use serde_json::{Value, json};

use super::{DENIED, Shell, locations};

const SERVICE: &str = r#"apiVersion: ray.io/v1
kind: RayService
metadata: {name: s}
spec:
  serveConfigV2: |
    applications:
    - name: app
      import_path: a:b
      deployments:
      - name: one
        num_replicas: 1
      - name: two
        autoscaling_config: {min_replicas: 2, max_replicas: 4}
  rayClusterConfig:
    rayVersion: 2.52.0
    gcsFaultToleranceOptions: {redisAddress: "redis:6379", redisPassword: {valueFrom: {secretKeyRef: {name: r, key: p}}}}
    headGroupSpec:
      rayStartParams: {num-cpus: "0"}
      template:
        spec:
          containers:
          - name: ray-head
            image: rayproject/ray:2.52.0
            resources: {limits: {cpu: "1", memory: 2Gi}}
"#;

fn service_as_json() -> String {
    let documents = rayguard_manifest::yaml::documents(SERVICE);
    serde_json::to_string(&documents[0].as_ref().expect("YAML").json).expect("JSON")
}

#[test]
fn a_finding_in_a_serve_config_has_its_own_line() {
    let broken = SERVICE.replace("applications:", "applications: {");
    let json = service_as_json();
    let shell = Shell::with(&[("a.yaml", SERVICE), ("b.yaml", &broken), ("c.json", &json)]);
    let column = |what: &str| json.find(what).expect("it is there") + 1;
    assert_eq!(
        locations(&shell.json(&["a.yaml", "b.yaml", "c.json"])),
        [
            "a.yaml:11:23 single-replica",
            "a.yaml:12:9 unspread-replicas",
            "b.yaml:7:5 invalid-serve-config",
            &format!("c.json:1:{} single-replica", column(r"1\n  - name: two")),
            &format!("c.json:1:{} unspread-replicas", column(r"name: two")),
        ]
    );
}

#[test]
fn findings_point_at_the_anchor_of_an_alias_and_at_the_item_in_flow_style() {
    let anchored = DENIED
        .replace("value: \"300\"", "value: *short")
        .replace("metadata:\n", "metadata:\n  labels: {wait: &short \"300\"}\n");
    let flow = r"{apiVersion: ray.io/v1, kind: RayCluster, metadata: {name: f}, spec: {headGroupSpec: {template: {spec: {containers:
  [{name: h, env: [{name: RAY_gcs_rpc_server_reconnect_timeout_s, value: x}]}]}}}}}
";
    let shell = Shell::with(&[("anchored.yaml", &anchored), ("flow.yaml", flow)]);
    assert_eq!(locations(&shell.json(&["anchored.yaml"])), ["anchored.yaml:4:25 worker-reconnect-timeout"]);
    assert!(locations(&shell.json(&["flow.yaml"])).contains(&"flow.yaml:2:74 invalid-reconnect-timeout".to_owned()));
}

#[test]
fn a_finding_in_helm_output_names_its_template() {
    let rendered =
        format!("---\n# Source: mine/templates/a.yaml\nkind: Service\n---\n# Source: mine/templates/b.yaml\n{DENIED}");
    let shell = Shell::new();
    let check = |form: &str| shell.pipe(&["check", "-qo", form, "-"], rendered.as_bytes()).out;
    let text = check("text");
    assert!(text.contains("  --> <stdin>:34:20\n"), "{text}");
    assert!(
        text.contains("of RayCluster default/denied, which Helm has rendered from mine/templates/b.yaml\n"),
        "{text}"
    );
    let json: Value = serde_json::from_str(&check("json")).expect("JSON");
    assert_eq!(json["findings"][0]["template"], "mine/templates/b.yaml");
    assert!(check("github").starts_with("::error file=mine/templates/b.yaml,title=worker-reconnect-timeout::"));
    let sarif: Value = serde_json::from_str(&check("sarif")).expect("JSON");
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    let artifact = json!({"uri": "mine/templates/b.yaml", "uriBaseId": "%SRCROOT%"});
    assert_eq!(*location, json!({"artifactLocation": artifact}), "rendered text has no line in a file");
}

fn review(operation: &str, old: Option<&Value>) -> String {
    let documents = rayguard_manifest::yaml::documents(DENIED);
    let object = serde_json::to_value(&documents[0].as_ref().expect("YAML").json).expect("JSON");
    let kind = json!({"group": "ray.io", "version": "v1", "kind": "RayCluster"});
    let request = json!({
        "uid": "u", "kind": kind, "resource": {"group": "ray.io", "version": "v1", "resource": "rayclusters"},
        "name": "denied", "namespace": "team", "operation": operation, "userInfo": {},
        "object": object, "oldObject": old,
    });
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).to_string()
}

#[test]
fn check_handles_an_admission_review_like_the_webhook() {
    let documents = rayguard_manifest::yaml::documents(DENIED);
    let object = serde_json::to_value(&documents[0].as_ref().expect("YAML").json).expect("JSON");
    let answer = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {"uid": "u"}});
    let pods =
        review("CREATE", None).replace("\"ray.io\"", "\"\"").replace("ray.io/v1", "v1").replace("RayCluster", "Pod");
    let shell = Shell::with(&[
        ("create.json", &review("CREATE", None)),
        ("update.json", &review("UPDATE", Some(&object))),
        ("no-uid.json", &review("CREATE", None).replace("\"uid\":\"u\"", "\"uid\":\"\"")),
        ("answer.json", &answer.to_string()),
        ("pods.json", &pods),
    ]);
    let of = |file: &str| {
        let report = shell.json(&[file]);
        let severity = report["findings"][0]["severity"].clone();
        let errors = report["errors"].as_array().expect("a list").iter().map(|it| it["message"].clone());
        (severity, errors.collect::<Vec<_>>(), report["summary"]["passedBy"].clone())
    };
    assert_eq!(of("create.json"), (json!("error"), vec![], json!(0)));
    assert_eq!(of("update.json"), (json!("warning"), vec![], json!(0)), "the old object has the same finding");
    assert_eq!(of("no-uid.json"), (Value::Null, vec![json!("the request has no uid")], json!(0)));
    assert_eq!(of("answer.json"), (Value::Null, vec![], json!(1)));
    assert_eq!(of("pods.json"), (Value::Null, vec![], json!(1)));
    let found = &shell.json(&["create.json"])["findings"][0];
    assert_eq!(found["object"]["namespace"], "team");
    assert_eq!(found["path"], "spec.workerGroupSpecs[0].template.spec.containers[0].env[0].value");
    let text = shell.run(&["check", "create.json"]).out;
    assert!(text.contains("\"300\""), "the excerpt of the review: {text}");
}
