//! The cache of cluster objects of `rayguard serve`.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use rayguard_policy::cluster_context::{ClusterContext, NoContext};
use rayguard_policy::policy::Policy;
use rayguard_webhook::ca_bundle::SharedState;
use rayguard_webhook::health::HealthTracker;
use rayguard_webhook::kube_api::ApiClient;
use rayguard_webhook::watch::ClusterCache;

use super::{ServeArgs, ServeError};

/// The watches that the command line asks for.
pub(super) enum ClusterWatch {
    /// Neither RayClusters nor Secrets are watched.
    Disabled,
    /// Watches keep a cache up to date.
    Enabled {
        /// The client of the watches
        client: ApiClient,
        /// The cache
        cache: Arc<ClusterCache>,
    },
}

impl ClusterWatch {
    /// Creates an empty cache; [`ClusterWatch::run`] fills it.
    pub(super) async fn new(args: &ServeArgs, policy: &Policy, state: &SharedState) -> Result<Self, ServeError> {
        let ServeArgs { watch_clusters, watch_secrets, .. } = args;
        if !watch_clusters && watch_secrets.is_empty() {
            return Ok(Self::Disabled);
        }
        let client = ApiClient::for_watches(&state.clock).await?;
        let (domain, metrics) = (&policy.settings.cluster_domain, Arc::clone(&state.metrics));
        let cache = Arc::new(ClusterCache::new(domain, *watch_clusters, watch_secrets, metrics));
        Ok(Self::Enabled { client, cache })
    }

    /// Returns the context for rules.
    pub(super) fn context(&self) -> Arc<dyn ClusterContext> {
        match self {
            Self::Disabled => Arc::new(NoContext),
            Self::Enabled { cache, .. } => Arc::clone(cache) as _,
        }
    }

    /// Watches for as long as the server runs.
    pub(super) async fn run(self, health: Arc<HealthTracker>) -> Infallible {
        match self {
            Self::Disabled => pending().await,
            Self::Enabled { client, cache } => cache.run(&client, &health).await,
        }
    }
}
