//! A namespace of the API server for one test.

use std::thread;

use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rayguard_test_client::kubectl::{Kubectl, Outcome};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ApiServer;

/// A namespace that one test works in.
pub(crate) struct Namespace<'a> {
    server: &'a ApiServer,
    /// The name of the namespace.
    pub(crate) name: String,
    kubectl: Kubectl,
}

impl<'a> Namespace<'a> {
    pub(super) fn create(server: &'a ApiServer, name: &str) -> Self {
        server.kubectl("default").run(&format!("create namespace {name}")).passes();
        Self { server, name: name.to_owned(), kubectl: server.kubectl(name) }
    }

    /// Runs kubectl in this namespace with these arguments, split at spaces.
    pub(crate) fn kubectl(&self, arguments: &str) -> Outcome {
        self.kubectl.run(arguments)
    }

    /// Runs kubectl in this namespace with arguments that may contain spaces.
    pub(crate) fn kubectl_with<'w>(&self, arguments: impl IntoIterator<Item = &'w str>) -> Outcome {
        self.kubectl.run_with(arguments, "")
    }

    /// Runs kubectl in this namespace with a manifest on standard input, which the arguments name as `-f -`.
    pub(crate) fn send(&self, arguments: &str, manifest: &str) -> Outcome {
        self.kubectl.send(arguments, manifest)
    }

    /// Runs `kubectl patch --type merge`.
    pub(crate) fn patch(&self, object: &str, patch: &str) -> Outcome {
        self.kubectl.run_with(["patch", object, "--type", "merge", "--patch", patch], "")
    }

    /// Runs `kubectl patch --type json`.
    pub(crate) fn json_patch(&self, object: &str, patch: &Value) -> Outcome {
        self.kubectl.run_with(["patch", object, "--type", "json", "--patch", &patch.to_string()], "")
    }

    /// Reads a manifest as kubectl reads it.
    pub(crate) fn read<T: DeserializeOwned>(&self, manifest: &str) -> T {
        let json = self.send("create --dry-run=client --output json -f -", manifest).json();
        serde_json::from_value(json).expect("an object")
    }

    /// Creates a service account, and returns a token of it.
    pub(crate) fn account(&self, name: &str) -> String {
        self.kubectl(&format!("create serviceaccount {name}")).passes();
        self.token(name)
    }

    /// Returns a token of a service account.
    pub(crate) fn token(&self, account: &str) -> String {
        self.kubectl(&format!("create token {account}")).passes().stdout.trim().to_owned()
    }

    /// Returns an object as the API server has it, by a name such as `raycluster/ha`.
    pub(crate) fn get(&self, object: &str) -> Value {
        self.kubectl.run(&format!("get {object} --output json --show-managed-fields")).json()
    }

    /// Returns a client of the API server.
    pub(crate) async fn client(&self) -> Client {
        let kubeconfig = Kubeconfig::read_from(&self.kubectl.kubeconfig).expect("the kubeconfig just written");
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        Client::try_from(config.expect("a whole kubeconfig")).expect("a client")
    }

    /// Returns the API of a kind of `ray.io/v1`, through the `kube` client.
    pub(crate) async fn api(&self, kind: &str) -> Api<DynamicObject> {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("ray.io", "v1", kind));
        Api::namespaced_with(self.client().await, &self.name, &resource)
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let [etcd, kube_apiserver] = self.server.keep_logs();
            #[expect(clippy::print_stderr, reason = "the test runner shows it under the test that failed")]
            {
                eprintln!("logs: {} and {}", kube_apiserver.display(), etcd.display());
            }
        }
    }
}
