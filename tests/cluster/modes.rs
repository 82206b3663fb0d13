//! The three ways to have a certificate, changed into one another while calls go on.

use std::path::PathBuf;
use std::process::Command;

use crate::certificates::shown;
use crate::load::Load;
use crate::node::{Node, ROOT};
use crate::release::{Release, SECRET};

/// What `certs/make` made in a folder.
struct Made(PathBuf);

impl Made {
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

    /// A Secret with the three keys that cert-manager writes.
    fn store(&self, release: &Release, name: &str) {
        let file = |key: &str| format!("--from-file={}", self.0.join(key).display());
        let [cert, key, ca] = ["tls.crt", "tls.key", "ca.crt"].map(file);
        let secret = ["create", "secret", "generic", name, "--type", "kubernetes.io/tls", &cert, &key, &ca];
        release.kubectl.run_with(secret, "").passes();
    }
}

/// Each Pod that is to stay shows a certificate of this CA; others may drain.
fn all_show(release: &Release, ca: &str) {
    for replica in release.staying(2) {
        assert!(shown(release, &replica, ca).is_some(), "{replica:?} shows another certificate");
    }
}

#[test]
fn the_ways_to_have_a_certificate_change_into_one_another_and_lose_no_call() {
    let release = Release::install("modes", &[]);
    let [theirs, own] = ["cert-manager", "files"].map(|name| Made::new(name, &release));
    theirs.store(&release, "rayguard-tls");
    own.store(&release, "own");
    let first = release.secret("ca.crt");
    all_show(&release, &first);
    let load = Load::start("modes");

    release.upgrade(&["--set", "certificate.mode=cert-manager"]);
    all_show(&release, &theirs.ca());
    let left = release.kubectl.run("get secrets,leases --output name").passes().stdout;
    assert!(!left.contains(SECRET), "the Secret of the way before is left: {left}");

    release.upgrade(&["--set", "certificate.mode=files,certificate.files.secretName=own"]);
    all_show(&release, &own.ca());

    release.upgrade(&[]);
    let last = release.secret("ca.crt");
    assert_ne!(first, last);
    all_show(&release, &last);
    release.replicas(2); // the last of the others has ended, under load too
    load.lost_nothing("changes of `certificate.mode`, self-managed → cert-manager → files → self-managed");
}
