//! What Kubernetes refuses in the Pods, Services and Jobs of an object.

mod additions;
mod credentials;
mod group_name;
mod pods;
mod services;
mod submitter;

use super::{Group, RayObject};
use crate::kuberay::KubeRay;
use crate::kubernetes::Violations;
use additions::Additions;

/// The volume with the token of a service account, for authentication.
const TOKEN_VOLUME: &str = "ray-token";

impl RayObject<'_> {
    /// Returns everything that Kubernetes refuses when KubeRay creates the Pods, Services and Jobs of this object. It is
    /// computed once and then cached for all rules, so every call must be for the same KubeRay.
    pub fn kubernetes_violations(&self, kuberay: &KubeRay) -> &Violations {
        self.kubernetes_violations.get_or_init(|| {
            let mut violations = Violations::default();
            if self.cluster.exists() {
                let additions = Additions::of(self);
                // Worker groups often differ only in their names and numbers. An equal template has no violation either.
                let mut valid: Option<&Group<'_>> = None;
                for group in self.cluster.groups() {
                    group_name::validate(self, group, kuberay, &mut violations);
                    if !valid.is_some_and(|valid| has_equal_pods(valid, group)) {
                        let before = violations.all().len();
                        pods::validate(self, group, &additions, kuberay, &mut violations);
                        valid = (!group.is_head() && violations.all().len() == before).then_some(group);
                    }
                }
                credentials::validate(self, &mut violations);
                services::validate(self, kuberay, &mut violations);
            }
            submitter::validate(self, &mut violations);
            violations
        })
    }
}

/// Reports whether two worker groups have equal Pods, apart from the names that KubeRay gives them.
fn has_equal_pods(one: &Group<'_>, other: &Group<'_>) -> bool {
    ["template", "labels", "rayStartParams"].iter().all(|field| one.json.field(field) == other.json.field(field))
}
