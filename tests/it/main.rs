//! Tests on the real thing: kube-apiserver with KubeRay's CRDs and the webhook, driven as users drive it.

#![allow(clippy::disallowed_methods, reason = "what the core must not do, tests may: they read files")]

#[cfg(feature = "server")]
mod apiserver;
#[cfg(feature = "server")]
mod kuberay;
