//! rayguard as Helm installs it.

use std::net::{IpAddr, SocketAddr};
use std::{fs, thread};

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::ResourceExt;
use kube::api::{Api, ListParams};
use rayguard_test_client::client::{Client, Response};
use rayguard_test_client::kubectl::{Kubectl, Outcome};
use serde_json::{Value, json};

use crate::manifest::{self, DEFAULTED};
use rayguard_test_client::node::{Node, eventually};

pub(crate) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/rayguard");

/// The label selector of rayguard's Pods.
pub(crate) const PODS: &str = "app.kubernetes.io/name=rayguard";

/// The Secret in which rayguard keeps its certificates in self-managed mode.
pub(crate) const SECRET: &str = "rayguard-certificate";

/// A release in its own namespace, uninstalled when dropped. There is only one at a time.
pub(crate) struct Release {
    pub(crate) namespace: String,
    pub(crate) kubectl: Kubectl,
}

/// A Pod of the release.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    /// The name of its node
    pub(crate) node: String,
}

impl Release {
    /// Runs `helm install --wait` with these arguments. The namespace's name ends with the name of the test.
    pub(crate) fn install(test: &str, arguments: &[&str]) -> Self {
        Self::install_from(CHART, test, arguments)
    }

    /// Runs `helm install --wait` with another chart.
    pub(crate) fn install_from(chart: &str, test: &str, arguments: &[&str]) -> Self {
        let namespace = format!("rayguard-{test}");
        let release = Self { kubectl: Node::get().kubectl(&namespace), namespace };
        release.helm("install", chart, &["--create-namespace"], arguments).passes();
        release
    }

    /// Waits until kube-apiserver reaches rayguard after all Pods were gone and came back together. kube-proxy, which
    /// writes the rules of the node at most once per second, is the last to notice. In a new installation the Pods come
    /// one after the other.
    pub(crate) fn wait_until_reached() {
        let good = serde_json::to_string(&manifest::good("probe")).expect("JSON");
        let kubectl = Node::get().kubectl("default");
        eventually("kube-proxy", || {
            let answer = kubectl.send("create --dry-run=server --output json --filename -", &good);
            (answer.success() && manifest::worker_timeout(&answer.json()["spec"]) == Some(DEFAULTED)).then_some(())
        });
    }

    /// Runs `helm upgrade --wait` with these arguments and none of the previous ones.
    pub(crate) fn upgrade(&self, arguments: &[&str]) {
        self.helm("upgrade", CHART, &["--reset-values"], arguments).passes();
    }

    fn helm(&self, command: &str, chart: &str, more: &[&str], arguments: &[&str]) -> Outcome {
        let all = [command, "rayguard", chart, "--wait", "--timeout", "120s"];
        Node::get().helm(&self.namespace, all.iter().chain(more).chain(arguments).copied())
    }

    /// Runs `helm rollback --wait`.
    pub(crate) fn roll_back(&self) {
        Node::get().helm(&self.namespace, ["rollback", "rayguard", "--wait", "--timeout", "120s"]).passes();
    }

    /// Runs `helm uninstall --wait`.
    pub(crate) fn uninstall(&self) {
        Node::get().helm(&self.namespace, ["uninstall", "rayguard", "--wait", "--timeout", "120s"]).passes();
    }

    /// Returns all Pods, including those that are terminating.
    pub(crate) fn pods(&self) -> Vec<Pod> {
        let node = Node::get();
        let pods = Api::<Pod>::namespaced(node.client.clone(), &self.namespace);
        node.runtime.block_on(pods.list(&ListParams::default().labels(PODS))).expect("Pods can be listed").items
    }

    /// Returns the Pods, once exactly this many exist and all of them are ready.
    pub(crate) fn replicas(&self, count: usize) -> Vec<Replica> {
        eventually(&format!("{count} Pods that are ready, and no other"), || {
            let replicas: Option<Vec<_>> = self.pods().iter().map(ready).collect();
            replicas.filter(|replicas| replicas.len() == count)
        })
    }

    /// Returns the Pods that are ready and not terminating, once there are this many. Other Pods may exist.
    pub(crate) fn ready_replicas(&self, count: usize) -> Vec<Replica> {
        eventually(&format!("{count} Pods that are ready"), || {
            Some(self.replicas_now()).filter(|replicas| replicas.len() == count)
        })
    }

