//! Checks that need other objects, with the values of `helm install`: two clusters in one storage namespace, and the
//! replica that audits stored objects.

use rayguard_test_client::kubectl;

use super::objects::{Objects, users};
use crate::manifest;
use crate::release::Release;
use rayguard_test_client::node::eventually;

#[test]
fn a_second_cluster_in_a_storage_namespace_is_refused_and_clusters_of_one_service_are_not() {
    let (one, other) = ("users-view", "users-view-other");
    let users = [one, other].map(users);
    let release = Release::install("view", &[]);
    let send = |namespace: usize, object: &kube::api::DynamicObject, arguments: &str| {
        users[namespace].send(arguments, &serde_json::to_string(object).expect("JSON"))
    };

    // The operator creates the cluster of a service in the service's storage namespace.
    let storage = "view";
    send(0, &manifest::with_storage(manifest::good_service("service"), "redis:6379", storage), "create -f -").passes();
    let clusters = Objects::of("RayCluster", one);
    let made = clusters.get(&eventually("the cluster of the service", || clusters.names().pop()));
    let owner = made.metadata.owner_references.expect("an owner").remove(0);
    assert_eq!((owner.kind.as_str(), owner.name.as_str()), ("RayService", "service"));

    let address = "redis.users-view.svc.cluster.local:6379";
    let second = manifest::with_storage(manifest::good("second"), address, storage);
    let refused = eventually("each replica to refuse it", || {
        // Each call may reach another replica.
        let all: Vec<_> = (0..6).map(|_| send(1, &second, "create --dry-run=server -f -")).collect();
        if all.iter().any(kubectl::Outcome::success) { None } else { all.into_iter().next() }
    });
    assert!(
        refused.stderr.contains("shared with RayService users-view/service at the same Redis"),
        "{}",
        refused.stderr
    );
    send(1, &manifest::with_storage(manifest::good("second"), address, "its-own"), "create --dry-run=server -f -")
        .passes();

    // One replica audits the stored objects.
    eventually("the holder of the Lease", || {
        let lease = release.kubectl.run("get lease rayguard-audit --output json").json();
        lease["spec"]["holderIdentity"].as_str().filter(|holder| holder.starts_with("rayguard-")).map(drop)
    });
}
