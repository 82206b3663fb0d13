//! Failures around rayguard while calls are made: a restart of kube-apiserver, a paused etcd, and the sudden end of a
//! replica.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kube::api::{Api, DynamicObject, PostParams};
use rayguard_test_client::client::{Client, trusting};
use serde_json::json;

use super::Installation;
use super::installation::ready;
use crate::server::abuse::figure;
use crate::server::apiserver::webhooks::PROBE;
use crate::server::apiserver::{ApiServer, BAD_CLUSTER};
use crate::server::process::{Rayguard, eventually};
use crate::server::review::{self, bytes};

/// Calls rayguard for a while, over a kept connection and over new ones, and returns the number of calls and the
/// slowest.
fn call(rayguard: &Rayguard, ca: &str, time: Duration) -> (usize, Duration) {
    let (start, body) = (Instant::now(), bytes(&review::service_create()));
    let mut kept = Client::connect(rayguard.webhooks, &trusting(ca)).expect("a handshake");
    let (mut count, mut slowest) = (0, Duration::ZERO);
    while start.elapsed() < time {
        let begun = Instant::now();
        assert_eq!(kept.post("/validate", &body).review()["allowed"], true);
        let mut new = Client::connect(rayguard.webhooks, &trusting(ca)).expect("a handshake");
        assert_eq!(new.post("/mutate", &body).review()["allowed"], true);
        assert_eq!(rayguard.ask_admin("/readyz").body, "ready\n", "its certificate is still valid");
        (count, slowest) = (count + 2, slowest.max(begun.elapsed()));
        thread::sleep(Duration::from_millis(10));
    }
    (count, slowest)
}

#[test]
fn reviews_continue_while_kube_apiserver_restarts_or_etcd_stops() {
    // A separate API server, which ends with the tests.
    let server: &ApiServer = Box::leak(Box::new(ApiServer::start()));
    let installation = Installation::on(server, "faults");
    let rayguard = installation.start(&[]);
    ready(&rayguard);
    installation.balancer.set(vec![rayguard.webhooks]);
    let ca = installation.secret("ca.crt");
    let wipe = |kind: &str| {
        let wiped = json!([{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": BASE64_STANDARD.encode("")}]);
        installation
            .namespace
            .json_patch(&format!("{kind}webhookconfiguration/{}", installation.configuration()), &wiped)
            .passes();
    };
    let is_healed = || installation.ca_bundles().iter().all(|bundle| bundle.contains(&ca)).then_some(());
    let is_called = || installation.namespace.send("create --dry-run=server -f -", PROBE).success().then_some(());
    eventually("a call that gets through", is_called);

    server.pause_etcd(true);
    let (count, slowest) = call(&rayguard, &ca, Duration::from_secs(3));
    server.pause_etcd(false);
    let start = Instant::now();
    eventually("kube-apiserver", || server.kubectl("default").run("get --raw /readyz").success().then_some(()));
    wipe("mutating");
    eventually("the CA", is_healed);
    let healed = start.elapsed();
    eventually("a call that gets through", is_called);
    figure!(
        "etcd stopped for 3 s: {count} of {count} reviews answered, the slowest in {slowest:?}; a caBundle wiped afterwards was restored {healed:?} after it continued"
    );

    let again = server.restart();
    let (count, slowest) = call(&rayguard, &ca, Duration::from_secs(2));
    again.until("kube-apiserver gets ready", || {
        server.kubectl("default").run("get --raw /readyz").success().then_some(())
    });
    let start = Instant::now();
    wipe("validating");
    eventually("the CA", is_healed);
    let healed = start.elapsed();
    eventually("a call that gets through", is_called);
    assert_eq!(installation.secret("ca.crt"), ca);
    figure!(
        "kube-apiserver killed and restarted: {count} of {count} reviews answered meanwhile, the slowest in {slowest:?}; a caBundle wiped afterwards was restored in {healed:?}"
    );
}

/// The results of creates.
#[derive(Debug, Default)]
struct Outcome {
    admitted: usize,
    refused: usize,
    /// Refused by `failurePolicy`, because no webhook answered
    failed: usize,
}

/// Creates an object repeatedly, as dry runs.
async fn create(clusters: &Api<DynamicObject>, object: &DynamicObject, stop: &AtomicBool) -> Outcome {
    let (mut outcome, dry_run) = (Outcome::default(), PostParams { dry_run: true, ..PostParams::default() });
    while !stop.load(Ordering::Relaxed) {
        match clusters.create(&dry_run, object).await {
            Ok(_) => outcome.admitted += 1,
            Err(kube::Error::Api(status)) if status.message.contains("denied the request") => outcome.refused += 1,
            Err(kube::Error::Api(status)) if status.message.contains("failed calling webhook") => outcome.failed += 1,
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    outcome
}

#[test]
fn killing_replicas_under_load_admits_no_bad_object() {
    let installation = Installation::new("killed");
    let mut replicas: Vec<_> = (0..2).map(|_| installation.start(&[])).collect();
    replicas.iter().for_each(ready);
    let set = |replicas: &[Rayguard]| installation.balancer.set(replicas.iter().map(|it| it.webhooks).collect());
    set(&replicas);
    let namespace = &installation.namespace;
    eventually("a call that gets through", || {
        namespace.send("create --dry-run=server -f -", PROBE).success().then_some(())
    });
    let [good, bad]: [DynamicObject; 2] = [PROBE, BAD_CLUSTER].map(|manifest| namespace.read(manifest));
    let (runtime, stop) = (tokio::runtime::Runtime::new().expect("a runtime"), AtomicBool::new(false));
    let clusters = runtime.block_on(namespace.api("RayCluster"));
    let (good, bad) = thread::scope(|scope| {
        let load = [&good, &bad].map(|object| scope.spawn(|| runtime.block_on(create(&clusters, object, &stop))));
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(500));
            let killed = replicas.remove(0);
            killed.signal("KILL");
            killed.wait();
            // The time that kube-proxy may need to notice.
            thread::sleep(Duration::from_millis(300));
            set(&replicas);
            let new = installation.start(&[]);
            ready(&new);
            replicas.push(new);
            set(&replicas);
        }
        stop.store(true, Ordering::Relaxed);
        let [good, bad] = load.map(|load| load.join().expect("no panic"));
        (good, bad)
    });
    assert_eq!((bad.admitted, good.refused), (0, 0), "{good:?} {bad:?}");
    assert!(bad.refused > 20 && good.admitted > 20, "{good:?} {bad:?}");
    figure!(
        "3 replicas killed by SIGKILL under load: of {} bad objects none was admitted; of {} good ones {} were refused, because no replica answered",
        bad.refused + bad.failed,
        good.admitted + good.failed,
        good.failed
    );
}
