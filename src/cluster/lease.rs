//! The Lease under which one replica at a time changes the Secret.
//!
//! It only saves work. That two replicas never write different certificates is due to the version of the Secret, which
//! each write names; so clocks that disagree, or a Lease that cannot be had, do no harm.

use std::fs;
use std::process;
use std::time::{Duration, SystemTime};

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::Resource as _;
use serde_json::{Value, json};

use super::api::{Api, ApiError};

/// How long it is held by a replica that does not give it back: a change takes well under a second.
const LIFE: Duration = Duration::from_secs(15);

/// A Lease by its name.
pub(super) struct LeaseRef {
    api: Api,
    path: String,
    name: String,
    me: String,
}

impl LeaseRef {
    pub(super) fn new(api: Api, namespace: &str, name: String) -> Self {
        Self { api, path: Lease::url_path(&(), Some(namespace)), name, me: identity() }
    }

    /// Takes the Lease; tells whether it was to be had.
    pub(super) async fn take(&self, now: SystemTime) -> Result<bool, ApiError> {
        let lease: Lease = match self.api.get(&self.path, &self.name).await {
            Err(ApiError::Absent(_)) => {
                self.api.make::<Lease>(&self.path, &self.name).await?;
                self.api.get(&self.path, &self.name).await?
            }
            lease => lease?,
        };
        let spec = lease.spec.unwrap_or_default();
        let holder = spec.holder_identity.filter(|holder| !holder.is_empty() && *holder != self.me);
        let renewed = spec.renew_time.map(|time| SystemTime::from(time.0));
        if holder.is_some() && renewed.is_some_and(|renewed| is_held(renewed, now)) {
            return Ok(false);
        }
        let time = Timestamp::try_from(now).unwrap_or_default();
        let time = format!("{time:.6}");
        let patch = json!({
            "metadata": {"resourceVersion": lease.metadata.resource_version},
            "spec": {
                "holderIdentity": self.me,
                "leaseDurationSeconds": LIFE.as_secs(),
                "acquireTime": time,
                "renewTime": time,
                "leaseTransitions": spec.lease_transitions.unwrap_or_default().saturating_add(1),
            },
        });
        match self.patch(&patch).await {
            Err(ApiError::Conflict) => Ok(false),
            taken => taken.map(|()| true),
        }
    }

    /// Gives the Lease back, so that nobody waits for its end.
    pub(super) async fn give_back(&self) -> Result<(), ApiError> {
        self.patch(&json!({"spec": {"holderIdentity": null, "renewTime": null, "acquireTime": null}})).await
    }

    async fn patch(&self, patch: &Value) -> Result<(), ApiError> {
        self.api.merge(&self.path, &self.name, patch).await
    }
}

/// Whether a Lease that was renewed then is held now. What comes from the future was written by a clock that is wrong.
fn is_held(renewed: SystemTime, now: SystemTime) -> bool {
    renewed + LIFE > now && renewed < now + LIFE
}

/// A name of its own for this process: the Pod's, and something that tells two lives of a container apart.
fn identity() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}_{}-{:x}", host.trim(), process::id(), time.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_held_for_its_time_on_whatever_clock() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        assert!(is_held(now, now) && is_held(now - LIFE / 2, now) && is_held(now + LIFE / 2, now));
        assert!(!is_held(now - LIFE, now) && !is_held(now + LIFE, now));
        assert!(!is_held(now + Duration::from_hours(1000), now), "a clock that was ahead holds nothing up");
    }
}
