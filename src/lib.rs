//! rayguard.

pub mod config;
pub mod defaults;
pub mod dry_run;
pub mod json;
pub mod keyed;
pub mod kuberay;
pub mod patch;
pub mod path;
pub mod policy;
pub mod ray;
pub mod rule;
pub mod rules;
pub mod yaml;

#[cfg(feature = "server")]
pub mod admission;
#[cfg(feature = "server")]
pub mod log;
#[cfg(feature = "server")]
pub mod metrics;
#[cfg(feature = "server")]
pub mod serve;
#[cfg(feature = "server")]
pub mod server;
