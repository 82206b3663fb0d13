//! The PolicyReports of an audit, by the CRD that clusters have.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::super::ApiServer;
use super::super::manifests::{BAD_CLUSTER, BAD_CLUSTER_DENIALS};
use super::super::namespace::Namespace;
use super::super::role::Role;
use super::{LEASE, LIST, audited, auditor, audits, gauges, logged, start};
use crate::server::process::eventually;

/// The rights that reports need, and none more.
pub(super) const REPORT: Role = Role::OfCluster(
    "reports",
    &["{apiGroups: [wgpolicyk8s.io], resources: [policyreports], verbs: [list, create, patch, delete]}"],
);

/// What is said once where there is no CRD.
pub(super) const ABSENT: &str = "writes no PolicyReports, for their CRD is not installed (wgpolicyk8s.io/v1alpha2)";

/// Installs the CRD, and waits until it is served.
fn install_crd(server: &ApiServer) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kubernetes/policy-reports");
    let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
    assert!(output.status.success(), "tests/kubernetes/policy-reports found no CRD; it says why above");
    let file = String::from_utf8(output.stdout).expect("a path in UTF-8");
    let kubectl = server.kubectl("default");
    kubectl.run(&format!("create -f {}", file.trim_end())).passes();
    eventually("kube-apiserver to serve PolicyReports", || {
        kubectl.run("get --raw /apis/wgpolicyk8s.io/v1alpha2/policyreports").success().then_some(())
    });
}

fn reports(namespace: &Namespace<'_>) -> Vec<Value> {
    let list = namespace.kubectl("get policyreports --output json").json();
    list["items"].as_array().expect("items").clone()
}

