//! Compares the embedded schema of KubeRay's objects with the API server.

mod damage;
mod parity;
