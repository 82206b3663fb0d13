//! The Kubernetes API server: a client, lists in pages, Leases, and the API server's clock.

mod client;
pub mod clock;
pub(crate) mod lease;
pub mod list;

pub(crate) use client::FIELD_MANAGER;
pub use client::{Api, ApiError, Made};
