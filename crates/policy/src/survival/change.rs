//! The first change of an object that an event needs for a better outcome.

use rayguard_manifest::fix::{Edit, Fix};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use serde::{Serialize, Serializer};

use super::actor_timeout::ActorTimeout;
use super::cluster::Cluster;
use super::event::Event;
use super::forecast::EventForecast;
use super::outage::Outage;
use super::outcome::{ActorOutcome, HeadActors, PodOutcome, RequestOutcome};
use super::requests::{self, Weakness};
use super::timeout::TimeoutSource;
use super::workers;
use crate::kuberay::{Kind, Version};
use crate::ray::gcs::{FT_ENABLED_ANNOTATION, OPTIONS, RedisAddress};
use crate::ray::timeout::{KUBERAY_WORKER_DEFAULT, RECONNECT_TIMEOUT, WORKER_MARGIN};
use crate::ray::{Group, RayObject};
use crate::rule::Finding;
use crate::rules;
use crate::settings::RAY_DEFAULT_RECONNECT_TIMEOUT;

/// A change of an object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The field to change, or the one to add.
    #[serde(serialize_with = "as_text")]
    pub path: FieldPath,
    /// The value to write; `None` if only the user can know it.
    pub write: Option<Json<'static>>,
    /// Why, and what to write: one line, no full stop.
    pub message: String,
}

fn as_text<S: Serializer>(path: &FieldPath, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(path)
}

impl Change {
    fn new(path: FieldPath, write: Option<Json<'static>>, message: impl Into<String>) -> Self {
        Self { path, write, message: message.into() }
    }

    /// Returns what a rule asks for.
    fn of(finding: &Finding) -> Self {
        let edits = finding.fix.as_ref().map_or(&[][..], |Fix { edits }| edits);
        match edits {
            [Edit::Set { path, value }] => Self::new(path.clone(), Some(value.clone()), finding.help.clone()),
            _ => Self::new(finding.path.clone(), None, finding.help.clone()),
        }
    }
}

/// Returns the first change that an event needs; `None` if the event is survived, or no change is known that helps.
pub(super) fn first(forecast: &EventForecast, outage: &Outage, cluster: &Cluster<'_, '_>) -> Option<Change> {
    if cluster.absent.is_some() {
        return None;
    }
    if !outage.happens || forecast.event == Event::Upgrade {
        return without_outage(forecast, cluster);
    }
    let is_survived = forecast.detached_actors == ActorOutcome::Kept
        && forecast.actors_on_head == HeadActors::None
        && forecast.serve_requests.is_none_or(|requests| requests == RequestOutcome::Answered);
    // Fault tolerance does not keep a job, and without workers all actors are on the head. The storage of Redis is not in
    // the object.
    let is_hopeless = cluster.is_job() || cluster.has_no_workers() || forecast.event == Event::RedisDataLoss;
    if is_survived || is_hopeless {
        return None;
    }
    if let Some(doubt) = cluster.doubts().next() {
        return Some(doubtful(doubt, outage, cluster));
    }
    if !cluster.object().fault_tolerance.is_on() {
        return Some(fault_tolerance(cluster));
    }
    if cluster.redis_is_in_head && forecast.event.replaces_head() {
        let Some(RedisAddress::Literal(path, _)) = cluster.object().redis_address() else { return None };
        return Some(Change::new(path.clone(), None, "run Redis outside of the head's Pod, and write its address"));
    }
    if let Some(longest) = outage.until_found.max {
        let Some(seconds) = enough(longest, cluster) else { return Some(head_timeout(cluster)) };
        if let Some(change) =
            timeout(forecast, outage, longest, seconds, cluster).or_else(|| actors(longest, seconds, cluster))
        {
            return Some(change);
        }
    } else if forecast.detached_actors != ActorOutcome::Kept {
        return None;
    }
    cluster.finding(&rules::HEAD_SCHEDULES_WORK).map(head).or_else(|| serve(forecast.event, cluster))
}

