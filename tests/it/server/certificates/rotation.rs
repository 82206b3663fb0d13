//! No call is lost during renewals under load.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rayguard_test_client::client::{Client, trusting_all};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::installation::ready;
use super::{Installation, Observer};
use crate::server::process::{Rayguard, eventually};

fn addresses(replicas: &[&Rayguard]) -> Vec<SocketAddr> {
    replicas.iter().map(|replica| replica.webhooks).collect()
}

#[test]
fn forced_rotations_lose_no_call() {
    let installation = Installation::new("forced-rotations");
    let replicas = [(); 3].map(|()| installation.start(&[]));
    replicas.iter().for_each(ready);
    installation.balancer.set(addresses(&replicas.each_ref()));
    let observer = Observer::start(&installation);
    observer.watch(addresses(&replicas.each_ref()));

    let all = ["ca.crt", "ca.key", "tls.crt", "tls.key", "old-ca.crt"];
    for keys in [&["ca.key"][..], &["tls.key"], &["ca.crt", "ca.key"], &all, &["tls.crt", "tls.key"], &["ca.key"]] {
        let [ca, cert] = ["ca.crt", "tls.crt"].map(|key| installation.secret(key));
        let is_ca = keys.contains(&"ca.key");
        installation.remove(keys);
        eventually("new certificates", || {
            let [new_ca, new_cert] = ["ca.crt", "tls.crt"].map(|key| installation.secret(key));
            (is_ca == (new_ca != ca) && new_cert != cert && !new_cert.is_empty()).then_some(())
        });
        let cert = CertificateDer::from_pem_slice(installation.secret("tls.crt").as_bytes()).expect("a certificate");
        for replica in &replicas {
            eventually("each replica to serve it", || {
                let bundle = installation.ca_bundles().swap_remove(0);
                let client = Client::connect(replica.webhooks, &trusting_all(&bundle)).expect("a handshake");
                (client.stream.conn.peer_certificates().expect("certificates")[0] == cert).then_some(())
            });
        }
    }
    observer.assert_nothing_lost();
}

#[test]
fn short_lived_certificates_are_renewed_in_time_and_lose_no_call() {
    let installation = Installation::new("short-lives");
    let lives = ["--ca-lifetime", "45s", "--certificate-lifetime", "15s", "--ca-settle", "4s"];
    let replicas = [(); 2].map(|()| installation.start(&lives));
    replicas.iter().for_each(ready);
    installation.balancer.set(addresses(&replicas.each_ref()));
    let observer = Observer::start(&installation);
    observer.watch(addresses(&replicas.each_ref()));

    let sum = |metric: &str| replicas.iter().map(|replica| replica.metric(metric)).sum::<u64>();
    let start = Instant::now();
    let (mut old_came, mut old_went) = (false, false);
    while !(old_went && sum(r#"rayguard_certificate_renewals_total{role="ca"}"#) >= 3) {
        let has_old = !installation.secret("old-ca.crt").is_empty();
        old_went |= old_came && !has_old;
        old_came |= has_old;
        assert!(start.elapsed() < Duration::from_mins(3), "two rotations take a minute");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(sum(r#"rayguard_certificate_renewals_total{role="leaf"}"#) >= 4);
    observer.assert_nothing_lost();
}

#[test]
fn a_rolling_restart_loses_no_call() {
    let installation = Installation::new("rolling-restart");
    let start = || installation.start(&["--drain-delay", "2s"]);
    let mut replicas = vec![start(), start()];
    replicas.iter().for_each(ready);
    let set = |replicas: &[Rayguard]| installation.balancer.set(replicas.iter().map(|it| it.webhooks).collect());
    set(&replicas);
    let observer = Observer::start(&installation);
    observer.watch(replicas.iter().map(|replica| replica.webhooks).collect());
    for _ in 0..4 {
        let new = start();
        ready(&new);
        replicas.push(new);
        set(&replicas);
        observer.watch(replicas[1..].iter().map(|replica| replica.webhooks).collect());
        let old = replicas.remove(0);
        old.signal("TERM");
        // Endpoints lag, so it still receives calls for a while.
        std::thread::sleep(Duration::from_secs(1));
        set(&replicas);
        assert_eq!(old.wait().code(), Some(0));
    }
    observer.assert_nothing_lost();
}
