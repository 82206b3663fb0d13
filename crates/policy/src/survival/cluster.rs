//! What a forecast reads of an object.

use std::collections::BTreeSet;

use serde::Serialize;

use super::actor_timeout::ActorTimeout;
use super::timeout::{self, GroupTimeout};
use super::{limit, redis};
use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::{GcsFaultTolerance, RayObject};
use crate::rule::{Category, Finding, Findings, Level, Rule, Scope};
use crate::rules::{self, RULES};

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
    /// Whether Redis runs in the head's Pod, and is lost with it.
    pub(super) redis_is_in_head: bool,
    /// Why the forecast promises nothing for an outage of the GCS, beyond what the rules doubt.
    pub(super) limits: Vec<String>,
    /// Why the forecast promises nothing at all.
    pub(super) absent: Option<&'static str>,
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
        let defaulted = timeout::defaulted(object.json);
        let workers = &object.cluster.workers;
        Self {
            context,
            fault_tolerance,
            storage,
            findings,
            head_timeout: timeout::seconds(head),
            head_crashes: timeout::is_fatal(head),
            groups: workers.iter().map(|group| GroupTimeout::read(context, group, &defaulted)).collect(),
            actor_timeout: ActorTimeout::read(&object.cluster.head),
            redis_is_in_head: redis::is_in_head(object),
            limits: limit::of(object),
            absent: limit::absent(object),
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

    /// Reports whether the object is a job, whose driver runs on the head.
    pub(super) fn is_job(&self) -> bool {
        matches!(self.object().kind, Kind::RayJob | Kind::RayCronJob)
    }

    /// Reports whether no worker group can have Pods, so that all actors are on the head.
    pub(super) fn has_no_workers(&self) -> bool {
        self.groups.iter().all(|group| group.pods.most == 0)
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