#[test]
fn a_report_comes_changes_and_goes_with_what_is_wrong() {
    let server = ApiServer::start();
    let (namespace, kubeconfig) = auditor(&server, "reports", &[LIST, LEASE]);
    namespace.send("create -f -", BAD_CLUSTER).passes();
    let cluster = namespace.get("raycluster/bad");
    let uid = cluster["metadata"]["uid"].as_str().expect("a UID");

    // First there is no right, then no CRD, then both.
    let rayguard = start(&kubeconfig, &["--policy-reports"]);
    let message = "cannot keep the PolicyReports; trying again";
    let error = rayguard.logged(message)["error"].as_str().expect("text").to_owned();
    assert!(error.starts_with("may not list policyreports.wgpolicyk8s.io; it takes the right"), "{error}");
    eventually("the figures, which are good all the same", || {
        (gauges(&rayguard).get("objects") == Some(&1) && audits(&rayguard, "failure") > 0).then_some(())
    });
    REPORT.grant(&namespace, "auditor");
    audited(&rayguard);
    let said = logged(&rayguard, "INFO");
    let once = ["can keep the PolicyReports again", ABSENT];
    assert!(once.iter().all(|once| said.iter().filter(|said| said == once).count() == 1), "{said:?}");
    // While a CRD is new, kube-apiserver may have lists of it and then again none.
    install_crd(&server);
    rayguard.logged("writes PolicyReports, for their CRD is installed now");
    let written = || namespace.kubectl(&format!("get policyreport/rayguard-{uid}")).success();
    eventually("the report", || written().then_some(()));
    assert_eq!(logged(&rayguard, "ERROR"), [message], "said once");

    // Of the same name as another program would give it, of rayguard's name, and with rayguard's label.
    let of_others = [
        (uid.to_owned(), "kyverno"),
        ("rayguard-of-somebody-else".to_owned(), "somebody"),
        ("not-by-rayguard".to_owned(), "rayguard"),
    ];
    for (name, manager) in &of_others {
        let report = json!({"apiVersion": "wgpolicyk8s.io/v1alpha2", "kind": "PolicyReport",
            "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": manager}},
            "results": [{"policy": "theirs", "result": "pass"}]});
        namespace.send("create -f -", &report.to_string()).passes();
    }
    let theirs = || of_others.each_ref().map(|(name, _)| namespace.get(&format!("policyreport/{name}")));
    let before = theirs();
    let name = format!("policyreport/rayguard-{uid}");
    let report = namespace.get(&name);
    let reference = json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "name": "bad", "uid": uid});
    assert_eq!(report["metadata"]["ownerReferences"], json!([reference]));
    assert_eq!(report["metadata"]["labels"], json!({"app.kubernetes.io/managed-by": "rayguard"}));
    let mut scope = reference.clone();
    scope["namespace"] = "reports".into();
    assert_eq!(report["scope"], scope);
    let results = report["results"].as_array().expect("results");
    let failed: Vec<_> = results.iter().filter(|result| result["result"] == "fail").collect();
    assert_eq!(failed.len(), BAD_CLUSTER_DENIALS.len());
    for (result, denial) in failed.iter().zip(BAD_CLUSTER_DENIALS) {
        let (rule, path) = denial.split_once(' ').expect("a rule and a path");
        let fields = ["rule", "policy", "source", "severity"].map(|field| result[field].as_str().expect("text"));
        assert_eq!(fields, [rule, "rayguard", "rayguard", "high"]);
        let message = result["message"].as_str().expect("text");
        assert!(message.starts_with(&format!("{path}: ")) && message.ends_with(&format!(" ({rule})")), "{message}");
        assert!(result["category"].is_string() && result["scored"] == true, "{result}");
        assert!(result["timestamp"]["seconds"].as_u64() > Some(1_700_000_000), "{result}");
    }
    let warned = results.len() - failed.len();
    let summary = json!({"pass": 0, "fail": failed.len(), "warn": warned, "error": 0, "skip": 0});
    assert_eq!(report["summary"], summary);

    audited(&rayguard);
    assert_eq!(namespace.get(&name), report, "nothing new is written where nothing is new");

    // Somebody changes the report.
    namespace.patch(&name, r#"{"results": []}"#).passes();
    let content = |report: &Value| report["results"].as_array().expect("results").len();
    eventually("the report to be whole", || (content(&namespace.get(&name)) == results.len()).then_some(()));

    // An object goes, and here nobody collects what it owns.
    let written = || reports(&namespace).iter().filter(|report| report["scope"]["kind"] == "RayCluster").count();
    namespace.send("create -f -", &BAD_CLUSTER.replacen("name: bad", "name: gone", 1)).passes();
    eventually("a second report", || (written() == 2).then_some(()));
    namespace.kubectl("delete raycluster gone").passes();
    eventually("the first alone", || (written() == 1).then_some(()));

    // Somebody mends the cluster, in two steps.
    let password = r#"{"spec": {"gcsFaultToleranceOptions": {"redisPassword": {"valueFrom": {"secretKeyRef": {"name": "r", "key": "p"}}}}}}"#;
    namespace.patch("raycluster/bad", password).passes();
    eventually("a shorter report", || (namespace.get(&name)["summary"]["fail"] == 4).then_some(()));
    let mended = namespace.get("raycluster/bad");
    namespace
        .patch("raycluster/bad", r#"{"spec": {"gcsFaultToleranceOptions": null, "workerGroupSpecs": []}}"#)
        .passes();
    let start_params = r#"{"spec": {"headGroupSpec": {"rayStartParams": {"dashboard-host": "0.0.0.0"}}}}"#;
    namespace.patch("raycluster/bad", start_params).passes();
    eventually("no failure any more", || {
        let gone = reports(&namespace).iter().all(|report| report["metadata"]["name"] != format!("rayguard-{uid}"));
        gone.then_some(())
    });
    let generation = |cluster: &Value| cluster["metadata"]["generation"].as_i64().expect("a number");
    let now = namespace.get("raycluster/bad");
    assert_eq!(generation(&now), generation(&mended) + 2, "only by those who mended it");
    assert_eq!(theirs(), before, "what others report is theirs");

    // Somebody is in the way.
    let report = json!({"apiVersion": "wgpolicyk8s.io/v1alpha2", "kind": "PolicyReport",
        "metadata": {"name": format!("rayguard-{uid}")}, "results": [{"policy": "theirs", "result": "pass"}]});
    namespace.send("create -f -", &report.to_string()).passes();
    let report = namespace.get(&name);
    namespace.patch("raycluster/bad", &json!({"spec": cluster["spec"]}).to_string()).passes();
    let in_the_way = "a PolicyReport of another program has the name of rayguard's, and other content";
    eventually("a word on it", || rayguard.log().contains(in_the_way).then_some(()));
    assert_eq!(namespace.get(&name), report);
}
