//! A namespace for one test.

use std::cell::RefCell;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod as KubernetesPod;
use kube::api::{Api, ListParams};
use rayguard_test_client::kubectl::{Kubectl, Outcome};
use rayguard_test_client::node::{Node, ROOT};
use serde_json::{Value, json};

use crate::pod::Pod;
use crate::redis::{PASSWORD, SECRET};
use crate::wait::{wait_for, wait_until};

/// How long a cluster may take until it is ready.
const START: Duration = Duration::from_mins(4);

/// Held by the namespace whose cluster starts. Ray gives up if several clusters start at once on two processors.
static STARTING: Mutex<()> = Mutex::new(());

/// A namespace with the applications and the password of Redis. Its Ray clusters end with it.
pub(crate) struct Namespace {
    pub(crate) name: String,
    pub(crate) kubectl: Kubectl,
    starting: RefCell<Option<MutexGuard<'static, ()>>>,
}

impl Namespace {
    /// Creates it.
    pub(crate) fn create(name: &str) -> Self {
        println!("\n== {name}");
        let kubectl = Node::get().namespace(name);
        let apps = format!("--from-file={ROOT}/tests/survival/apps");
        kubectl.run_with(["create", "configmap", "apps", &apps], "").passes();
        let password = format!("--from-literal=password={PASSWORD}");
        kubectl.run_with(["create", "secret", "generic", SECRET, &password], "").passes();
        Self { name: name.to_owned(), kubectl, starting: RefCell::default() }
    }

    /// Waits until no other cluster starts. That of this namespace then starts, until its head is ready.
    pub(crate) fn start(&self) {
        self.starting.borrow_mut().get_or_insert_with(|| STARTING.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Sends an object through rayguard, which must admit it. Returns what kubectl prints.
    pub(crate) fn apply(&self, object: &Value) -> Outcome {
        self.start();
        self.kubectl.send("apply --filename -", &object.to_string()).passes()
    }

    /// Sends an object that rayguard refuses, and then sends it again from an exempt namespace. Returns rayguard's text.
    pub(crate) fn apply_exempt(&self, object: &Value) -> String {
        self.start();
        let text = object.to_string();
        let refusal = self.kubectl.send("apply --filename -", &text).fails().stderr;
        println!("refused: {}", refusal.trim_end());
        self.kubectl.run(&format!("label namespace {} rayguard.dev/ignore=survival", self.name)).passes();
        wait_for("the exemption", Duration::from_secs(30), || {
            self.kubectl.send("apply --filename -", &text).success().then_some(())
        });
        refusal
    }

    /// Returns the Pods with these labels, without those that have ended.
    pub(crate) fn pods(&self, selector: &str) -> Vec<Pod> {
        let node = Node::get();
        let pods = Api::<KubernetesPod>::namespaced(node.client.clone(), &self.name);
        let found =
            node.runtime.block_on(pods.list(&ListParams::default().labels(selector))).expect("Pods can be listed");
        found.iter().map(Pod::read).collect()
    }

    fn group(&self, role: &str, cluster: &str) -> Vec<Pod> {
        let mut pods = self.pods(&format!("ray.io/node-type={role}"));
        pods.retain(|pod| pod.cluster.starts_with(cluster));
        pods
    }

    /// Returns the heads of the clusters whose names start like this.
    pub(crate) fn heads(&self, cluster: &str) -> Vec<Pod> {
        self.group("head", cluster)
    }

    /// Returns the workers of the clusters whose names start like this.
    pub(crate) fn workers(&self, cluster: &str) -> Vec<Pod> {
        self.group("worker", cluster)
    }

    /// Waits for a head that is ready.
    pub(crate) fn ready_head(&self, cluster: &str) -> Pod {
        let head = wait_for("a ready head", START, || self.heads(cluster).into_iter().find(|pod| pod.is_ready));
        self.starting.take();
        head
    }

    /// Waits until the head and this many workers are ready, and returns the workers.
    pub(crate) fn ready_workers(&self, cluster: &str, count: usize) -> Vec<Pod> {
        wait_for("a ready head", START, || self.heads(cluster).into_iter().find(|pod| pod.is_ready));
        let workers = wait_for("workers that are ready", START, || {
            let workers = self.workers(cluster);
            (workers.iter().filter(|pod| pod.is_ready).count() == count && workers.len() == count).then_some(workers)
        });
        self.starting.take();
        workers
    }

    /// Waits until a RayService is ready.
    pub(crate) fn wait_for_service(&self, name: &str) {
        wait_for("a ready RayService", START, || {
            let service = self.kubectl.run(&format!("get rayservice {name} --output json")).json();
            let conditions = service["status"]["conditions"].as_array()?;
            conditions.iter().any(|it| it["type"] == "Ready" && it["status"] == "True").then_some(())
        });
    }

    /// Waits until the Service that answers requests of a RayService has this many endpoints.
    pub(crate) fn wait_for_endpoints(&self, service: &str, count: usize) {
        let selector = format!("--selector=kubernetes.io/service-name={service}-serve-svc");
        wait_for("endpoints", START, || {
            let slices = self.kubectl.run_with(["get", "endpointslices", &selector, "--output=json"], "").json();
            let endpoints = slices["items"].as_array()?.iter().filter_map(|slice| slice["endpoints"].as_array());
            let ready = endpoints.flatten().filter(|it| it["conditions"]["ready"] == json!(true)).count();
            (ready >= count).then_some(())
        });
        self.starting.take();
    }

    /// Runs a command in the Ray container of a Pod.
    pub(crate) fn run(&self, pod: &Pod, command: &[&str]) -> Outcome {
        self.kubectl.run_with(["exec", &pod.name, "--"].iter().chain(command).copied(), "")
    }

    /// Returns what kubectl shows of Pods and events.
    pub(crate) fn state(&self) -> String {
        let pods = self.kubectl.run("get pods --output wide").stdout;
        let events = self.kubectl.run("get events --sort-by .lastTimestamp").stdout;
        let end = events.len().saturating_sub(3000);
        format!("{pods}\n{}", events.get(end..).unwrap_or_default())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.state());
        }
        // The next test needs the node's memory and processors.
        self.kubectl.run("delete rayservices,rayjobs,rayclusters --all --wait=false --ignore-not-found");
        self.kubectl.run("delete pod client --wait=false --ignore-not-found");
        self.kubectl.run("delete pods --selector ray.io/cluster --grace-period=1 --wait=false --ignore-not-found");
        wait_until(Duration::from_mins(1), || self.pods("ray.io/cluster").is_empty().then_some(()));
        let _ = fs::remove_dir_all(Node::get().file("redis").join(&self.name));
    }
}
