//! Tests of `rayguard check --cluster` against a live cluster.

mod proxy;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use rayguard_test_support::kuberay;
use serde_json::{Value, json};

use super::ApiServer;
use super::manifests::{BAD_CLUSTER, BAD_CLUSTER_DENIALS, BAD_SERVICE};
use super::view::cluster;

/// A finding that the cluster of a service has, and the service does not.
const ADDRESS: &str = "malformed-redis-address spec.gcsFaultToleranceOptions.redisAddress";

fn command(kubeconfig: &Path) -> Command {
    let mut rayguard = Command::new(env!("CARGO_BIN_EXE_rayguard"));
    rayguard.args(["check", "--cluster", "--kubeconfig"]).arg(kubeconfig).env_remove("RAYGUARD_CONFIG");
    rayguard
}

fn check(kubeconfig: &Path, arguments: &[&str]) -> Output {
    command(kubeconfig).args(arguments).output().expect("rayguard runs")
}

/// Returns the report of a check that can read the cluster.
fn report(kubeconfig: &Path, arguments: &[&str]) -> Value {
    let output = check(kubeconfig, &[arguments, &["--output", "json"]].concat());
    assert!(output.status.code() < Some(2), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Returns the findings of a severity, each as its object, rule and path.
fn found(report: &Value, severity: &str) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let text = |finding: &Value, field: &str| finding[field].as_str().expect("text").to_owned();
    let of_severity = findings.filter(|finding| finding["severity"] == severity);
    of_severity.map(|it| format!("{} {} {}", text(it, "file"), text(it, "rule"), text(it, "path"))).collect()
}

#[test]
fn check_cluster_finds_objects_from_before_the_webhook_with_their_location() {
    let server = ApiServer::shared();
    let namespace = server.namespace("live");
    namespace.send("create -f -", BAD_CLUSTER).passes();
    let report = report(&server.kubeconfig_file(), &["--namespace", "live"]);
    let expected = BAD_CLUSTER_DENIALS.map(|denial| format!("cluster:rayclusters/live/bad {denial}"));
    assert_eq!(found(&report, "error"), expected);

    let text = check(&server.kubeconfig_file(), &["--namespace", "live"]);
    assert_eq!(text.status.code(), Some(1));
    assert!(stderr(&text).starts_with("checked 1 object: 5 errors"), "{}", stderr(&text));
    let text = String::from_utf8(text.stdout).expect("UTF-8");
    let location = &report["findings"][0];
    let arrow = format!("--> cluster:rayclusters/live/bad:{}:{}\n", location["line"], location["column"]);
    assert!(text.contains(&arrow), "{arrow} is not in\n{text}");
    assert!(text.contains("             value: \"600\"\n   |                    ^^^^^\n"), "{text}");
}

#[test]
fn a_finding_of_an_owner_is_not_repeated_for_the_owned_cluster() {
    let server = ApiServer::shared();
    let namespace = server.namespace("live-owner");
    namespace.send("create -f -", BAD_SERVICE).passes();
    let service = namespace.get("rayservice/bad");
    let mut spec = service["spec"]["rayClusterConfig"].clone();
    // As during an upgrade, the cluster has an earlier spec.
    spec["gcsFaultToleranceOptions"]["redisAddress"] = json!("redis");
    let cluster = |name: &str, owners: Value| {
        let metadata = json!({"name": name, "ownerReferences": owners});
        json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": metadata, "spec": spec}).to_string()
    };
    let owner = json!([{"apiVersion": "ray.io/v1", "kind": "RayService", "name": "bad", "controller": true,
        "uid": service["metadata"]["uid"]}]);
    namespace.send("create -f -", &cluster("owned", owner)).passes();
    namespace.send("create -f -", &cluster("alone", json!([]))).passes();
    let report = report(&server.kubeconfig_file(), &["--namespace", "live-owner"]);
    let errors = found(&report, "error");
    let of = |name: &str| {
        let start = format!("cluster:{name} ");
        errors.iter().filter_map(|error| error.strip_prefix(&start)).collect::<Vec<_>>()
    };
    assert_eq!(of("rayservices/live-owner/bad").len(), 1, "{errors:?}");
    assert_eq!(of("rayclusters/live-owner/owned"), [ADDRESS], "{errors:?}");
    assert_eq!(of("rayclusters/live-owner/alone").len(), 2, "{errors:?}");
}

#[test]
fn exemptions_of_live_objects_are_counted_as_in_files() {
    let server = ApiServer::shared();
    let namespace = server.namespace("live-exempt");
    let (rule, _) = BAD_CLUSTER_DENIALS[0].split_once(' ').expect("a rule and a path");
    let of_rule = BAD_CLUSTER_DENIALS.iter().filter(|denial| denial.starts_with(rule)).count();
    let cluster = BAD_CLUSTER.replacen(
        "  name: bad",
        &format!("  name: bad\n  annotations: {{rayguard.dev/ignore-{rule}: a test}}"),
        1,
    );
    namespace.send("create -f -", &cluster).passes();
    let report = report(&server.kubeconfig_file(), &["--namespace", "live-exempt"]);
    let errors = found(&report, "error");
    assert_eq!(errors.len(), BAD_CLUSTER_DENIALS.len() - of_rule, "{errors:?}");
    assert!(!errors.iter().any(|error| error.contains(rule)), "{errors:?}");
    assert_eq!(report["summary"]["exempted"], of_rule);
    assert!(!found(&report, "warning").iter().any(|warning| warning.contains("ineffective-exemption")), "{report}");

    let sarif = check(&server.kubeconfig_file(), &["--namespace", "live-exempt", "--output", "sarif"]);
    let sarif: Value = serde_json::from_slice(&sarif.stdout).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results").iter();
    let suppressed: Vec<_> = results.filter(|result| !result["suppressions"].is_null()).collect();
    assert_eq!(suppressed.len(), of_rule);
    assert_eq!(suppressed[0]["ruleId"], rule);
    assert_eq!(suppressed[0]["suppressions"], json!([{"kind": "inSource", "justification": "a test"}]));
}

#[test]
fn an_exemption_of_an_owner_is_counted_once() {
    let server = ApiServer::shared();
    let namespace = server.namespace("live-exempt-owner");
    let annotations = json!({"rayguard.dev/ignore-worker-reconnect-timeout": "a test"});
    namespace.send("create -f -", BAD_SERVICE).passes();
    namespace.kubectl("annotate rayservice bad rayguard.dev/ignore-worker-reconnect-timeout=test").passes();
    let service = namespace.get("rayservice/bad");
    // KubeRay copies the annotations of the service to the cluster.
    let owners = json!([{"apiVersion": "ray.io/v1", "kind": "RayService", "name": "bad", "controller": true,
        "uid": service["metadata"]["uid"]}]);
    let metadata = json!({"name": "owned", "annotations": annotations, "ownerReferences": owners});
    let spec = &service["spec"]["rayClusterConfig"];
    let cluster = json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": metadata, "spec": spec});
    namespace.send("create -f -", &cluster.to_string()).passes();
    let report = report(&server.kubeconfig_file(), &["--namespace", "live-exempt-owner"]);
    assert_eq!(found(&report, "error"), [""; 0]);
    assert_eq!((&report["summary"]["objects"], &report["summary"]["exempted"]), (&json!(2), &json!(1)), "{report}");
}

#[test]
fn a_list_with_many_pages_is_read_completely() {
    let server = ApiServer::shared();
    let namespace = server.namespace("live-many");
    let containers = json!([{"name": "ray-head", "image": "ray"}]);
    let spec = json!({"headGroupSpec": {"rayStartParams": {}, "template": {"spec": {"containers": containers}}}});
    let many: Vec<_> = (0..230)
        .map(|number| {
            let name = json!({"name": format!("c-{number}")});
            json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": name, "spec": spec}).to_string()
        })
        .collect();
    namespace.send("create -f -", &many.join("\n")).passes();
    let in_namespace = report(&server.kubeconfig_file(), &["--namespace", "live-many"]);
    assert_eq!(in_namespace["summary"]["objects"], 230);
    let in_all = report(&server.kubeconfig_file(), &["--all-namespaces"]);
    assert!(in_all["summary"]["objects"].as_u64() >= Some(230), "{}", in_all["summary"]);
}

#[test]
fn a_missing_list_right_is_named_in_the_error() {
    let server = ApiServer::shared();
    let namespace = server.namespace("live-rights");
    let token = namespace.account("reader");
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    fs::write(&kubeconfig, server.kubeconfig(server.address(), &token, "live-rights")).expect("a file");

    let refused = check(&kubeconfig, &[]);
    assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(2), &[][..]));
    let stderr = stderr(&refused);
    let (_, command) = stderr.split_once("grant the right with: kubectl ").expect("a command");
    let (command, _) = command.split_once(", and a binding").expect("its end");
    // The command in the message grants everything that is missing.
    namespace.kubectl(command).passes();
    namespace.kubectl("create rolebinding ray-reader --role=ray-reader --serviceaccount=live-rights:reader").passes();
    assert_eq!(report(&kubeconfig, &[])["summary"]["objects"], 0);
    let everywhere = check(&kubeconfig, &["-A"]);
    let stderr = String::from_utf8(everywhere.stderr).expect("UTF-8");
    assert!(stderr.contains("in all namespaces; grant the right with: kubectl create clusterrole"), "{stderr}");
}

