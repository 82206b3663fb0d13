//! What is missing: the API server, the Secret, the rights.

use super::installation::{LEASE, SECRET, ready};
use super::{Balancer, Installation};
use crate::apiserver::ApiServer;
use crate::client::{Client, trusting};
use crate::process::{Rayguard, eventually};
use crate::review::{self, bytes};

fn errors(rayguard: &Rayguard, message: &str) -> usize {
    rayguard.log().lines().filter(|line| line.contains("\"ERROR\"") && line.contains(message)).count()
}

fn serves(rayguard: &Rayguard, ca: &str) {
    let mut client = Client::connect(rayguard.webhooks, &trusting(ca)).expect("a handshake");
    assert_eq!(client.post("/validate", &bytes(&review::service_create())).status, 200);
}

#[test]
fn without_an_api_server_it_waits_and_later_goes_on_with_what_it_has() {
    let installation = Installation::new("no-api-server");
    let way = Balancer::new();
    let rayguard = installation.start_by(way.address, &[]);
    let because = "not ready: there is no certificate yet: cannot talk to the API server";
    eventually("the reason", || rayguard.ask_admin("/readyz").body.contains(because).then_some(()));
    assert!(rayguard.ask_admin("/readyz").body.contains("not ready: the caBundle does not vouch for the certificate"));
    assert_eq!(rayguard.ask_admin("/livez").status, 200, "a restart would not help");
    let failures = || rayguard.metric(r#"rayguard_certificate_errors_total{part="store"}"#);
    eventually("more attempts", || (failures() >= 3).then_some(()));
    assert_eq!(errors(&rayguard, "cannot keep the certificates"), 1, "said once: {}", rayguard.log());

    way.set(vec![ApiServer::shared().address()]);
    ready(&rayguard);
    rayguard.logged("can keep the certificates again");
    let ca = installation.secret("ca.crt");
    serves(&rayguard, &ca);

    way.cut();
    let before = failures();
    installation.remove(&["ca.key"]);
    eventually("it to notice", || (failures() > before).then_some(()));
    serves(&rayguard, &ca);
    assert_eq!(rayguard.ask_admin("/readyz").body, "ready\n", "what it has is good");

    way.set(vec![ApiServer::shared().address()]);
    eventually("the new CA", || (installation.secret("ca.crt") != ca).then_some(()));
}

#[test]
fn without_rights_it_says_so_and_needs_no_restart_once_it_has_them() {
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
    installation.namespace.send("create -f -", SECRET).passes();
    ready(&rayguard);
    assert_eq!(errors(&rayguard, "cannot take the Lease"), 1, "it goes on without the Lease, and says so");
    installation.namespace.send("create -f -", LEASE).passes();
    installation.remove(&["tls.key"]);
    rayguard.logged("can take the Lease again");
}

#[test]
fn a_secret_that_is_deleted_is_missed_and_made_again_by_others() {
    let installation = Installation::new("secret-deleted");
    let rayguard = installation.start(&[]);
    ready(&rayguard);
    let ca = installation.secret("ca.crt");
    installation.namespace.kubectl("delete secret/rayguard").passes();
    eventually("the log", || (errors(&rayguard, "not found") == 1).then_some(()));
    serves(&rayguard, &ca);
    assert_eq!(rayguard.ask_admin("/readyz").body, "ready\n");

    installation.namespace.send("create -f -", SECRET).passes();
    let new = eventually("a new CA", || Some(installation.secret("ca.crt")).filter(|new| !new.is_empty()));
    assert_ne!(new, ca);
    eventually("its certificate", || Client::connect(rayguard.webhooks, &trusting(&new)).is_ok().then_some(()));
}

#[test]
fn a_lease_that_somebody_holds_delays_a_renewal_for_no_more_than_its_time() {
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
fn an_immutable_secret_is_complained_of() {
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
