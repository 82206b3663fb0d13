//! The outcomes of an event.

use serde::Serialize;

/// A duration that is known to be in a range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seconds {
    /// The shortest duration, in seconds.
    pub min: f64,
    /// The longest duration, in seconds; `None` without a limit.
    pub max: Option<f64>,
}

impl Seconds {
    /// No time.
    pub const ZERO: Self = Self { min: 0.0, max: Some(0.0) };

    /// Returns the range with a duration added to the shortest and to the longest, in tenths of a second.
    #[must_use]
    pub fn plus(self, min: f64, max: f64) -> Self {
        let tenths = |seconds: f64| (seconds * 10.0).round() / 10.0;
        Self { min: tenths(self.min + min), max: self.max.map(|own| tenths(own + max)) }
    }
}

/// What becomes of the Pods of a worker group. The order is from bad to good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PodOutcome {
    /// The Ray containers exit, or the Pods are replaced.
    Exits,
    /// The containers may exit.
    Unknown,
    /// The group has no Pods, or in the loss of a worker no other one.
    None,
    /// The Pods stay, and their processes go on.
    Stays,
}

/// What becomes of detached actors on workers, with the state that they hold. The order is from bad to good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorOutcome {
    /// The processes end. With `max_restarts`, Ray may start the actors again, without their state.
    Lost,
    /// The processes may end.
    Unknown,
    /// The same processes go on.
    Kept,
}

/// What becomes of requests to Ray Serve. The order is from bad to good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestOutcome {
    /// Requests fail for a time.
    Failed,
    /// Requests may fail, or this was not measured.
    Unknown,
    /// Requests wait, and are answered later.
    Held,
    /// Requests are answered.
    Answered,
}

/// What becomes of actors and tasks on the head. The order is from bad to good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadActors {
    /// They end with the head.
    Lost,
    /// The head runs none that ask for CPUs, GPUs or other resources, or the event does not end them.
    None,
}

/// What becomes of a worker group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupForecast {
    /// The name of the group; empty without one.
    pub name: String,
    /// What becomes of its Pods.
    pub outcome: PodOutcome,
    /// The time from the end of the GCS until the containers exit, in seconds, if they do; without fault tolerance, the
    /// longest time. 0 if Ray crashes at its start, and `None` if the time is not known.
    pub exits_after_seconds: Option<u32>,
}

/// How long new tasks, actors and drivers wait.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewWork {
    /// The time from the end of the GCS until the cluster accepts work again, in seconds.
    pub waits_seconds: Seconds,
}