#[test]
fn missing_kinds_are_skipped_and_reported() {
    let server = ApiServer::start_without_kuberay(&[]);
    let kubectl = server.kubectl("default");
    let none = check(&server.kubeconfig_file(), &[]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("the cluster has none of KubeRay's kinds"), "{}", stderr(&none));

    let definition = kuberay::module(kuberay::newest()).join("config/crd/bases/ray.io_rayclusters.yaml");
    kubectl.run(&format!("create --validate=false -f {}", definition.display())).passes();
    crate::server::process::eventually("kube-apiserver to serve RayClusters", || {
        kubectl.run("get --raw /apis/ray.io/v1/rayclusters").success().then_some(())
    });
    let one = check(&server.kubeconfig_file(), &[]);
    assert_eq!(one.status.code(), Some(0), "{}", stderr(&one));
    let lines = ["RayCronJobs", "RayServices", "RayJobs"]
        .map(|kind| format!("the cluster has no {kind}: their CRD is not installed, so they are skipped\n"));
    assert_eq!(stderr(&one), lines.concat() + "checked 0 objects: nothing found\n");
    assert_eq!(stderr(&check(&server.kubeconfig_file(), &["--quiet"])), "");
}

#[test]
fn clusters_that_share_a_storage_namespace_are_found_if_both_are_read() {
    const RULE: &str = "shared-storage-namespace spec.gcsFaultToleranceOptions.externalStorageNamespace";
    let server = ApiServer::shared();
    let [one, other] = ["live-shared-a", "live-shared-b"].map(|name| server.namespace(name));
    one.send("create -f -", &cluster("first", "redis:6379", "live-shared").to_string()).passes();
    let alone = report(&server.kubeconfig_file(), &["--namespace", "live-shared-a"]);
    assert_eq!(found(&alone, "error"), [""; 0]);
    other.send("create -f -", &cluster("second", "redis.live-shared-a:6379", "live-shared").to_string()).passes();
    let both = report(&server.kubeconfig_file(), &["--all-namespaces"]);
    let of_both = found(&both, "error").into_iter().filter(|error| error.contains("live-shared-"));
    let expected = ["a/first", "b/second"].map(|name| format!("cluster:rayclusters/live-shared-{name} {RULE}"));
    assert_eq!(of_both.collect::<Vec<_>>(), expected);
    let messages = both["findings"].to_string();
    assert!(messages.contains("shared with RayCluster live-shared-a/first at the same Redis"), "{messages}");
    let apart = report(&server.kubeconfig_file(), &["--namespace", "live-shared-b"]);
    assert_eq!(found(&apart, "error"), [""; 0], "the other cluster is not read");
}

