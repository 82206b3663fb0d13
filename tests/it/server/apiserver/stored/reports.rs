//! Tests of an audit's PolicyReports, with the CRD that clusters have.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::super::ApiServer;
use super::super::manifests::{BAD_CLUSTER, BAD_CLUSTER_DENIALS};
use super::super::namespace::Namespace;
use super::super::role::Role;
use super::{LEASE, LIST, audited, auditor, audits, gauges, logged, start};
use crate::server::process::eventually;

/// Exactly the rights that reports need.
pub(super) const REPORT: Role = Role::OfCluster(
    "reports",
    &["{apiGroups: [wgpolicyk8s.io], resources: [policyreports], verbs: [list, create, patch, delete]}"],
);

/// The message that is logged once if there is no CRD.
pub(super) const ABSENT: &str = "writing no PolicyReports: their CRD is not installed (wgpolicyk8s.io/v1alpha2)";

/// Installs the CRD, and waits until it is served.
fn install_crd(server: &ApiServer) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kubernetes/policy-reports");
    let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
    assert!(output.status.success(), "tests/kubernetes/policy-reports found no CRD; the reason is above");
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
fn a_policy_report_is_created_updated_and_deleted_with_the_findings() {
    let server = ApiServer::start();
    let (namespace, kubeconfig) = auditor(&server, "reports", &[LIST, LEASE]);
    namespace.send("create -f -", BAD_CLUSTER).passes();
    let cluster = namespace.get("raycluster/bad");
    let uid = cluster["metadata"]["uid"].as_str().expect("a UID");

    // First the right is missing, then the CRD, then neither.
    let rayguard = start(&kubeconfig, &["--policy-reports"]);
    let message = "cannot update the PolicyReports; retrying";
    let error = rayguard.logged(message)["error"].as_str().expect("text").to_owned();
    assert!(error.starts_with("may not list policyreports.wgpolicyk8s.io; rayguard needs the right"), "{error}");
    eventually("the metrics, which do not need the reports", || {
        (gauges(&rayguard).get("objects") == Some(&1) && audits(&rayguard, "failure") > 0).then_some(())
    });
    REPORT.grant(&namespace, "auditor");
    audited(&rayguard);
    let messages = logged(&rayguard, "INFO");
    let once = ["can update the PolicyReports again", ABSENT];
    assert!(once.iter().all(|once| messages.iter().filter(|message| message == once).count() == 1), "{messages:?}");
    // While a CRD is new, kube-apiserver may list its objects and then fail again.
    install_crd(&server);
    rayguard.logged("writing PolicyReports: their CRD is installed now");
    let written = || namespace.kubectl(&format!("get policyreport/rayguard-{uid}")).success();
    eventually("the report", || written().then_some(()));
    assert_eq!(logged(&rayguard, "ERROR"), [message], "logged once");

    // Reports of other programs: one named after the object's UID, one with rayguard's prefix in its name, and one with
    // rayguard's label.
    let of_others = [
        (uid.to_owned(), "kyverno"),
        ("rayguard-of-another-program".to_owned(), "another-program"),
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
    assert_eq!(namespace.get(&name), report, "an unchanged report is not written again");

    // A user changes the report.
    namespace.patch(&name, r#"{"results": []}"#).passes();
    let content = |report: &Value| report["results"].as_array().expect("results").len();
    eventually("the report to be restored", || (content(&namespace.get(&name)) == results.len()).then_some(()));

    // An object is deleted. No garbage collector runs here, so rayguard deletes its report.
    let written = || reports(&namespace).iter().filter(|report| report["scope"]["kind"] == "RayCluster").count();
    namespace.send("create -f -", &BAD_CLUSTER.replacen("name: bad", "name: gone", 1)).passes();
    eventually("a second report", || (written() == 2).then_some(()));
    namespace.kubectl("delete raycluster gone").passes();
    eventually("the second report to be deleted", || (written() == 1).then_some(()));

    // A user fixes the cluster, in two steps.
    let password = r#"{"spec": {"gcsFaultToleranceOptions": {"redisPassword": {"valueFrom": {"secretKeyRef": {"name": "r", "key": "p"}}}}}}"#;
    namespace.patch("raycluster/bad", password).passes();
    eventually("a shorter report", || (namespace.get(&name)["summary"]["fail"] == 4).then_some(()));
    let fixed = namespace.get("raycluster/bad");
    namespace
        .patch("raycluster/bad", r#"{"spec": {"gcsFaultToleranceOptions": null, "workerGroupSpecs": []}}"#)
        .passes();
    let start_params = r#"{"spec": {"headGroupSpec": {"rayStartParams": {"dashboard-host": "0.0.0.0"}}}}"#;
    namespace.patch("raycluster/bad", start_params).passes();
    eventually("the report to be deleted", || {
        let gone = reports(&namespace).iter().all(|report| report["metadata"]["name"] != format!("rayguard-{uid}"));
        gone.then_some(())
    });
    let generation = |cluster: &Value| cluster["metadata"]["generation"].as_i64().expect("a number");
    let now = namespace.get("raycluster/bad");
    assert_eq!(generation(&now), generation(&fixed) + 2, "only the user has changed it");
    assert_eq!(theirs(), before, "reports of other programs are not changed");

    // Another program has created a report of the same name.
    let report = json!({"apiVersion": "wgpolicyk8s.io/v1alpha2", "kind": "PolicyReport",
        "metadata": {"name": format!("rayguard-{uid}")}, "results": [{"policy": "theirs", "result": "pass"}]});
    namespace.send("create -f -", &report.to_string()).passes();
    let report = namespace.get(&name);
    namespace.patch("raycluster/bad", &json!({"spec": cluster["spec"]}).to_string()).passes();
    let conflict = "a PolicyReport of another program has a name that rayguard uses, and other content";
    eventually("the message about it", || rayguard.log().contains(conflict).then_some(()));
    assert_eq!(namespace.get(&name), report);
}
