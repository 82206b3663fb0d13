//! What a controller made of what somebody wrote.

use std::collections::{HashMap, HashSet};

use rayguard::json::Json;
use rayguard::policy::Policy;
use rayguard::ray::{Kind, RayObject};
use rayguard::rule::Finding;

use crate::cli::judged::Judged;
use crate::cli::object::ObjectName;

/// Kind, namespace and name.
type Owner = (String, String, String);

/// The rule, and the path in what is owned.
type Said = (&'static str, String);

/// What has been said of owners, so that it is not said again of what they own.
#[derive(Default)]
pub(in crate::cli) struct Owners(HashMap<Owner, HashSet<Said>>);

impl Owners {
    /// Judges an object as it is stored; `None` if it is not KubeRay's.
    pub(in crate::cli) fn judge(&mut self, policy: &Policy, object: &Json<'_>, namespace: &str) -> Option<Judged> {
        let mut findings = policy.validate(&RayObject::read(object)?, None);
        self.leave_out_repeated(object, &mut findings);
        let findings = findings.into_iter().map(|finding| {
            let path = finding.path.clone();
            (finding, path)
        });
        let findings = findings.collect();
        Some(Judged { name: ObjectName::of(object, namespace), findings, exempted: Vec::new() })
    }

    /// Leaves out what was said of the object's owner, and remembers what is said of the object.
    fn leave_out_repeated(&mut self, object: &Json<'_>, findings: &mut Vec<Finding>) {
        let text = |field: &str| object.descend(["metadata", field]).as_str().unwrap_or_default().to_owned();
        let of = |json: &Json<'_>, field: &str| json.field(field).as_str().unwrap_or_default().to_owned();
        let kind = of(object, "kind");
        // Where the owned object has what this one has; the spec of a RayCluster, or that of a RayJob.
        let of_owned = |path: String| match kind.as_str() {
            "RayService" => path.replacen("spec.rayClusterConfig", "spec", 1),
            "RayJob" => path.replacen("spec.rayClusterSpec", "spec", 1),
            "RayCronJob" => path.replacen("spec.jobTemplate", "spec", 1),
            _ => path,
        };
        let said = findings.iter().map(|finding| (finding.rule.name, of_owned(finding.path.to_string()))).collect();
        let references = object.descend(["metadata", "ownerReferences"]).items();
        let owner = references.iter().find(|reference| reference.field("controller").as_bool() == Some(true));
        let owner = owner.map(|owner| (of(owner, "kind"), text("namespace"), of(owner, "name")));
        if let Some(of_owner) = owner.and_then(|owner| self.0.get(&owner)) {
            findings.retain(|finding| !of_owner.contains(&(finding.rule.name, finding.path.to_string())));
        }
        if kind != Kind::RayCluster.as_str() {
            self.0.insert((kind, text("namespace"), text("name")), said);
        }
    }
}
