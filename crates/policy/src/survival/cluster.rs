//! What a forecast reads of an object.

use std::collections::BTreeSet;

use rayguard_manifest::json::Json;
use rayguard_manifest::list_map;
use serde::Serialize;

use super::measurement;
use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::timeout::{Origin, RECONNECT_TIMEOUT, ReconnectTimeout, TimeoutError};
use crate::ray::{GcsFaultTolerance, Group, RayObject};
use crate::rule::{Category, Finding, Findings, Level, Rule, Scope};
use crate::rules::{self, RULES};
use crate::settings::DEFAULTED;

/// Whether a cluster has a GCS whose data survives the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultTolerance {
    /// The data is in Redis.
    Redis,
    /// The data is in an embedded RocksDB.
    RocksDb,
    /// The data is in the head's memory.
    Off,
    /// Fault tolerance is configured, and a rule denies the configuration because it does not work.
    Ineffective,
}

/// Where a reconnect timeout comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeoutSource {
    /// The object sets it.
    Set,
    /// It is KubeRay's default for the workers of a fault-tolerant cluster.
    #[serde(rename = "kuberay-default")]
    KubeRayDefault,
    /// It is Ray's own default, or the default that the policy assumes.
    RayDefault,
    /// rayguard's webhook writes it.
    RayguardDefault,
    /// The value is not in the object, or Ray cannot use it.
    Unknown,
}

/// The reconnect timeout of a worker group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupTimeout {
    /// The name of the group; empty without one.
    pub name: String,
    /// The timeout in seconds; `None` if it is not known.
    pub reconnect_timeout_seconds: Option<u32>,
    /// Where it comes from.
    pub source: TimeoutSource,
    /// Whether Ray crashes on the value.
    #[serde(skip)]
    pub(super) is_fatal: bool,
}

/// When actors give up on the GCS, independent of the Pods that they run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActorTimeout {
    /// They use the timeout of their Pod.
    OfPod,
    /// `system-config` sets this timeout, in seconds.
    Seconds(u32),
    /// `system-config` sets a timeout that cannot be read.
    Unknown,
}

/// Whether the next GCS finds the data of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// It does.
    Works,
    /// A rule doubts it, so that it may not.
    Doubtful,
    /// It does not.
    None,
}

/// What a forecast reads of an object.
#[derive(Clone)]
pub(super) struct Cluster<'c, 'o> {
    pub(super) context: &'c Context<'c, 'o>,
    pub(super) fault_tolerance: FaultTolerance,
    pub(super) storage: Storage,
    /// The findings of the category `fault-tolerance`, each at the default level of its rule.
    pub(super) findings: Vec<Finding>,
    /// The head's reconnect timeout in seconds, if it is known.
    pub(super) head_timeout: Option<u32>,
    /// Whether Ray crashes on the head's reconnect timeout.
    pub(super) head_crashes: bool,
    pub(super) groups: Vec<GroupTimeout>,
    pub(super) actor_timeout: ActorTimeout,
}

