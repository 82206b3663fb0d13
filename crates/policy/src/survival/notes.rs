//! The notes on what limits the outcomes of an event, or what they assume.

use super::actor_timeout::ActorTimeout;
use super::cluster::{Cluster, Storage};
use super::event::Event;
use super::outage::Outage;
use super::upgrade::{is_refused, replaces_cluster};
use super::{requests, workers};
use crate::kuberay::Kind;
use crate::rules;

/// Returns the notes on an event, besides those on the times of the outage and on requests.
pub(super) fn notes(event: Event, outage: &Outage, cluster: &Cluster<'_, '_>) -> Vec<String> {
    let mut notes: Vec<_> = cluster.absent.into_iter().map(str::to_owned).collect();
    let is_upgrade = event == Event::Upgrade;
    if outage.happens && !is_upgrade {
        notes.extend(outage_notes(event, cluster));
    }
    notes.extend(match event {
        Event::WorkerLoss => worker_loss(cluster),
        Event::Upgrade => upgrade(cluster).map(str::to_owned).into_iter().collect(),
        Event::RedisOutage | Event::RedisDataLoss if !outage.happens => vec![without_redis(cluster).to_owned()],
        _ => Vec::new(),
    });
    notes
}

fn outage_notes(event: Event, cluster: &Cluster<'_, '_>) -> Vec<String> {
    let mut notes = cluster.limits.clone();
    notes.extend(cluster.doubting_rules().into_iter().map(|(rule, denies)| doubt(rule, denies)));
    let mut push = |note: &str| notes.push(note.to_owned());
    if event == Event::RedisDataLoss {
        push("give Redis an append-only file on a volume that outlives its Pod");
    }
    if cluster.redis_is_in_head && event.replaces_head() {
        push("Redis has the address of the head, and is lost with its Pod");
    }
    if cluster.finding(&rules::PRE_STOP_RAY_STOP).is_some() && event == Event::HeadDeletion {
        push("pre-stop-ray-stop: the hook can delay the end of the old head");
    }
    match cluster.actor_timeout {
        ActorTimeout::OfPod => {}
        ActorTimeout::Seconds(_) => {
            push("system-config sets the reconnect timeout of all actors, whatever their Pods have");
        }
        ActorTimeout::Unknown => {
            push("system-config is no plain JSON in quotes, and may set the timeout of all actors");
        }
    }
    if cluster.storage != Storage::None {
        let mut doubts: Vec<_> = cluster.groups.iter().flat_map(|group| workers::doubts(event, group)).collect();
        doubts.dedup();
        for doubt in doubts {
            push(doubt.note());
        }
    }
    notes.sort_unstable();
    notes.dedup();
    notes
}

fn doubt(rule: &str, denies: bool) -> String {
    if denies {
        format!("{rule} denies the object")
    } else if rule == rules::FAULT_TOLERANCE_WITHOUT_EFFECT.name {
        format!("{rule} warns that fault tolerance has no use here")
    } else {
        format!("{rule} warns that the next GCS may not find the data")
    }
}

fn worker_loss(cluster: &Cluster<'_, '_>) -> Vec<String> {
    let mut notes =
        vec!["the actors of the lost Pod are lost; those with max_restarts start again, without state".to_owned()];
    if cluster.groups.iter().any(|group| group.pods.hosts > 1 && group.pods.most > 0) {
        notes.push("KubeRay 1.6 deletes all Pods of the lost Pod's replica (numOfHosts)".to_owned());
    }
    notes
}

fn upgrade(cluster: &Cluster<'_, '_>) -> Option<&'static str> {
    if is_refused(cluster) {
        Some("KubeRay refuses the upgradeStrategy")
    } else if requests::has_fixed_namespace(cluster) {
        Some("fixed-storage-namespace: the old and the new cluster mix their data")
    } else if !replaces_cluster(cluster) {
        Some("KubeRay replaces no Pods of this object when it changes")
    } else if cluster.object().kind == Kind::RayService {
        Some("the old cluster ends when the new one has taken its place; its actors and their state are not moved")
    } else {
        None
    }
}

fn without_redis(cluster: &Cluster<'_, '_>) -> &'static str {
    if cluster.object().fault_tolerance.is_on() {
        "the cluster does not use Redis"
    } else {
        "the cluster does not use Redis; with fault tolerance, it would depend on it"
    }
}
