//! The forecast of one cluster.

use serde::Serialize;

use super::change::{self, Change};
use super::cluster::{Cluster, FaultTolerance, GroupTimeout, Storage};
use super::event::Event;
use super::measurement::{UNKNOWN_WORKERS, WORKER_RESTART};
use super::options::Options;
use super::outage::{Outage, outage};
use super::outcome::{ActorOutcome, GroupForecast, HeadActors, NewWork, PodOutcome, RequestOutcome, Seconds};
use super::requests::{self, requests};
use super::workers;
use crate::context::Context;
use crate::kuberay::{Kind, Version};
use crate::ray::release::Release;
use crate::rules;

/// The oldest release of Ray that was measured.
const MEASURED: Release = Release::v2(52, 0);

/// What becomes of a cluster in each event.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// Whether the cluster has fault tolerance.
    pub fault_tolerance: FaultTolerance,
    /// The head's reconnect timeout in seconds; `None` if it is not known.
    pub head_reconnect_timeout_seconds: Option<u32>,
    /// The reconnect timeouts of the worker groups.
    pub groups: Vec<GroupTimeout>,
    /// The events, in the order in which they were asked for.
    pub events: Vec<EventForecast>,
}

/// What becomes of a cluster in one event.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventForecast {
    /// The event.
    pub event: Event,
    /// The time from the end of the GCS until the next one listens.
    pub gcs_away_seconds: Seconds,
    /// The time from the end of the GCS until workers have found the next one.
    pub workers_connected_seconds: Seconds,
    /// The names of the measurements that the forecast rests on.
    pub evidence: Vec<&'static str>,
    /// The worker groups, in the order of the object.
    pub groups: Vec<GroupForecast>,
    /// What becomes of detached actors on workers.
    pub detached_actors: ActorOutcome,
    /// What becomes of actors and tasks on the head.
    pub actors_on_head: HeadActors,
    /// What becomes of requests to Ray Serve; `None` without it.
    pub serve_requests: Option<RequestOutcome>,
    /// How long new tasks, actors and drivers wait.
    pub new_work: NewWork,
    /// The first change that is needed for a better outcome; `None` if no change of the object is known.
    pub change: Option<Change>,
    /// What limits the forecast, or what it assumes.
    pub notes: Vec<String>,
}

/// Returns the forecast of the cluster of an object for some events; `None` if the object has no cluster of its own.
pub fn forecast(context: &Context<'_, '_>, options: &Options, events: &[Event]) -> Option<Forecast> {
    if !context.object.cluster.exists() {
        return None;
    }
    let cluster = Cluster::of(context);
    let events = events.iter().map(|event| event_forecast(*event, &cluster, options)).collect();
    Some(Forecast {
        fault_tolerance: cluster.fault_tolerance,
        head_reconnect_timeout_seconds: cluster.head_timeout,
        groups: cluster.groups,
        events,
    })
}

/// Reports whether KubeRay replaces all Pods of the cluster when its spec changes.
pub(super) fn replaces_cluster(cluster: &Cluster<'_, '_>) -> bool {
    let object = cluster.object();
    let strategy = |json: &rayguard_manifest::json::Json<'_>, name: &str| {
        json.descend(["upgradeStrategy", "type"]).as_str() == Some(name)
    };
    match object.kind {
        Kind::RayService => !strategy(object.json.field("spec"), "None"),
        Kind::RayCluster => {
            cluster.context.settings.kuberay.version >= Version::v1(6) && strategy(object.cluster.json, "Recreate")
        }
        Kind::RayJob | Kind::RayCronJob => false,
    }
}

