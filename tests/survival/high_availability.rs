//! KubeRay's guide to high availability of a RayService.
//!
//! <https://docs.ray.io/en/latest/cluster/kubernetes/user-guides/rayservice-high-availability.html>

use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::client::{Client, Requests};
use crate::loss::Loss;
use crate::namespace::Namespace;
use crate::object::{Cluster, serve};
use crate::observation::Observation;
use crate::outage::Outage;
use crate::redis::{Persistence, Redis};
use crate::runs::runs;

const LIMIT: Duration = Duration::from_mins(4);
const SERVICE: &str = "sums";

/// A RayService in a namespace of its own, with a client.
struct Service {
    namespace: Namespace,
    object: Value,
}

impl Service {
    /// Creates it, and waits until this many Pods take requests: the head, and the workers with a replica. Returns it with
    /// what rayguard says.
    fn start(test: &str, object: Value, endpoints: usize) -> (Self, String) {
        let namespace = Namespace::create(test);
        Redis::start(&namespace, Persistence::AppendOnlyFile);
        let said = namespace.apply(&object).stderr;
        namespace.wait_for_service(SERVICE);
        namespace.wait_for_endpoints(SERVICE, endpoints);
        (Self { namespace, object }, said)
    }

    /// Loses the head, and returns what became of the requests.
    fn lose_head(&self, client: &Client<'_>, loss: Loss, configuration: &str) -> Requests {
        let outage = Outage::observe(&self.namespace, SERVICE, LIMIT, |head| loss.happen(&self.namespace, head));
        // Workers that are not in the new cluster end about 50 s after the loss, and what they answered fails then.
        thread::sleep(Duration::from_secs(if self.object.pointer(FAULT_TOLERANCE).is_some() { 20 } else { 60 }));
        client.wait_until_quiet(Duration::from_secs(10));
        let requests = client.since(outage.began);
        Observation::new(loss.event(), configuration)
            .outage(&outage)
            .same_workers(outage.has_same_workers(&self.namespace, SERVICE))
            .requests(requests)
            .record(&self.object, &[]);
        requests
    }
}

const FAULT_TOLERANCE: &str = "/spec/rayClusterConfig/gcsFaultToleranceOptions";

/// Loses the head of a service that follows the guide in each of these ways. All requests are answered.
pub(crate) fn answer_every_request(test: &str, losses: &[Loss]) {
    let object = Cluster::new(SERVICE).workers(2).service(&serve(2));
    let (service, said) = Service::start(test, object, 3);
    assert_eq!(said, "", "rayguard warns of the service");
    let client = Client::start(&service.namespace, SERVICE);
    for _ in runs(1) {
        for loss in losses {
            let requests =
                service.lose_head(&client, *loss, "fault tolerance, 2 replicas on 2 workers, head without CPUs");
            assert_eq!(requests.failed, 0, "{requests:?}");
            assert!(requests.sent > 20, "{requests:?}");
            service.namespace.wait_for_endpoints(SERVICE, 3);
        }
    }
}

#[test]
fn every_request_is_answered_while_the_head_is_lost() {
    answer_every_request("ha", &[Loss::Deletion, Loss::Removal]);
}

/// The container of the head ends at once, and its Pod is an endpoint until kubelet and kube-proxy have noticed.
#[test]
fn some_requests_are_refused_by_a_head_that_has_just_crashed() {
    let object = Cluster::new(SERVICE).workers(2).service(&serve(2));
    let (service, _) = Service::start("ha-crash", object, 3);
    let client = Client::start(&service.namespace, SERVICE);
    for _ in runs(3) {
        let configuration = "fault tolerance, 2 replicas on 2 workers, head without CPUs";
        let requests = service.lose_head(&client, Loss::Crash, configuration);
        assert!(requests.failed * 2 < usize::try_from(requests.sent).expect("a number"), "{requests:?}");
        service.namespace.wait_for_endpoints(SERVICE, 3);
    }
}

