//! rayguard: what keeps a Ray cluster on Kubernetes from being created in a state in which it cannot survive.
//!
//! The crate is a pure core under a thin shell. The core reads an object ([`json`], [`ray`]), judges it by a [`policy`]
//! made of [`rules`] and [`defaults`], and says what it found ([`rule::Finding`]) and what to add ([`patch`]). It does
//! no I/O, knows no clock and never waits. The shell brings objects to it: the admission webhooks over HTTPS
//! (`serve`, with the feature `server`), and files on the command line.

pub mod cel;
pub mod config;
pub mod defaults;
pub mod dry_run;
pub mod exemption;
pub mod fix;
pub mod go;
pub mod json;
pub mod keyed;
pub mod kuberay;
pub mod name;
pub mod patch;
pub mod path;
pub mod policy;
pub mod ray;
pub mod rule;
pub mod rule_set;
pub mod rules;
pub mod schema;
pub mod spelling;
pub mod stored;
pub mod view;
pub mod yaml;

#[allow(clippy::disallowed_methods, reason = "the shell reads files")]
pub mod policy_file;

#[cfg(feature = "admission")]
pub mod admission;
#[cfg(feature = "server")]
pub mod certificates;
#[cfg(feature = "server")]
pub mod check_api;
#[cfg(feature = "server")]
#[allow(clippy::disallowed_methods, reason = "the shell reads files and the clock")]
pub mod cluster;
#[cfg(feature = "server")]
pub mod log;
#[cfg(feature = "server")]
pub mod metrics;
#[cfg(feature = "server")]
#[allow(clippy::disallowed_methods, reason = "the shell reads files and the clock")]
pub mod serve;
#[cfg(feature = "server")]
#[allow(clippy::disallowed_methods, reason = "the shell reads files and the clock")]
pub mod server;