impl<'c, 'o> Cluster<'c, 'o> {
    pub(super) fn of(context: &'c Context<'c, 'o>) -> Self {
        let object = context.object;
        let is_asked = |rule: &&&'static Rule| {
            rule.category == Category::FaultTolerance && rule.scope == Scope::Admission && rule.level > Level::Off
        };
        let findings = Findings::collect(context, RULES.iter().filter(is_asked).map(|rule| (*rule, rule.level)));
        let storage = storage(object, &findings);
        let fault_tolerance = match object.fault_tolerance {
            _ if has_denial(&findings, is_about_storage) => FaultTolerance::Ineffective,
            GcsFaultTolerance::Off => FaultTolerance::Off,
            GcsFaultTolerance::RocksDb => FaultTolerance::RocksDb,
            GcsFaultTolerance::Annotation | GcsFaultTolerance::Options(_) => FaultTolerance::Redis,
        };
        let head = object.reconnect_timeout(&object.cluster.head, context.settings);
        let defaulted = defaulted(object.json);
        Self {
            context,
            fault_tolerance,
            storage,
            findings,
            head_timeout: seconds(head),
            head_crashes: is_fatal(head),
            groups: object.cluster.workers.iter().map(|group| timeout(context, group, &defaulted)).collect(),
            actor_timeout: actor_timeout(&object.cluster.head),
        }
    }

    /// Returns the cluster as it is when the next GCS finds an empty storage.
    pub(super) fn without_data(&self) -> Self {
        Self { storage: Storage::None, ..self.clone() }
    }

    pub(super) fn object(&self) -> &'c RayObject<'o> {
        self.context.object
    }

    /// Returns the rules for which the forecast promises nothing, and whether they deny the object.
    pub(super) fn doubting_rules(&self) -> BTreeSet<(&'static str, bool)> {
        self.doubts().map(|finding| (finding.rule.name, finding.level == Level::Deny)).collect()
    }

    /// Returns the findings for which the forecast promises nothing: the denials, and then the warnings that the GCS may
    /// not find its data again.
    pub(super) fn doubts(&self) -> impl Iterator<Item = &Finding> {
        let denials = self.findings.iter().filter(|finding| finding.level == Level::Deny);
        denials.chain(self.findings.iter().filter(|finding| finding.level < Level::Deny && is_doubt(finding)))
    }

    /// Returns the first finding of a rule.
    pub(super) fn finding(&self, rule: &Rule) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.rule == rule)
    }

    /// Reports whether tasks and actors can run on the head.
    pub(super) fn head_runs_work(&self) -> bool {
        // A custom start command does not get the parameter.
        !self.object().cluster.head.has_no_cpus() || self.object().ray_start_override().is_some()
    }

    /// Reports whether the object is a job, whose driver runs on the head.
    pub(super) fn is_job(&self) -> bool {
        matches!(self.object().kind, Kind::RayJob | Kind::RayCronJob)
    }

    /// Returns the grace period of the head Pod, in seconds.
    pub(super) fn grace(&self) -> f64 {
        let seconds = self.object().cluster.head.pod_spec().field("terminationGracePeriodSeconds").as_i64();
        seconds.and_then(|seconds| u32::try_from(seconds).ok()).map_or(measurement::GRACE.max, f64::from)
    }

    /// Reports whether the head Pod may stay until its grace period ends although Ray has ended.
    pub(super) fn head_may_linger(&self) -> bool {
        let cluster = &self.object().cluster;
        cluster.head.containers().count() > 1
            || cluster.is_autoscaling()
            || cluster.head.containers().any(|it| !it.json.descend(["lifecycle", "preStop"]).is_null())
    }

    /// Reports whether kubelet does not restart the head's container. KubeRay chooses this with version 2 of the
    /// autoscaler (ray-operator/controllers/ray/common/pod.go).
    pub(super) fn head_never_restarts(&self) -> bool {
        let cluster = &self.object().cluster;
        cluster.head.restart_policy() == Some("Never") || cluster.is_autoscaling() && cluster.has_autoscaler_v2()
    }
}

fn has_denial(findings: &[Finding], of: impl Fn(&Finding) -> bool) -> bool {
    findings.iter().any(|finding| finding.level == Level::Deny && of(finding))
}

/// Reports whether a finding says that the head may not reach its data, even if it is only a warning.
fn is_doubt(finding: &Finding) -> bool {
    let rules = [
        &rules::FAULT_TOLERANCE_WITHOUT_EFFECT,
        &rules::LOOPBACK_REDIS,
        &rules::MISSING_REDIS_ADDRESS,
        &rules::MISSING_SECRET,
        &rules::NETWORK_POLICY_WITHOUT_REDIS,
        &rules::REDIS_TLS_WITHOUT_CA,
    ];
    rules.contains(&finding.rule)
}

