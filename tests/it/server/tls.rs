//! The server certificate: generated, read from files, and reloaded when kubelet changes them.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use rayguard_test_client::client::{Client, trusting};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::HandshakeKind;
use tempfile::TempDir;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::server::mount::Mount;
use crate::server::process::{Rayguard, command, eventually};
use crate::server::review::{self, bytes};

/// A CA for tests.
pub(crate) struct Authority(pub(crate) CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        // A unique name, which distinguishes it from other CAs.
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        let name = format!("CA {} of the tests", COUNT.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA"))
    }

    /// Issues a server certificate for localhost, and returns it with its key in PEM.
    fn issue(&self, not_after: SystemTime) -> (String, String) {
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("names");
        params.not_before = (SystemTime::now() - Duration::from_hours(48)).into();
        params.not_after = not_after.into();
        let key = KeyPair::generate().expect("a key");
        (params.signed_by(&key, &self.0).expect("a certificate").pem(), key.serialize_pem())
    }

    /// Issues a client certificate with a common name and DNS names, and returns it with its key in PEM.
    pub(crate) fn issue_to_client(&self, name: &str, dns_names: &[&str], not_after: SystemTime) -> (String, String) {
        self.issue_for(ExtendedKeyUsagePurpose::ClientAuth, name, dns_names, not_after)
    }

    /// Issues a certificate for another server, and returns it with its key in PEM.
    pub(crate) fn issue_to_server(&self) -> (String, String) {
        let not_after = SystemTime::now() + Duration::from_hours(1);
        self.issue_for(ExtendedKeyUsagePurpose::ServerAuth, "server", &["localhost"], not_after)
    }

    fn issue_for(
        &self,
        purpose: ExtendedKeyUsagePurpose,
        name: &str,
        dns_names: &[&str],
        not_after: SystemTime,
    ) -> (String, String) {
        let names: Vec<_> = dns_names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        params.not_before = (SystemTime::now() - Duration::from_hours(48)).into();
        params.not_after = not_after.into();
        let key = KeyPair::generate().expect("a key");
        (params.signed_by(&key, &self.0).expect("a certificate").pem(), key.serialize_pem())
    }

    pub(crate) fn issue_valid(&self) -> (String, String) {
        self.issue(SystemTime::now() + Duration::from_hours(1))
    }
}

/// Starts rayguard with a certificate from a mounted Secret.
fn serve(mount: &Mount) -> Rayguard {
    let [cert, key] = ["tls.crt", "tls.key"].map(|name| mount.file(name).display().to_string());
    Rayguard::start(&["--tls-cert", &cert, "--tls-key", &key, "--tls-reload", "20ms"])
}

/// Returns the keys of a Secret of type `kubernetes.io/tls`.
fn pair<'a>(cert: &'a str, key: &'a str) -> [(&'static str, &'a str); 2] {
    [("tls.crt", cert), ("tls.key", key)]
}

/// Returns the certificate that a server presents, in DER.
fn served(rayguard: &Rayguard, ca: &str) -> Vec<u8> {
    Client::connect(rayguard.webhooks, &trusting(ca)).expect("a handshake").server_certificate()
}

const SUCCESS: &str = r#"rayguard_tls_reload_total{result="success"}"#;
const FAILURE: &str = r#"rayguard_tls_reload_total{result="failure"}"#;

#[test]
fn a_replaced_secret_is_loaded_without_losing_a_connection() {
    let authority = Authority::new();
    let ca = authority.0.pem();
    let (cert, key) = authority.issue_valid();
    let mut secret = Mount::new(&pair(&cert, &key));
    let rayguard = serve(&secret);
    let body = bytes(&review::service_create());
    let mut kept = Client::connect(rayguard.webhooks, &trusting(&ca)).expect("a handshake");
    let mut before = served(&rayguard, &ca);
    for round in 1..=5 {
        let (cert, key) = authority.issue_valid();
        secret.swap(&pair(&cert, &key));
        before = eventually("the new certificate", || Some(served(&rayguard, &ca)).filter(|now| *now != before));
        assert_eq!(kept.post("/validate", &body).status, 200, "round {round}");
    }
    assert_eq!(rayguard.metric(SUCCESS), 5);
    assert_eq!(rayguard.metric(FAILURE), 0);
}

#[test]
fn a_mismatched_pair_keeps_the_old_certificate() {
    let authority = Authority::new();
    let ca = authority.0.pem();
    let (cert, key) = authority.issue_valid();
    let mut secret = Mount::new(&pair(&cert, &key));
    let rayguard = serve(&secret);
    let before = served(&rayguard, &ca);

    let (new_cert, new_key) = authority.issue_valid();
    let mismatched =
        [(&*new_cert, &*key), (&*cert, &*new_key), (&new_cert[..200], &*new_key), (&*new_cert, ""), ("", "")];
    for (count, (cert, key)) in (1..).zip(mismatched) {
        secret.swap(&pair(cert, key));
        eventually("the failure", || (rayguard.metric(FAILURE) == count).then_some(()));
        assert_eq!(served(&rayguard, &ca), before);
    }
    rayguard.logged("cannot reload certificate; keeping the previous one");
    fs::remove_file(secret.file("tls.key")).expect("removed");
    eventually("the failure", || (rayguard.metric(FAILURE) == 6).then_some(()));
    assert_eq!(served(&rayguard, &ca), before);
    assert_eq!(rayguard.ask_admin("/readyz").status, 200);

    fs::write(secret.file("tls.key"), &new_key).expect("written");
    secret.swap(&pair(&new_cert, &new_key));
    eventually("the whole pair", || (served(&rayguard, &ca) != before).then_some(()));
    assert_eq!(rayguard.metric(FAILURE), 6, "each failure is counted once");
}

