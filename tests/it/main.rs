//! Tests of the real binary: in a shell, over real sockets, and behind a real kube-apiserver with KubeRay's CRDs.

mod cli;
mod packaging;
#[cfg(feature = "server")]
mod server;
