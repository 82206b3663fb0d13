//! The Kubernetes API server: a client, lists in pages, Leases, and the API server's clock.

mod client;
pub mod clock;
pub(crate) mod lease;
pub(crate) mod list;
pub mod ray_objects;

pub(crate) use client::FIELD_MANAGER;
pub use client::{ApiClient, ApiError, RequestResult};
