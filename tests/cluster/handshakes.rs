//! A client that connects again and again. kube-apiserver keeps its connections, so it alone would not see each
//! certificate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rayguard_test_client::client::{Client, trusting_all};

use crate::release::{Release, Replica, ca_bundles};
use crate::report::record_figure;
use rayguard_test_client::node::Node;

/// Connects to each replica repeatedly, and trusts the `caBundle`s of that moment.
pub(crate) struct Handshakes {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(u32, Vec<String>)>,
}

impl Handshakes {
    pub(crate) fn start(release: &Release, replicas: &[Replica]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let targets: Vec<SocketAddr> = replicas.iter().map(Replica::webhooks).collect();
        let (stopped, name) = (Arc::clone(&stop), release.server_name());
        let thread = thread::spawn(move || {
            let (node, mut good, mut lost) = (Node::get(), 0, Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                for bundle in node.runtime.block_on(ca_bundles(&node.client)) {
                    for target in &targets {
                        match Client::connect_by_name(*target, &trusting_all(&bundle), &name) {
                            Ok(_) => good += 1,
                            Err(error) => lost.push(format!("{target}: {error}")),
                        }
                    }
                }
                thread::sleep(Duration::from_millis(100)); // limits the rate, because there are only two cores
            }
            (good, lost)
        });
        Self { stop, thread }
    }

    /// Stops the connections, and asserts that no handshake failed.
    #[track_caller]
    pub(crate) fn assert_nothing_lost(self) {
        self.stop.store(true, Ordering::Relaxed);
        let (good, lost) = self.thread.join().expect("no panic");
        assert!(lost.is_empty(), "lost {} handshakes; the first: {:#?}", lost.len(), &lost[..lost.len().min(5)]);
        assert!(good > 0, "there were no handshakes");
        record_figure("handshakes with single Pods meanwhile", format!("0 lost of {good}"));
    }
}
