//! The three certificate modes, changed under load.

use std::path::PathBuf;
use std::process::Command;

use crate::certificates::served;
use crate::load::Load;
use crate::release::{Release, SECRET};
use rayguard_test_client::node::{Node, ROOT};

/// A folder of files from `certs/make`.
struct CertificateFolder(PathBuf);

impl CertificateFolder {
    fn new(name: &str, release: &Release) -> Self {
        let folder = Node::get().file(name);
        let mut make = Command::new(PathBuf::from(ROOT).join("certs/make"));
        let output = make.arg(&folder).args(["rayguard", &release.namespace]).output().expect("certs/make runs");
        assert!(output.status.success(), "{output:?}");
        Self(folder)
    }

    fn ca(&self) -> String {
        std::fs::read_to_string(self.0.join("ca.crt")).expect("a CA")
    }

    /// Creates a Secret with the three keys that cert-manager writes.
    fn store(&self, release: &Release, name: &str) {
        let file = |key: &str| format!("--from-file={}", self.0.join(key).display());
        let [cert, key, ca] = ["tls.crt", "tls.key", "ca.crt"].map(file);
        let secret = ["create", "secret", "generic", name, "--type", "kubernetes.io/tls", &cert, &key, &ca];
        release.kubectl.run_with(secret, "").passes();
    }
}

/// Asserts that each Pod that is not terminating serves a certificate of this CA. Terminating Pods may still drain.
fn assert_all_serve(release: &Release, ca: &str) {
    for replica in release.ready_replicas(2) {
        assert!(served(release, &replica, ca).is_some(), "{replica:?} serves another certificate");
    }
}

#[test]
fn changing_the_certificate_mode_loses_no_call() {
    let release = Release::install("modes", &[]);
    let [theirs, own] = ["cert-manager", "files"].map(|name| CertificateFolder::new(name, &release));
    theirs.store(&release, "rayguard-tls");
    own.store(&release, "own");
    let first = release.secret("ca.crt");
    assert_all_serve(&release, &first);
    let load = Load::start("modes");

    release.upgrade(&["--set", "certificate.mode=cert-manager"]);
    assert_all_serve(&release, &theirs.ca());
    let left = release.kubectl.run("get secrets,leases --output name").passes().stdout;
    assert!(!left.contains(SECRET), "the Secret of the previous mode is left: {left}");

    release.upgrade(&["--set", "certificate.mode=files,certificate.files.secretName=own"]);
    assert_all_serve(&release, &own.ca());

    release.upgrade(&[]);
    let last = release.secret("ca.crt");
    assert_ne!(first, last);
    assert_all_serve(&release, &last);
    release.replicas(2); // the last old Pod has ended, also under load
    load.assert_nothing_lost("changes of `certificate.mode`, self-managed → cert-manager → files → self-managed");
}
