//! The forecast of one cluster.

use serde::Serialize;

use super::change::{self, Change};
use super::cluster::{Cluster, FaultTolerance, Storage};
use super::event::Event;
use super::measurement::{UNKNOWN_WORKERS, WORKER_RESTART};
use super::notes::notes;
use super::options::Options;
use super::outage::outage;
use super::outcome::{ActorOutcome, GroupForecast, HeadActors, NewWork, PodOutcome, RequestOutcome, Seconds};
use super::requests::requests;
use super::timeout::GroupTimeout;
use super::upgrade::replaces_cluster;
use super::workers;
use crate::context::Context;

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
    /// The time from the end of the GCS until workers have found the next one; without an upper end if they can notice the
    /// end minutes later.
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

fn event_forecast(event: Event, cluster: &Cluster<'_, '_>, options: &Options) -> EventForecast {
    let outage = outage(event, cluster, options);
    let loses_data = event == Event::RedisDataLoss || cluster.redis_is_in_head && event.replaces_head();
    let without_data = (loses_data && outage.happens).then(|| cluster.without_data());
    let cluster = without_data.as_ref().unwrap_or(cluster);
    let groups = workers::groups(event, &outage, cluster);
    let detached_actors = workers::actors(event, &outage, cluster, &groups);
    let requests = requests(event, &outage, cluster, detached_actors);
    let mut evidence: Vec<_> = outage.evidence.iter().map(|it| it.name).collect();
    let mut all_notes = outage.notes.clone();
    let ends = |group: &GroupForecast| matches!(group.outcome, PodOutcome::Exits | PodOutcome::Unknown);
    if event == Event::Upgrade {
        // The Pods are replaced.
    } else if outage.happens && cluster.storage == Storage::None {
        evidence.extend([UNKNOWN_WORKERS.name, WORKER_RESTART.name]);
    } else if outage.happens && groups.iter().any(ends) {
        evidence.push(WORKER_RESTART.name);
    }
    let mut serve_requests = None;
    if let Some((outcome, measured, note)) = requests {
        serve_requests = Some(outcome);
        evidence.extend(measured.map(|it| it.name));
        all_notes.extend(note.map(str::to_owned));
    }
    all_notes.extend(notes(event, &outage, cluster));
    let waits_seconds = match event {
        // Other workers take it; without one, it waits for a new Pod.
        Event::WorkerLoss => Seconds { min: 0.0, max: None },
        _ => workers::new_work(event, &outage, cluster, &groups),
    };
    let replaces_head = event == Event::Upgrade && replaces_cluster(cluster);
    let ends_head = outage.happens || replaces_head;
    let mut forecast = EventForecast {
        event,
        gcs_away_seconds: outage.away,
        workers_connected_seconds: outage.until_connected(),
        evidence,
        groups,
        detached_actors,
        actors_on_head: if ends_head && cluster.head_runs_work() { HeadActors::Lost } else { HeadActors::None },
        serve_requests,
        new_work: NewWork { waits_seconds },
        change: None,
        notes: all_notes,
    };
    forecast.change = change::first(&forecast, &outage, cluster);
    forecast
}
