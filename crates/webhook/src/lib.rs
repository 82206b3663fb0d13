//! The server of the admission webhooks: HTTPS, certificates, the Kubernetes client, `caBundle`s, watches, audits,
//! metrics and the log. `rayguard-policy` decides about objects.

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
