//! How long the GCS is away in each event.

use super::cluster::{Cluster, FaultTolerance, Storage};
use super::event::Event;
use super::measurement::{
    BACKOFF, CRASH_BEYOND_BACKOFF, GCS_CRASH, GRACE, HEAD_DELETION, HEAD_LOSS, Measurement, NEW_ADDRESS,
    NODE_DETECTION, ORPHANED_POD, RECONNECT, REDIS_ATTEMPT, STOP_BEYOND_TIMEOUT, TOLERATION,
};
use super::options::Options;
use super::outcome::Seconds;
use super::upgrade::replaces_cluster;
use crate::kuberay::Kind;

/// The number of crashes of a crash loop.
const CRASHES: u32 = 5;

/// The outage of the GCS in an event.
#[derive(Clone, Debug)]
pub struct Outage {
    /// The time from the end of the GCS until the next one listens.
    pub away: Seconds,
    /// The time from the end of the GCS until workers can have found the next one.
    pub until_found: Seconds,
    /// Whether the GCS is away at all.
    pub happens: bool,
    /// Whether the connections of the workers may stay open, so that their timeouts do not start with the outage.
    pub is_silent: bool,
    /// The measurements that the times are computed from.
    pub evidence: Vec<&'static Measurement>,
    /// What the user must know about the times.
    pub notes: Vec<String>,
}

impl Outage {
    const NONE: Self = Self {
        away: Seconds::ZERO,
        until_found: Seconds::ZERO,
        happens: false,
        is_silent: false,
        evidence: Vec::new(),
        notes: Vec::new(),
    };

