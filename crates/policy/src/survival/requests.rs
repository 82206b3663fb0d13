//! What becomes of requests to Ray Serve.

use super::cluster::{Cluster, Storage};
use super::event::Event;
use super::forecast::replaces_cluster;
use super::measurement::{Measurement, SERVE_ANSWERED, SERVE_HELD, SERVE_ON_HEAD, SERVE_WITHOUT_STORAGE};
use super::outage::Outage;
use super::outcome::{ActorOutcome, RequestOutcome};
use crate::kuberay::Kind;
use crate::ray::serve::{Deployment, ServeConfig};

/// The outcome of requests, its evidence, and a note on it.
pub(super) type Requests = (RequestOutcome, Option<&'static Measurement>, Option<&'static str>);

/// Why requests may not be answered, as far as the Serve configuration shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weakness {
    /// The configuration has no deployments, or leaves their replicas to the application's code.
    UnknownReplicas,
    /// The only proxy is on the head, or there is none.
    Proxy,
    /// A deployment has a single replica.
    SingleReplica,
    /// There are fewer than two worker Pods.
    FewWorkers,
}

/// Returns the first weakness of a Serve configuration; `None` without one.
pub(super) fn weakness(cluster: &Cluster<'_, '_>) -> Option<Weakness> {
    let ServeConfig::Applications(applications) = cluster.context.serve_config() else {
        return Some(Weakness::UnknownReplicas);
    };
    let deployments = &applications.deployments;
    if applications.proxy_location.as_ref().is_some_and(|(location, _)| location != "EveryNode") {
        Some(Weakness::Proxy)
    } else if deployments.iter().any(|deployment| deployment.replicas == Some(1)) {
        Some(Weakness::SingleReplica)
    } else if deployments.is_empty()
        || applications.without_deployments > 0
        || !deployments.iter().all(has_several_replicas)
    {
        Some(Weakness::UnknownReplicas)
    } else if workers(cluster) < 2 {
        Some(Weakness::FewWorkers)
    } else {
        None
    }
}

fn has_several_replicas(deployment: &Deployment) -> bool {
    deployment.replicas.is_some_and(|replicas| replicas > 1)
}

/// Returns the number of worker Pods that the object asks for.
fn workers(cluster: &Cluster<'_, '_>) -> i64 {
    let pods = cluster.object().cluster.workers.iter().map(|group| {
        let number = |field: &str| group.json.field(field).as_i64();
        let replicas = number("replicas").unwrap_or(0).max(number("minReplicas").unwrap_or(0));
        let is_suspended = group.json.field("suspend").as_bool() == Some(true);
        if is_suspended { 0 } else { replicas.saturating_mul(number("numOfHosts").unwrap_or(1)) }
    });
    pods.fold(0, i64::saturating_add)
}

/// Returns what becomes of requests in an event; `None` if the object has no Ray Serve.
pub(super) fn requests(
    event: Event,
    outage: &Outage,
    cluster: &Cluster<'_, '_>,
    actors: ActorOutcome,
) -> Option<Requests> {
    if cluster.object().kind != Kind::RayService {
        return None;
    }
    let weakness = weakness(cluster);
    Some(match event {
        Event::WorkerLoss => match weakness {
            Some(Weakness::SingleReplica) => (RequestOutcome::Held, Some(&SERVE_HELD), Some(HELD)),
            _ => (RequestOutcome::Unknown, None, Some(IN_FLIGHT)),
        },
        Event::Upgrade => upgrade(cluster),
        _ if !outage.happens => (RequestOutcome::Answered, None, None),
        _ if cluster.storage == Storage::None => (RequestOutcome::Failed, Some(&SERVE_WITHOUT_STORAGE), None),
        _ => head_event(event, cluster, weakness, actors),
    })
}

const HELD: &str = "a request that waits longer than its client's timeout fails; a new replica needs a free place";
const IN_FLIGHT: &str = "the requests that the lost worker is answering can fail: not measured";
const NOT_MEASURED: &str = "requests were measured for the loss of the head Pod only";
const NEW_CLUSTER: &str = "KubeRay moves requests to the new cluster when it is ready: documented, not measured";

fn upgrade(cluster: &Cluster<'_, '_>) -> Requests {
    if !replaces_cluster(cluster) {
        (RequestOutcome::Answered, None, None)
    } else if cluster.storage == Storage::Doubtful || has_fixed_namespace(cluster) {
        (RequestOutcome::Unknown, None, None)
    } else {
        (RequestOutcome::Answered, None, Some(NEW_CLUSTER))
    }
}

/// Reports whether the two clusters of an upgrade share their data.
pub(super) fn has_fixed_namespace(cluster: &Cluster<'_, '_>) -> bool {
    cluster.finding(&crate::rules::FIXED_STORAGE_NAMESPACE).is_some()
}

fn head_event(event: Event, cluster: &Cluster<'_, '_>, weakness: Option<Weakness>, actors: ActorOutcome) -> Requests {
    let unknown = |note| (RequestOutcome::Unknown, None, Some(note));
    match (actors, weakness) {
        (ActorOutcome::Lost, _) => (RequestOutcome::Failed, None, Some("the replicas on workers are lost")),
        (_, Some(Weakness::Proxy)) => {
            (RequestOutcome::Failed, None, Some("proxy_location puts the only proxy on the head"))
        }
        (_, Some(Weakness::SingleReplica)) if cluster.head_runs_work() => {
            (RequestOutcome::Failed, Some(&SERVE_ON_HEAD), Some("the only replica of a deployment may be on the head"))
        }
        (ActorOutcome::Unknown, _) => unknown("replicas may be lost with the workers"),
        (_, Some(Weakness::UnknownReplicas)) => unknown("the application's code decides the number of replicas"),
        (_, Some(Weakness::SingleReplica)) => unknown("a single replica on a worker was not measured"),
        (_, Some(Weakness::FewWorkers)) => unknown("fewer than two workers: not measured"),
        (ActorOutcome::Kept, None) if cluster.head_runs_work() => unknown("replicas on the head are lost with it"),
        (ActorOutcome::Kept, None) if matches!(event, Event::HeadDeletion | Event::HeadLoss) => {
            (RequestOutcome::Answered, Some(&SERVE_ANSWERED), None)
        }
        (ActorOutcome::Kept, None) => unknown(NOT_MEASURED),
    }
}
