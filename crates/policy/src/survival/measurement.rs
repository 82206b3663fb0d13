//! The durations from which a forecast is computed. Every number of the model is one of these.

use serde::Serialize;

/// A measured or documented duration, in seconds.
#[derive(Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// The name, in kebab case. A forecast names its evidence by it.
    pub name: &'static str,
    /// What the duration is.
    pub what: &'static str,
    /// The shortest duration, in seconds.
    pub min: f64,
    /// The longest duration, in seconds.
    pub max: f64,
    /// Where the numbers are from, with the versions of what was measured.
    pub source: &'static str,
}

/// The GCS is killed in a container that was not restarted before.
pub static GCS_CRASH: Measurement = Measurement {
    name: "gcs-crash",
    what: "from SIGKILL of the GCS until it listens again, in a container that was not restarted before",
    min: 2.5,
    max: 11.8,
    source: "tests/survival, Ray 2.46 to 2.60, KubeRay 1.6.2: 14 runs; the longest on a busy machine",
};

/// A later crash of the GCS, beyond the back-off.
pub static CRASH_BEYOND_BACKOFF: Measurement = Measurement {
    name: "crash-beyond-backoff",
    what: "what the outage of the 2nd to 6th crash in one Pod lasts longer than kubelet's back-off",
    min: 5.2,
    max: 16.1,
    source: "tests/survival, Ray 2.57.1, KubeRay 1.6.2: 18 runs; the longest on a busy machine",
};

/// The first and the longest back-off of kubelet.
pub static BACKOFF: Measurement = Measurement {
    name: "kubelet-backoff",
    what: "the wait before the 2nd restart of a container; it doubles with each restart up to the maximum",
    min: 10.0,
    max: 300.0,
    source: "Kubernetes' documentation of CrashLoopBackOff; tests/survival saw 10 to 300 s",
};

/// A GCS that is stopped by SIGTERM, beyond the head's timeout.
pub static STOP_BEYOND_TIMEOUT: Measurement = Measurement {
    name: "stop-beyond-timeout",
    what: "what the first outage after SIGTERM to the GCS lasts longer than the head's reconnect timeout",
    min: 4.4,
    max: 20.7,
    source: "tests/survival, Ray 2.46 and 2.57.1, KubeRay 1.6.2: 11 runs; the longest on a busy machine",
};

/// A head Pod that is deleted with its grace period.
pub static HEAD_DELETION: Measurement = Measurement {
    name: "head-deletion",
    what: "from the end of the GCS until the next one listens, after the head Pod was deleted with 30 s of grace",
    min: 3.3,
    max: 27.5,
    source: "tests/survival, Ray 2.46 and 2.57.1, KubeRay 1.6.2: 12 runs; the longest on a busy machine",
};

/// A head Pod that is gone at once.
pub static HEAD_LOSS: Measurement = Measurement {
    name: "head-loss",
    what: "from the end of the GCS until the next one listens, after the head Pod was deleted without grace",
    min: 0.6,
    max: 12.5,
    source: "tests/survival, Ray 2.57.1, KubeRay 1.6.2: more than 30 runs; the longest on a busy machine",
};

/// The grace period of a Pod that sets none.
pub static GRACE: Measurement = Measurement {
    name: "grace-period",
    what: "the grace period of a Pod that sets no terminationGracePeriodSeconds",
    min: 30.0,
    max: 30.0,
    source: "Kubernetes' API",
};

/// A new head has a new IP address.
pub static NEW_ADDRESS: Measurement = Measurement {
    name: "new-address",
    what: "from when a new head's GCS listens until its Service's name leads workers to it",
    min: 0.9,
    max: 60.0,
    source: "tests/survival: 3 runs, 0.9 to 7.1 s; 30 s in the DNS cache of kubeadm, and 30 s in one on the node",
};

/// Workers find the GCS again.
pub static RECONNECT: Measurement = Measurement {
    name: "reconnect",
    what: "from when the GCS can be reached until a worker is connected",
    min: 0.2,
    max: 1.6,
    source: "Ray 2.52: 7 runs; tests/survival, Ray 2.57.1: 1 run",
};

/// A raylet checks the timeout once a second.
pub static TIMEOUT_CHECK: Measurement = Measurement {
    name: "timeout-check",
    what: "from the reconnect timeout until the raylet exits",
    min: 0.9,
    max: 1.1,
    source: "Ray 2.52 and 2.60: all runs",
};

/// A head that starts without Redis.
pub static REDIS_ATTEMPT: Measurement = Measurement {
    name: "redis-attempt",
    what: "how long a starting head tries to reach Redis until it exits",
    min: 2.0,
    max: 68.0,
    source: "Ray 2.52: 62 to 68 s, 120 attempts each 500 ms; 2 s if the name of Redis has no address",
};