/// Returns the change for an event in which the GCS is not away.
fn without_outage(forecast: &EventForecast, cluster: &Cluster<'_, '_>) -> Option<Change> {
    match forecast.event {
        Event::WorkerLoss if forecast.serve_requests == Some(RequestOutcome::Held) => serve(forecast.event, cluster),
        Event::Upgrade => cluster.finding(&rules::FIXED_STORAGE_NAMESPACE).map(Change::of),
        _ => None,
    }
}

/// Returns the change for what a rule doubts.
fn doubtful(doubt: &Finding, outage: &Outage, cluster: &Cluster<'_, '_>) -> Change {
    let is_of_worker = |group: &Group<'_>| RayObject::reconnect_timeout_path(group) == doubt.path;
    let is_timeout = *doubt.rule == rules::INVALID_RECONNECT_TIMEOUT || *doubt.rule == rules::WORKER_RECONNECT_TIMEOUT;
    if !is_timeout || !cluster.object().cluster.workers.iter().any(is_of_worker) {
        return Change::of(doubt);
    }
    // The value that the rule proposes may be too short for the head or for the outage.
    match (enough(outage.until_found.max.unwrap_or(0.0), cluster), Change::of(doubt)) {
        (None, _) => head_timeout(cluster),
        (Some(seconds), change) if *doubt.rule == rules::INVALID_RECONNECT_TIMEOUT && change.write.is_some() => {
            let message = format!("write the seconds as digits only, and more than the head's: \"{seconds}\"");
            Change { write: Some(seconds.to_string().into()), message, ..change }
        }
        (Some(_), change) => change,
    }
}

/// Returns the change of a head's timeout that leaves no room for that of the workers.
fn head_timeout(cluster: &Cluster<'_, '_>) -> Change {
    let path = RayObject::reconnect_timeout_path(&cluster.object().cluster.head);
    let seconds = RAY_DEFAULT_RECONNECT_TIMEOUT.to_string();
    let message = "the workers must wait longer than the head, and the head waits too long for that";
    Change::new(path, Some(seconds.into()), message)
}

/// Returns the timeout that outlives an outage, in seconds: the recommended one, or a longer one.
fn enough(longest: f64, cluster: &Cluster<'_, '_>) -> Option<u32> {
    let needed = longest.floor() + 1.0;
    if needed >= f64::from(u32::MAX) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in the range of u32")]
    let needed = needed as u32;
    let head = cluster.head_timeout.unwrap_or(cluster.context.settings.assumed_head_reconnect_timeout);
    Some(needed.max(KUBERAY_WORKER_DEFAULT).max(head.checked_add(WORKER_MARGIN)?))
}

/// Returns the change that switches fault tolerance on. The names in it are examples.
fn fault_tolerance(cluster: &Cluster<'_, '_>) -> Change {
    // Next to the options, KubeRay refuses the annotation with any value.
    let has_annotation = cluster.object().annotation(FT_ENABLED_ANNOTATION).is_some_and(|value| !value.is_empty());
    if has_annotation || cluster.context.settings.kuberay.version < Version::v1(3) {
        let path = RayObject::annotation_path(FT_ENABLED_ANNOTATION);
        return Change::new(path, Some("true".into()), "switch fault tolerance on, and give the head its Redis");
    }
    let secret = map([("name", "redis".into()), ("key", "password".into())]);
    let password = map([("valueFrom", map([("secretKeyRef", secret)]))]);
    let options = map([("redisAddress", "redis:6379".into()), ("redisPassword", password)]);
    let path = cluster.object().cluster.path().field(OPTIONS);
    Change::new(path, Some(options), "switch fault tolerance on, with the address and the Secret of your Redis")
}