#[test]
fn an_expired_certificate_is_served_but_not_ready() {
    let authority = Authority::new();
    let (cert, key) = authority.issue(SystemTime::now() - Duration::from_hours(1));
    let mut secret = Mount::new(&pair(&cert, &key));
    let rayguard = serve(&secret);
    let unready = rayguard.ask_admin("/readyz");
    assert_eq!((unready.status, unready.body.as_str()), (503, "not ready: the certificate is not valid now\n"));
    assert_eq!(rayguard.ask_admin("/livez").status, 200);
    assert!(rayguard.metric(r#"rayguard_tls_certificate_not_after_seconds{role="leaf"}"#) > 1_000_000_000);

    let (cert, key) = authority.issue_valid();
    secret.swap(&pair(&cert, &key));
    eventually("readiness", || (rayguard.ask_admin("/readyz").status == 200).then_some(()));
}

#[test]
fn a_generated_certificate_is_valid_for_its_names_since_an_hour_ago() {
    let folder = TempDir::new().expect("a folder");
    let ca_file = folder.path().join("ca.pem");
    let ca_out = ca_file.to_str().expect("text");
    let names = "rayguard.default.svc,192.0.2.7";
    let rayguard = Rayguard::start(&["--ca-out", ca_out, "--tls-name", names, "--tls-name", "example.com"]);
    assert_eq!(fs::read_to_string(&ca_file).expect("written"), rayguard.ca);

    let der = served(&rayguard, &rayguard.ca);
    let (_, certificate) = parse_x509_certificate(&der).expect("a certificate");
    let names = certificate.subject_alternative_name().expect("one").expect("some").value.general_names.iter();
    let names: Vec<String> = names
        .map(|name| match name {
            GeneralName::DNSName(name) => (*name).to_owned(),
            GeneralName::IPAddress([127, 0, 0, 1]) => "127.0.0.1".to_owned(),
            GeneralName::IPAddress([192, 0, 2, 7]) => "192.0.2.7".to_owned(),
            GeneralName::IPAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]) => "::1".to_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["localhost", "127.0.0.1", "::1", "rayguard.default.svc", "192.0.2.7", "example.com"]);
    let now = i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("now").as_secs());
    let age = now.expect("now") - certificate.validity().not_before.timestamp();
    assert!((3600..3700).contains(&age), "{age}");
    assert!(!certificate.is_ca());
    assert!(Client::connect(rayguard.webhooks, &trusting(&Authority::new().0.pem())).is_err(), "another CA");
}

#[test]
fn only_http_1_1_is_offered_and_sessions_are_resumed() {
    let rayguard = Rayguard::start(&[]);
    let mut config = trusting(&rayguard.ca);
    Arc::make_mut(&mut config).alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let body = bytes(&review::service_create());
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut client = Client::connect(rayguard.webhooks, &config).expect("a handshake");
        assert_eq!(client.post("/validate", &body).status, 200);
        assert_eq!(client.stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(client.stream.conn.handshake_kind(), Some(kind));
    }
    Arc::make_mut(&mut config).alpn_protocols = vec![b"h2".to_vec()];
    assert!(Client::connect(rayguard.webhooks, &config).is_err(), "h2 alone");
}

#[test]
fn an_unusable_certificate_or_argument_is_a_startup_error_with_a_reason() {
    let authority = Authority::new();
    let (cert, key) = authority.issue_valid();
    let (_, other) = authority.issue_valid();
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("written");
        folder.path().join(name).display().to_string()
    };
    let (cert, key, other) = (write("cert", &cert), write("key", &key), write("other", &other));
    let absent = folder.path().join("absent").display().to_string();
    for (args, reason) in [
        (vec!["--tls-cert", &cert], "--tls-key <FILE>"),
        (vec!["--tls-key", &key], "--tls-cert <FILE>"),
        (vec!["--tls-cert", &cert, "--tls-key", &key, "--ca-out", "x"], "cannot be used with"),
        (vec!["--tls-cert", &cert, "--tls-key", &absent], "cannot read"),
        (vec!["--tls-cert", &cert, "--tls-key", &other], "the certificate and its key cannot be used"),
        (vec!["--tls-cert", &key, "--tls-key", &key], "no certificate"),
        (vec!["--tls-cert", &cert, "--tls-key", &cert], "no private key"),
        (vec!["--listen", "192.0.2.1:9443"], "cannot listen on 192.0.2.1:9443"),
        (vec!["--listen", "nowhere"], "invalid value 'nowhere' for '--listen <ADDRESS>'"),
        (vec!["--drain-delay", "soon"], "write a number and a unit"),
        (vec!["--log-level", "loud"], "--log-level <LEVEL>"),
    ] {
        let output = command(&args).output().expect("the binary is built");
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(reason), "{args:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}