/// Reports whether a finding is about the storage of the GCS, and not about timeouts.
fn is_about_storage(finding: &Finding) -> bool {
    *finding.rule != rules::WORKER_RECONNECT_TIMEOUT && *finding.rule != rules::INVALID_RECONNECT_TIMEOUT
}

fn storage(object: &RayObject<'_>, findings: &[Finding]) -> Storage {
    let is_without = |finding: &Finding| *finding.rule == rules::MISSING_REDIS_ADDRESS;
    if !object.fault_tolerance.is_on() || has_denial(findings, is_without) {
        Storage::None
    } else if has_denial(findings, |_| true) || findings.iter().any(is_doubt) {
        Storage::Doubtful
    } else {
        Storage::Works
    }
}

/// Returns the time for which Ray waits, as far as it is known.
fn seconds(timeout: ReconnectTimeout) -> Option<u32> {
    match timeout {
        ReconnectTimeout::Seconds(seconds, _) => Some(seconds),
        ReconnectTimeout::Invalid(TimeoutError::Zero) => Some(0),
        ReconnectTimeout::Invalid(TimeoutError::Endless) => Some(u32::MAX),
        ReconnectTimeout::Invalid(TimeoutError::Unreadable) | ReconnectTimeout::Unknown => None,
    }
}

/// Reports whether Ray crashes on the timeout.
fn is_fatal(timeout: ReconnectTimeout) -> bool {
    timeout == ReconnectTimeout::Invalid(TimeoutError::Unreadable)
}

fn timeout<'o>(context: &Context<'_, 'o>, group: &Group<'o>, defaulted: &BTreeSet<String>) -> GroupTimeout {
    let object = context.object;
    let timeout = object.reconnect_timeout(group, context.settings);
    let is_defaulted = || {
        let path = RayObject::reconnect_timeout_path(group);
        let pointer = list_map::keyed_pointer(object.json, &path);
        let is_above = |place: &String| pointer.strip_prefix(&**place).is_some_and(|rest| rest.starts_with('/'));
        defaulted.iter().any(|place| *place == pointer || is_above(place))
    };
    let source = match timeout {
        ReconnectTimeout::Seconds(_, Origin::Set) if is_defaulted() => TimeoutSource::RayguardDefault,
        ReconnectTimeout::Seconds(_, Origin::Set) => TimeoutSource::Set,
        ReconnectTimeout::Seconds(_, Origin::KubeRayDefault) => TimeoutSource::KubeRayDefault,
        ReconnectTimeout::Seconds(_, Origin::RayDefault) => TimeoutSource::RayDefault,
        ReconnectTimeout::Invalid(_) | ReconnectTimeout::Unknown => TimeoutSource::Unknown,
    };
    GroupTimeout {
        name: group.name().unwrap_or_default().to_owned(),
        reconnect_timeout_seconds: seconds(timeout),
        source,
        is_fatal: is_fatal(timeout),
    }
}

/// Returns the places of rayguard's defaults, which the object's annotation records.
fn defaulted(object: &Json<'_>) -> BTreeSet<String> {
    let record = object.descend(["metadata", "annotations"]).field(DEFAULTED);
    record.as_str().and_then(|record| serde_json::from_str(record).ok()).unwrap_or_default()
}

/// Reads the timeout in `system-config`, which all actors of the cluster use.
fn actor_timeout(head: &Group<'_>) -> ActorTimeout {
    let name = RECONNECT_TIMEOUT.trim_start_matches("RAY_");
    let config = head.ray_start_param("system-config").unwrap_or_default();
    let Some((_, after)) = config.split_once(name) else { return ActorTimeout::OfPod };
    let number = after.trim_start_matches(['"', '\'', '\\', ' ', ':']);
    let end = number.find(|char: char| !char.is_ascii_digit()).unwrap_or(number.len());
    let is_whole = !number[end..].starts_with(['.', 'e', 'E']) && !after.contains(name);
    number[..end].parse().ok().filter(|_| is_whole).map_or(ActorTimeout::Unknown, ActorTimeout::Seconds)
}
