//! The life of certificates on a node: nobody notices anything of it.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::client::{Client, trusting_all};
use crate::handshakes::Handshakes;
use crate::load::Load;
use crate::node::{Node, eventually};
use crate::release::{Release, Replica, ca_bundles};

/// How often the CA is made anew.
const ROTATIONS: usize = 50;

/// Without a pause between, that is. In a cluster that is well the API server knows of a `caBundle` in milliseconds.
const SETTLE: &str = "--set-json=extraArgs=[\"--ca-settle=2s\"]";

/// The certificate that a replica shows, if it is one that these CAs vouch for.
pub(crate) fn shown(release: &Release, replica: &Replica, cas: &str) -> Option<CertificateDer<'static>> {
    let client = Client::connect_as(replica.webhooks(), &release.server_name(), &trusting_all(cas)).ok()?;
    Some(client.stream.conn.peer_certificates()?.first()?.clone().into_owned())
}

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}

#[test]
fn fifty_rotations_of_ca_and_certificate_lose_no_call() {
    let release = Release::install("rotations", &[SETTLE]);
    let replicas = release.replicas(2);
    let load = Load::start("rotations");
    let handshakes = Handshakes::start(&release, &replicas);
    for _ in 0..ROTATIONS {
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
    handshakes.lost_nothing();
    load.lost_nothing(&format!("{ROTATIONS} rotations of CA and certificate"));
}

#[test]
fn five_replicas_that_start_at_once_agree_on_one_ca() {
    let node = Node::get();
    let release = Release::install("five", &["--set", "replicas=5"]);
    let replicas = release.replicas(5);
    let sum = |metric: &str| replicas.iter().map(|replica| replica.metric(metric)).sum::<u64>();
    assert_eq!(sum("rayguard_certificate_renewals_total{role=\"ca\"}"), 1, "{}", release.logs());
    assert_eq!(sum("rayguard_certificate_renewals_total{role=\"leaf\"}"), 1, "{}", release.logs());

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