/// Workers that a new GCS does not know.
pub static UNKNOWN_WORKERS: Measurement = Measurement {
    name: "unknown-workers",
    what: "from when the next GCS listens until workers exit that it does not know, because nothing was stored",
    min: 26.7,
    max: 51.0,
    source: "tests/survival, Ray 2.57.1, KubeRay 1.6.2: 3 runs; Ray 2.52: 1 run",
};

/// A worker container that exits is a new node later.
pub static WORKER_RESTART: Measurement = Measurement {
    name: "worker-restart",
    what: "from the exit of a worker's container until it is a node again",
    min: 2.0,
    max: 30.0,
    source: "tests/survival, Ray 2.57.1, KubeRay 1.6.2: 1 run",
};

/// Requests while replicas keep running.
pub static SERVE_ANSWERED: Measurement = Measurement {
    name: "serve-answered",
    what: "the slowest of 30,500 requests while the head Pod was lost, with replicas on two workers; none failed",
    min: 0.0,
    max: 6.9,
    source: "tests/survival, Ray 2.57.1, KubeRay 1.6.2: 9 runs; the slowest on a busy machine",
};

/// Requests to a head whose container has just ended.
pub static SERVE_CRASH: Measurement = Measurement {
    name: "serve-crash",
    what: "how long requests are refused after a crash of the GCS, because the head still takes some: 9 of 1,260 failed",
    min: 0.0,
    max: 0.9,
    source: "tests/survival, Ray 2.57.1, KubeRay 1.6.2: 2 runs",
};

/// Requests without fault tolerance.
pub static SERVE_WITHOUT_STORAGE: Measurement = Measurement {
    name: "serve-without-storage",
    what: "how long requests fail after the head was lost, without fault tolerance and with two workers",
    min: 11.3,
    max: 14.3,
    source: "tests/survival, Ray 2.57.1, KubeRay 1.6.2: 2 runs",
};

/// A single replica on the head.
pub static SERVE_ON_HEAD: Measurement = Measurement {
    name: "serve-on-head",
    what: "how long requests fail after the head was lost, with the only replica on the head",
    min: 18.2,
    max: 18.2,
    source: "tests/survival, Ray 2.57.1, KubeRay 1.6.2: 1 run",
};

/// A single replica on a lost worker.
pub static SERVE_HELD: Measurement = Measurement {
    name: "serve-held",
    what: "how long a request is held after the worker with the only replica was lost; none failed",
    min: 13.6,
    max: 15.4,
    source: "tests/survival, Ray 2.57.1, KubeRay 1.6.2: 2 runs",
};

/// Kubernetes notices that a node is lost.
pub static NODE_DETECTION: Measurement = Measurement {
    name: "node-detection",
    what: "from the loss of a node until Kubernetes marks it as unreachable",
    min: 40.0,
    max: 50.0,
    source: "Kubernetes' defaults (node-monitor-grace-period)",
};

/// The toleration of a Pod that sets none.
pub static TOLERATION: Measurement = Measurement {
    name: "toleration",
    what: "how long a Pod without its own tolerations stays on an unreachable node before it is evicted",
    min: 300.0,
    max: 300.0,
    source: "Kubernetes' defaults (DefaultTolerationSeconds)",
};

/// Pods of a Node object that is gone.
pub static ORPHANED_POD: Measurement = Measurement {
    name: "orphaned-pod",
    what: "from the end of a Node object until its Pods are removed",
    min: 0.0,
    max: 60.0,
    source: "Kubernetes' Pod garbage collector: a quarantine of 40 s, and a check each 20 s",
};

/// All measurements, in the order of the documentation.
pub static MEASUREMENTS: [&Measurement; 21] = [
    &GCS_CRASH,
    &CRASH_BEYOND_BACKOFF,
    &BACKOFF,
    &STOP_BEYOND_TIMEOUT,
    &HEAD_DELETION,
    &HEAD_LOSS,
    &GRACE,
    &NEW_ADDRESS,
    &RECONNECT,
    &TIMEOUT_CHECK,
    &REDIS_ATTEMPT,
    &UNKNOWN_WORKERS,
    &WORKER_RESTART,
    &SERVE_ANSWERED,
    &SERVE_CRASH,
    &SERVE_WITHOUT_STORAGE,
    &SERVE_ON_HEAD,
    &SERVE_HELD,
    &NODE_DETECTION,
    &TOLERATION,
    &ORPHANED_POD,
];
