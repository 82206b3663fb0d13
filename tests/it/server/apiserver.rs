//! A real kube-apiserver with KubeRay's CRDs, and the webhook registered in it.

mod admission;
mod agreement;
mod answer;
mod audit;
mod authentication;
mod cel;
mod check_api;
mod live;
mod manifests;
pub(crate) mod namespace;
pub(crate) mod role;
mod stability;
mod stored;
mod updates;
mod view;
pub(crate) mod webhooks;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread;

use rayguard_test_client::kubectl::Kubectl;
use rayguard_test_support::kuberay;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use tokio::net::TcpSocket;

use crate::server::daemon::Daemon;
pub(crate) use answer::Answer;
pub(crate) use manifests::{BAD_CLUSTER, BAD_CLUSTER_DENIALS, LEGACY_CLUSTER, sample};
pub(crate) use namespace::Namespace;

/// The token of the only user, a cluster administrator. It need not be secret, because the port is on loopback.
const TOKEN: &str = "administrator";

/// A control plane on loopback: etcd and kube-apiserver, with KubeRay's CRDs.
pub(crate) struct ApiServer {
    programs: PathBuf,
    etcd: Daemon,
    kube_apiserver: Daemon,
    address: SocketAddr,
    /// Reserves the port for kube-apiserver from before it starts, so that no other process takes it.
    _port: TcpSocket,
}

impl ApiServer {
    /// Returns the control plane that all tests share, because one takes seconds to start. Each test has its own
    /// namespaces.
    pub(crate) fn shared() -> &'static ApiServer {
        // If the start fails, the static is poisoned, so that the next test fails at once and does not wait again.
        static SHARED: LazyLock<ApiServer> = LazyLock::new(ApiServer::start);
        &SHARED
    }

    /// Starts a control plane.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a control plane whose kube-apiserver has these additional arguments.
    pub(crate) fn start_with(more: &[String]) -> Self {
        let server = Self::start_without_kuberay(more);
        server.install_custom_resources(kuberay::newest());
        server
    }

    /// Starts a control plane without KubeRay's CRDs.
    pub(crate) fn start_without_kuberay(more: &[String]) -> Self {
        let programs = programs();
        let etcd = start_etcd(&programs);
        let port = TcpSocket::new_v4().expect("a socket");
        port.set_reuseport(true).expect("the kernel shares ports");
        port.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let address = port.local_addr().expect("a bound socket");
        let kube_apiserver = start_kube_apiserver(&programs, &etcd.file("socket"), address.port(), more);

        let certificate = kube_apiserver.file("apiserver.crt");
        fs::write(kube_apiserver.file("kubeconfig"), kubeconfig(&address.to_string(), &certificate, TOKEN, "default"))
            .expect("a file");

        let server = Self { programs, etcd, kube_apiserver, address, _port: port };
        server.kube_apiserver.until("kube-apiserver gets ready", || {
            (certificate.exists() && server.kubectl("default").run("get --raw /readyz").success()).then_some(())
        });
        server
    }

    /// Returns kubectl with this namespace as its default.
    pub(crate) fn kubectl(&self, namespace: &str) -> Kubectl {
        Kubectl {
            program: self.programs.join("kubectl"),
            kubeconfig: self.kubeconfig_file(),
            cache: self.kube_apiserver.file("cache"),
            namespace: namespace.to_owned(),
        }
    }

    /// Returns the kubeconfig file of the API server's administrator.
    pub(crate) fn kubeconfig_file(&self) -> PathBuf {
        self.kube_apiserver.file("kubeconfig")
    }

    /// Returns the address on which it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns a kubeconfig with this token, for the API server at this address.
    pub(crate) fn kubeconfig(&self, address: SocketAddr, token: &str, namespace: &str) -> String {
        kubeconfig(&address.to_string(), &self.kube_apiserver.file("apiserver.crt"), token, namespace)
    }

    /// Creates a namespace. No webhook applies to it until one is registered for it.
    pub(crate) fn namespace(&self, name: &str) -> Namespace<'_> {
        Namespace::create(self, name)
    }

    /// Kills kube-apiserver and starts it again at the same address, with its folder and keys. The new process lives as
    /// long as the returned value.
    pub(crate) fn restart(&self) -> Daemon {
        self.kube_apiserver.signal("KILL");
        self.kube_apiserver.wait();
        let log = self.kube_apiserver.file("log");
        let folder = log.parent().expect("it is in a folder");
        run_kube_apiserver(folder, &self.programs, &self.etcd.file("socket"), self.address.port(), &[])
    }

    /// Pauses etcd, or lets it continue.
    pub(crate) fn pause_etcd(&self, paused: bool) {
        self.etcd.signal(if paused { "STOP" } else { "CONT" });
    }

    fn install_custom_resources(&self, kuberay: &str) {
        let folder = kuberay::module(kuberay).join("config/crd/bases");
        let definitions = fs::read_dir(folder).expect("KubeRay's module has its CRDs");
        let kubectl = self.kubectl("default");
        // Each is about a megabyte, from which kube-apiserver builds a schema. All are installed in parallel, to use
        // every core.
        thread::scope(|scope| {
            for definition in definitions {
                let (kubectl, file) = (&kubectl, definition.expect("an entry").path());
                scope.spawn(move || {
                    kubectl.run(&format!("create --validate=false -f {}", file.display())).passes();
                    let name = file.file_stem().expect("ray.io_rayclusters.yaml").to_string_lossy();
                    let list = format!("get --raw /apis/{}", name.replace('_', "/v1/"));
                    self.kube_apiserver
                        .until("kube-apiserver serves KubeRay's kinds", || kubectl.run(&list).success().then_some(()));
                });
            }
        });
    }

    /// Keeps the logs of a failed test, and returns their paths.
    fn keep_logs(&self) -> [PathBuf; 2] {
        [self.etcd.keep(), self.kube_apiserver.keep()]
    }
}

