//! The chart with cert-manager: its controller issues the certificate, and kube-apiserver calls the Service by its
//! name.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rayguard_test_client::client::{Client, trusting};
use serde_json::{Value, json};

use super::{RELEASE, ROOT, Rendered, module};
use crate::server::apiserver::webhooks::PROBE;
use crate::server::apiserver::{ApiServer, BAD_CLUSTER, BAD_CLUSTER_DENIALS, Namespace};
use crate::server::certificates::{Balancer, ready};
use crate::server::daemon::Daemon;
use crate::server::mount::Mount;
use crate::server::process::{Rayguard, eventually};

/// A control plane with cert-manager.
struct Control {
    server: ApiServer,
    cert_manager: Daemon,
}

impl Control {
    /// A separate control plane, because cert-manager watches all namespaces.
    fn shared() -> &'static Self {
        static SHARED: LazyLock<Control> = LazyLock::new(Control::start);
        &SHARED
    }

    fn start() -> Self {
        let script = Path::new(ROOT).join("tests/kubernetes/cert-manager/build");
        let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
        assert!(output.status.success(), "tests/kubernetes/cert-manager/build failed; the reason is above");
        let folder = String::from_utf8(output.stdout).expect("a path in UTF-8");

        let server = ApiServer::start();
        let definitions = module("cert-manager").join("deploy/crds").display().to_string();
        let kubectl = server.kubectl("default");
        kubectl.run(&format!("apply --server-side -f {definitions}")).passes();
        kubectl.run(&format!("wait --for=condition=Established -f {definitions} --timeout=60s")).passes();
        let program = Path::new(folder.trim_end()).join("cert-manager");
        let kubeconfig = server.kubeconfig_file().display().to_string();
        Self { server, cert_manager: Daemon::start(Daemon::folder("cert-manager"), &program, &[kubeconfig]) }
    }
}

/// rayguard as the chart installs it, with a certificate of cert-manager.
struct Release {
    control: &'static Control,
    namespace: Namespace<'static>,
    guarded: Namespace<'static>,
    balancer: Balancer,
    keep_ca_bundle: bool,
    arguments: Vec<String>,
}

/// The files that cert-manager writes into a Secret.
type Files = [(&'static str, String); 3];

impl Release {
    /// Installs a release of this name in a namespace of this name. Its webhooks apply to one other namespace.
    fn install(name: &str, keep_ca_bundle: bool) -> Self {
        let control = Control::shared();
        let [namespace, guarded] =
            [name, &format!("{name}-guarded")].map(|namespace| control.server.namespace(namespace));
        // In the order of docs/install.md: the certificate first, then the chart.
        let certificates = fs::read_to_string(Path::new(ROOT).join("certs/cert-manager.yaml")).expect("a file");
        namespace.send("apply -f -", &certificates.replace(RELEASE, name)).passes_silently();
        let set = format!(
            "certificate.mode=cert-manager,certificate.keepCaBundle={keep_ca_bundle},fullnameOverride={name},\
             webhooks.namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name={}",
            guarded.name
        );
        let rendered = Rendered::new(["--namespace", name, "--set", &set]);
        namespace.send("apply --server-side -f -", &rendered.text).passes_silently();

        let container = &rendered.only("Deployment")["spec"]["template"]["spec"]["containers"][0];
        let arguments = container["args"].as_array().expect("arguments").iter().filter_map(Value::as_str);
        let ours = |argument: &&str| ["--tls-", "--webhook-configuration="].iter().any(|it| argument.starts_with(it));
        let arguments = arguments.filter(ours).map(String::from).collect();
        let release = Self { control, namespace, guarded, balancer: Balancer::new(), keep_ca_bundle, arguments };
        release.route();
        release
    }

    /// Routes the Service to this machine. There is no network for Services here, so the Service becomes another name
    /// of this machine, and the webhooks get a local port. The certificate must still have the name of the Service.
    fn route(&self) {
        let name = &self.namespace.name;
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"type": "ExternalName", "externalName": "127.0.0.1"},
        });
        self.namespace.send("replace --force -f -", &service.to_string()).passes_silently();
        let port = self.balancer.address.port();
        let patch = json!([{"op": "replace", "path": "/webhooks/0/clientConfig/service/port", "value": port}]);
        for phase in ["mutating", "validating"] {
            self.namespace.json_patch(&format!("{phase}webhookconfiguration/{name}"), &patch).passes_silently();
        }
    }

    /// Returns the certificate, once cert-manager has issued it at least this often. cert-manager may issue it more
    /// often than requested, if a request of its own crosses the test's.
    fn issued(&self, certificate: &str, times: u64) -> Files {
        let secret = format!("get secret {certificate}-tls --output=json");
        self.control
            .cert_manager
            .until("cert-manager issues a certificate", || (self.revision(certificate) >= times).then_some(()));
        let secret = self.namespace.kubectl(&secret).json();
        ["ca.crt", "tls.crt", "tls.key"].map(|key| {
            let value = secret["data"][key].as_str().expect("cert-manager has written it");
            (key, String::from_utf8(BASE64_STANDARD.decode(value).expect("base64")).expect("PEM"))
        })
    }

    /// Returns how often a certificate has been issued, or 0 while it is being issued.
    fn revision(&self, certificate: &str) -> u64 {
        let object = self.namespace.get(&format!("certificate/{certificate}"));
        let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
        let is_issuing = conditions.into_iter().any(|it| it["type"] == "Issuing" && it["status"] == "True");
        if is_issuing { 0 } else { object["status"]["revision"].as_u64().unwrap_or(0) }
    }

    /// Requests a new certificate, as `cmctl renew` does, and waits for it.
    fn renew(&self, certificate: &str) {
        let done = || Some(self.revision(certificate)).filter(|revision| *revision > 0);
        let before = self.control.cert_manager.until("cert-manager issues nothing", done);
        let condition = json!({"type": "Issuing", "status": "True", "reason": "ManuallyTriggered",
            "message": "Certificate re-issuance manually triggered", "lastTransitionTime": "2026-01-01T00:00:00Z"});
        let patch = json!([{"op": "add", "path": "/status/conditions/-", "value": condition}]).to_string();
        let arguments = ["patch", "certificate", certificate, "--subresource=status", "--type=json", "--patch", &patch];
        self.namespace.kubectl_with(arguments).passes_silently();
        self.control
            .cert_manager
            .until("cert-manager renews a certificate", || (self.revision(certificate) > before).then_some(()));
    }

    /// Starts rayguard with the arguments of the chart, and routes the Service to it.
    fn start(&self, mount: &Mount) -> Rayguard {
        let folder = mount.file("").display().to_string();
        let local = |argument: &String| argument.replace("/etc/rayguard/certificate/", &folder);
        let mut arguments: Vec<_> = self.arguments.iter().map(local).collect();
        arguments.extend(["--tls-reload=100ms", "--ca-settle=2s"].map(String::from));
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let has_rights = arguments.iter().any(|argument| argument.starts_with("--webhook-configuration="));
        assert_eq!(has_rights, self.keep_ca_bundle);
        let rayguard = if has_rights {
            let (name, server) = (&self.namespace.name, &self.control.server);
            let token = self.namespace.token(name);
            Rayguard::with_kubeconfig(&server.kubeconfig(server.address(), &token, name), &arguments)
        } else {
            Rayguard::start(&arguments)
        };
        self.balancer.set(vec![rayguard.webhooks]);
        ready(&rayguard);
        rayguard
    }

    /// Closes kube-apiserver's connections, so that its next call checks the certificate.
    fn disconnect(&self, rayguard: &Rayguard) {
        self.balancer.cut();
        self.balancer.set(vec![rayguard.webhooks]);
    }

    /// Returns whether rayguard serves this certificate, under the name of the Service.
    fn serves(&self, rayguard: &Rayguard, files: &Files) -> bool {
        let name = format!("{0}.{0}.svc", self.namespace.name);
        let client = Client::connect_by_name(rayguard.webhooks, &trusting(&files[0].1), &name);
        client.is_ok_and(|client| {
            files[1].1.replace('\n', "").contains(&BASE64_STANDARD.encode(client.server_certificate()))
        })
    }
}