fn event_forecast(event: Event, cluster: &Cluster<'_, '_>, options: &Options) -> EventForecast {
    let outage = outage(event, cluster, options);
    let without_data = (event == Event::RedisDataLoss && outage.happens).then(|| cluster.without_data());
    let cluster = without_data.as_ref().unwrap_or(cluster);
    let groups = workers::groups(event, &outage, cluster);
    let detached_actors = workers::actors(event, &outage, cluster, &groups);
    let requests = requests(event, &outage, cluster, detached_actors);
    let mut evidence: Vec<_> = outage.evidence.iter().map(|it| it.name).collect();
    let mut notes = outage.notes.clone();
    if outage.happens && cluster.storage == Storage::None {
        evidence.extend([UNKNOWN_WORKERS.name, WORKER_RESTART.name]);
    } else if groups.iter().any(|group| group.outcome != PodOutcome::Stays && outage.happens) {
        evidence.push(WORKER_RESTART.name);
    }
    let mut serve_requests = None;
    if let Some((outcome, measured, note)) = requests {
        serve_requests = Some(outcome);
        evidence.extend(measured.map(|it| it.name));
        notes.extend(note.map(str::to_owned));
    }
    notes.extend(limits(event, &outage, cluster));
    let waits_seconds = match event {
        // Other workers take it; without one, it waits for a new Pod.
        Event::WorkerLoss => Seconds { min: 0.0, max: None },
        _ => workers::new_work(&outage, cluster, &groups),
    };
    let replaces_head = event == Event::Upgrade && replaces_cluster(cluster);
    let ends_head = outage.happens || replaces_head;
    let mut forecast = EventForecast {
        event,
        gcs_away_seconds: outage.away,
        workers_connected_seconds: outage.until_connected,
        evidence,
        groups,
        detached_actors,
        actors_on_head: if ends_head && cluster.head_runs_work() { HeadActors::Lost } else { HeadActors::None },
        serve_requests,
        new_work: NewWork { waits_seconds },
        change: None,
        notes,
    };
    forecast.change = change::first(&forecast, &outage, cluster);
    forecast
}

/// Returns the notes on what limits the outcomes of an event.
fn limits(event: Event, outage: &Outage, cluster: &Cluster<'_, '_>) -> Vec<String> {
    let mut notes = Vec::new();
    let object = cluster.object();
    let release = object.ray_release(&object.cluster.head).filter(|release| *release < MEASURED);
    if let Some(release) = release.filter(|_| outage.happens) {
        notes.push(format!("Ray {release} was not measured, only {MEASURED} and later"));
    }
    if event == Event::RedisDataLoss && outage.happens {
        notes.push("give Redis an append-only file on a volume that outlives its Pod".to_owned());
    }
    if outage.happens {
        let doubt = |(rule, denies)| {
            let what = if denies { "denies the object" } else { "warns that the next GCS may not find the data" };
            format!("{rule} {what}")
        };
        notes.extend(cluster.doubting_rules().into_iter().map(doubt));
        if cluster.finding(&rules::PRE_STOP_RAY_STOP).is_some() && event == Event::HeadDeletion {
            notes.push("pre-stop-ray-stop: the hook can delay the end of the old head".to_owned());
        }
        if cluster.is_job() {
            notes.push("the job's driver ends with the head, and KubeRay may delete the cluster".to_owned());
        }
        if cluster.actor_timeout != super::cluster::ActorTimeout::OfPod {
            notes.push("system-config sets the reconnect timeout of all actors, whatever their Pods have".to_owned());
        }
    } else if event == Event::WorkerLoss {
        notes
            .push("the actors of the lost Pod are lost; those with max_restarts start again, without state".to_owned());
    } else if event == Event::Upgrade && requests::has_fixed_namespace(cluster) {
        notes.push("fixed-storage-namespace: the old and the new cluster mix their data".to_owned());
    } else if event == Event::Upgrade && !replaces_cluster(cluster) {
        notes.push("KubeRay replaces no Pods of this object when it changes".to_owned());
    } else if matches!(event, Event::RedisOutage | Event::RedisDataLoss) {
        notes.push("the cluster does not use Redis".to_owned());
    }
    notes
}
