//! What becomes of the Pods and actors of worker groups.

use super::cluster::{ActorTimeout, Cluster, GroupTimeout, Storage};
use super::event::Event;
use super::measurement::{TIMEOUT_CHECK, UNKNOWN_WORKERS};
use super::outage::Outage;
use super::outcome::{ActorOutcome, GroupForecast, PodOutcome, Seconds};

/// Returns what an outage does to processes with a timeout. Actors can give up a second before their raylet, which is
/// the timeout itself.
fn outlives(timeout: u32, outage: &Outage) -> PodOutcome {
    let timeout = f64::from(timeout);
    if outage.until_connected.max.is_some_and(|longest| timeout > longest) {
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
    if event == Event::Upgrade && super::forecast::replaces_cluster(cluster) {
        return (PodOutcome::Exits, None);
    }
    if !outage.happens {
        return (PodOutcome::Stays, None);
    }
    if timeout.is_fatal || cluster.head_crashes {
        return (PodOutcome::Exits, Some(0));
    }
    let seconds = timeout.reconnect_timeout_seconds;
    let after = seconds.map(|seconds| seconds.saturating_add(1));
    if cluster.storage == Storage::None {
        // The workers do not belong to the next GCS, however long they wait for it.
        let is_certain = seconds.is_some_and(|seconds| outlives(seconds, outage) == PodOutcome::Exits);
        return (PodOutcome::Exits, if is_certain { after } else { latest_exit(outage) });
    }
    let outcome = seconds.map_or(PodOutcome::Unknown, |seconds| outlives(seconds, outage));
    // With a silent loss, nobody knows when the timeout starts.
    let after = after.filter(|_| outcome != PodOutcome::Stays && !outage.is_silent);
    (limited(outcome, cluster, PodOutcome::Unknown), after)
}

/// Returns when workers have exited that the next GCS does not know, in seconds after the end of the GCS.
fn latest_exit(outage: &Outage) -> Option<u32> {
    let latest = (outage.away.max? + UNKNOWN_WORKERS.max).ceil();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in the range of u32")]
    (latest < f64::from(u32::MAX)).then_some(latest as u32)
}

/// Returns the outcome, or a limit if the forecast cannot promise more: a rule denies the object, or the cluster may be
/// deleted with its job.
pub(super) fn limited<T: Ord>(outcome: T, cluster: &Cluster<'_, '_>, limit: T) -> T {
    let is_limited = cluster.storage == Storage::Doubtful || cluster.is_job();
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
    if outage.happens && (cluster.storage == Storage::None || groups.is_empty()) {
        return ActorOutcome::Lost;
    }
    let of_pods = |outcome| match outcome {
        PodOutcome::Stays => ActorOutcome::Kept,
        PodOutcome::Unknown => ActorOutcome::Unknown,
        PodOutcome::Exits => ActorOutcome::Lost,
    };
    let worst = groups.iter().map(|group| of_pods(group.outcome)).min().unwrap_or(ActorOutcome::Kept);
    let best = groups.iter().map(|group| of_pods(group.outcome)).max().unwrap_or(ActorOutcome::Kept);
    // Actors may be in any group.
    let in_pods = if worst == best { worst } else { ActorOutcome::Unknown };
    let alone = match cluster.actor_timeout {
        ActorTimeout::Seconds(seconds) if outage.happens => of_pods(outlives(seconds, outage)),
        ActorTimeout::Unknown if outage.happens => ActorOutcome::Unknown,
        _ => ActorOutcome::Kept,
    };
    in_pods.min(alone)
}

/// Returns how long new work waits: until the next GCS is found, or until a worker that exits is a node again.
pub(super) fn new_work(outage: &Outage, cluster: &Cluster<'_, '_>, groups: &[GroupForecast]) -> Seconds {
    let restart = super::measurement::WORKER_RESTART.max;
    let connected = Seconds { min: outage.away.min, max: outage.until_connected.max };
    let all_stay = groups.iter().all(|group| group.outcome == PodOutcome::Stays);
    if !outage.happens || all_stay && cluster.storage == Storage::Works {
        return connected;
    }
    let exits: Option<Vec<_>> = groups
        .iter()
        .filter(|group| group.outcome != PodOutcome::Stays)
        .map(|group| group.exits_after_seconds)
        .collect();
    let last = exits.map(|exits| exits.into_iter().max().map_or(0.0, f64::from));
    let max = connected.max.zip(last).map(|(connected, last)| connected.max(last) + restart);
    Seconds { max, ..connected }
}