fn texts(files: &Files) -> [(&str, &str); 3] {
    files.each_ref().map(|(name, text)| (*name, text.as_str()))
}

#[test]
fn certificates_that_cert_manager_issues_and_renews_are_loaded_without_losing_a_call() {
    let release = Release::install(RELEASE, true);
    let first = release.issued(RELEASE, 1);
    let mut mount = Mount::new(&texts(&first));
    let rayguard = release.start(&mount);
    assert!(release.serves(&rayguard, &first));
    let refused = release.guarded.send("create -f -", BAD_CLUSTER).fails();
    assert_eq!(refused.denials(), BAD_CLUSTER_DENIALS, "{}", refused.stderr);

    // First only the certificate is renewed, then its CA too.
    let mut before = first;
    for new_ca in [false, true] {
        if new_ca {
            release.renew("rayguard-ca");
        }
        release.renew(RELEASE);
        let renewed = release.issued(RELEASE, 2);
        assert_ne!(renewed[1].1, before[1].1);
        if new_ca {
            assert_ne!(renewed[0].1, before[0].1);
        } // else cert-manager may still have issued the CA once more by itself
        mount.swap(&texts(&renewed));
        eventually("the renewed certificate", || {
            release.disconnect(&rayguard);
            release.guarded.send("create --dry-run=server -f -", PROBE).passes();
            release.serves(&rayguard, &renewed).then_some(())
        });
        before = renewed;
    }
}

#[test]
fn the_ca_bundle_of_cainjector_suffices_if_rayguard_has_no_rights() {
    let release = Release::install("injected", false);
    let files = release.issued("injected", 1);
    let mut mount = Mount::new(&texts(&files));
    let rayguard = release.start(&mount);
    let refused = release.control.cert_manager.until("cainjector writes the caBundles", || {
        let refused = release.guarded.send("create -f -", BAD_CLUSTER).fails();
        (!refused.stderr.contains("x509: certificate signed by unknown authority")).then_some(refused)
    });
    assert_eq!(refused.denials(), BAD_CLUSTER_DENIALS, "{}", refused.stderr);

    // kube-apiserver itself checks the name.
    let names = json!({"spec": {"dnsNames": ["injected.elsewhere.svc"]}}).to_string();
    release.namespace.patch("certificate/injected", &names).passes_silently();
    mount.swap(&texts(&release.issued("injected", 2)));
    eventually("kube-apiserver to refuse the name", || {
        release.disconnect(&rayguard);
        let failed = release.guarded.send("create -f -", BAD_CLUSTER).fails();
        failed.stderr.contains("is valid for injected.elsewhere.svc, not injected.injected.svc").then_some(())
    });
}
