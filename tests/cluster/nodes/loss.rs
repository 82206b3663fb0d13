//! The sudden loss of a node that runs a Pod of rayguard.

use std::net::IpAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, ListParams};

use super::connections::Connections;
use super::outage::Outage;
use super::worker::{Cause, Worker};
use crate::load::Load;
use crate::release::{Release, Replica};
use crate::report::record_figure;
use rayguard_test_client::node::{Node, eventually, eventually_within};

/// For how long kube-apiserver keeps a connection to a webhook that it does not use: the default of Go's net/http.
const IDLE: Duration = Duration::from_secs(90);

/// A generous limit of the time until a lost Pod has a successor. Without the chart's tolerations it takes six minutes.
const REPLACEMENT: Duration = Duration::from_mins(10);

/// How many calls are answered before something else happens.
const CALLS: u64 = 120;

/// A loss of a node.
struct Case<'a> {
    test: &'a str,
    /// The first column of the table
    what: &'a str,
    replicas: usize,
    cause: Cause,
    /// More arguments of Helm
    arguments: &'a [&'a str],
    victim: fn(&Release) -> Replica,
}

impl Case<'_> {
    /// Loses the node of a replica under load, brings it back, and asserts which calls are lost.
    fn run(&self) {
        let Self { test, what, replicas, .. } = *self;
        let count = format!("replicas={replicas}");
        let release = Release::install(test, &[&["--set", &count], self.arguments].concat());
        release.replicas(replicas);
        let load = Load::start(test);
        answer(&release, CALLS);
        let victim = (self.victim)(&release);
        let held = release.auditor() == Some(victim.name.clone());
        let service = Node::get().service(&release.namespace, "rayguard");
        let connections = Connections::start((service, 443).into());

        let lost = Worker::named(&victim.node).lose(self.cause);
        let unlisted = moment("the Pod is not ready in the EndpointSlice", || !is_listed(&release, victim.address));
        let forgotten = moment("kube-proxy of the first node forgets the Pod", || !is_routed(victim.address));
        let again = connections.again();
        let answered = again.iter().filter(|attempt| attempt.is_answered).count();
        assert!(!again.is_empty() && answered == 0, "connection tracking has forgotten {answered} of {again:?}");
        if held {
            let taken = moment("another replica has the Lease", || {
                release.auditor().is_some_and(|auditor| auditor != victim.name)
            });
            let time = format!("{:.1} s", lost.until(taken).as_secs_f64());
            record_figure(&format!("until another replica has the Lease of the audit, after: {what}"), time);
        }
        let replaced = moment("another Pod is ready", || release.replicas_now().len() == replicas);
        moment("kube-apiserver has no connection to the Pod", || lost.at.elapsed() > IDLE);
        answer(&release, CALLS);
        let (calls, attempts) = (load.stop(), connections.stop());
        Outage { what, replicas, lost: &lost, calls: &calls, attempts: &attempts, unlisted, replaced }.record();

        let bound = forgotten.max(lost.at + IDLE);
        for call in &calls.lost {
            assert!(!call.why.contains("a bad RayCluster was admitted"), "{call:?}");
            // A call that began before the loss was in progress.
            assert!(call.began <= bound, "lost {:?} after the node was: {call:?}", lost.until(call.began));
        }
        for attempt in attempts.iter().filter(|attempt| !attempt.is_answered) {
            assert!(attempt.began <= forgotten, "{attempt:?}, {:?} after the loss", lost.until(attempt.began));
        }

        let load = Load::start(&format!("{test}-return"));
        lost.bring_back();
        let after = release.replicas(replicas); // the lost Pod is deleted, also under load
        assert!(!after.contains(&victim), "{after:?}");
        answer(&release, CALLS);
        load.assert_nothing_lost(&format!("the return of the node after: {what}, {replicas} replicas"));
    }
}

/// Waits until something is the case, and returns the time.
fn moment(what: &str, is_so: impl Fn() -> bool) -> Instant {
    eventually_within(REPLACEMENT, what, || is_so().then(Instant::now))
}

