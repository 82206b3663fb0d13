//! An upgrade from the previous release to this tree, and the rollback, with KubeRay's operator at work.

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt;
use rayguard_test_client::kubectl::Kubectl;
use rayguard_test_client::node::eventually;

use super::objects::{Objects, users};
use super::operator;
use crate::load::Load;
use crate::manifest;
use crate::release::{Release, Replica};

const NAMESPACE: &str = "users-previous";

/// A policy with a key of each kind that a policy file has.
const POLICY: &str = r#"policy={
    "kuberay": {"version": "1.6", "featureGates": {"RayServiceIncrementalUpgrade": false}},
    "rules": {"plaintext-redis-password": "audit"},
    "defaults": {"workerReconnectTimeout": "explicit", "headNumCpus": "off"},
    "exemptions": [{"namespaces": ["sandbox"], "rules": ["missing-redis-password"], "reason": "no data"}]
}"#;

/// What an upgrade must not change.
#[derive(Debug, PartialEq)]
struct State {
    /// The generations of the user's RayCluster and RayService, and their annotations.
    objects: Vec<(Option<i64>, BTreeMap<String, String>)>,
    /// All RayClusters: the user's, and the one that the operator created for the RayService.
    clusters: Vec<(String, Option<i64>)>,
    ca: String,
}

impl State {
    /// Applies the manifests again, and returns what is there once the operator has handled it.
    fn after_applying_again(users: &Kubectl, manifests: &[String; 2], release: &Release) -> Self {
        for manifest in manifests {
            users.send("apply --filename -", manifest).passes_silently();
        }
        operator::wait_for_reconciliations("rayservice");
        operator::wait_for_reconciliations("raycluster");
        let [clusters, services] = ["RayCluster", "RayService"].map(|kind| Objects::of(kind, NAMESPACE));
        let objects = [clusters.get("kept"), services.get("kept")]
            .map(|object| (object.metadata.generation, object.annotations().clone()));
        let generation = |name: String| {
            let generation = clusters.get(&name).metadata.generation;
            (name, generation)
        };
        let clusters = clusters.names().into_iter().map(generation).collect();
        Self { objects: objects.into(), clusters, ca: release.secret("ca.crt") }
    }
}

/// Returns the names of all metrics of these replicas.
fn metrics(replicas: &[Replica]) -> BTreeSet<String> {
    let texts: Vec<_> = replicas.iter().map(|replica| replica.get_admin("/metrics").body).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    lines.filter_map(|line| Some(line.strip_prefix("# TYPE ")?.split(' ').next()?.to_owned())).collect()
}

/// Waits until one of these replicas audits.
fn audited_by(release: &Release, replicas: &[Replica]) {
    eventually("an audit by one of the replicas", || {
        let auditor = release.auditor()?;
        replicas.iter().any(|replica| replica.name == auditor).then_some(())
    });
}

#[test]
fn an_upgrade_from_the_previous_release_and_its_rollback_change_no_object_and_lose_no_call() {
    let previous =
        std::env::var("RAYGUARD_PREVIOUS").expect("the chart of the previous release: run tests/cluster/run");
    let users = users(NAMESPACE);
    let image = ["--set", "image.tag=previous", "--set-json", POLICY];
    let release = Release::install_from(&previous, "previous", &image);
    let before = release.replicas(2);
    // The init containers of workers would request a fifth of the node's processors, and an upgrade needs room for one more Pod.
    let manifests = [manifest::good("kept"), manifest::good_service("kept")]
        .map(|object| serde_json::to_string(&manifest::without_workers(object)).expect("JSON"));
    for manifest in &manifests {
        users.send("apply --filename -", manifest).passes_silently();
    }
    Objects::of("RayCluster", NAMESPACE).with_finalizer("kept");
    // The second application drops what the operator's Go structs have written. A further one changes nothing.
    State::after_applying_again(&users, &manifests, &release);
    let state = State::after_applying_again(&users, &manifests, &release);
    assert_eq!(state.clusters.len(), 2, "{state:?}");
    audited_by(&release, &before);
    let names = metrics(&before);
    assert!(names.contains("rayguard_admission_duration_seconds"), "{names:?}");

    let load = Load::start("previous");
    release.upgrade(&["--set-json", POLICY]);
    let after = release.replicas(2);
    assert!(after.iter().all(|replica| !before.contains(replica)), "the upgrade replaces all Pods");
    assert_eq!(State::after_applying_again(&users, &manifests, &release), state);
    audited_by(&release, &after);
    let lost: Vec<_> = names.difference(&metrics(&after)).cloned().collect();
    assert!(lost.is_empty(), "metrics of the previous release are gone: {lost:?}");

    release.roll_back();
    let back = release.replicas(2);
    assert!(back.iter().all(|replica| !after.contains(replica)), "the rollback replaces all Pods");
    assert_eq!(State::after_applying_again(&users, &manifests, &release), state);
    audited_by(&release, &back);
    load.assert_nothing_lost("an upgrade from the previous release, and the rollback");
}
