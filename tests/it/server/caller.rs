//! Authentication of callers by the client certificate that `--client-ca` requires.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rayguard_test_client::client::{Client, Response, head, trusting, trusting_with_certificate};
use rustls::{ClientConfig, HandshakeKind};
use tempfile::TempDir;

use crate::server::process::{Rayguard, command, eventually};
use crate::server::review::{self, bytes};
use crate::server::tls::Authority;

const REFUSED: &str = "rayguard_tls_handshake_errors_total";
const LOADED: &str = r#"rayguard_tls_reload_total{result="success"}"#;
const KEPT: &str = r#"rayguard_tls_reload_total{result="failure"}"#;

/// A server with `--client-ca`, and the folder of the CA file.
struct Guarded {
    folder: TempDir,
    rayguard: Rayguard,
}

impl Guarded {
    fn new(ca: &str, names: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("ca.crt");
        fs::write(&file, ca).expect("written");
        let file = file.display().to_string();
        let mut args = vec!["--client-ca", &file, "--tls-reload", "20ms"];
        args.extend(names.iter().flat_map(|name| ["--client-name", name]));
        Self { rayguard: Rayguard::start(&args), folder }
    }

    /// Replaces the CA file atomically.
    fn swap(&self, ca: &str) {
        let new = self.folder.path().join("new");
        fs::write(&new, ca).expect("written");
        fs::rename(new, self.folder.path().join("ca.crt")).expect("renamed");
    }

    fn showing(&self, shown: &(String, String)) -> Arc<ClientConfig> {
        trusting_with_certificate(&self.rayguard.ca, shown)
    }

    /// Makes one call over a new connection. In TLS 1.3 a client receives the refusal only with its first read.
    fn call(&self, config: &Arc<ClientConfig>) -> io::Result<(Response, Option<HandshakeKind>)> {
        let mut client = Client::connect(self.rayguard.webhooks, config)?;
        let body = bytes(&review::service_create());
        client.send(&head("POST", "/validate", "application/json", body.len()))?;
        client.send(&body)?;
        let response = client.receive()?;
        Ok((response, client.stream.conn.handshake_kind()))
    }

    #[track_caller]
    fn answers(&self, config: &Arc<ClientConfig>) {
        assert_eq!(self.call(config).expect("an answer").0.status, 200);
    }

    /// Asserts that the server refuses, counts the refusal, and sends this alert to the client.
    #[track_caller]
    fn refuses(&self, config: &Arc<ClientConfig>, alert: &str) {
        let before = self.rayguard.metric(REFUSED);
        // No call is sent: after a write to a closed connection the client may not receive the server's alert.
        let refused = Client::connect(self.rayguard.webhooks, config).and_then(|mut client| client.receive());
        let error = refused.expect_err("no answer").to_string();
        assert!(error.contains(alert), "{error}");
        eventually("the count of the refusal", || (self.rayguard.metric(REFUSED) == before + 1).then_some(()));
    }
}

fn soon() -> SystemTime {
    SystemTime::now() + Duration::from_hours(1)
}

#[test]
fn only_a_client_with_a_certificate_of_the_ca_is_answered() {
    let authority = Authority::new();
    let guarded = Guarded::new(&authority.0.pem(), &[]);
    guarded.answers(&guarded.showing(&authority.issue_to_client("anybody", &[], soon())));

    guarded.refuses(&trusting(&guarded.rayguard.ca), "CertificateRequired");
    let stranger = Authority::new().issue_to_client("anybody", &[], soon());
    guarded.refuses(&guarded.showing(&stranger), "UnknownCA");
    let expired = authority.issue_to_client("anybody", &[], SystemTime::now() - Duration::from_hours(1));
    guarded.refuses(&guarded.showing(&expired), "CertificateExpired");
    // A valid certificate of the CA, but for a server, like those of a cluster's kubelets.
    guarded.refuses(&guarded.showing(&authority.issue_to_server()), "UnsupportedCertificate");

    // The admin port needs no client certificate.
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(guarded.rayguard.ask_admin(path).status, 200, "{path}");
    }
}

#[test]
fn only_a_client_with_one_of_the_names_is_answered() {
    let authority = Authority::new();
    let guarded = Guarded::new(&authority.0.pem(), &["kube-apiserver", "api.example.com"]);
    for (common_name, dns_names) in [
        ("kube-apiserver", &[] as &[&str]),
        ("api.example.com", &[]),
        ("other", &["other", "kube-apiserver"]),
        ("other", &["api.example.com"]),
    ] {
        guarded.answers(&guarded.showing(&authority.issue_to_client(common_name, dns_names, soon())));
    }
    for (common_name, dns_names) in [
        ("other", &[] as &[&str]),
        ("kube-apiserver.example.com", &["api.example.com.example.com", "*.example.com"]),
        ("Kube-Apiserver", &[]),
        ("", &[]),
    ] {
        let shown = authority.issue_to_client(common_name, dns_names, soon());
        guarded.refuses(&guarded.showing(&shown), "AccessDenied");
    }
}

#[test]
fn each_connection_is_checked_and_none_resumes_a_session() {
    let authority = Authority::new();
    let guarded = Guarded::new(&authority.0.pem(), &[]);
    let config = guarded.showing(&authority.issue_to_client("anybody", &[], soon()));
    for _ in 0..3 {
        let (_, kind) = guarded.call(&config).expect("an answer");
        assert_eq!(kind, Some(HandshakeKind::Full));
    }
}

#[test]
fn a_new_client_ca_is_loaded_and_an_invalid_one_is_not() {
    let [old, new] = [Authority::new(), Authority::new()];
    let guarded = Guarded::new(&old.0.pem(), &[]);
    let [by_old, by_new] =
        [&old, &new].map(|authority| guarded.showing(&authority.issue_to_client("anybody", &[], soon())));
    let wait_until_loaded =
        |count| eventually("the reload", || (guarded.rayguard.metric(LOADED) == count).then_some(()));
    guarded.answers(&by_old);
    guarded.refuses(&by_new, "UnknownCA");

    guarded.swap(&(old.0.pem() + &new.0.pem()));
    wait_until_loaded(1);
    guarded.answers(&by_old);
    guarded.answers(&by_new);

    for (count, none) in (1..).zip(["", "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"]) {
        guarded.swap(none);
        eventually("the failure", || (guarded.rayguard.metric(KEPT) == count).then_some(()));
        guarded.answers(&by_old);
    }
    fs::remove_file(guarded.folder.path().join("ca.crt")).expect("removed");
    eventually("the failure", || (guarded.rayguard.metric(KEPT) == 3).then_some(()));
    guarded.answers(&by_new);

    guarded.swap(&new.0.pem());
    wait_until_loaded(2);
    guarded.refuses(&by_old, "UnknownCA");
    guarded.answers(&by_new);
    assert_eq!(guarded.rayguard.metric(KEPT), 3, "each failure is counted once");
}

#[test]
fn an_unreadable_client_ca_is_a_startup_error_with_a_reason() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("ca.crt");
    let path = file.display().to_string();
    fs::write(&file, "no CA").expect("written");
    for (args, reason) in [
        (vec!["--client-ca", &path], format!("no PEM CA certificate in {path}")),
        (vec!["--client-ca", "/nowhere"], "cannot read /nowhere".to_owned()),
        (vec!["--client-name", "kube-apiserver"], "--client-ca <FILE>".to_owned()),
    ] {
        let output = command(&args).output().expect("the binary is built");
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(&reason), "{args:?}: {stderr}");
    }
}
