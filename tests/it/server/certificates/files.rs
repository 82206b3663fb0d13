//! Certificates from files, with rayguard writing the `caBundle`s; and the change between files and self-managed
//! certificates.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rayguard_test_client::client::{Client, trusting};
use tempfile::TempDir;

use super::installation::ready;
use super::{Installation, Observer};
use crate::server::apiserver::ApiServer;
use crate::server::process::{Rayguard, eventually};
use crate::server::tls::Authority;

/// Writes the files of a mounted cert-manager Secret: `tls.crt`, `tls.key` and `ca.crt`.
fn write(folder: &Path, authority: &Authority) {
    let (cert, key) = authority.issue_valid();
    for (name, text) in [("ca.crt", authority.0.pem()), ("tls.crt", cert), ("tls.key", key)] {
        fs::write(folder.join(name), text).expect("written");
    }
}

fn start(installation: &Installation, folder: &Path) -> Rayguard {
    let [cert, key, ca] = ["tls.crt", "tls.key", "ca.crt"].map(|name| folder.join(name).display().to_string());
    let configuration = installation.configuration();
    let args = ["--tls-cert", &cert, "--tls-key", &key, "--tls-ca", &ca, "--webhook-configuration", &configuration];
    let more = ["--ca-settle", "2s", "--tls-reload", "100ms", "--drain-delay", "1s"];
    Rayguard::with_kubeconfig(&installation.kubeconfig(ApiServer::shared().address()), &[&args[..], &more].concat())
}

#[test]
fn a_ca_from_a_file_is_published_before_its_certificate_is_used() {
    let installation = Installation::new("files");
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), &Authority::new());
    let rayguard = start(&installation, folder.path());
    ready(&rayguard);
    installation.balancer.set(vec![rayguard.webhooks]);
    let observer = Observer::start(&installation);
    observer.watch(vec![rayguard.webhooks]);
    for _ in 0..3 {
        let next = Authority::new();
        write(folder.path(), &next);
        eventually("the next CA's certificate", || {
            Client::connect(rayguard.webhooks, &trusting(&next.0.pem())).is_ok().then_some(())
        });
    }
    observer.assert_nothing_lost();
}

#[test]
fn changing_between_files_and_self_managed_certificates_loses_no_call() {
    let installation = Installation::new("changed-way");
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), &Authority::new());
    let mut old = installation.start(&["--drain-delay", "1s"]);
    ready(&old);
    installation.balancer.set(vec![old.webhooks]);
    let observer = Observer::start(&installation);
    for to_files in [true, false, true, false] {
        observer.watch(vec![old.webhooks]);
        let new =
            if to_files { start(&installation, folder.path()) } else { installation.start(&["--drain-delay", "1s"]) };
        ready(&new);
        installation.balancer.set(vec![old.webhooks, new.webhooks]);
        observer.watch(vec![old.webhooks, new.webhooks]);
        // Both serve at the same time, as in a rollout.
        thread::sleep(Duration::from_secs(2));
        observer.watch(vec![new.webhooks]);
        // A handshake with the old replica may be in progress.
        thread::sleep(Duration::from_millis(500));
        installation.balancer.set(vec![new.webhooks]);
        old.signal("TERM");
        assert_eq!(old.wait().code(), Some(0));
        old = new;
    }
    observer.assert_nothing_lost();
}
