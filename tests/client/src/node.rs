//! Access to the cluster that `tests/cluster/cluster` has started.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::kubectl::{Kubectl, Outcome};
use k8s_openapi::api::core::v1::Service;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::runtime::Runtime;

pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The time limit of [`eventually`]. It is generous, because the two cores may be busy.
const TIME_LIMIT: Duration = Duration::from_mins(2);

/// A real Kubernetes cluster with one node.
pub struct Node {
    folder: PathBuf,
    pub runtime: Runtime,
    pub client: Client,
}

impl Node {
    /// Returns the only node.
    pub fn get() -> &'static Self {
        static NODE: LazyLock<Node> = LazyLock::new(Node::new);
        &NODE
    }

    fn new() -> Self {
        // Never the cluster of the user who runs the tests.
        let folder = std::env::var_os("RAYGUARD_CLUSTER").expect("a cluster: run tests/cluster/run, as root");
        let folder = PathBuf::from(folder);
        let runtime = Runtime::new().expect("a runtime");
        let client = runtime.block_on(async {
            let kubeconfig = Kubeconfig::read_from(folder.join("kubeconfig")).expect("the cluster's kubeconfig");
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
            let mut config = config.expect("a whole kubeconfig");
            config.default_retry = false; // each call must be counted
            Client::try_from(config).expect("a client")
        });
        Self { folder, runtime, client }
    }

    /// Returns kubectl with this namespace as its default.
    pub fn kubectl(&self, namespace: &str) -> Kubectl {
        self.program(self.programs().join("kubectl"), namespace)
    }

    /// Runs Helm, in this namespace.
    pub fn helm<'a>(&self, namespace: &str, arguments: impl IntoIterator<Item = &'a str>) -> Outcome {
        let path = std::env::var_os("PATH").expect("a PATH, on which tests/cluster/cluster exec puts Helm");
        let helm = std::env::split_paths(&path).map(|folder| folder.join("helm")).find(|file| file.exists());
        self.program(helm.expect("Helm is on the PATH"), namespace).run_with(arguments, "")
    }

    fn program(&self, program: PathBuf, namespace: &str) -> Kubectl {
        Kubectl {
            program,
            kubeconfig: self.folder.join("kubeconfig"),
            cache: self.folder.join("kubectl-cache"),
            namespace: namespace.to_owned(),
        }
    }

    fn programs(&self) -> PathBuf {
        PathBuf::from(fs::read_to_string(self.folder.join("bin")).expect("the folder of its programs").trim_end())
    }

    /// Returns the path of a file in the cluster's folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Creates a namespace.
    pub fn namespace(&self, name: &str) -> Kubectl {
        let kubectl = self.kubectl(name);
        kubectl.run(&format!("create namespace {name}")).passes();
        kubectl
    }

    /// Returns the address of a Service.
    pub fn service(&self, namespace: &str, name: &str) -> IpAddr {
        let services = Api::<Service>::namespaced(self.client.clone(), namespace);
        let service = self.runtime.block_on(services.get(name)).expect("the Service");
        let address = service.spec.and_then(|spec| spec.cluster_ip).expect("an address");
        address.parse().expect("an address")
    }

    /// Returns the API of a kind of `ray.io/v1`.
    pub fn ray(&self, kind: &str, namespace: &str) -> Api<DynamicObject> {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("ray.io", "v1", kind));
        Api::namespaced_with(self.client.clone(), namespace, &resource)
    }
}

/// Reads a file of the project.
pub fn file(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).expect("a file of the project")
}

/// Polls until `look` returns a value, and panics after two minutes.
#[track_caller]
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    eventually_within(TIME_LIMIT, what, look)
}

/// Polls until `look` returns a value, and panics after this time.
#[track_caller]
pub fn eventually_within<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < limit, "timed out waiting for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}
