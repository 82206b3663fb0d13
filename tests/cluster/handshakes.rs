//! Whoever connects anew all the time: kube-apiserver keeps its connections, so it alone would not meet each certificate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::node::Node;
use crate::release::{Release, Replica, ca_bundles};
use crate::report::measured;
use rayguard_test_client::client::{Client, trusting_all};

/// Connects to each replica over and over, and trusts what the `caBundle`s say at that moment.
pub(crate) struct Handshakes {
    over: Arc<AtomicBool>,
    thread: JoinHandle<(u32, Vec<String>)>,
}

impl Handshakes {
    pub(crate) fn start(release: &Release, replicas: &[Replica]) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let targets: Vec<SocketAddr> = replicas.iter().map(Replica::webhooks).collect();
        let (ends, name) = (Arc::clone(&over), release.server_name());
        let thread = thread::spawn(move || {
            let (node, mut good, mut lost) = (Node::get(), 0, Vec::new());
            while !ends.load(Ordering::Relaxed) {
                for bundle in node.runtime.block_on(ca_bundles(&node.client)) {
                    for target in &targets {
                        match Client::connect_by_name(*target, &trusting_all(&bundle), &name) {
                            Ok(_) => good += 1,
                            Err(error) => lost.push(format!("{target}: {error}")),
                        }
                    }
                }
                thread::sleep(Duration::from_millis(100)); // a pace, for there are only two cores
            }
            (good, lost)
        });
        Self { over, thread }
    }

    /// Ends it; none may have failed.
    #[track_caller]
    pub(crate) fn lost_nothing(self) {
        self.over.store(true, Ordering::Relaxed);
        let (good, lost) = self.thread.join().expect("no panic");
        assert!(lost.is_empty(), "lost {} handshakes; the first: {:#?}", lost.len(), &lost[..lost.len().min(5)]);
        assert!(good > 0, "there were none");
        measured("handshakes with single Pods meanwhile", format!("0 lost of {good}"));
    }
}
