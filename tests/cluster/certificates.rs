//! The life of certificates on a node: nobody notices anything of it.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::handshakes::Handshakes;
use crate::load::Load;
use crate::node::{Node, eventually};
use crate::release::{Release, Replica, ca_bundles};
use rayguard_test_client::client::{Client, trusting_all};

/// How often the CA is made anew, and how long it is then in place before a certificate of it is shown. Two minutes by
/// default, for watches that have broken; this API server's has not, so it knows of a `caBundle` in milliseconds.
fn terms() -> (usize, String) {
    let rotations = std::env::var("ROTATIONS").map_or(50, |number| number.parse().expect("a number"));
    (rotations, std::env::var("SETTLE").unwrap_or_else(|_| "2s".to_owned()))
}

/// The certificate that a replica shows, if it is one that these CAs vouch for.
pub(crate) fn shown(release: &Release, replica: &Replica, cas: &str) -> Option<CertificateDer<'static>> {
    let client = Client::connect_by_name(replica.webhooks(), &trusting_all(cas), &release.server_name()).ok()?;
    Some(client.stream.conn.peer_certificates()?.first()?.clone().into_owned())
}

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}

#[test]
fn rotations_of_ca_and_certificate_lose_no_call() {
    let (rotations, settle) = terms();
    let argument = format!("extraArgs=[\"--ca-settle={settle}\"]");
    let release = Release::install("rotations", &["--set-json", &argument]);
    let replicas = release.replicas(2);
    let load = Load::start("rotations");
    let handshakes = Handshakes::start(&release, &replicas);
    for _ in 0..rotations {
        let old = release.secret("ca.crt");
        release.remove(&["ca.key"]);
        let new = eventually("a new CA", || Some(release.secret("ca.crt")).filter(|ca| !ca.is_empty() && *ca != old));
        for replica in &replicas {
            // The old CA is not asked, so it is the new one that vouches for it.
            let shown = eventually("a certificate of the new CA", || shown(&release, replica, &new));
            assert_eq!(shown, certificate(&release.secret("tls.crt")));
        }
    }
    assert_eq!(release.replicas(2), replicas, "the Pods are those of the beginning");
    load.lost_nothing(&format!("{rotations} rotations of CA and certificate, `--ca-settle` {settle}"));
    handshakes.lost_nothing();
}

#[test]
fn five_replicas_that_start_at_once_agree_on_one_ca() {
    let node = Node::get();
    let release = Release::install("five", &["--set", "replicas=5"]);
    let replicas = release.replicas(5);
    let made = |role: &str| -> Vec<u64> {
        let metric = format!("rayguard_certificate_renewals_total{{role=\"{role}\"}}");
        replicas.iter().map(|replica| replica.metric(&metric).expect("a metric")).collect()
    };
    let [cas, renewed] = ["ca", "leaf"].map(made);
    assert_eq!(cas.iter().sum::<u64>(), 1, "{cas:?}");
    assert_eq!(renewed, [0; 5], "the certificate that came with the CA is theirs, too");

    let ca = release.secret("ca.crt");
    assert_eq!(ca.matches("BEGIN CERTIFICATE").count(), 1);
    assert_eq!(release.secret("old-ca.crt"), "");
    for bundle in node.runtime.block_on(ca_bundles(&node.client)) {
        assert_eq!(bundle.trim_end(), ca.trim_end());
    }
    for replica in &replicas {
        let shown = shown(&release, replica, &ca).expect("one that the CA vouches for");
        assert_eq!(shown, certificate(&release.secret("tls.crt")));
    }
}
