//! What becomes of the Pods and actors of worker groups.

use super::actor_timeout::ActorTimeout;
use super::cluster::{Cluster, Storage};
use super::event::Event;
use super::measurement::{TIMEOUT_CHECK, UNKNOWN_WORKERS, WORKER_RESTART};
use super::outage::Outage;
use super::outcome::{ActorOutcome, GroupForecast, PodOutcome, Seconds};
use super::pods::{Doubt, Pods};
use super::timeout::GroupTimeout;
use crate::kuberay::FeatureGate;

/// Returns what an outage does to processes with a timeout. Actors can give up a second before their raylet, which is
/// the timeout itself.
pub(super) fn outlives(timeout: u32, outage: &Outage) -> PodOutcome {
    let timeout = f64::from(timeout);
    if outage.until_found.max.is_some_and(|longest| timeout > longest) {
        PodOutcome::Stays
    } else if !outage.is_silent && timeout + TIMEOUT_CHECK.max < outage.away.min {
        PodOutcome::Exits
    } else {
        PodOutcome::Unknown
    }
}

/// Returns what becomes of each worker group in an event.
pub(super) fn groups(event: Event, outage: &Outage, cluster: &Cluster<'_, '_>) -> Vec<GroupForecast> {
    let forecast = |timeout: &GroupTimeout| {
        let (outcome, after) = group(event, outage, cluster, timeout);
        GroupForecast { name: timeout.name.clone(), outcome, exits_after_seconds: after }
    };
    cluster.groups.iter().map(forecast).collect()
}

fn group(
    event: Event,
    outage: &Outage,
    cluster: &Cluster<'_, '_>,
    timeout: &GroupTimeout,
) -> (PodOutcome, Option<u32>) {
    if timeout.pods.most == 0 {
        return (PodOutcome::None, None);
    }
    if event == Event::Upgrade {
        return (upgraded(cluster), None);
    }
    if event == Event::WorkerLoss {
        return (beside(timeout.pods, cluster), None);
    }
    if !outage.happens {
        return (absent(PodOutcome::Stays, cluster), None);
    }
    if timeout.is_fatal && !timeout.doubts.contains(&Doubt::Command) || cluster.head_crashes {
        return (PodOutcome::Exits, Some(0));
    }
    let seconds = timeout.reconnect_timeout_seconds;
    // With the largest value, a worker never gives up.
    let after = seconds.and_then(|seconds| seconds.checked_add(1)).filter(|_| timeout.doubts.is_empty());
    if cluster.storage == Storage::None {
        // The workers do not belong to the next GCS, however long they wait for it.
        let is_certain = seconds.is_some_and(|seconds| outlives(seconds, outage) == PodOutcome::Exits);
        return (PodOutcome::Exits, if is_certain { after } else { latest_exit(outage) });
    }
    let mut outcome = seconds.map_or(PodOutcome::Unknown, |seconds| outlives(seconds, outage));
    if doubts(event, timeout).next().is_some() {
        outcome = PodOutcome::Unknown;
    }
    // With a silent loss, nobody knows when the timeout starts.
    let after = after.filter(|_| outcome != PodOutcome::Stays && !outage.is_silent);
    (limited(outcome, cluster, PodOutcome::Unknown), after)
}

/// Returns the doubts of a group that count in an event.
pub(super) fn doubts(event: Event, timeout: &GroupTimeout) -> impl Iterator<Item = Doubt> {
    timeout.doubts.iter().copied().filter(move |doubt| *doubt != Doubt::FixedAddress || event.replaces_head())
}

fn upgraded(cluster: &Cluster<'_, '_>) -> PodOutcome {
    if super::upgrade::is_refused(cluster) {
        PodOutcome::Unknown
    } else if super::upgrade::replaces_cluster(cluster) {
        PodOutcome::Exits
    } else {
        absent(PodOutcome::Stays, cluster)
    }
}

/// Returns what becomes of the other Pods of a group if it loses one. KubeRay deletes an incomplete replica of several
/// Pods with `RayMultiHostIndexing` (ray-operator/controllers/ray/raycluster_controller.go).
fn beside(pods: Pods, cluster: &Cluster<'_, '_>) -> PodOutcome {
    if pods.hosts > 1 {
        let is_certain = cluster.context.settings.kuberay.is_enabled(FeatureGate::RayMultiHostIndexing);
        return if is_certain && pods.most <= pods.hosts { PodOutcome::Exits } else { PodOutcome::Unknown };
    }
    absent(if pods.most == 1 { PodOutcome::None } else { PodOutcome::Stays }, cluster)
}

