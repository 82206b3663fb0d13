//! Tests of `rayguard serve --audit-lease`: stored objects are audited, even if they were created before the webhook.

mod reports;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::manifests::{BAD_CLUSTER, BAD_CLUSTER_DENIALS, BAD_SERVICE};
use super::role::{Role, WATCH};
use super::{ApiServer, Namespace};
use crate::server::certificates::Balancer;
use crate::server::process::{Rayguard, eventually};
use crate::server::review::{self, bytes};
use reports::{ABSENT, REPORT};

/// Exactly the rights to list that an audit of stored objects needs.
const LIST: Role = Role::OfCluster(
    "audit",
    &["{apiGroups: [ray.io], resources: [rayclusters, rayservices, rayjobs, raycronjobs], verbs: [list]}"],
);

/// The rights on the Lease `audit`.
const LEASE: Role = Role::OfNamespace(
    "audit",
    &["{apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [audit], verbs: [get, patch, create]}"],
);

/// A RayCluster that is good if no other one shares its storage namespace.
const SHARED_STORAGE: &str = "
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: NAME}
spec:
  gcsFaultToleranceOptions:
    redisAddress: redis:6379
    externalStorageNamespace: of-both
    redisPassword: {valueFrom: {secretKeyRef: {name: redis, key: password}}}
  headGroupSpec:
    rayStartParams: {num-cpus: '0'}
    template: {spec: {containers: [{name: ray-head, image: ray, resources: {limits: {memory: 5Gi}}}]}}
";

/// Creates a namespace with an account `auditor`, and returns a kubeconfig of the account.
fn auditor<'s>(server: &'s ApiServer, name: &str, rights: &[Role]) -> (Namespace<'s>, String) {
    let namespace = server.namespace(name);
    let token = namespace.account("auditor");
    for role in rights {
        role.grant(&namespace, "auditor");
    }
    let kubeconfig = server.kubeconfig(server.address(), &token, name);
    (namespace, kubeconfig)
}

fn start(kubeconfig: &str, more: &[&str]) -> Rayguard {
    let arguments = [&["--audit-lease", "audit", "--audit-interval", "1s"], more].concat();
    Rayguard::with_kubeconfig(kubeconfig, &arguments)
}

fn audits(rayguard: &Rayguard, result: &str) -> u64 {
    rayguard.metric(&format!("rayguard_audit_runs_total{{result=\"{result}\"}}"))
}

/// Waits until an audit that started after this call has ended.
fn audited(rayguard: &Rayguard) {
    let before = audits(rayguard, "success");
    // The next audit may have started before this call.
    eventually("two audits", || (audits(rayguard, "success") >= before + 2).then_some(()));
}

/// Returns the series of the audit's gauges, with their values.
fn gauges(rayguard: &Rayguard) -> BTreeMap<String, u64> {
    let metrics = rayguard.ask_admin("/metrics").body;
    let gauges = metrics.lines().filter_map(|line| line.strip_prefix("rayguard_audit_"));
    let gauges = gauges.filter(|line| !line.starts_with("runs")).filter_map(|line| line.rsplit_once(' '));
    gauges.map(|(name, value)| (name.to_owned(), value.parse().expect("a number"))).collect()
}