/// Returns how many calls a replica has answered; 0 if it cannot be asked.
fn answered(replica: &Replica) -> u64 {
    replica.metric("rayguard_admission_duration_seconds_count{webhook=\"validate\"}").unwrap_or_default()
}

/// Waits until this many more calls are answered.
fn answer(release: &Release, more: u64) {
    let replicas = release.replicas_now();
    let sum = || replicas.iter().map(answered).sum::<u64>();
    let before = sum();
    eventually("more calls", || (sum() >= before + more).then_some(()));
}

/// Returns the replica that answered the most of the last calls: kube-apiserver calls it over the connection that it used
/// last, so its loss is the worst one.
fn busiest(release: &Release) -> Replica {
    let before: Vec<_> = release.replicas_now().into_iter().map(|replica| (answered(&replica), replica)).collect();
    answer(release, CALLS);
    let after = before.into_iter().map(|(before, replica)| (answered(&replica) - before, replica));
    after.max_by_key(|(calls, _)| *calls).expect("a replica").1
}

/// Returns the replica that holds the Lease of the audit.
fn lease_holder(release: &Release) -> Replica {
    let name = eventually("a holder of the Lease", || release.auditor());
    release.replicas_now().into_iter().find(|replica| replica.name == name).expect("the holder is a replica")
}

/// Returns whether the Service has the Pod as a ready endpoint.
fn is_listed(release: &Release, pod: IpAddr) -> bool {
    let node = Node::get();
    let slices = Api::<EndpointSlice>::namespaced(node.client.clone(), &release.namespace);
    let slices = node.runtime.block_on(slices.list(&ListParams::default())).expect("EndpointSlices");
    slices.into_iter().flat_map(|slice| slice.endpoints.into_iter().flatten()).any(|endpoint| {
        let is_ready = endpoint.conditions.and_then(|conditions| conditions.ready).unwrap_or(true);
        is_ready && endpoint.addresses.contains(&pod.to_string())
    })
}

/// Returns whether kube-proxy of the first node, from which kube-apiserver calls, still chooses the Pod.
fn is_routed(pod: IpAddr) -> bool {
    let rules = Command::new("nft").args(["list", "table", "ip", "kube-proxy"]).output().expect("nft runs");
    assert!(rules.status.success(), "{rules:?}");
    let target = format!("__{pod}/9443");
    String::from_utf8_lossy(&rules.stdout).lines().any(|line| line.contains("goto ") && line.contains(&target))
}

#[test]
fn the_cut_link_of_a_node_with_one_of_two_replicas_loses_only_calls_within_the_bound() {
    Case { test: "cut-2", what: "link cut", replicas: 2, cause: Cause::LinkCut, arguments: &[], victim: busiest }.run();
}

#[test]
fn the_power_loss_of_a_node_with_one_of_two_replicas_loses_only_calls_within_the_bound() {
    Case { test: "power-2", what: "power loss", replicas: 2, cause: Cause::PowerLoss, arguments: &[], victim: busiest }
        .run();
}

#[test]
fn the_cut_link_of_a_node_with_one_of_three_replicas_loses_only_calls_within_the_bound() {
    Case { test: "cut-3", what: "link cut", replicas: 3, cause: Cause::LinkCut, arguments: &[], victim: busiest }.run();
}

#[test]
fn the_power_loss_of_a_node_with_one_of_three_replicas_loses_only_calls_within_the_bound() {
    Case { test: "power-3", what: "power loss", replicas: 3, cause: Cause::PowerLoss, arguments: &[], victim: busiest }
        .run();
}

#[test]
fn the_audit_continues_after_the_loss_of_the_node_with_its_lease() {
    Case {
        test: "lease",
        what: "power loss of the holder of the Lease",
        replicas: 2,
        cause: Cause::PowerLoss,
        arguments: &[],
        victim: lease_holder,
    }
    .run();
}

#[test]
fn without_the_tolerations_of_the_chart_the_lost_pod_is_replaced_later() {
    Case {
        test: "default-tolerations",
        what: "link cut, with Kubernetes' own tolerations",
        replicas: 2,
        cause: Cause::LinkCut,
        arguments: &["--set", "nodeLossTolerationSeconds=null"],
        victim: busiest,
    }
    .run();
}