fn map<const N: usize>(fields: [(&'static str, Json<'static>); N]) -> Json<'static> {
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// Returns a longer timeout for the first group that does not stay.
fn timeout(
    forecast: &EventForecast,
    outage: &Outage,
    longest: f64,
    seconds: u32,
    cluster: &Cluster<'_, '_>,
) -> Option<Change> {
    // Where the timeout is long enough, something else than the timeout is in doubt.
    let outlives = |seconds| workers::outlives(seconds, outage) == PodOutcome::Stays;
    let index = forecast.groups.iter().zip(&cluster.groups).position(|(group, own)| {
        matches!(group.outcome, PodOutcome::Exits | PodOutcome::Unknown)
            && !own.reconnect_timeout_seconds.is_some_and(outlives)
    })?;
    let (group, own) = (&cluster.object().cluster.workers[index], &cluster.groups[index]);
    let Some(now) = own.reconnect_timeout_seconds else {
        let path = RayObject::hidden_reconnect_timeout_path(group);
        return Some(Change::new(
            path,
            None,
            format!("write the timeout in env as a literal value, such as \"{seconds}\""),
        ));
    };
    let message = format!("the workers give up after {now} s, and the outage can last {longest:.0} s for them");
    let (path, write) = timeout_edit(group, own.source, seconds);
    Some(Change::new(path, write, message))
}

/// Returns where and how the timeout of a group is written.
fn timeout_edit(group: &Group<'_>, source: TimeoutSource, seconds: u32) -> (FieldPath, Option<Json<'static>>) {
    let Some(container) = group.ray_container() else { return (group.path(), None) };
    let entry = map([("name", RECONNECT_TIMEOUT.into()), ("value", seconds.to_string().into())]);
    match container.env_var(RECONNECT_TIMEOUT) {
        // The manifest does not have the variable.
        Some(var) if source == TimeoutSource::RayguardDefault => (var.path(), Some(entry)),
        Some(var) => (var.value_path(), Some(seconds.to_string().into())),
        None => (container.env_path().index(container.env().count()), Some(entry)),
    }
}

/// Returns a longer timeout for actors, if `system-config` sets one that is too short.
fn actors(longest: f64, seconds: u32, cluster: &Cluster<'_, '_>) -> Option<Change> {
    let head = &cluster.object().cluster.head;
    let path = head.ray_start_param_path("system-config");
    match cluster.actor_timeout {
        ActorTimeout::OfPod => None,
        ActorTimeout::Seconds(now) if f64::from(now) > longest => None,
        ActorTimeout::Seconds(now) => {
            let name = RECONNECT_TIMEOUT.trim_start_matches("RAY_");
            let split = head.ray_start_param("system-config")?.split_once(name);
            let write = split.map(|(before, after)| {
                let after = after.replacen(&now.to_string(), &seconds.to_string(), 1);
                format!("{before}{name}{after}").into()
            });
            let message = format!("actors give up after {now} s, and the outage can last {longest:.0} s for them");
            Some(Change::new(path, write, message))
        }
        ActorTimeout::Unknown => {
            Some(Change::new(path, None, "write system-config as JSON in quotes, without the reconnect timeout"))
        }
    }
}

fn head(finding: &Finding) -> Change {
    let message = "actors and replicas on the head are lost with it; run them on workers";
    Change::new(finding.path.clone(), Some("0".into()), message)
}

/// Returns the change of the Serve configuration.
fn serve(event: Event, cluster: &Cluster<'_, '_>) -> Option<Change> {
    let is_measured = matches!(event, Event::HeadDeletion | Event::HeadLoss | Event::WorkerLoss);
    if cluster.object().kind != Kind::RayService || !is_measured {
        return None;
    }
    let message = match requests::weakness(cluster)? {
        Weakness::SingleReplica => "set num_replicas to 2 or more, and max_replicas_per_node to 1",
        Weakness::UnknownReplicas => "list every deployment, with num_replicas 2 or more and max_replicas_per_node 1",
        Weakness::Proxy => "remove proxy_location, so that each worker has a proxy",
        Weakness::FewWorkers => {
            let path = cluster.object().cluster.path().field("workerGroupSpecs");
            return Some(Change::new(path, None, "run two or more workers"));
        }
    };
    Some(Change::new(RayObject::serve_config_path(), None, message))
}
