//! The admission webhooks as a server: HTTPS, certificates, the Kubernetes client, `caBundle`s, watches, audit, metrics
//! and log. What an object is told, `rayguard-policy` decides.

pub mod admin;
pub mod audit;
pub mod ca_bundle;
pub mod certificates;
pub mod endpoint;
pub mod error;
pub mod health;
pub mod kube_api;
pub mod log;
pub mod metrics;
pub mod server;
pub mod watch;