#[test]
fn secrets_are_checked_if_requested_and_allowed() {
    const RULE: &str = "missing-secret spec.gcsFaultToleranceOptions.redisPassword.valueFrom.secretKeyRef";
    let server = ApiServer::shared();
    let namespace = server.namespace("live-secrets");
    namespace.send("create -f -", &cluster("one", "redis:6379", "live-secrets").to_string()).passes();
    let secrets = ["--namespace", "live-secrets", "--secrets"];
    let of_rule = |arguments: &[&str]| -> Vec<String> {
        let warnings = found(&report(&server.kubeconfig_file(), arguments), "warning");
        warnings.into_iter().filter(|warning| warning.contains("missing-secret")).collect()
    };
    assert_eq!(of_rule(&secrets[..2]), [""; 0], "`--secrets` is not set");
    let name = "cluster:rayclusters/live-secrets/one";
    assert_eq!(of_rule(&secrets), [format!("{name} {RULE}.name")]);
    namespace.kubectl("create secret generic redis --from-literal=pasword=hunter2").passes();
    assert_eq!(of_rule(&secrets), [format!("{name} {RULE}.key")]);
    namespace.patch("secret/redis", r#"{"stringData": {"password": "hunter2"}}"#).passes();
    assert_eq!(of_rule(&secrets), [""; 0]);

    let token = namespace.account("reader");
    namespace.kubectl("create role reader --verb=list --resource=rayclusters.ray.io,rayservices.ray.io,rayjobs.ray.io,raycronjobs.ray.io").passes();
    namespace.kubectl("create rolebinding reader --role=reader --serviceaccount=live-secrets:reader").passes();
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    fs::write(&kubeconfig, server.kubeconfig(server.address(), &token, "live-secrets")).expect("a file");
    let refused = check(&kubeconfig, &["--secrets"]);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = stderr(&refused);
    assert!(stderr.contains("cluster:secrets/live-secrets/redis: cannot read the Secret of a password: "), "{stderr}");
    assert!(stderr.contains("cannot get resource") && stderr.contains("checked 1 object"), "{stderr}");
}
