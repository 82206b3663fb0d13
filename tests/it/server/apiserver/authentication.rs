//! An API server that presents a client certificate to the webhook, configured as docs/authentication.md describes.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tempfile::TempDir;

use super::check_api::{BAD, GOOD, Run, fails};
use super::{ApiServer, TOKEN};
use crate::server::process::{Rayguard, eventually};
use crate::server::tls::Authority;

const PAGE: &str = include_str!("../../../../docs/authentication.md");

/// Returns the example of the documentation that begins like this, with other paths and names.
fn example(beginning: &str, replacements: &[(&str, &str)]) -> String {
    let blocks = PAGE.split("```yaml\n").skip(1).map(|block| block.split("```").next().expect("its end"));
    let mut found = blocks.filter(|block| block.starts_with(beginning));
    let mut text = found.next().unwrap_or_else(|| panic!("no example begins with {beginning}")).to_owned();
    for (documented, real) in replacements {
        assert!(text.contains(documented), "{documented} is not in\n{text}");
        text = text.replace(documented, real);
    }
    text
}

/// A namespace, and the client certificate of the API server for its webhooks, if it has one.
type Caller<'a> = (&'a str, Option<(String, String)>);

/// Writes the two files, and returns the argument of kube-apiserver.
fn configure(folder: &Path, port: u16, callers: &[Caller<'_>]) -> String {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut kubeconfig = "apiVersion: v1\nkind: Config\nusers:\n".to_owned();
    for (namespace, pair) in callers {
        let Some((cert, key)) = pair else { continue };
        let files = [("crt", cert), ("key", key)].map(|(ending, pem)| {
            let name = file(&format!("{namespace}.{ending}"));
            fs::write(&name, pem).expect("written");
            name
        });
        // On port 443, which is not possible here, the name alone suffices.
        let target = format!("rayguard.{namespace}.svc:{port}");
        let documented = "/etc/kubernetes/rayguard/client";
        let user = example(
            "apiVersion: v1\nkind: Config\n",
            &[
                ("rayguard.rayguard.svc", &target),
                (&format!("{documented}.crt"), &files[0]),
                (&format!("{documented}.key"), &files[1]),
            ],
        );
        let (_, user) = user.split_once("users:\n").expect("users");
        kubeconfig.push_str(user);
    }
    fs::write(file("kubeconfig"), kubeconfig).expect("written");
    let replaced = [("/etc/kubernetes/rayguard/kubeconfig", &*file("kubeconfig"))];
    fs::write(file("admission.yaml"), example("apiVersion: apiserver.config.k8s.io/v1\n", &replaced)).expect("written");
    format!("--admission-control-config-file={}", file("admission.yaml"))
}

#[test]
fn only_an_api_server_with_the_right_client_certificate_is_answered() {
    let (clients, strangers) = (Authority::new(), Authority::new());
    let soon = SystemTime::now() + Duration::from_hours(1);
    let callers: [Caller<'_>; 4] = [
        ("known", Some(clients.issue_to_client("kube-apiserver", &[], soon))),
        ("misnamed", Some(clients.issue_to_client("kubelet", &[], soon))),
        ("stranger", Some(strangers.issue_to_client("kube-apiserver", &[], soon))),
        ("anonymous", None),
    ];
    let folder = TempDir::new().expect("a folder");
    let ca = folder.path().join("ca.crt");
    fs::write(&ca, clients.0.pem()).expect("written");
    let mut arguments = vec!["--client-ca".to_owned(), ca.display().to_string()];
    arguments.extend(["--client-name", "kube-apiserver"].map(str::to_owned));
    for (namespace, _) in &callers {
        arguments.extend(["--tls-name".to_owned(), format!("rayguard.{namespace}.svc")]);
    }
    let rayguard = Rayguard::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let port = rayguard.webhooks.port();
    let server = ApiServer::start_with(&[configure(folder.path(), port, &callers)]);
    let kubeconfig = server.kubeconfig(server.address(), TOKEN, "default");

    for (name, _) in &callers {
        let namespace = server.namespace(name);
        // There is no network for Services here, except for a Service that only names another host.
        namespace.kubectl("create service externalname rayguard --external-name localhost").passes();
        namespace.register(rayguard.webhooks, None);
        for (kind, path) in [("mutating", "mutate"), ("validating", "validate")] {
            let client = json!({
                "service": {"name": "rayguard", "namespace": name, "path": format!("/{path}"), "port": port},
                "caBundle": BASE64_STANDARD.encode(&rayguard.ca),
            });
            let patch = json!([{"op": "replace", "path": "/webhooks/0/clientConfig", "value": client}]);
            namespace.json_patch(&format!("{kind}webhookconfiguration/rayguard-{name}"), &patch).passes();
        }
        if *name == "known" {
            let end = eventually("the API server to call", || {
                Some(Run::by(&kubeconfig, name).end()).filter(|(status, _)| *status == 0)
            });
            assert_eq!(end.1, format!("{GOOD}\n{BAD}\n"));
            assert_eq!(rayguard.metric("rayguard_tls_handshake_errors_total"), 0, "{}", rayguard.log());
            continue;
        }
        let refused = rayguard.metric("rayguard_tls_handshake_errors_total");
        let answered = rayguard.metric("rayguard_admission_duration_seconds_count{webhook=\"validate\"}");
        let end = eventually("the API server to call", || {
            Some(Run::by(&kubeconfig, name).end())
                .filter(|(_, printed)| printed.matches("failed calling webhook").count() == 2)
        });
        let closed = "; rayguard closed the connection: it does not trust the API server's client certificate";
        let untrusted = "rayguard does not trust the API server's client certificate (--client-ca, --client-name)";
        let (reason, help) = match *name {
            "anonymous" => {
                let help = "rayguard asks for a client certificate, which the API server does not have (--client-ca)";
                ("certificate required", help)
            }
            "stranger" => ("unknown certificate authority", untrusted),
            _ => ("access denied", untrusted),
        };
        // Each of the two calls either reads the alert, or sees the closed connection first: a race in Go's net/http.
        let help_for = |line: &str| {
            let alert = format!("remote error: tls: {reason}; {help}");
            if line.contains("remote error: tls") { alert } else { closed.to_owned() }
        };
        let helps: Vec<_> = end.1.lines().map(help_for).collect();
        let [good, bad] = &*helps else { panic!("{}", end.1) };
        fails(&end, [good, bad]);
        assert!(PAGE.contains(&format!("\n| `{reason}` | ")), "docs/authentication.md has no {reason}");
        assert!(rayguard.metric("rayguard_tls_handshake_errors_total") > refused, "{name}");
        let now = rayguard.metric("rayguard_admission_duration_seconds_count{webhook=\"validate\"}");
        assert_eq!(now, answered, "{name}: nothing was answered");
    }
}