/// Returns a kubeconfig: the API server's address and CA, and the user's token.
fn kubeconfig(address: &str, ca: &Path, token: &str, namespace: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Config, current-context: test, \
         clusters: [{{name: test, cluster: {{server: 'https://{address}', certificate-authority: '{}'}}}}], \
         users: [{{name: test, user: {{token: {token}}}}}], \
         contexts: [{{name: test, context: {{cluster: test, user: test, namespace: {namespace}}}}}]}}",
        ca.display()
    )
}

/// Returns the folder that has kube-apiserver, etcd and kubectl.
pub(crate) fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("KUBEBUILDER_ASSETS") {
        return folder.into();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kubernetes/build");
    let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
    assert!(
        output.status.success(),
        "tests/kubernetes/build made no kube-apiserver; the reason is above. Or set KUBEBUILDER_ASSETS to a folder that has \
         kube-apiserver, etcd and kubectl"
    );
    String::from_utf8(output.stdout).expect("a path in UTF-8").trim_end().into()
}

fn start_etcd(programs: &Path) -> Daemon {
    let folder = Daemon::folder("etcd");
    let file = |name: &str| folder.join(name).display().to_string();
    let arguments = [
        format!("--data-dir={}", file("data")),
        "--unsafe-no-fsync".into(),
        "--log-level=warn".into(),
        format!("--listen-client-urls=unix://{}", file("socket")),
        format!("--listen-peer-urls=unix://{}", file("peer")),
        // This address is only for other members, and there are none.
        "--advertise-client-urls=http://127.0.0.1:0".into(),
    ];
    Daemon::start(folder, &programs.join("etcd"), &arguments)
}

fn start_kube_apiserver(programs: &Path, etcd: &Path, port: u16, more: &[String]) -> Daemon {
    let folder = Daemon::folder("kube-apiserver");
    let file = |name: &str| folder.join(name).display().to_string();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
    fs::write(file("service-accounts.key"), key.serialize_pem()).expect("a file");
    fs::write(file("service-accounts.pub"), key.public_key_pem()).expect("a file");
    fs::write(file("tokens.csv"), format!("{TOKEN},administrator,administrator,system:masters\n")).expect("a file");
    run_kube_apiserver(&folder, programs, etcd, port, more)
}

/// Starts kube-apiserver in a folder that has its keys.
fn run_kube_apiserver(folder: &Path, programs: &Path, etcd: &Path, port: u16, more: &[String]) -> Daemon {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut arguments = vec![
        format!("--etcd-servers=unix://{}", etcd.display()),
        "--bind-address=127.0.0.1".into(),
        "--endpoint-reconciler-type=none".into(), // 1.37 publishes no loopback address
        format!("--secure-port={port}"),
        "--permit-port-sharing".into(),
        format!("--cert-dir={}", folder.display()),
        format!("--token-auth-file={}", file("tokens.csv")),
        "--authorization-mode=RBAC".into(),
        format!("--service-account-key-file={}", file("service-accounts.pub")),
        format!("--service-account-signing-key-file={}", file("service-accounts.key")),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        "--service-cluster-ip-range=10.96.0.0/24".into(),
        // With this plugin Pods need a service account, which a controller creates, and no controller runs here.
        "--disable-admission-plugins=ServiceAccount".into(),
    ];
    arguments.extend(audit::arguments(folder));
    arguments.extend_from_slice(more);
    Daemon::start(folder.to_owned(), &programs.join("kube-apiserver"), &arguments)
}
