//! Tests on the real thing: kube-apiserver with KubeRay's CRDs and the webhook, driven as users drive it.

#[cfg(feature = "server")]
mod apiserver;
#[cfg(feature = "server")]
mod kuberay;
