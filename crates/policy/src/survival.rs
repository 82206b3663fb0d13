//! The forecast: what becomes of a cluster in each of the usual outages.
//!
//! The forecast is computed from the object and from measurements of real Ray under KubeRay ([`measurement`]). An outcome
//! is good only if it holds for the longest measured duration, and unknown if only the shortest one is survived. What was
//! not measured, or cannot be read of the object, is unknown too, and a note says why.

mod actor_timeout;
mod change;
mod cluster;
pub mod event;
pub mod forecast;
mod head;
mod limit;
pub mod measurement;
mod notes;
pub mod options;
pub mod outage;
pub mod outcome;
mod pods;
mod redis;
mod requests;
mod timeout;
mod upgrade;
mod workers;

pub use change::Change;
pub use cluster::FaultTolerance;
pub use event::Event;
pub use forecast::{EventForecast, Forecast, forecast};
pub use options::Options;
pub use outcome::{ActorOutcome, GroupForecast, HeadActors, PodOutcome, RequestOutcome};
pub use timeout::{GroupTimeout, TimeoutSource};