/// Returns the outcome, or unknown if KubeRay runs no Pods for the object.
fn absent(outcome: PodOutcome, cluster: &Cluster<'_, '_>) -> PodOutcome {
    if cluster.absent.is_some() { outcome.min(PodOutcome::Unknown) } else { outcome }
}

/// Returns when workers have exited that the next GCS does not know, in seconds after the end of the GCS.
fn latest_exit(outage: &Outage) -> Option<u32> {
    let latest = (outage.away.max? + UNKNOWN_WORKERS.max).ceil();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in the range of u32")]
    (latest < f64::from(u32::MAX)).then_some(latest as u32)
}

/// Returns the outcome, or a limit if the forecast cannot promise more: a rule denies the object, the cluster may be
/// deleted with its job, or something was not measured or cannot be read.
pub(super) fn limited<T: Ord>(outcome: T, cluster: &Cluster<'_, '_>, limit: T) -> T {
    let is_limited = cluster.storage == Storage::Doubtful || !cluster.limits.is_empty() || cluster.absent.is_some();
    if is_limited { outcome.min(limit) } else { outcome }
}

/// Returns what becomes of detached actors on workers.
pub(super) fn actors(
    event: Event,
    outage: &Outage,
    cluster: &Cluster<'_, '_>,
    groups: &[GroupForecast],
) -> ActorOutcome {
    if event == Event::WorkerLoss {
        return ActorOutcome::Lost;
    }
    // Without workers, all actors are on the head.
    if outage.happens && (cluster.storage == Storage::None || cluster.has_no_workers()) {
        return ActorOutcome::Lost;
    }
    let of_pods = |outcome| match outcome {
        PodOutcome::Stays | PodOutcome::None => ActorOutcome::Kept,
        PodOutcome::Unknown => ActorOutcome::Unknown,
        PodOutcome::Exits => ActorOutcome::Lost,
    };
    let outcomes = || groups.iter().map(|it| it.outcome).filter(|it| *it != PodOutcome::None).map(of_pods);
    let worst = outcomes().min().unwrap_or(ActorOutcome::Kept);
    let best = outcomes().max().unwrap_or(ActorOutcome::Kept);
    // Actors may be in any group.
    let in_pods = if worst == best { worst } else { ActorOutcome::Unknown };
    let alone = match cluster.actor_timeout {
        ActorTimeout::Seconds(seconds) if outage.happens => of_pods(outlives(seconds, outage)),
        ActorTimeout::Unknown if outage.happens => ActorOutcome::Unknown,
        _ if cluster.absent.is_some() => ActorOutcome::Unknown,
        _ => ActorOutcome::Kept,
    };
    in_pods.min(alone)
}

/// Returns how long new work waits: until the next GCS is found, or until a worker that exits is a node again. There is no
/// upper end where a worker starts while the GCS is away, because it may then exit again and wait for kubelet.
pub(super) fn new_work(event: Event, outage: &Outage, cluster: &Cluster<'_, '_>, groups: &[GroupForecast]) -> Seconds {
    let connected = Seconds { min: outage.away.min, max: outage.until_connected().max };
    let is_safe = |group: &&GroupForecast| matches!(group.outcome, PodOutcome::Stays | PodOutcome::None);
    if !outage.happens || groups.iter().all(|group| is_safe(&group)) && cluster.storage == Storage::Works {
        return connected;
    }
    let in_place = cluster.groups.iter().all(|group| group.pods.restart);
    let exits: Option<Vec<_>> =
        groups.iter().filter(|group| !is_safe(group)).map(|group| group.exits_after_seconds.map(f64::from)).collect();
    let latest = exits.filter(|exits| {
        let is_back = |exit: &f64| outage.away.max.is_some_and(|away| *exit > away);
        in_place && event != Event::GcsCrashLoop && exits.iter().all(is_back)
    });
    let latest = latest.map(|exits| exits.into_iter().fold(0.0, f64::max));
    let max = connected.max.zip(latest).map(|(connected, last)| connected.max(last) + WORKER_RESTART.max);
    Seconds { max, ..connected }
}
