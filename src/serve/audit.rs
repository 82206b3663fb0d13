//! What `rayguard serve` is told of the audit.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use super::{ServeArgs, ServeError};
use crate::cluster::audit::{Audit, Terms};
use crate::cluster::{Api, Shared};
use crate::policy::Policy;
use crate::view::View;

/// Audits what is stored, where a Lease for it is given, as long as the server lives.
pub(super) async fn start(
    args: &ServeArgs,
    policy: &Policy,
    view: Arc<dyn View>,
    shared: &Shared,
) -> Result<impl Future<Output = Infallible> + use<>, ServeError> {
    let audit = match &args.audit_lease {
        Some(lease) => {
            let api = Api::new(&shared.clock).await?;
            let namespace = args.namespace.as_deref().unwrap_or(api.namespace()).to_owned();
            let terms = Terms { lease: lease.clone(), interval: args.audit_interval, reports: args.policy_reports };
            Some(Audit::new(api, &namespace, &terms, (policy.clone(), view), shared.clone()))
        }
        None => None,
    };
    Ok(async {
        match audit {
            Some(audit) => audit.keep().await,
            None => pending().await,
        }
    })
}