#[test]
fn requests_are_lost_without_fault_tolerance() {
    let object = Cluster::new(SERVICE).workers(2).without_fault_tolerance().service(&serve(2));
    let (service, _) = Service::start("ha-plain", object, 3);
    let client = Client::start(&service.namespace, SERVICE);
    for loss in [Loss::Removal, Loss::Deletion] {
        let requests =
            service.lose_head(&client, loss, "no fault tolerance, 2 replicas on 2 workers, head without CPUs");
        // Ray Serve's proxies hold some requests for as long as it takes, and others fail.
        assert_ne!(requests.word(), "answered", "{loss:?}: {requests:?}");
        service.namespace.ready_workers(SERVICE, 2);
        service.namespace.wait_for_endpoints(SERVICE, 3);
        client.wait_until_quiet(Duration::from_secs(20));
    }
}

#[test]
fn requests_wait_for_a_new_replica_if_there_is_one_only() {
    let object = Cluster::new(SERVICE).workers(2).service(&serve(1));
    let (service, said) = Service::start("ha-single", object, 2);
    assert!(said.contains("(single-replica)"), "{said}");
    let client = Client::start(&service.namespace, SERVICE);
    for _ in runs(1) {
        let answering = client.answering();
        let [replica] = answering.as_slice() else { panic!("not one replica: {answering:?}") };
        let began = SystemTime::now();
        let workers = service.namespace.workers(SERVICE);
        let victim = workers.iter().find(|pod| pod.name == *replica).expect("the replica is on a worker");
        Loss::Removal.happen(&service.namespace, victim);
        thread::sleep(Duration::from_secs(30));
        client.wait_until_quiet(Duration::from_secs(10));
        let requests = client.since(began);
        Observation::new("worker-loss", "fault tolerance, 1 replica on 2 workers, head without CPUs")
            .requests(requests)
            .record(&service.object, &[]);
        assert!(requests.slowest > 1.0 || requests.failed > 0, "{requests:?}");
        service.namespace.wait_for_endpoints(SERVICE, 2);
    }
}

#[test]
fn requests_are_lost_with_the_only_replica_on_the_head() {
    let object = Cluster::new(SERVICE).head_param("num-cpus", "1").worker_param("num-cpus", "0").service(&serve(1));
    let (service, said) = Service::start("ha-alone", object, 1);
    assert!(said.contains("(head-schedules-work)") && said.contains("(single-replica)"), "{said}");
    let client = Client::start(&service.namespace, SERVICE);
    for _ in runs(1) {
        let requests = service.lose_head(&client, Loss::Removal, "fault tolerance, the only replica on the head");
        assert!(requests.failed > 0, "{requests:?}");
    }
}

#[test]
fn one_of_two_replicas_on_the_head_leaves_the_other_to_answer() {
    let object = Cluster::new(SERVICE).head_param("num-cpus", "1").service(&serve(2));
    let (service, said) = Service::start("ha-mixed", object, 2);
    assert!(said.contains("(head-schedules-work)"), "{said}");
    let client = Client::start(&service.namespace, SERVICE);
    for _ in runs(1) {
        let requests = service.lose_head(&client, Loss::Removal, "fault tolerance, 1 of 2 replicas on the head");
        println!("with one replica on the head: {requests:?}");
        assert!(requests.sent > 20, "{requests:?}");
    }
}

#[test]
fn a_lost_worker_leaves_the_other_replica_to_answer() {
    let object = Cluster::new(SERVICE).workers(2).service(&serve(2));
    let (service, _) = Service::start("ha-worker", object, 3);
    let client = Client::start(&service.namespace, SERVICE);
    for _ in runs(1) {
        let began = SystemTime::now();
        let victim = service.namespace.workers(SERVICE).pop().expect("a worker");
        Loss::Removal.happen(&service.namespace, &victim);
        thread::sleep(Duration::from_secs(30));
        client.wait_until_quiet(Duration::from_secs(10));
        let requests = client.since(began);
        Observation::new("worker-loss", "fault tolerance, 2 replicas on 2 workers, head without CPUs")
            .requests(requests)
            .record(&service.object, &[]);
        service.namespace.ready_workers(SERVICE, 2);
        service.namespace.wait_for_endpoints(SERVICE, 3);
    }
}
