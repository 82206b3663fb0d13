//! A wall clock that is changed while rayguard runs.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use rayguard_test_client::client::{Client, trusting};
use tempfile::TempDir;

use super::Installation;
use super::installation::ready;
use crate::server::process::eventually;
use crate::server::review::{self, bytes};

const DAY: i64 = 24 * 60 * 60;

/// A wall clock for one process that is linked with libc, as the tested binary is.
struct WallClock {
    folder: TempDir,
}

impl WallClock {
    fn new() -> Self {
        let clock = Self { folder: TempDir::new().expect("a folder") };
        clock.set_ahead(0);
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/server/certificates/shift_clock.c");
        let mut compile = Command::new("cc");
        compile.args(["-shared", "-fPIC", "-O1", "-o"]).arg(clock.folder.path().join("clock.so")).arg(source);
        assert!(compile.status().expect("cc is there: install gcc").success());
        clock
    }

    fn environment(&self) -> [String; 2] {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        [format!("LD_PRELOAD={}", path("clock.so")), format!("CLOCK_SHIFT={}", path("shift"))]
    }

    /// The file is overwritten in one write and not replaced, because the process has mapped it.
    fn set_ahead(&self, seconds: i64) {
        let file = self.folder.path().join("shift");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(file).expect("a file");
        std::io::Write::write_all(&mut file, &seconds.to_ne_bytes()).expect("written");
    }
}

#[test]
fn a_clock_jump_renews_no_certificate_and_loses_no_call() {
    let installation = Installation::new("clock");
    let clock = WallClock::new();
    let rayguard = installation.start_with_environment(&clock.environment());
    ready(&rayguard);
    let [ca, cert] = ["ca.crt", "tls.crt"].map(|key| installation.secret(key));
    let mut kept = Client::connect(rayguard.webhooks, &trusting(&ca)).expect("a handshake");
    let mut serves = || {
        let body = bytes(&review::service_create());
        assert_eq!(kept.post("/validate", &body).status, 200);
        let mut new = Client::connect(rayguard.webhooks, &trusting(&ca)).expect("a handshake");
        assert_eq!(new.post("/validate", &body).status, 200);
    };
    // After the end of the certificate, before its creation, and back.
    for days in [60, -60, 0] {
        clock.set_ahead(days * DAY);
        let start = Instant::now();
        // By its own clock it would not be ready.
        eventually("the API server's time", || {
            serves();
            let noticed = rayguard.log().matches("the API server's clock differs").count();
            let agreed = rayguard.log().matches("the clock agrees with the API server's clock again").count();
            let is_known = if days == 0 { agreed == 1 } else { noticed >= 1 };
            (is_known && rayguard.ask_admin("/readyz").status == 200).then_some(())
        });
        crate::server::abuse::figure!("clock set by {days} days: ready again after {:?}", start.elapsed());
        assert_eq!(["ca.crt", "tls.crt"].map(|key| installation.secret(key)), [ca.clone(), cert.clone()]);
    }
    // It still renews certificates.
    installation.remove(&["tls.key"]);
    eventually("a new certificate", || {
        let new = installation.secret("tls.crt");
        (!new.is_empty() && new != cert).then_some(())
    });
    serves();
}