    fn of(away: Seconds, evidence: &[&'static Measurement]) -> Self {
        Self { away, happens: true, evidence: evidence.to_vec(), ..Self::NONE }
    }

    /// Returns the time from the end of the GCS until workers have found the next one. In a silent loss they notice the
    /// end minutes later, and nobody knows when.
    pub(super) fn until_connected(&self) -> Seconds {
        let max = self.until_found.max.filter(|_| !self.is_silent);
        Seconds { max, ..self.until_found }
    }

    /// Adds the time until workers find the next GCS.
    fn found(mut self, event: Event) -> Self {
        self.until_found = self.away.plus(RECONNECT.min, RECONNECT.max);
        self.evidence.push(&RECONNECT);
        if event.replaces_head() {
            self.until_found = self.until_found.plus(0.0, NEW_ADDRESS.max);
            self.evidence.push(&NEW_ADDRESS);
        }
        self
    }

    /// Adds an upper end that is not known.
    fn open(mut self, note: impl Into<String>) -> Self {
        self.away.max = None;
        self.notes.push(note.into());
        self
    }
}

/// Returns the outage of an event.
pub(super) fn outage(event: Event, cluster: &Cluster<'_, '_>, options: &Options) -> Outage {
    let mut outage = match event {
        Event::GcsCrash => Outage::of(range(&GCS_CRASH), &[&GCS_CRASH]),
        Event::GcsCrashLoop => crash_loop(),
        Event::GcsStop => stop(cluster),
        Event::HeadDeletion => deletion(cluster),
        Event::HeadLoss => Outage::of(range(&HEAD_LOSS), &[&HEAD_LOSS]),
        Event::NodeLoss => node_loss(cluster, options),
        Event::RedisOutage | Event::RedisDataLoss if uses_redis(cluster) => redis_outage(options),
        // KubeRay deletes the head and all workers, and then makes new ones.
        Event::Upgrade if replaces_cluster(cluster) && cluster.object().kind == Kind::RayCluster => {
            return Outage::of(range(&HEAD_LOSS), &[&HEAD_LOSS])
                .open("KubeRay deletes all Pods, and then starts the cluster anew: not measured")
                .found(event);
        }
        Event::RedisOutage | Event::RedisDataLoss | Event::WorkerLoss | Event::Upgrade => return Outage::NONE,
    };
    if event.replaces_head() {
        outage = new_pod(outage, cluster, options);
    } else {
        outage = same_pod(outage, cluster);
    }
    if cluster.head_has_command() {
        outage = outage.open("the head has its own command, and its times were not measured");
    } else if cluster.head_has_probe() {
        outage = outage.open("a probe of the user can restart the head: not measured");
    }
    if cluster.fault_tolerance == FaultTolerance::RocksDb {
        outage = outage.open("the times are those of Redis, because RocksDB was not measured");
    }
    outage.found(event)
}

/// Reports whether the GCS stores its data in Redis, as far as the object shows it.
fn uses_redis(cluster: &Cluster<'_, '_>) -> bool {
    cluster.object().fault_tolerance.uses_redis() && cluster.storage != Storage::None
}

/// The number of seconds after which the GCS is never back, by the end of the timeouts that Ray can represent.
const NEVER: f64 = u32::MAX as f64;

fn range(measurement: &Measurement) -> Seconds {
    Seconds { min: measurement.min, max: Some(measurement.max) }
}

/// Returns kubelet's wait before a restart, which is counted from 1, in seconds. The first restart does not wait.
fn backoff(restart: u32) -> f64 {
    match restart.checked_sub(2) {
        None => 0.0,
        Some(doublings) => (BACKOFF.min * f64::from(2_u32.saturating_pow(doublings))).min(BACKOFF.max),
    }
}

/// The longest of the outages is the last one.
fn crash_loop() -> Outage {
    let last = backoff(CRASHES);
    let away = Seconds { min: last, max: Some(last) }.plus(CRASH_BEYOND_BACKOFF.min, CRASH_BEYOND_BACKOFF.max);
    let mut outage = Outage::of(away, &[&BACKOFF, &CRASH_BEYOND_BACKOFF]);
    outage.notes.push(format!("the times are those of crash {CRASHES}, which is the longest outage of the loop"));
    outage
}

/// `ray start --block` takes SIGTERM of the GCS for a stop. The head stays until its raylet gives up.
fn stop(cluster: &Cluster<'_, '_>) -> Outage {
    let head = cluster.head_timeout;
    let away = Seconds {
        min: f64::from(head.unwrap_or(0)) + STOP_BEYOND_TIMEOUT.min,
        max: head.map(|head| f64::from(head) + STOP_BEYOND_TIMEOUT.max),
    };
    let outage = Outage::of(away, &[&STOP_BEYOND_TIMEOUT]);
    match head {
        None => outage.open("the head's reconnect timeout is not known, and it decides the outage"),
        Some(u32::MAX) => outage.open("the head never gives up on its GCS, so that nothing starts the GCS again"),
        Some(_) => outage,
    }
}

fn deletion(cluster: &Cluster<'_, '_>) -> Outage {
    let mut outage = Outage::of(range(&HEAD_DELETION), &[&HEAD_DELETION]);
    if cluster.head_may_linger() {
        // The Ray container may end at once, and the Pod when its last container ends.
        outage.away.max = outage.away.max.map(|max| max.max(cluster.grace() + HEAD_LOSS.max));
        outage.evidence.extend([&GRACE, &HEAD_LOSS]);
        let grace = cluster.grace();
        outage.notes.push(format!("another container or a preStop hook can keep the old head Pod for {grace} s"));
    } else if cluster.grace() > GRACE.max {
        outage.notes.push(format!("measured with {} s of grace, and the head has more", GRACE.max));
    }
    outage
}

fn node_loss(cluster: &Cluster<'_, '_>, options: &Options) -> Outage {
    let toleration = cluster.toleration();
    let evidence = [&NODE_DETECTION, &TOLERATION, &ORPHANED_POD, &HEAD_LOSS];
    let mut outage = if let Some(recovery) = options.node_recovery {
        let min = f64::from(recovery) + HEAD_LOSS.min;
        let max = f64::from(recovery) + ORPHANED_POD.max + HEAD_LOSS.max;
        Outage::of(Seconds { min, max: Some(max) }, &evidence)
    } else {
        // A cloud can remove the Node object as soon as Kubernetes has noticed the loss.
        let away = Seconds { min: NODE_DETECTION.min + HEAD_LOSS.min, max: None };
        Outage::of(away, &evidence)
            .open("the new head waits until the lost Node object is gone; give its time with --node-recovery")
    };
    outage.notes.push(match toleration {
        Some(seconds) => format!("Kubernetes evicts the head {seconds} s after the node is unreachable"),
        None => "Kubernetes never evicts the head: it tolerates unreachable nodes without a limit".to_owned(),
    });
    outage.notes.push("worker Pods on the lost node are lost too; the forecast is for the others".to_owned());
    outage.notes.push("this assumes that neither Redis nor KubeRay's operator is on the lost node".to_owned());
    outage.notes.push("workers can notice the silent loss minutes later, and new work waits for them".to_owned());
    if options.node_recovery.is_some_and(|seconds| f64::from(seconds) < NODE_DETECTION.min) {
        let min = NODE_DETECTION.min;
        outage.notes.push(format!("Kubernetes notices the loss of a node after {min} s or more by default"));
    }
    outage.is_silent = true;
    match cluster.head_is_tied_to_node() {
        Some(note) => outage.open(note),
        None => outage,
    }
}

/// While Redis is down, each start of the head tries to reach it and exits. Then kubelet waits, longer each time.
fn redis_outage(options: &Options) -> Outage {
    let outage = f64::from(options.redis_outage);
    let (mut now, mut restart, mut wait) = (0.0, 1, 0.0);
    // The shortest attempts reach the longest wait.
    while now + REDIS_ATTEMPT.min <= outage {
        restart += 1;
        wait = backoff(restart);
        now += REDIS_ATTEMPT.min + wait;
        if wait >= BACKOFF.max {
            break;
        }
    }
    let start = if wait > 0.0 { &CRASH_BEYOND_BACKOFF } else { &GCS_CRASH };
    let away = Seconds { min: outage, max: Some(outage + wait) }.plus(0.0, start.max);
    let mut evidence = vec![&REDIS_ATTEMPT, &BACKOFF];
    evidence.push(start);
    Outage::of(away, &evidence)
}

/// Adds what only a new head Pod needs.
fn new_pod(mut outage: Outage, cluster: &Cluster<'_, '_>, options: &Options) -> Outage {
    if cluster.head_is_never_replaced() {
        outage.away.min = NEVER;
        return outage.open("ray.io/disable-provisioned-head-restart: KubeRay makes no new head");
    }
    if cluster.head_uses_host_network() {
        outage.notes.push("hostNetwork: the ports of the head must be free on the node of the new one".to_owned());
    }
    match options.image_pull {
        Some(seconds) => outage.away.max = outage.away.max.map(|max| max + f64::from(seconds)),
        None if cluster.head_has_init_containers() => {
            return outage.open("the head has init containers; give their time with --image-pull");
        }
        None => outage.notes.push("a node with room has the head's image; otherwise give --image-pull".to_owned()),
    }
    outage
}

/// Adds what only a restart of the head's container needs.
fn same_pod(mut outage: Outage, cluster: &Cluster<'_, '_>) -> Outage {
    if cluster.head_never_restarts() {
        return outage
            .open("the head's container is never restarted, and KubeRay must make a new head Pod: not measured");
    }
    outage.notes.push("this assumes that the container has no back-off from earlier restarts".to_owned());
    outage
}
