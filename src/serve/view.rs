//! What `rayguard serve` knows of the cluster.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use super::{ServeArgs, ServeError};
use rayguard_policy::cluster_context::{ClusterContext, NoContext};
use rayguard_policy::policy::Policy;
use rayguard_webhook::ca_bundle::SharedState;
use rayguard_webhook::health::HealthTracker;
use rayguard_webhook::kube_api::ApiClient;
use rayguard_webhook::watch::ClusterCache;

/// The view that rules are given, and what keeps it up to date.
pub(super) enum View {
    /// Nothing is to be watched.
    NoContext,
    /// The cluster is watched.
    Watched { api: ApiClient, watched: Arc<ClusterCache> },
}

impl View {
    /// What is to be known; nothing is known yet.
    pub(super) async fn new(args: &ServeArgs, policy: &Policy, shared: &SharedState) -> Result<Self, ServeError> {
        let ServeArgs { watch_clusters, watch_secrets, .. } = args;
        if !watch_clusters && watch_secrets.is_empty() {
            return Ok(Self::NoContext);
        }
        let api = ApiClient::for_watches(&shared.clock).await?;
        let (domain, metrics) = (&policy.settings.cluster_domain, Arc::clone(&shared.metrics));
        let watched = Arc::new(ClusterCache::new(domain, *watch_clusters, watch_secrets, metrics));
        Ok(Self::Watched { api, watched })
    }

    /// What rules are given.
    pub(super) fn known(&self) -> Arc<dyn ClusterContext> {
        match self {
            Self::NoContext => Arc::new(NoContext),
            Self::Watched { watched, .. } => Arc::clone(watched) as _,
        }
    }

    /// Follows the cluster as long as the server lives.
    pub(super) async fn follow(self, health: Arc<HealthTracker>) -> Infallible {
        match self {
            Self::NoContext => pending().await,
            Self::Watched { api, watched } => watched.run(&api, &health).await,
        }
    }
}