    /// Returns the Pods that are now ready and not terminating.
    pub(crate) fn replicas_now(&self) -> Vec<Replica> {
        self.pods().iter().filter_map(ready).collect()
    }

    /// Waits until no Pod is left.
    pub(crate) fn wait_until_gone(&self) {
        eventually("the end of all Pods", || self.pods().is_empty().then_some(()));
    }

    /// Returns the name of the Pod that audits the stored objects, which is the holder of their Lease.
    pub(crate) fn auditor(&self) -> Option<String> {
        let node = Node::get();
        let leases = Api::<Lease>::namespaced(node.client.clone(), &self.namespace);
        let lease = node.runtime.block_on(leases.get_opt("rayguard-audit")).expect("an answer")?;
        let identity = lease.spec?.holder_identity?;
        Some(identity.split('_').next()?.to_owned())
    }

    /// Returns a value of the Secret in which rayguard keeps its certificates; empty if it has no such key.
    pub(crate) fn secret(&self, key: &str) -> String {
        let node = Node::get();
        let secrets = Api::<Secret>::namespaced(node.client.clone(), &self.namespace);
        let secret = node.runtime.block_on(secrets.get(SECRET)).expect("the Secret");
        let value = secret.data.unwrap_or_default().remove(key).unwrap_or_default();
        String::from_utf8(value.0).expect("PEM")
    }

    /// Removes keys from the Secret in which rayguard keeps its certificates.
    pub(crate) fn remove(&self, keys: &[&str]) {
        let data: Value = keys.iter().map(|key| ((*key).to_owned(), Value::Null)).collect();
        let patch = json!({"data": data}).to_string();
        self.kubectl.run_with(["patch", "secret", SECRET, "--type", "merge", "--patch", &patch], "").passes();
    }

    /// Returns the DNS name in rayguard's certificate.
    pub(crate) fn server_name(&self) -> String {
        format!("rayguard.{}.svc", self.namespace)
    }

    /// Returns the logs of all Pods.
    pub(crate) fn logs(&self) -> String {
        self.kubectl.run_with(["logs", "--selector", PODS, "--prefix", "--tail=-1"], "").stdout
    }
}

/// Returns the Pod as a replica, if it is ready and not terminating.
fn ready(pod: &Pod) -> Option<Replica> {
    let status = pod.status.as_ref()?;
    let ready = status.conditions.iter().flatten().any(|is| is.type_ == "Ready" && is.status == "True");
    let stays = ready && pod.metadata.deletion_timestamp.is_none();
    let address = status.pod_ip.as_ref().filter(|_| stays)?.parse().expect("an address");
    let node = pod.spec.as_ref()?.node_name.clone()?;
    Some(Replica { name: pod.name_any(), address, node })
}

impl Replica {
    /// Returns the address of the webhook port.
    pub(crate) fn webhooks(&self) -> SocketAddr {
        (self.address, 9443).into()
    }

    /// Sends a GET request to the admin port.
    pub(crate) fn get_admin(&self, path: &str) -> Response {
        Client::plain((self.address, 8080).into()).get(path)
    }

    /// Returns the value of one line of the metrics, if it exists.
    pub(crate) fn metric(&self, name_and_labels: &str) -> Option<u64> {
        let metrics = self.get_admin("/metrics").body;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name_and_labels))?;
        Some(value.trim().parse().expect("a number"))
    }
}

/// Returns the `caBundle` of each rayguard webhook, in PEM.
pub(crate) async fn ca_bundles(client: &kube::Client) -> Vec<String> {
    let mutating = Api::<MutatingWebhookConfiguration>::all(client.clone())
        .get("rayguard")
        .await
        .expect("the configuration exists");
    let validating = Api::<ValidatingWebhookConfiguration>::all(client.clone())
        .get("rayguard")
        .await
        .expect("the configuration exists");
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
        // A test may have uninstalled it. The Pods may still run while the next test starts, because they are in
        // another namespace.
        node.helm(&self.namespace, ["uninstall", "rayguard", "--ignore-not-found"]);
    }
}
