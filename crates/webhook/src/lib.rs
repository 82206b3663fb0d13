//! The admission webhooks as a server: HTTPS, certificates, the Kubernetes client, `caBundle`s, watches, audit, metrics
//! and log. What an object is told, `rayguard-policy` decides.

pub mod certificates;
pub mod cluster;
pub mod endpoint;
pub mod log;
pub mod metrics;
pub mod server;
