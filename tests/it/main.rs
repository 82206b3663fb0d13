//! Tests of the real binary: in a shell, over real sockets, and behind a real kube-apiserver with KubeRay's CRDs.

#![allow(clippy::disallowed_methods, reason = "tests read files")]

mod cli;
mod packaging;
#[cfg(feature = "server")]
mod server;
