//! Certificates on a node: no call is lost while they change.

use rayguard_test_client::client::{Client, trusting_all};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::handshakes::Handshakes;
use crate::load::Load;
use crate::release::{Release, Replica, ca_bundles};
use rayguard_test_client::node::{Node, eventually};

/// Returns how often the CA is replaced, and how long a new CA is published before a certificate of it is served. The
/// default is two minutes, for broken watches; the watch of this API server is not broken, so it receives a `caBundle`
/// within milliseconds.
fn terms() -> (usize, String) {
    let rotations = std::env::var("ROTATIONS").map_or(50, |number| number.parse().expect("a number"));
    (rotations, std::env::var("SETTLE").unwrap_or_else(|_| "2s".to_owned()))
}

/// Returns the certificate that a replica serves, if one of these CAs signed it.
pub(crate) fn served(release: &Release, replica: &Replica, cas: &str) -> Option<CertificateDer<'static>> {
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
            // Only the new CA is trusted here, so it must have signed the certificate.
            let served = eventually("a certificate of the new CA", || served(&release, replica, &new));
            assert_eq!(served, certificate(&release.secret("tls.crt")));
        }
    }
    assert_eq!(release.replicas(2), replicas, "no Pod was replaced");
    load.assert_nothing_lost(&format!("{rotations} rotations of CA and certificate, `--ca-settle` {settle}"));
    handshakes.assert_nothing_lost();
}

#[test]
fn five_replicas_that_start_together_agree_on_one_ca() {
    let node = Node::get();
    let release = Release::install("five", &["--set", "replicas=5"]);
    let replicas = release.replicas(5);
    let made = |role: &str| -> Vec<u64> {
        let metric = format!("rayguard_certificate_renewals_total{{role=\"{role}\"}}");
        replicas.iter().map(|replica| replica.metric(&metric).expect("a metric")).collect()
    };
    let [cas, renewed] = ["ca", "leaf"].map(made);
    assert_eq!(cas.iter().sum::<u64>(), 1, "{cas:?}");
    assert_eq!(renewed, [0; 5], "all replicas use the certificate that was created with the CA");

    let ca = release.secret("ca.crt");
    assert_eq!(ca.matches("BEGIN CERTIFICATE").count(), 1);
    assert_eq!(release.secret("old-ca.crt"), "");
    for bundle in node.runtime.block_on(ca_bundles(&node.client)) {
        assert_eq!(bundle.trim_end(), ca.trim_end());
    }
    for replica in &replicas {
        let served = served(&release, replica, &ca).expect("a certificate of the CA");
        assert_eq!(served, certificate(&release.secret("tls.crt")));
    }
}
