//! What is made of the embedded schema of KubeRay's objects, against the API server.

mod damage;
mod parity;
