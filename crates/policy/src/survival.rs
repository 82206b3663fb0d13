//! The forecast: what becomes of a cluster in each of the usual outages.
//!
//! The forecast is computed from the object and from measurements of real Ray under KubeRay ([`measurement`]). It is
//! never too hopeful: an outcome is good only if it holds for the longest measured duration. If the shortest duration is
//! survived and the longest is not, the outcome is unknown.

mod change;
mod cluster;
pub mod event;
pub mod forecast;
pub mod measurement;
pub mod options;
pub mod outage;
pub mod outcome;
mod requests;
mod workers;

pub use change::Change;
pub use cluster::{FaultTolerance, GroupTimeout, TimeoutSource};
pub use event::Event;
pub use forecast::{EventForecast, Forecast, forecast};
pub use options::Options;
pub use outcome::{ActorOutcome, GroupForecast, HeadActors, PodOutcome, RequestOutcome};
