//! How long the GCS is away in each event.

use super::cluster::{Cluster, FaultTolerance, Storage};
use super::event::Event;
use super::measurement::{
    BACKOFF, CRASH_BEYOND_BACKOFF, GCS_CRASH, GRACE, HEAD_DELETION, HEAD_LOSS, Measurement, NEW_ADDRESS,
    NODE_DETECTION, ORPHANED_POD, RECONNECT, REDIS_ATTEMPT, STOP_BEYOND_TIMEOUT, TOLERATION,
};
use super::options::Options;
use super::outcome::Seconds;

/// The number of crashes of a crash loop.
const CRASHES: u32 = 5;

/// The outage of the GCS in an event.
#[derive(Clone, Debug)]
pub struct Outage {
    /// The time from the end of the GCS until the next one listens.
    pub away: Seconds,
    /// The time from the end of the GCS until workers have found the next one.
    pub until_connected: Seconds,
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
        until_connected: Seconds::ZERO,
        happens: false,
        is_silent: false,
        evidence: Vec::new(),
        notes: Vec::new(),
    };

    fn of(away: Seconds, evidence: &[&'static Measurement]) -> Self {
        Self { away, happens: true, evidence: evidence.to_vec(), ..Self::NONE }
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
        Event::RedisOutage | Event::RedisDataLoss | Event::WorkerLoss | Event::Upgrade => return Outage::NONE,
    };
    if event.replaces_head() {
        outage = new_pod(outage, cluster, options);
    } else {
        outage = same_pod(outage, cluster);
    }
    if cluster.fault_tolerance == FaultTolerance::RocksDb {
        outage = outage.open("the times are those of Redis, because RocksDB was not measured");
    }
    outage.until_connected = outage.away.plus(RECONNECT.min, RECONNECT.max);
    outage.evidence.push(&RECONNECT);
    if event.replaces_head() {
        outage.until_connected = outage.until_connected.plus(0.0, NEW_ADDRESS.max);
        outage.evidence.push(&NEW_ADDRESS);
    }
    outage
}

/// Reports whether the GCS stores its data in Redis, as far as the object shows it.
fn uses_redis(cluster: &Cluster<'_, '_>) -> bool {
    cluster.object().fault_tolerance.uses_redis() && cluster.storage != Storage::None
}

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
    let mut outage = Outage::of(away, &[&STOP_BEYOND_TIMEOUT]);
    if head.is_none() {
        outage.notes.push("the head's reconnect timeout is not known, and it decides the outage".to_owned());
    }
    outage
}

fn deletion(cluster: &Cluster<'_, '_>) -> Outage {
    let mut outage = Outage::of(range(&HEAD_DELETION), &[&HEAD_DELETION]);
    if cluster.head_may_linger() {
        // The Ray container may end at once, and the Pod when its last container ends.
        outage.away.max = outage.away.max.map(|max| max.max(cluster.grace() + HEAD_LOSS.max));
        outage.evidence.extend([&GRACE, &HEAD_LOSS]);
        let grace = cluster.grace();
        outage.notes.push(format!("another container or a preStop hook can keep the old head Pod for {grace} s"));
    }
    outage
}

fn node_loss(cluster: &Cluster<'_, '_>, options: &Options) -> Outage {
    let toleration = toleration(cluster);
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
    outage.is_silent = true;
    outage
}

/// Returns how long the head tolerates an unreachable node, in seconds; `None` without a limit.
fn toleration(cluster: &Cluster<'_, '_>) -> Option<f64> {
    const UNREACHABLE: [&str; 2] = ["node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"];
    let tolerations = cluster.object().cluster.head.pod_spec().field("tolerations");
    let mut found = tolerations.items().iter().filter(|toleration| {
        let key = toleration.field("key").as_str().unwrap_or_default();
        let effect = toleration.field("effect").as_str().unwrap_or_default();
        let is_any = key.is_empty() && toleration.field("operator").as_str() == Some("Exists");
        (is_any || UNREACHABLE.contains(&key)) && ["", "NoExecute"].contains(&effect)
    });
    let seconds = |toleration: &rayguard_manifest::json::Json<'_>| {
        let seconds = toleration.field("tolerationSeconds").as_i64();
        seconds.map(|seconds| f64::from(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)))
    };
    let Some(first) = found.next().map(seconds) else { return Some(TOLERATION.max) };
    // The longest one counts.
    found.map(seconds).fold(first, |longest, next| Some(longest?.max(next?)))
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
    let away = Seconds { min: outage, max: Some(outage + wait) }.plus(0.0, GCS_CRASH.max);
    Outage::of(away, &[&REDIS_ATTEMPT, &BACKOFF, &GCS_CRASH])
}

/// Adds what only a new head Pod needs.
fn new_pod(mut outage: Outage, cluster: &Cluster<'_, '_>, options: &Options) -> Outage {
    let has_init = !cluster.object().cluster.head.pod_spec().field("initContainers").items().is_empty();
    match options.image_pull {
        Some(seconds) => outage.away.max = outage.away.max.map(|max| max + f64::from(seconds)),
        None if has_init => {
            return outage.open("the head has init containers; give their time with --image-pull");
        }
        None => outage.notes.push("a node with room has the head's image; otherwise give --image-pull".to_owned()),
    }
    outage
}

/// Adds what only a restart of the head's container needs.
fn same_pod(outage: Outage, cluster: &Cluster<'_, '_>) -> Outage {
    if cluster.head_never_restarts() {
        outage.open("the head's container is never restarted, and KubeRay must make a new head Pod: not measured")
    } else if cluster.object().ray_start_override().is_some() {
        outage.open("the head has its own start command, and may not end when its GCS ends: not measured")
    } else {
        outage
    }
}
