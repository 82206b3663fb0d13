//! rayguard, as Helm installs it.

use std::net::{IpAddr, SocketAddr};
use std::{fs, thread};

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::ResourceExt;
use kube::api::{Api, ListParams};
use serde_json::{Value, json};

use crate::manifest::{self, DEFAULTED};
use crate::node::{Node, eventually};
use rayguard_test_client::client::{Client, Response};
use rayguard_test_client::kubectl::{Kubectl, Outcome};

pub(crate) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/rayguard");

/// What selects rayguard's Pods.
pub(crate) const PODS: &str = "app.kubernetes.io/name=rayguard";

/// Where rayguard keeps its certificates, unless they are somebody else's.
pub(crate) const SECRET: &str = "rayguard-certificate";

/// A release in a namespace of its own, removed at the end. There is only one at a time.
pub(crate) struct Release {
    pub(crate) namespace: String,
    pub(crate) kubectl: Kubectl,
}

/// A Pod of the release.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
}

impl Release {
    /// `helm install --wait`, with these arguments. The end of the namespace's name tells the tests apart.
    pub(crate) fn install(test: &str, arguments: &[&str]) -> Self {
        let namespace = format!("rayguard-{test}");
        let release = Self { kubectl: Node::get().kubectl(&namespace), namespace };
        release.helm("install", &["--create-namespace"], arguments).passes();
        release
    }

    /// Waits until kube-apiserver reaches it, where all Pods were gone and came back at once: kube-proxy, which writes the
    /// rules of the node once a second at most, learns of them last. In a new installation they come one after the other.
    pub(crate) fn is_reached() {
        let good = serde_json::to_string(&manifest::good("probe")).expect("JSON");
        let kubectl = Node::get().kubectl("default");
        eventually("kube-proxy", || {
            let answer = kubectl.send("create --dry-run=server --output json --filename -", &good);
            (answer.success() && manifest::worker_timeout(&answer.json()["spec"]) == Some(DEFAULTED)).then_some(())
        });
    }

    /// `helm upgrade --wait`, with these arguments and none of those before.
    pub(crate) fn upgrade(&self, arguments: &[&str]) {
        self.helm("upgrade", &["--reset-values"], arguments).passes();
    }

    fn helm(&self, command: &str, more: &[&str], arguments: &[&str]) -> Outcome {
        let all = [command, "rayguard", CHART, "--wait", "--timeout", "120s"];
        Node::get().helm(&self.namespace, all.iter().chain(more).chain(arguments).copied())
    }

    /// `helm rollback --wait`.
    pub(crate) fn roll_back(&self) {
        Node::get().helm(&self.namespace, ["rollback", "rayguard", "--wait", "--timeout", "120s"]).passes();
    }

    /// `helm uninstall --wait`.
    pub(crate) fn uninstall(&self) {
        Node::get().helm(&self.namespace, ["uninstall", "rayguard", "--wait", "--timeout", "120s"]).passes();
    }

    /// The Pods that are there, those that stop included.
    pub(crate) fn pods(&self) -> Vec<Pod> {
        let node = Node::get();
        let pods = Api::<Pod>::namespaced(node.client.clone(), &self.namespace);
        node.runtime.block_on(pods.list(&ListParams::default().labels(PODS))).expect("Pods can be listed").items
    }

    /// The Pods that are ready, once these are all, and as many as this.
    pub(crate) fn replicas(&self, count: usize) -> Vec<Replica> {
        eventually(&format!("{count} Pods that are ready, and no other"), || {
            let replicas: Option<Vec<_>> = self.pods().iter().map(ready).collect();
            replicas.filter(|replicas| replicas.len() == count)
        })
    }

    /// The Pods that are ready and are to stay, once there are so many, whatever others there are.
    pub(crate) fn staying(&self, count: usize) -> Vec<Replica> {
        eventually(&format!("{count} Pods that are ready"), || {
            let replicas: Vec<_> = self.pods().iter().filter_map(ready).collect();
            (replicas.len() == count).then_some(replicas)
        })
    }

