//! What becomes of requests to Ray Serve.

use super::cluster::{Cluster, Storage};
use super::event::Event;
use super::measurement::{
    HEAD_DELETION, Measurement, SERVE_ANSWERED, SERVE_CRASH, SERVE_HELD, SERVE_ON_HEAD, SERVE_WITHOUT_STORAGE,
};
use super::outage::Outage;
use super::outcome::{ActorOutcome, RequestOutcome};
use super::upgrade::{is_refused, replaces_cluster};
use crate::kuberay::Kind;
use crate::ray::Group;
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

/// Returns the number of worker Pods that are there for certain.
fn workers(cluster: &Cluster<'_, '_>) -> i64 {
    cluster.groups.iter().map(|group| group.pods.least).fold(0, i64::saturating_add)
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
    if cluster.absent.is_some() {
        return Some((RequestOutcome::Unknown, None, None));
    }
    let weakness = weakness(cluster);
    Some(match event {
        Event::WorkerLoss => worker_loss(cluster, weakness),
        Event::Upgrade => upgrade(cluster),
        _ if !outage.happens => (RequestOutcome::Answered, None, None),
        _ if cluster.storage == Storage::None => (RequestOutcome::Failed, Some(&SERVE_WITHOUT_STORAGE), None),
        _ => head_event(event, outage, cluster, weakness, actors),
    })
}

fn worker_loss(cluster: &Cluster<'_, '_>, weakness: Option<Weakness>) -> Requests {
    let unknown = |note| (RequestOutcome::Unknown, None, Some(note));
    if weakness != Some(Weakness::SingleReplica) {
        return unknown(IN_FLIGHT);
    }
    let applications = cluster.context.serve_config().applications();
    let rejects = |it: &Deployment| it.limits_requests;
    if workers(cluster) < 2 {
        unknown("the replica starts again on a new worker Pod only: not measured")
    } else if applications.is_some_and(|it| it.limits_time || it.deployments.iter().any(rejects))
        || has_variable(cluster)
    {
        unknown("a limit of Ray Serve on waiting requests can make them fail")
    } else {
        (RequestOutcome::Held, Some(&SERVE_HELD), Some(HELD))
    }
}

/// Reports whether a container has a variable of Ray Serve, such as its limit on the time of a request.
fn has_variable(cluster: &Cluster<'_, '_>) -> bool {
    let containers = cluster.object().cluster.groups().filter_map(Group::ray_container);
    containers.into_iter().any(|container| {
        container.has_env_from()
            || container.env().any(|var| var.name().is_some_and(|name| name.starts_with("RAY_SERVE_")))
    })
}

const HELD: &str = "a request that waits longer than its client's timeout fails; a new replica needs a free place";
const IN_FLIGHT: &str = "the requests that the lost worker is answering can fail: not measured";
const REFUSED: &str =
    "the head's container ends while its Pod still takes requests: some are refused for about a second";
const NOT_MEASURED: &str = "requests were not measured in this event";
const TOO_LONG: &str = "requests were measured while the GCS was away for 28 s at most";
const ANSWERED: &str = "requests are answered if serveConfigV2 lists every deployment, and none runs without CPUs";
const NEW_CLUSTER: &str = "KubeRay moves requests to the new cluster when it is ready: 0 of 5,736 failed in 2 upgrades";

/// How long KubeRay keeps the old cluster by default, in seconds (`RayClusterDeletionDelayDuration`,
/// ray-operator/controllers/ray/rayservice_controller.go).
const DELETION_DELAY: i64 = 60;

fn upgrade(cluster: &Cluster<'_, '_>) -> Requests {
    let spec = cluster.object().json.field("spec");
    let delay = spec.field("rayClusterDeletionDelaySeconds").as_i64();
    let strategy = spec.descend(["upgradeStrategy", "type"]).as_str().unwrap_or("NewCluster");
    if is_refused(cluster) {
        (RequestOutcome::Unknown, None, None)
    } else if !replaces_cluster(cluster) {
        (RequestOutcome::Answered, None, None)
    } else if delay.is_some_and(|delay| delay < DELETION_DELAY) {
        (RequestOutcome::Unknown, None, Some("KubeRay deletes the old cluster early: rayClusterDeletionDelaySeconds"))
    } else if strategy != "NewCluster" {
        (RequestOutcome::Unknown, None, Some("an incremental upgrade was not measured"))
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

fn head_event(
    event: Event,
    outage: &Outage,
    cluster: &Cluster<'_, '_>,
    weakness: Option<Weakness>,
    actors: ActorOutcome,
) -> Requests {
    let is_short = outage.away.max.is_some_and(|longest| longest <= HEAD_DELETION.max);
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
        (ActorOutcome::Kept, None) if runs_without_cpus(cluster) => unknown("replicas without CPUs can be on the head"),
        (ActorOutcome::Kept, None) if matches!(event, Event::GcsCrash | Event::GcsCrashLoop | Event::GcsStop) => {
            (RequestOutcome::Unknown, Some(&SERVE_CRASH), Some(REFUSED))
        }
        (ActorOutcome::Kept, None) if !matches!(event, Event::HeadDeletion | Event::HeadLoss) => unknown(NOT_MEASURED),
        (ActorOutcome::Kept, None) if !is_short => unknown(TOO_LONG),
        (ActorOutcome::Kept, None) => (RequestOutcome::Answered, Some(&SERVE_ANSWERED), Some(ANSWERED)),
    }
}

/// Reports whether a deployment asks for no CPUs, so that its replicas can be on a head without CPUs.
fn runs_without_cpus(cluster: &Cluster<'_, '_>) -> bool {
    cluster.context.serve_config().deployments().iter().any(|deployment| deployment.has_no_cpus)
}
