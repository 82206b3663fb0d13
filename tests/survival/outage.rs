//! The time for which a cluster has no GCS.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::namespace::Namespace;
use crate::pod::Pod;

/// The port of the GCS.
const GCS: u16 = 6379;

/// What was seen of a loss of the GCS. All times are in seconds after the loss was caused.
#[derive(Debug)]
pub(crate) struct Outage {
    /// When the loss was caused.
    pub(crate) began: SystemTime,
    /// When the old GCS no longer listened.
    pub(crate) gcs_lost: f64,
    /// When a GCS listened again.
    pub(crate) gcs_back: f64,
    /// When the head was ready again.
    pub(crate) head_ready: f64,
    /// The workers before the loss.
    pub(crate) workers: Vec<Pod>,
}

impl Outage {
    /// Causes a loss of the head of a cluster, and returns when a head is ready again. Panics if there is none in time.
    pub(crate) fn observe(namespace: &Namespace, cluster: &str, limit: Duration, cause: impl FnOnce(&Pod)) -> Self {
        let old = namespace.ready_head(cluster);
        let workers = namespace.workers(cluster);
        let (began, start) = (SystemTime::now(), Instant::now());
        let seconds = || start.elapsed().as_secs_f64();
        let address = Mutex::new(None::<IpAddr>);
        let is_over = AtomicBool::new(false);
        let marks = Mutex::new((None, None));
        let head_ready = thread::scope(|scope| {
            scope.spawn(|| {
                let poll = |condition: &dyn Fn() -> bool| {
                    while !is_over.load(Ordering::Relaxed) && !condition() {
                        thread::sleep(Duration::from_millis(40));
                    }
                };
                let before = old.address.expect("the address of a ready head");
                poll(&|| !listens(before));
                marks.lock().expect("a lock").0 = Some(seconds());
                poll(&|| address.lock().expect("a lock").is_some_and(listens));
                marks.lock().expect("a lock").1 = Some(seconds());
            });
            cause(&old);
            let mut head_ready = None;
            while head_ready.is_none() && start.elapsed() < limit {
                for head in namespace.heads(cluster) {
                    if !head.is_running || head.is_same_run(&old) {
                        continue;
                    }
                    *address.lock().expect("a lock") = head.address;
                    if head.is_ready && marks.lock().expect("a lock").1.is_some() {
                        head_ready = Some(seconds());
                    }
                }
                thread::sleep(Duration::from_millis(100));
            }
            is_over.store(true, Ordering::Relaxed);
            head_ready
        });
        let (lost, back) = *marks.lock().expect("a lock");
        let head_ready = head_ready.unwrap_or_else(|| panic!("no head within {} s", limit.as_secs()));
        let outage = Self {
            began,
            gcs_lost: lost.expect("the GCS is lost"),
            gcs_back: back.expect("the GCS is back"),
            head_ready,
            workers,
        };
        println!(
            "GCS lost {:.1}, back {:.1}, head ready {:.1}: away {:.1} s",
            outage.gcs_lost,
            outage.gcs_back,
            outage.head_ready,
            outage.away()
        );
        outage
    }

    /// Returns for how long no GCS listened.
    pub(crate) fn away(&self) -> f64 {
        (self.gcs_back - self.gcs_lost).max(0.0)
    }

    /// Reports whether all workers are the same as before the loss, with no restart.
    pub(crate) fn has_same_workers(&self, namespace: &Namespace, cluster: &str) -> bool {
        let now = namespace.workers(cluster);
        now.len() == self.workers.len() && self.workers.iter().all(|old| now.iter().any(|new| new.is_same_run(old)))
    }
}

/// Reports whether a GCS listens at this address.
pub(crate) fn listens(address: IpAddr) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((address, GCS)), Duration::from_millis(300)).is_ok()
}
