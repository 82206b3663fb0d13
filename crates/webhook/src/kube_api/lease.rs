//! The Leases under which one replica at a time changes the Secret, or judges what is stored.
//!
//! They only save work. That two replicas never write different certificates is due to the version of the Secret, which
//! each write names; and two that judge the same objects say the same of them. So clocks that disagree, or a Lease that
//! cannot be had, do no harm.

use std::fs;
use std::process;
use std::time::{Duration, SystemTime};

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::Resource as _;
use serde_json::{Value, json};

use super::client::{Api, ApiError};

/// A Lease by its name.
pub(crate) struct LeaseRef {
    api: Api,
    path: String,
    pub(crate) name: String,
    me: String,
    life: Duration,
}

impl LeaseRef {
    /// A Lease that is held for so long by a replica that neither renews it nor gives it back.
    pub(crate) fn new(api: Api, namespace: &str, name: String, life: Duration) -> Self {
        Self { api, path: Lease::url_path(&(), Some(namespace)), name, me: identity(), life }
    }

    /// Takes the Lease, or renews it; tells whether it was to be had.
    pub(crate) async fn take(&self, now: SystemTime) -> Result<bool, ApiError> {
        let lease: Lease = match self.api.get(&self.path, &self.name).await {
            Err(ApiError::Absent(_)) => {
                self.api.make::<Lease>(&self.path, &self.name).await?;
                self.api.get(&self.path, &self.name).await?
            }
            lease => lease?,
        };
        let spec = lease.spec.unwrap_or_default();
        let holder = spec.holder_identity.filter(|holder| !holder.is_empty());
        let is_mine = holder.as_ref() == Some(&self.me);
        let renewed = spec.renew_time.map(|time| SystemTime::from(time.0));
        if holder.is_some() && !is_mine && renewed.is_some_and(|renewed| is_held(renewed, now, self.life)) {
            return Ok(false);
        }
        let time = Timestamp::try_from(now).unwrap_or_default();
        let time = format!("{time:.6}");
        let mut taken = json!({
            "holderIdentity": self.me,
            "leaseDurationSeconds": self.life.as_secs().max(1),
            "renewTime": time,
        });
        if !is_mine {
            taken["acquireTime"] = time.into();
            taken["leaseTransitions"] = spec.lease_transitions.unwrap_or_default().saturating_add(1).into();
        }
        self.change(lease.metadata.resource_version, taken).await
    }

    /// Gives the Lease back, so that nobody waits for its end; unless another has it by now.
    pub(crate) async fn give_back(&self) -> Result<(), ApiError> {
        let lease: Lease = self.api.get(&self.path, &self.name).await?;
        if lease.spec.and_then(|spec| spec.holder_identity).as_ref() != Some(&self.me) {
            return Ok(());
        }
        let given_back = json!({"holderIdentity": null, "renewTime": null, "acquireTime": null});
        self.change(lease.metadata.resource_version, given_back).await.map(drop)
    }

    /// Changes the Lease; tells whether it was still of this version.
    async fn change(&self, version: Option<String>, spec: Value) -> Result<bool, ApiError> {
        let patch = json!({"metadata": {"resourceVersion": version}, "spec": spec});
        match self.api.merge(&self.path, &self.name, &patch).await {
            Err(ApiError::Conflict) => Ok(false),
            changed => changed.map(|()| true),
        }
    }
}

/// Whether a Lease that was renewed then is held now. What comes from the future was written by a clock that is wrong.
fn is_held(renewed: SystemTime, now: SystemTime, life: Duration) -> bool {
    renewed + life > now && renewed < now + life
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
        for life in [15, 60].map(Duration::from_secs) {
            let is_held = |renewed| is_held(renewed, now, life);
            assert!(is_held(now) && is_held(now - life / 2) && is_held(now + life / 2));
            assert!(!is_held(now - life) && !is_held(now + life));
            assert!(!is_held(now + Duration::from_hours(1000)), "a clock that was ahead holds nothing up");
        }
    }
}
