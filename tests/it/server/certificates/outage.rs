//! Failures: no API server, no Secret, no rights.

use rayguard_test_client::client::{Client, trusting};

use super::installation::{SECRET, ready};
use super::{Balancer, Installation, Observer};
use crate::server::apiserver::ApiServer;
use crate::server::process::{Rayguard, eventually};
use crate::server::review::{self, bytes};

fn errors(rayguard: &Rayguard, message: &str) -> usize {
    rayguard.log().lines().filter(|line| line.contains("\"ERROR\"") && line.contains(message)).count()
}

fn serves(rayguard: &Rayguard, ca: &str) {
    let mut client = Client::connect(rayguard.webhooks, &trusting(ca)).expect("a handshake");
    assert_eq!(client.post("/validate", &bytes(&review::service_create())).status, 200);
}

#[test]
fn without_an_api_server_a_new_replica_waits_and_a_ready_one_keeps_serving() {
    let installation = Installation::new("no-api-server");
    let proxy = Balancer::new();
    let rayguard = installation.start_by(proxy.address, &[]);
    let reason = "not ready: no certificate yet: cannot communicate with the API server";
    eventually("the reason", || rayguard.ask_admin("/readyz").body.contains(reason).then_some(()));
    assert!(
        rayguard
            .ask_admin("/readyz")
            .body
            .contains("not ready: the certificate is not trusted through the caBundle yet")
    );
    assert_eq!(rayguard.ask_admin("/livez").status, 200, "a restart does not help");
    let failures = || rayguard.metric(r#"rayguard_certificate_errors_total{part="store"}"#);
    eventually("more attempts", || (failures() >= 3).then_some(()));
    assert_eq!(errors(&rayguard, "cannot manage the certificates"), 1, "logged once: {}", rayguard.log());

    proxy.set(vec![ApiServer::shared().address()]);
    ready(&rayguard);
    rayguard.logged("can manage the certificates again");
    let ca = installation.secret("ca.crt");
    serves(&rayguard, &ca);

    proxy.cut();
    let before = failures();
    installation.remove(&["ca.key"]);
    eventually("a failure", || (failures() > before).then_some(()));
    serves(&rayguard, &ca);
    assert_eq!(rayguard.ask_admin("/readyz").body, "ready\n", "its certificate is still valid");

    proxy.set(vec![ApiServer::shared().address()]);
    eventually("the new CA", || (installation.secret("ca.crt") != ca).then_some(()));
}

#[test]
fn missing_rights_are_logged_and_granting_them_needs_no_restart() {
    let installation = Installation::without_rights("no-rights");
    let rayguard = installation.start(&[]);
    let forbidden = "secrets \"rayguard\" is forbidden";
    eventually("the reason", || rayguard.ask_admin("/readyz").body.contains(forbidden).then_some(()));
    eventually("the log", || {
        (errors(&rayguard, "cannot resource").max(errors(&rayguard, "forbidden")) >= 2).then_some(())
    });
    installation.grant();
    let absent = "secrets \"rayguard\" not found";
    eventually("the reason", || rayguard.ask_admin("/readyz").body.contains(absent).then_some(()));
    // It creates the objects that it has the rights for.
    ready(&rayguard);
    installation.namespace.get("lease/rayguard");
}

#[test]
fn missing_rights_on_the_lease_are_logged_and_do_not_block() {
    let installation = Installation::new("no-lease");
    let none = r#"[{"op": "remove", "path": "/rules/1"}]"#;
    installation.namespace.json_patch("role/rayguard", &serde_json::from_str(none).expect("JSON")).passes();
    let rayguard = installation.start(&[]);
    ready(&rayguard);
    assert_eq!(errors(&rayguard, "cannot acquire the Lease"), 1, "{}", rayguard.log());
    installation.grant();
    installation.remove(&["tls.key"]);
    rayguard.logged("can acquire the Lease again");
}

#[test]
fn the_account_may_create_only_its_own_secret() {
    let installation = Installation::new("create-other");
    let account = format!("--as=system:serviceaccount:{}:rayguard", installation.namespace.name);
    let apply = |name: &str, manifest: &str| {
        let manifest = manifest.replace("name: rayguard,", &format!("name: {name},"));
        installation.namespace.send(&format!("apply --server-side --field-manager=rayguard -f - {account}"), &manifest)
    };
    let refused = apply("another", SECRET).fails();
    assert!(refused.stderr.contains("cannot patch resource \"secrets\""), "{}", refused.stderr);
    let refused = installation.namespace.send(&format!("create -f - {account}"), SECRET).fails();
    assert!(refused.stderr.contains("cannot create resource \"secrets\""), "{}", refused.stderr);
    installation.namespace.kubectl("delete secret/rayguard").passes();
    apply("rayguard", SECRET).passes();
}

#[test]
fn a_deleted_secret_is_recreated_without_losing_a_call() {
    let installation = Installation::new("secret-deleted");
    let rayguard = installation.start(&[]);
    ready(&rayguard);
    let ca = installation.secret("ca.crt");
    installation.balancer.set(vec![rayguard.webhooks]);
    let observer = Observer::start(&installation);
    observer.watch(vec![rayguard.webhooks]);
    installation.namespace.kubectl("delete secret/rayguard lease/rayguard").passes();
    eventually("the log", || (errors(&rayguard, "not found") == 1).then_some(()));
    serves(&rayguard, &ca);
    assert_eq!(rayguard.ask_admin("/readyz").body, "ready\n");

    rayguard.logged("recreated the Secret, which was missing");
    let new = eventually("a new CA", || Some(installation.secret("ca.crt")).filter(|new| !new.is_empty()));
    assert_ne!(new, ca);
    eventually("its certificate", || Client::connect(rayguard.webhooks, &trusting(&new)).is_ok().then_some(()));
    observer.assert_nothing_lost();
}

#[test]
fn a_held_lease_delays_a_renewal_for_at_most_its_duration() {
    let installation = Installation::new("lease-held");
    let time = k8s_openapi::jiff::Timestamp::now();
    let held = serde_json::json!({"spec": {"holderIdentity": "gone", "leaseDurationSeconds": 15,
        "renewTime": format!("{time:.6}"), "acquireTime": format!("{time:.6}")}});
    installation.namespace.patch("lease/rayguard", &held.to_string()).passes();
    let rayguard = installation.start(&[]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(rayguard.ask_admin("/readyz").status, 503);
    ready(&rayguard);
}

#[test]
fn an_immutable_secret_is_logged_as_an_error_once() {
    let installation = Installation::new("immutable");
    installation.namespace.patch("secret/rayguard", r#"{"immutable": true}"#).passes();
    let rayguard = installation.start(&[]);
    eventually("the log", || (errors(&rayguard, "immutable") == 1).then_some(()));
    eventually("more attempts", || {
        (rayguard.metric(r#"rayguard_certificate_errors_total{part="store"}"#) >= 3).then_some(())
    });
    assert_eq!(errors(&rayguard, "immutable"), 1, "{}", rayguard.log());
    assert_eq!(rayguard.ask_admin("/readyz").status, 503);
}
