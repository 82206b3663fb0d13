//! The Leases that let one replica at a time change the Secret, or audit the stored objects.
//!
//! A Lease only avoids duplicate work. Two replicas never write different certificates because every write to the
//! Secret names the resource version that it is based on, and two replicas that audit the same objects get the same
//! result. Therefore clocks that disagree, or a Lease that cannot be acquired, do no harm.

use std::fs;
use std::process;
use std::time::{Duration, SystemTime};

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::Resource as _;
use serde_json::{Value, json};

use super::client::{ApiClient, ApiError};

/// A Lease by its name, and this process as a candidate for it.
pub(crate) struct LeaseLock {
    client: ApiClient,
    path: String,
    pub(crate) name: String,
    identity: String,
    duration: Duration,
}

impl LeaseLock {
    /// Creates a lock. A holder that neither renews nor releases the Lease loses it after `duration`.
    pub(crate) fn new(client: ApiClient, namespace: &str, name: String, duration: Duration) -> Self {
        Self { client, path: Lease::url_path(&(), Some(namespace)), name, identity: identity(), duration }
    }

    /// Acquires or renews the Lease, which is created if it does not exist. Returns `false` while another replica holds
    /// it.
    pub(crate) async fn acquire_or_renew(&self, now: SystemTime) -> Result<bool, ApiError> {
        let lease: Lease = match self.client.get(&self.path, &self.name).await {
            Err(ApiError::NotFound(_)) => {
                self.client.ensure_exists::<Lease>(&self.path, &self.name).await?;
                self.client.get(&self.path, &self.name).await?
            }
            lease => lease?,
        };
        let spec = lease.spec.unwrap_or_default();
        let holder = spec.holder_identity.filter(|holder| !holder.is_empty());
        let is_holder = holder.as_ref() == Some(&self.identity);
        let renewed = spec.renew_time.map(|time| SystemTime::from(time.0));
        if holder.is_some() && !is_holder && renewed.is_some_and(|renewed| is_held(renewed, now, self.duration)) {
            return Ok(false);
        }
        let time = Timestamp::try_from(now).unwrap_or_default();
        let time = format!("{time:.6}");
        let mut acquired = json!({
            "holderIdentity": self.identity,
            "leaseDurationSeconds": self.duration.as_secs().max(1),
            "renewTime": time,
        });
        if !is_holder {
            acquired["acquireTime"] = time.into();
            acquired["leaseTransitions"] = spec.lease_transitions.unwrap_or_default().saturating_add(1).into();
        }
        self.update(lease.metadata.resource_version, acquired).await
    }

    /// Releases the Lease if this process holds it, so that no other replica waits for its expiry.
    pub(crate) async fn release(&self) -> Result<(), ApiError> {
        let lease: Lease = self.client.get(&self.path, &self.name).await?;
        if lease.spec.and_then(|spec| spec.holder_identity).as_ref() != Some(&self.identity) {
            return Ok(());
        }
        let released = json!({"holderIdentity": null, "renewTime": null, "acquireTime": null});
        self.update(lease.metadata.resource_version, released).await.map(drop)
    }

    /// Updates the Lease. Returns `false` if its resource version has changed.
    async fn update(&self, version: Option<String>, spec: Value) -> Result<bool, ApiError> {
        let patch = json!({"metadata": {"resourceVersion": version}, "spec": spec});
        match self.client.merge_patch(&self.path, &self.name, &patch).await {
            Err(ApiError::Conflict) => Ok(false),
            updated => updated.map(|()| true),
        }
    }
}

/// Whether a Lease that was renewed at a time is held now. A renewal that lies further in the future than the Lease's
/// duration was written with a wrong clock and is ignored.
fn is_held(renewed: SystemTime, now: SystemTime, duration: Duration) -> bool {
    renewed + duration > now && renewed < now + duration
}

/// Returns a unique name of this process: the Pod's name, and the process ID and time, which differ between two starts
/// of a container.
fn identity() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}_{}-{:x}", host.trim(), process::id(), time.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_held_for_its_duration_even_if_clocks_disagree() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        for duration in [15, 60].map(Duration::from_secs) {
            let is_held = |renewed| is_held(renewed, now, duration);
            assert!(is_held(now) && is_held(now - duration / 2) && is_held(now + duration / 2));
            assert!(!is_held(now - duration) && !is_held(now + duration));
            assert!(!is_held(now + Duration::from_hours(1000)), "a clock that was far ahead does not block the Lease");
        }
    }
}
