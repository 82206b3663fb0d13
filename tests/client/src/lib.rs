//! Clients for tests: raw HTTPS to rayguard, kubectl to an API server, and a node of Kubernetes.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    reason = "a test helper panics to fail the test"
)]

pub mod client;
pub mod http;
pub mod kubectl;
pub mod node;