/// Returns the messages that are logged at a level.
fn logged(rayguard: &Rayguard, level: &str) -> Vec<String> {
    let log = rayguard.log();
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_level = events.filter(|event| event["level"] == level);
    of_level.map(|event| event["message"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_audit_counts_findings_in_stored_objects_and_changes_none() {
    let server = ApiServer::start();
    let (namespace, kubeconfig) = auditor(&server, "hidden-words", &[LIST, LEASE, REPORT]);
    namespace.send("create -f -", BAD_CLUSTER).passes();
    namespace.send("create -f -", BAD_SERVICE).passes();
    let other = server.namespace("hidden-others");
    other.send("create -f -", BAD_SERVICE).passes();
    let objects = || {
        [(&namespace, "raycluster/bad"), (&namespace, "rayservice/bad"), (&other, "rayservice/bad")]
            .map(|(namespace, name)| namespace.get(name))
    };
    let before = objects();

    let rayguard = start(&kubeconfig, &["--policy-reports"]);
    audited(&rayguard);
    let gauges = gauges(&rayguard);
    let findings = |rule: &str, level: &str| gauges.get(&format!("findings{{rule=\"{rule}\",level=\"{level}\"}}"));
    assert_eq!(gauges["objects"], 3);
    for denial in BAD_CLUSTER_DENIALS {
        let (rule, _) = denial.split_once(' ').expect("a rule and a path");
        let expected = if rule == "worker-reconnect-timeout" { 3 } else { 1 };
        assert_eq!(findings(rule, "deny"), Some(&expected), "{rule}: {gauges:?}");
    }
    assert_eq!(findings("loopback-redis", "warn").or(findings("loopback-redis", "deny")), Some(&0), "{gauges:?}");
    assert!(gauges["last_success_timestamp_seconds"] > 1_700_000_000, "{gauges:?}");
    assert_eq!(audits(&rayguard, "failure"), 0, "{}", rayguard.log());

    let line = rayguard.logged("audit completed");
    assert_eq!((&line["objects"], &line["denied"], &line["warned"]), (&3.into(), &3.into(), &0.into()), "{line}");
    let messages = logged(&rayguard, "INFO");
    assert_eq!(messages.iter().filter(|message| *message == ABSENT).count(), 1, "{messages:?}");
    for name in ["hidden-others", "rayclusters/", "spec.", "\"600\"", "\"600\\\""] {
        assert!(!rayguard.log().contains(name), "{name}: {}", rayguard.log());
    }
    // The complete objects, including the managed fields.
    assert_eq!(objects(), before);
}

#[test]
fn two_clusters_created_concurrently_are_both_found() {
    let (namespace, kubeconfig) = auditor(ApiServer::shared(), "audit-race", &[LIST, LEASE, WATCH]);
    for name in ["one", "other"] {
        namespace.send("create -f -", &SHARED_STORAGE.replace("NAME", name)).passes();
    }
    let rayguard = start(&kubeconfig, &["--watch-clusters"]);
    audited(&rayguard);
    let found = gauges(&rayguard)["findings{rule=\"shared-storage-namespace\",level=\"deny\"}"];
    // Other tests may have findings of their own here.
    assert!(found >= 2, "{found}");

    // Objects whose watch is not permitted any more must not count as correct.
    namespace.kubectl("delete clusterrolebinding audit-race-audit audit-race-watch").passes();
    LIST.grant(&namespace, "auditor");
    let without_rights = start(&kubeconfig, &["--watch-clusters"]);
    rayguard.signal("KILL");
    rayguard.wait();
    let line = without_rights.logged("cannot complete the audit; retrying, and reporting the result of the last one");
    assert_eq!(line["error"], "the watches have not synced yet");
    assert_eq!((audits(&without_rights, "success"), gauges(&without_rights)), (0, BTreeMap::new()));
}

#[test]
fn one_replica_audits_and_another_takes_over() {
    let (namespace, kubeconfig) = auditor(ApiServer::shared(), "audit-two", &[LIST, LEASE]);
    let first = start(&kubeconfig, &[]);
    audited(&first);
    let second = start(&kubeconfig, &[]);
    audited(&first);
    assert_eq!((audits(&second, "success"), gauges(&second)), (0, BTreeMap::new()));
    assert!(gauges(&first).contains_key("objects"));

    first.signal("KILL");
    first.wait();
    audited(&second);
    assert!(gauges(&second).contains_key("objects"));

    // A replica that stops releases its own Lease, and does not change the Lease of another.
    let third = start(&kubeconfig, &[]);
    let holder = || namespace.get("lease/audit")["spec"]["holderIdentity"].clone();
    let before = holder();
    third.signal("TERM");
    third.wait();
    assert_eq!(holder(), before);
    second.signal("TERM");
    second.wait();
    assert_eq!(holder(), Value::Null);
}

#[test]
fn a_replica_that_loses_the_lease_drops_its_audit_metrics() {
    let (namespace, kubeconfig) = auditor(ApiServer::shared(), "audit-lost", &[LIST, LEASE]);
    let rayguard = start(&kubeconfig, &[]);
    audited(&rayguard);
    let lease = || namespace.get("lease/audit")["spec"].clone();
    let take = |holder: &str, renewed: &Value| {
        let spec = json!({"spec": {"holderIdentity": holder, "renewTime": renewed}});
        namespace.patch("lease/audit", &spec.to_string()).passes();
    };
    // The first holder has not renewed the Lease for long, so rayguard takes it back; the second holder has renewed it.
    take("gone", &json!("2001-01-01T00:00:00.000000Z"));
    eventually("the Lease to be taken back", || (lease()["holderIdentity"] != "gone").then_some(()));
    eventually("the end of the metrics", || {
        take("other", &lease()["renewTime"]);
        gauges(&rayguard).is_empty().then_some(())
    });
    audited(&rayguard);
    assert!(gauges(&rayguard).contains_key("objects"), "it has the Lease again");
}

#[test]
fn a_missing_right_is_logged_once_and_the_last_metrics_stay() {
    let server = ApiServer::shared();
    let (namespace, kubeconfig) = auditor(server, "audit-rights", &[LEASE]);
    let rayguard = start(&kubeconfig, &[]);
    let failures = || audits(&rayguard, "failure");
    eventually("attempts", || (failures() >= 3).then_some(()));
    let message = "cannot complete the audit; retrying, and reporting the result of the last one";
    let error = rayguard.logged(message)["error"].as_str().expect("text").to_owned();
    let right = "kubectl create clusterrole ray-reader --verb=list --resource=raycronjobs.ray.io,rayservices.ray.io";
    assert!(error.starts_with("may not list raycronjobs in all namespaces; ") && error.contains(right), "{error}");
    assert_eq!(logged(&rayguard, "ERROR"), [message], "logged once");
    assert_eq!(gauges(&rayguard), BTreeMap::new());
    assert_eq!(rayguard.connect().post("/validate", &bytes(&review::service_create())).status, 200);

    LIST.grant(&namespace, "auditor");
    rayguard.logged("can complete the audit again");
    audited(&rayguard);
    let failed = failures();
    namespace.kubectl("delete clusterrolebinding audit-rights-audit").passes();
    eventually("an audit that fails", || (failures() >= failed + 2).then_some(()));
    let kept = gauges(&rayguard);
    assert!(kept.contains_key("objects"), "{kept:?}");
    eventually("another one", || (failures() >= failed + 4).then_some(()));
    assert_eq!(gauges(&rayguard), kept);
}

#[test]
fn an_unreachable_api_server_delays_the_audit_and_no_review() {
    let server = ApiServer::shared();
    let (namespace, _) = auditor(server, "audit-away", &[LIST, LEASE]);
    let token = namespace.token("auditor");
    let proxy = Balancer::new();
    let rayguard = start(&server.kubeconfig(proxy.address, &token, "audit-away"), &[]);
    let message = "cannot acquire the audit Lease; retrying, and auditing nothing without it";
    rayguard.logged(message);
    assert_eq!(rayguard.connect().post("/validate", &bytes(&review::service_create())).status, 200);
    assert_eq!(rayguard.ask_admin("/readyz").status, 200, "the webhook is ready without the Lease");
    proxy.set(vec![server.address()]);
    audited(&rayguard);
    assert!(rayguard.log().contains("can acquire the audit Lease again"));
    assert_eq!(logged(&rayguard, "ERROR"), [message], "logged once");

    proxy.cut();
    eventually("the end of the metrics without the Lease", || gauges(&rayguard).is_empty().then_some(()));
    assert_eq!(rayguard.connect().post("/validate", &bytes(&review::service_create())).status, 200);
}
