//! What Kubernetes refuses in the Pods, Services and Jobs of an object.

use super::RayObject;
use crate::kubernetes::{Added, At, PodTemplate, Violations};

impl RayObject<'_> {
    /// Returns everything that Kubernetes refuses when KubeRay creates the Pods, Services and Jobs of this object. It is
    /// computed once and then cached for all rules.
    pub fn kubernetes_violations(&self) -> &Violations {
        self.kubernetes_violations.get_or_init(|| {
            let mut violations = Violations::default();
            for group in self.cluster.groups() {
                let path = || group.path().field("template");
                let template = PodTemplate { json: group.json.field("template"), added: Added::default() };
                template.validate(&At::Root(&path), &mut violations);
            }
            violations
        })
    }
}
