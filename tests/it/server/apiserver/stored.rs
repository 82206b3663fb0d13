//! `rayguard serve --audit-lease`: what is stored is judged, whenever it was admitted.

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

/// The right to list, which an audit needs of what is stored, and none more.
const LIST: Role = Role::OfCluster(
    "audit",
    &["{apiGroups: [ray.io], resources: [rayclusters, rayservices, rayjobs, raycronjobs], verbs: [list]}"],
);

/// The right to the Lease `audit`.
const LEASE: Role = Role::OfNamespace(
    "audit",
    &["{apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [audit], verbs: [get, patch, create]}"],
);

/// A RayCluster that is good by itself.
const CLAIM: &str = "
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
    template: {spec: {containers: [{name: ray-head, resources: {limits: {memory: 5Gi}}}]}}
";

/// A namespace with an account `auditor`, and a kubeconfig of its.
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

/// Waits for an audit that begins from now on, and what it does.
fn audited(rayguard: &Rayguard) {
    let before = audits(rayguard, "success");
    // The next one may have begun before.
    eventually("two audits", || (audits(rayguard, "success") >= before + 2).then_some(()));
}

/// The series of the audit's gauges, with their values.
fn gauges(rayguard: &Rayguard) -> BTreeMap<String, u64> {
    let metrics = rayguard.ask_admin("/metrics").body;
    let gauges = metrics.lines().filter_map(|line| line.strip_prefix("rayguard_audit_"));
    let gauges = gauges.filter(|line| !line.starts_with("runs")).filter_map(|line| line.rsplit_once(' '));
    gauges.map(|(name, value)| (name.to_owned(), value.parse().expect("a number"))).collect()
}

/// What is logged at a level, without the time and all that tells one line from its like.
fn logged(rayguard: &Rayguard, level: &str) -> Vec<String> {
    let log = rayguard.log();
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_level = events.filter(|event| event["level"] == level);
    of_level.map(|event| event["message"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_was_admitted_before_is_found_and_counted_and_left_as_it_is() {
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

    let line = rayguard.logged("judged what is stored");
    assert_eq!((&line["objects"], &line["denied"], &line["warned"]), (&3.into(), &3.into(), &0.into()), "{line}");
    let said = logged(&rayguard, "INFO");
    assert_eq!(said.iter().filter(|said| *said == ABSENT).count(), 1, "{said:?}");
    for name in ["hidden-others", "rayclusters/", "spec.", "\"600\"", "\"600\\\""] {
        assert!(!rayguard.log().contains(name), "{name}: {}", rayguard.log());
    }
    // Whole, with the fields that tell who has written what.
    assert_eq!(objects(), before);
}

#[test]
fn two_that_were_created_at_once_are_both_found() {
    let (namespace, kubeconfig) = auditor(ApiServer::shared(), "audit-race", &[LIST, LEASE, WATCH]);
    for name in ["one", "other"] {
        namespace.send("create -f -", &CLAIM.replace("NAME", name)).passes();
    }
    let rayguard = start(&kubeconfig, &["--watch-clusters"]);
    audited(&rayguard);
    let found = gauges(&rayguard)["findings{rule=\"shared-storage-namespace\",level=\"deny\"}"];
    // Other tests may have some of their own here.
    assert!(found >= 2, "{found}");

    // What cannot be asked any more is not in order for that.
    namespace.kubectl("delete clusterrolebinding audit-race-audit audit-race-watch").passes();
    LIST.grant(&namespace, "auditor");
    let blind = start(&kubeconfig, &["--watch-clusters"]);
    rayguard.signal("KILL");
    rayguard.wait();
    let said = blind.logged("cannot judge what is stored; trying again, and telling what the last audit found");
    assert_eq!(said["error"], "not everything is known yet that is watched");
    assert_eq!((audits(&blind, "success"), gauges(&blind)), (0, BTreeMap::new()));
}

#[test]
fn one_replica_audits_and_another_goes_on_when_it_is_gone() {
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

    // Whoever is told to stop gives the Lease back, and leaves alone that of another.
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
fn a_lease_that_another_has_taken_takes_the_figures_along() {
    let (namespace, kubeconfig) = auditor(ApiServer::shared(), "audit-lost", &[LIST, LEASE]);
    let rayguard = start(&kubeconfig, &[]);
    audited(&rayguard);
    let lease = || namespace.get("lease/audit")["spec"].clone();
    let take = |holder: &str, renewed: &Value| {
        let spec = json!({"spec": {"holderIdentity": holder, "renewTime": renewed}});
        namespace.patch("lease/audit", &spec.to_string()).passes();
    };
    // This one has not renewed it for long, so that it is taken back; the other one has.
    take("gone", &json!("2001-01-01T00:00:00.000000Z"));
    eventually("the Lease to be taken back", || (lease()["holderIdentity"] != "gone").then_some(()));
    eventually("the figures to be gone", || {
        take("other", &lease()["renewTime"]);
        gauges(&rayguard).is_empty().then_some(())
    });
    audited(&rayguard);
    assert!(gauges(&rayguard).contains_key("objects"), "it was to be had again");
}

#[test]
fn a_right_that_is_missing_is_named_once_and_the_last_figures_stay() {
    let server = ApiServer::shared();
    let (namespace, kubeconfig) = auditor(server, "audit-rights", &[LEASE]);
    let rayguard = start(&kubeconfig, &[]);
    let failures = || audits(&rayguard, "failure");
    eventually("attempts", || (failures() >= 3).then_some(()));
    let message = "cannot judge what is stored; trying again, and telling what the last audit found";
    let error = rayguard.logged(message)["error"].as_str().expect("text").to_owned();
    let right = "kubectl create clusterrole ray-reader --verb=list --resource=raycronjobs.ray.io,rayservices.ray.io";
    assert!(error.starts_with("may not list raycronjobs in all namespaces; ") && error.contains(right), "{error}");
    assert_eq!(logged(&rayguard, "ERROR"), [message], "said once");
    assert_eq!(gauges(&rayguard), BTreeMap::new());
    assert_eq!(rayguard.connect().post("/validate", &bytes(&review::service_create())).status, 200);

    LIST.grant(&namespace, "auditor");
    rayguard.logged("can judge what is stored again");
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
fn an_api_server_that_is_away_is_waited_for_and_no_review_with_it() {
    let server = ApiServer::shared();
    let (namespace, _) = auditor(server, "audit-away", &[LIST, LEASE]);
    let token = namespace.token("auditor");
    let way = Balancer::new();
    let rayguard = start(&server.kubeconfig(way.address, &token, "audit-away"), &[]);
    let message = "cannot take the Lease of the audit; trying again, and judging nothing without it";
    rayguard.logged(message);
    assert_eq!(rayguard.connect().post("/validate", &bytes(&review::service_create())).status, 200);
    assert_eq!(rayguard.ask_admin("/readyz").status, 200, "a webhook is ready without it");
    way.set(vec![server.address()]);
    audited(&rayguard);
    assert!(rayguard.log().contains("can take the Lease of the audit again"));
    assert_eq!(logged(&rayguard, "ERROR"), [message], "said once");

    way.cut();
    eventually("the figures to be gone with the Lease", || gauges(&rayguard).is_empty().then_some(()));
    assert_eq!(rayguard.connect().post("/validate", &bytes(&review::service_create())).status, 200);
}
