//! The GCS reconnect timeout of each group.

use super::{EffectiveValue, Reader, noun};
use crate::ray::timeout::{Origin, RECONNECT_TIMEOUT, ReconnectTimeout, TimeoutError};
use crate::ray::{Group, RayObject};
use crate::settings::RAY_DEFAULT_RECONNECT_TIMEOUT;

impl<'o> Reader<'_, 'o> {
    /// Returns the timeout of a group. Without fault tolerance it matters only where it is set.
    pub(super) fn reconnect_timeout(&self, group: &Group<'o>) -> Option<EffectiveValue> {
        let var = RayObject::reconnect_timeout_var(group);
        if !self.object.fault_tolerance.is_on() && var.is_none() {
            return None;
        }
        let whose = if group.is_head() { "the head" } else { "this group" };
        let (value, origin) = match self.object.reconnect_timeout(group, self.settings) {
            ReconnectTimeout::Seconds(seconds, origin) => (format!("{seconds} s"), self.origin(origin, group, whose)),
            ReconnectTimeout::Invalid(error) => {
                let value = match error {
                    TimeoutError::Unreadable => "none: Ray crashes on this value",
                    TimeoutError::Zero => "0 s: Ray gives up at once",
                    TimeoutError::Endless => "136 years: Ray never gives up",
                };
                (value.to_owned(), format!("{whose} sets it"))
            }
            ReconnectTimeout::Unknown => {
                ("unknown".to_owned(), "the value is known only in the cluster, not in the manifest".to_owned())
            }
        };
        let mut anchors = self.group(group);
        if let Some(container) = group.ray_container() {
            anchors.push(self.at(&container.env_path()));
        }
        if let Some(var) = var.filter(|var| self.is_written(&var.path())) {
            anchors.push(self.below(&var.path()));
        }
        Some(EffectiveValue { name: format!("GCS reconnect timeout of {}", noun(group)), value, origin, anchors })
    }

    fn origin(&self, origin: Origin, group: &Group<'o>, whose: &str) -> String {
        let is_written = || {
            let var = RayObject::reconnect_timeout_var(group);
            var.is_some_and(|var| self.is_written(&var.path()))
        };
        match origin {
            Origin::Set if is_written() => format!("{whose} sets {RECONNECT_TIMEOUT}"),
            Origin::Set => format!("rayguard's default, because {whose} sets none"),
            Origin::KubeRayDefault => format!("KubeRay's default, because {whose} sets none"),
            Origin::RayDefault if self.settings.assumed_head_reconnect_timeout != RAY_DEFAULT_RECONNECT_TIMEOUT => {
                format!("assumedHeadReconnectTimeoutSeconds of the policy, because {whose} sets none")
            }
            Origin::RayDefault => format!("Ray's default, because {whose} sets none"),
        }
    }
}
