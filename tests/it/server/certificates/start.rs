//! The first start, and a `caBundle` that another client wipes.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rayguard_test_client::client::{Client, trusting};
use serde_json::json;

use super::Installation;
use super::installation::ready;
use crate::server::apiserver::webhooks::PROBE;
use crate::server::process::{Rayguard, eventually};
use crate::server::tls::Authority;

const NEW_CA: &str = r#"rayguard_certificate_renewals_total{role="ca"}"#;

#[test]
fn five_replicas_started_together_agree_on_one_ca() {
    let installation = Installation::new("five-replicas");
    let replicas: Vec<Rayguard> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..5).map(|_| scope.spawn(|| installation.start(&[]))).collect();
        starting.into_iter().map(|starting| starting.join().expect("it starts")).collect()
    });
    eventually("readiness of all", || {
        // The others are counted first, so that no replica becomes ready between the two counts.
        let others = replicas.iter().filter(|replica| replica.metric(NEW_CA) == 0);
        let others = others.filter(|replica| replica.ask_admin("/readyz").status == 200).count();
        let creators = replicas.iter().filter(|replica| replica.metric(NEW_CA) == 1);
        let creators = creators.filter(|replica| replica.ask_admin("/readyz").status == 200).count();
        assert!(others == 0 || creators == 1, "{others} were ready before the replica that created the CA");
        (others == 4 && creators == 1).then_some(())
    });

    let ca = installation.secret("ca.crt");
    assert_eq!(installation.ca_bundles(), [ca.clone(), ca.clone()]);
    for replica in &replicas {
        Client::connect(replica.webhooks, &trusting(&ca)).expect("all serve a certificate of this CA");
        assert_eq!(replica.metric("rayguard_cabundle_in_sync"), 1);
        for role in ["leaf", "ca"] {
            let expiry = replica.metric(&format!(r#"rayguard_tls_certificate_not_after_seconds{{role="{role}"}}"#));
            assert!(expiry > 1_700_000_000);
        }
    }
    assert_eq!(replicas.iter().map(|replica| replica.metric(NEW_CA)).sum::<u64>(), 1);

    let secret = installation.namespace.get("secret/rayguard");
    assert_eq!((&secret["type"], &secret["metadata"]["labels"]), (&json!("Opaque"), &json!({"app": "x"})));
    let keys: Vec<_> = secret["data"].as_object().expect("data").keys().map(String::as_str).collect();
    assert_eq!(keys, ["ca.crt", "ca.key", "tls.crt", "tls.key"]);
    let lease = installation.namespace.get("lease/rayguard");
    assert!(lease["spec"].get("holderIdentity").is_none(), "it was released: {lease}");

    // The API server calls them.
    installation.balancer.set(replicas.iter().map(|replica| replica.webhooks).collect());
    eventually("a call that gets through", || {
        installation.namespace.send("create --dry-run=server -f -", PROBE).success().then_some(())
    });
}

#[test]
fn a_wiped_or_changed_ca_bundle_is_restored_and_no_other_field_is_owned() {
    let installation = Installation::new("wiped");
    let rayguard = installation.start(&[]);
    ready(&rayguard);
    let ca = installation.secret("ca.crt");
    let other = Authority::new().0.pem();
    for (kind, bundle) in [("mutating", ""), ("validating", ""), ("mutating", &*other), ("validating", "garbage")] {
        let bundle = BASE64_STANDARD.encode(bundle);
        let wiped = json!([{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle}]);
        let object = format!("{kind}webhookconfiguration/{}", installation.configuration());
        installation.namespace.json_patch(&object, &wiped).passes();
        let start = Instant::now();
        eventually("the CA", || installation.ca_bundles().iter().all(|bundle| bundle.contains(&ca)).then_some(()));
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert_eq!(
            rayguard.ask_admin("/readyz").status,
            200,
            "a probe in the meantime removes no Pod from the Service"
        );
    }
    assert!(installation.ca_bundles()[0].contains(&other), "a foreign CA stays for a while");

    for kind in ["mutating", "validating"] {
        let object =
            installation.namespace.get(&format!("{kind}webhookconfiguration/{}", installation.configuration()));
        let managers = object["metadata"]["managedFields"].as_array().expect("managers");
        let ours = managers.iter().find(|manager| manager["manager"] == "rayguard").expect("one of them");
        let webhooks = ours["fieldsV1"]["f:webhooks"].as_object().expect("webhooks");
        assert_eq!(ours["fieldsV1"].as_object().expect("fields").len(), 1, "{ours}");
        for webhook in webhooks.values() {
            let fields: Vec<_> = webhook.as_object().expect("fields").keys().map(String::as_str).collect();
            assert_eq!(fields, [".", "f:clientConfig", "f:name"], "{ours}");
            assert_eq!(webhook["f:clientConfig"], json!({"f:caBundle": {}}));
        }
    }
}

#[test]
fn a_later_replica_becomes_ready_with_the_same_certificate() {
    let installation = Installation::new("later");
    let first = installation.start(&[]);
    ready(&first);
    let cert = installation.secret("tls.crt");
    let second = installation.start(&[]);
    ready(&second);
    assert_eq!(installation.secret("tls.crt"), cert);
    let served = |rayguard: &Rayguard| {
        let client = Client::connect(rayguard.webhooks, &trusting(&installation.secret("ca.crt"))).expect("trusted");
        client.stream.conn.peer_certificates().expect("certificates")[0].to_vec()
    };
    assert_eq!(served(&first), served(&second));
}