    /// Waits until no Pod is left.
    pub(crate) fn is_gone(&self) {
        eventually("the end of all Pods", || self.pods().is_empty().then_some(()));
    }

    /// A value of the Secret in which rayguard keeps its certificates; empty if there is none.
    pub(crate) fn secret(&self, key: &str) -> String {
        let node = Node::get();
        let secrets = Api::<Secret>::namespaced(node.client.clone(), &self.namespace);
        let secret = node.runtime.block_on(secrets.get(SECRET)).expect("the Secret");
        let value = secret.data.unwrap_or_default().remove(key).unwrap_or_default();
        String::from_utf8(value.0).expect("PEM")
    }

    /// Removes keys from that Secret.
    pub(crate) fn remove(&self, keys: &[&str]) {
        let data: Value = keys.iter().map(|key| ((*key).to_owned(), Value::Null)).collect();
        let patch = json!({"data": data}).to_string();
        self.kubectl.run_with(["patch", "secret", SECRET, "--type", "merge", "--patch", &patch], "").passes();
    }

    /// The name in its certificate.
    pub(crate) fn server_name(&self) -> String {
        format!("rayguard.{}.svc", self.namespace)
    }

    /// The log of each Pod.
    pub(crate) fn logs(&self) -> String {
        self.kubectl.run_with(["logs", "--selector", PODS, "--prefix", "--tail=-1"], "").stdout
    }
}

/// The Pod, if it is ready and is to stay.
fn ready(pod: &Pod) -> Option<Replica> {
    let status = pod.status.as_ref()?;
    let ready = status.conditions.iter().flatten().any(|is| is.type_ == "Ready" && is.status == "True");
    let stays = ready && pod.metadata.deletion_timestamp.is_none();
    let address = status.pod_ip.as_ref().filter(|_| stays)?.parse().expect("an address");
    Some(Replica { name: pod.name_any(), address })
}

impl Replica {
    /// Where it answers the API server.
    pub(crate) fn webhooks(&self) -> SocketAddr {
        (self.address, 9443).into()
    }

    /// Asks the admin port.
    pub(crate) fn ask(&self, path: &str) -> Response {
        Client::plain((self.address, 8080).into()).get(path)
    }

    /// The value of one line of the metrics, if it is there yet.
    pub(crate) fn metric(&self, name_and_labels: &str) -> Option<u64> {
        let metrics = self.ask("/metrics").body;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name_and_labels))?;
        Some(value.trim().parse().expect("a number"))
    }
}

/// The `caBundle` of each webhook of rayguard's, in PEM.
pub(crate) async fn ca_bundles(client: &kube::Client) -> Vec<String> {
    let mutating = Api::<MutatingWebhookConfiguration>::all(client.clone()).get("rayguard").await.expect("there");
    let validating = Api::<ValidatingWebhookConfiguration>::all(client.clone()).get("rayguard").await.expect("there");
    let mutating = mutating.webhooks.into_iter().flatten().map(|webhook| webhook.client_config.ca_bundle);
    let validating = validating.webhooks.into_iter().flatten().map(|webhook| webhook.client_config.ca_bundle);
    let bundles = mutating.chain(validating).map(|bundle| bundle.unwrap_or_default().0);
    bundles.map(|pem| String::from_utf8(pem).expect("PEM")).collect()
}

impl Drop for Release {
    fn drop(&mut self) {
        let node = Node::get();
        if thread::panicking() {
            let pods = self.kubectl.run("get pods --output wide").stdout;
            let events = self.kubectl.run("get events --sort-by .lastTimestamp").stdout;
            let caller = fs::read_to_string(node.file("logs/kube-apiserver")).expect("a log");
            let calls: Vec<_> = caller.lines().filter(|line| line.contains("webhook")).collect();
            #[expect(clippy::print_stderr, reason = "the test runner shows it under the test that failed")]
            {
                eprintln!("{pods}\n{events}\n{}\nkube-apiserver:\n{}", self.logs(), calls.join("\n"));
            }
        }
        // A test may have removed it. The Pods may go on while the next test begins, as they are in another namespace.
        node.helm(&self.namespace, ["uninstall", "rayguard", "--ignore-not-found"]);
    }
}
