//! The user's own certificate, created as the documentation describes.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rayguard_test_client::client::{Client, trusting};

use super::{ROOT, Rendered};
use crate::server::process::Rayguard;

#[test]
fn the_certificate_from_certs_make_is_trusted_and_the_chart_accepts_its_ca() {
    let folder = tempfile::tempdir().expect("a folder");
    let make = || {
        let output =
            Command::new(Path::new(ROOT).join("certs/make")).arg(folder.path()).output().expect("certs/make runs");
        assert!(output.status.success(), "certs/make needs openssl: {}", String::from_utf8_lossy(&output.stderr));
    };
    let file = |name: &str| folder.path().join(name).display().to_string();
    let read = |name: &str| fs::read_to_string(file(name)).expect("certs/make has created it");
    make();
    let (ca, certificate) = (read("ca.crt"), read("tls.crt"));
    let rayguard =
        Rayguard::start(&["--tls-cert", &file("tls.crt"), "--tls-key", &file("tls.key"), "--tls-reload", "50ms"]);
    let shake_hands = |name| Client::connect_by_name(rayguard.webhooks, &trusting(&ca), name).map(|_| ());
    shake_hands("rayguard.rayguard.svc").expect("the name of the Service");
    shake_hands("rayguard.other.svc").expect_err("another name");

    // The same CA renews the certificate.
    make();
    assert_eq!(read("ca.crt"), ca);
    assert_ne!(read("tls.crt"), certificate);
    rayguard.logged("reloaded certificate");
    shake_hands("rayguard.rayguard.svc").expect("the renewed certificate");

    let bundle = format!("certificate.files.caBundle={}", file("ca.crt"));
    let with = |more: &str| {
        let values = format!("certificate.mode=files,certificate.files.secretName=rayguard-tls{more}");
        Rendered::new(["--set", &values, "--set-file", &bundle])
    };
    let configuration = "ValidatingWebhookConfiguration";
    let rendered = with(",certificate.keepCaBundle=false");
    assert!(rendered.only("ConfigMap")["data"].get("ca.crt").is_none());
    let written = &rendered.webhook(configuration)["clientConfig"]["caBundle"];
    assert_eq!(written, &BASE64_STANDARD.encode(&ca));

    // By default rayguard writes the CA, which it reads from a file.
    let rendered = with("");
    assert!(rendered.webhook(configuration)["clientConfig"].get("caBundle").is_none());
    assert_eq!(rendered.only("ConfigMap")["data"]["ca.crt"].as_str().map(str::trim), Some(ca.trim()));
}
