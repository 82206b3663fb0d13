//! The outages that a forecast covers.

use std::fmt;

use serde::Serialize;

/// An outage, or another event that ends Pods or processes of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The GCS process is killed once
    GcsCrash,
    /// The GCS process is killed five times in a row
    GcsCrashLoop,
    /// The GCS process is asked to stop
    GcsStop,
    /// The head Pod is deleted with its grace period
    HeadDeletion,
    /// The head Pod is gone at once
    HeadLoss,
    /// The head's node is lost
    NodeLoss,
    /// Redis does not answer
    RedisOutage,
    /// Redis is empty when it answers again
    RedisDataLoss,
    /// One worker Pod is lost
    WorkerLoss,
    /// The object is changed
    Upgrade,
}

impl Event {
    /// All events, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::GcsCrash,
        Self::GcsCrashLoop,
        Self::GcsStop,
        Self::HeadDeletion,
        Self::HeadLoss,
        Self::NodeLoss,
        Self::RedisOutage,
        Self::RedisDataLoss,
        Self::WorkerLoss,
        Self::Upgrade,
    ];

    /// Returns the stable name, in kebab case.
    pub fn name(self) -> &'static str {
        match self {
            Self::GcsCrash => "gcs-crash",
            Self::GcsCrashLoop => "gcs-crash-loop",
            Self::GcsStop => "gcs-stop",
            Self::HeadDeletion => "head-deletion",
            Self::HeadLoss => "head-loss",
            Self::NodeLoss => "node-loss",
            Self::RedisOutage => "redis-outage",
            Self::RedisDataLoss => "redis-data-loss",
            Self::WorkerLoss => "worker-loss",
            Self::Upgrade => "upgrade",
        }
    }

    /// Returns what happens, as one clause.
    pub fn what(self) -> &'static str {
        match self {
            Self::GcsCrash => "the GCS process is killed once (SIGKILL, out of memory)",
            Self::GcsCrashLoop => "the GCS process is killed five times in a row, each time when it works again",
            Self::GcsStop => "the GCS process gets SIGTERM (pkill gcs_server)",
            Self::HeadDeletion => "the head Pod is deleted with its grace period (kubectl delete, drain)",
            Self::HeadLoss => "the head Pod is gone at once (force deletion)",
            Self::NodeLoss => "the head's node is lost",
            Self::RedisOutage => "Redis does not answer for a time, and keeps its data",
            Self::RedisDataLoss => "Redis does not answer for a time, and then has lost its data",
            Self::WorkerLoss => "one worker Pod is lost",
            Self::Upgrade => "the object is changed (Pod template, image)",
        }
    }

    /// Reports whether the head Pod is replaced by a new one, whose address is new.
    pub(super) fn replaces_head(self) -> bool {
        matches!(self, Self::HeadDeletion | Self::HeadLoss | Self::NodeLoss)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
