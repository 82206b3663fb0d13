//! What `rayguard serve` is told of the audit.

use std::sync::Arc;

use super::{ServeArgs, ServeError};
use rayguard_policy::cluster_context::ClusterContext;
use rayguard_policy::policy::Policy;
use rayguard_webhook::audit::{Audit, Terms};
use rayguard_webhook::ca_bundle::SharedState;
use rayguard_webhook::kube_api::ApiClient;
use rayguard_webhook::server::PhaseReceiver;

/// Audits what is stored, where a Lease for it is given, until the server is on its way out.
pub(super) async fn start(
    args: &ServeArgs,
    policy: &Policy,
    view: Arc<dyn ClusterContext>,
    shared: &SharedState,
    phases: PhaseReceiver,
) -> Result<impl Future<Output = ()> + use<>, ServeError> {
    let audit = match &args.audit_lease {
        Some(lease) => {
            let api = ApiClient::new(&shared.clock).await?;
            let namespace = args.namespace.as_deref().unwrap_or(api.namespace()).to_owned();
            let terms = Terms { lease: lease.clone(), interval: args.audit_interval, reports: args.policy_reports };
            let (health, metrics) = (Arc::clone(&shared.health), Arc::clone(&shared.metrics));
            Some(Audit::new(api, &namespace, &terms, (policy.clone(), view), health, metrics))
        }
        None => None,
    };
    Ok(async {
        if let Some(audit) = audit {
            audit.keep(phases).await;
        }
    })
}
