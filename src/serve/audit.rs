//! The audit of `rayguard serve`.

use std::sync::Arc;

use rayguard_policy::cluster_context::ClusterContext;
use rayguard_policy::policy::Policy;
use rayguard_webhook::audit::{AuditConfig, Auditor};
use rayguard_webhook::ca_bundle::SharedState;
use rayguard_webhook::kube_api::ApiClient;
use rayguard_webhook::server::PhaseReceiver;

use super::{ServeArgs, ServeError};

/// Returns a future that audits the stored objects until the server drains, or does nothing without `--audit-lease`.
pub(super) async fn start(
    args: &ServeArgs,
    policy: &Policy,
    cluster: Arc<dyn ClusterContext>,
    state: &SharedState,
    phases: PhaseReceiver,
) -> Result<impl Future<Output = ()> + use<>, ServeError> {
    let auditor = match &args.audit_lease {
        Some(lease) => {
            let client = ApiClient::new(&state.clock).await?;
            let config = AuditConfig {
                namespace: args.namespace.as_deref().unwrap_or(client.namespace()).to_owned(),
                lease: lease.clone(),
                interval: args.audit_interval,
                policy_reports: args.policy_reports,
            };
            let (health, metrics) = (Arc::clone(&state.health), Arc::clone(&state.metrics));
            Some(Auditor::new(client, &config, policy.clone(), cluster, health, metrics))
        }
        None => None,
    };
    Ok(async {
        if let Some(auditor) = auditor {
            auditor.run(phases).await;
        }
    })
}
