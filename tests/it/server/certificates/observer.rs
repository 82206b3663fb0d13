//! A client that calls continuously and counts lost calls.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kube::api::{Api, DynamicObject, PostParams};
use rayguard_test_client::client::{Client, trusting_all};
use tokio::runtime::Runtime;

use super::Installation;
use crate::server::apiserver::webhooks::PROBE;

/// The minimum number of calls per second.
const RATE: u32 = 20;

/// A stream of dry-run creates through kube-apiserver, whose webhooks have `failurePolicy: Fail`, and clients that
/// connect to each replica repeatedly and trust the `caBundle`s of that moment. kube-apiserver keeps its connections,
/// so it alone would not see each certificate.
pub(crate) struct Observer {
    stop: Arc<AtomicBool>,
    replicas: Arc<Mutex<Vec<SocketAddr>>>,
    calls: JoinHandle<Outcome>,
    handshakes: JoinHandle<Outcome>,
    /// The runtime of both threads and of their clients. Neither thread may end it while the other runs.
    _runtime: Runtime,
}

/// The results of calls.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) good: u32,
    pub(crate) lost: Vec<String>,
}

impl Observer {
    pub(crate) fn start(installation: &Installation) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let replicas = Arc::<Mutex<Vec<SocketAddr>>>::default();
        let namespace = &installation.namespace;
        let object: DynamicObject = namespace.read(PROBE);
        let runtime = Runtime::new().expect("a runtime");
        let clusters = runtime.block_on(namespace.api("RayCluster"));
        let client = runtime.block_on(namespace.client());
        let configuration = installation.configuration();

        let (stopped, targets) = (Arc::clone(&stop), Arc::clone(&replicas));
        let handle = runtime.handle().clone();
        let handshakes = thread::spawn(move || {
            let mut outcome = Outcome::default();
            while !stopped.load(Ordering::Relaxed) {
                let bundles = handle.block_on(bundles(&client, &configuration));
                for address in targets.lock().expect("no panic").clone() {
                    for bundle in &bundles {
                        match Client::connect(address, &trusting_all(bundle)) {
                            Ok(_) => outcome.good += 1,
                            Err(error) => outcome.lost.push(format!("{address}: {error}")),
                        }
                    }
                }
                thread::sleep(Duration::from_millis(20));
            }
            outcome
        });
        let (stopped, handle) = (Arc::clone(&stop), runtime.handle().clone());
        let calls = thread::spawn(move || handle.block_on(call(&clusters, &object, &stopped)));
        Self { stop, replicas, calls, handshakes, _runtime: runtime }
    }

    /// Sets the replicas to connect to.
    pub(crate) fn watch(&self, replicas: Vec<SocketAddr>) {
        *self.replicas.lock().expect("no panic") = replicas;
    }

    /// Stops the calls, and asserts that none was lost.
    pub(crate) fn assert_nothing_lost(self) {
        self.stop.store(true, Ordering::Relaxed);
        let [calls, handshakes] = [self.calls, self.handshakes].map(|thread| thread.join().expect("no panic"));
        for (what, Outcome { good, lost }) in [("calls", &calls), ("handshakes", &handshakes)] {
            let first = &lost[..lost.len().min(3)];
            assert!(lost.is_empty(), "lost {} {what}, {good} were good; the first: {first:#?}", lost.len());
        }
        assert!(calls.good > 50 && handshakes.good > 20, "{} and {}", calls.good, handshakes.good);
    }
}

async fn call(clusters: &Api<DynamicObject>, object: &DynamicObject, stop: &AtomicBool) -> Outcome {
    let (mut outcome, mut ticks) = (Outcome::default(), tokio::time::interval(Duration::from_secs(1) / RATE));
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let begun = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        match clusters.create(&dry_run, object).await {
            Ok(_) => outcome.good += 1,
            Err(error) => outcome.lost.push(format!("after {:?}: {}", begun.elapsed(), reason(&error))),
        }
    }
    outcome
}

fn reason(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        error => error.to_string(),
    }
}

/// Returns the `caBundle` of each configuration.
async fn bundles(client: &kube::Client, name: &str) -> Vec<String> {
    use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
    let mutating =
        Api::<MutatingWebhookConfiguration>::all(client.clone()).get(name).await.expect("the configuration exists");
    let validating =
        Api::<ValidatingWebhookConfiguration>::all(client.clone()).get(name).await.expect("the configuration exists");
    let mutating = mutating.webhooks.into_iter().flatten().map(|webhook| webhook.client_config.ca_bundle);
    let validating = validating.webhooks.into_iter().flatten().map(|webhook| webhook.client_config.ca_bundle);
    let bundles = mutating.chain(validating).map(|bundle| bundle.unwrap_or_default().0);
    bundles.map(|pem| String::from_utf8(pem).expect("PEM")).collect()
}
