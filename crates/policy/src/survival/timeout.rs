//! The reconnect timeouts of worker groups, as a forecast shows them.

use std::collections::BTreeSet;

use rayguard_manifest::json::Json;
use rayguard_manifest::list_map;
use serde::Serialize;

use super::pods::{Doubt, Pods};
use crate::context::Context;
use crate::ray::timeout::{Origin, ReconnectTimeout, TimeoutError};
use crate::ray::{Group, RayObject};
use crate::settings::DEFAULTED;

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
    /// The Pods of the group.
    #[serde(skip)]
    pub(super) pods: Pods,
    /// Why the containers of the group may not do what the timeout says.
    #[serde(skip)]
    pub(super) doubts: Vec<Doubt>,
}

impl GroupTimeout {
    /// Reads the timeout of a group. The places are those of rayguard's defaults.
    pub(super) fn read<'o>(context: &Context<'_, 'o>, group: &Group<'o>, defaulted: &BTreeSet<String>) -> Self {
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
        Self {
            name: group.name().unwrap_or_default().to_owned(),
            reconnect_timeout_seconds: seconds(timeout),
            source,
            is_fatal: is_fatal(timeout),
            pods: Pods::of(group, &object.cluster),
            doubts: Doubt::of(group),
        }
    }
}

/// Returns the time for which Ray waits, as far as it is known.
pub(super) fn seconds(timeout: ReconnectTimeout) -> Option<u32> {
    match timeout {
        ReconnectTimeout::Seconds(seconds, _) => Some(seconds),
        ReconnectTimeout::Invalid(TimeoutError::Zero) => Some(0),
        ReconnectTimeout::Invalid(TimeoutError::Endless) => Some(u32::MAX),
        ReconnectTimeout::Invalid(TimeoutError::Unreadable) | ReconnectTimeout::Unknown => None,
    }
}

/// Reports whether Ray crashes on the timeout.
pub(super) fn is_fatal(timeout: ReconnectTimeout) -> bool {
    timeout == ReconnectTimeout::Invalid(TimeoutError::Unreadable)
}

/// Returns the places of rayguard's defaults, which the object's annotation records.
pub(super) fn defaulted(object: &Json<'_>) -> BTreeSet<String> {
    let record = object.descend(["metadata", "annotations"]).field(DEFAULTED);
    record.as_str().and_then(|record| serde_json::from_str(record).ok()).unwrap_or_default()
}
