//! Findings on stored objects, where an owner and the objects that its controller creates have the same errors.

use std::collections::{HashMap, HashSet};

use rayguard_manifest::json::Json;

use super::{Exempted, Exemptible, Policy};
use crate::context::Context;
use crate::kuberay::Kind;
use crate::rule::Finding;

/// The kinds, owners first. An error in an owned object is mostly an error of its owner.
pub const KINDS: [Kind; 4] = [Kind::RayCronJob, Kind::RayService, Kind::RayJob, Kind::RayCluster];

/// The kind, namespace and name of an owner.
type OwnerKey = (String, String, String);

/// The name of a rule, and the path in the owned object.
type Reported = (&'static str, String);

/// The findings on owners, so that they are not reported again on the owned objects.
#[derive(Debug, Default)]
pub struct OwnerFindings(HashMap<OwnerKey, HashSet<Reported>>);

impl OwnerFindings {
    /// Returns the findings on a stored object, and the findings that it exempts itself from. Findings that were
    /// returned for its owner are left out, so owners must be reviewed before the objects that they own.
    pub fn review(
        &mut self,
        policy: &Policy,
        context: &Context<'_, '_>,
        exemptible: &Exemptible,
    ) -> (Vec<Finding>, Vec<Exempted>) {
        let (mut findings, mut exempted) = policy.review_stored(context, exemptible);
        let object = context.object.json;
        // A RayCluster owns no objects that rules check.
        let is_owner = text(object, "kind") != Kind::RayCluster.as_str();
        let reported: Option<HashSet<_>> = is_owner.then(|| {
            let all = findings.iter().chain(exempted.iter().map(|exempted| &exempted.finding));
            all.map(|finding| (finding.rule.name, of_owned(object, finding))).collect()
        });
        if let Some(of_owner) = owner(object).and_then(|owner| self.0.get(&owner)) {
            let is_new = |finding: &Finding| !of_owner.contains(&(finding.rule.name, finding.path.to_string()));
            findings.retain(is_new);
            exempted.retain(|exempted| is_new(&exempted.finding));
        }
        if let Some(reported) = reported.filter(|reported| !reported.is_empty()) {
            let metadata = object.field("metadata");
            self.0.insert((text(object, "kind"), text(metadata, "namespace"), text(metadata, "name")), reported);
        }
        (findings, exempted)
    }
}

fn text(json: &Json<'_>, field: &str) -> String {
    json.field(field).as_str().unwrap_or_default().to_owned()
}

/// Returns the owner whose controller created an object; `None` without one.
fn owner(object: &Json<'_>) -> Option<OwnerKey> {
    let metadata = object.field("metadata");
    let references = metadata.field("ownerReferences").items();
    let owner = references.iter().find(|reference| reference.field("controller").as_bool() == Some(true))?;
    Some((text(owner, "kind"), text(metadata, "namespace"), text(owner, "name")))
}

/// Returns the path of a finding in the RayCluster or RayJob that is created from this object.
fn of_owned(object: &Json<'_>, finding: &Finding) -> String {
    let path = finding.path.to_string();
    match object.field("kind").as_str() {
        Some("RayService") => path.replacen("spec.rayClusterConfig", "spec", 1),
        Some("RayJob") => path.replacen("spec.rayClusterSpec", "spec", 1),
        Some("RayCronJob") => path.replacen("spec.jobTemplate", "spec", 1),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ray::RayObject;
    use crate::rules;

    const OWNED: &str = r#"[{"kind": "RayService", "name": "a", "controller": true}]"#;

    fn review(owners: &mut OwnerFindings, kind: &str, spec: &str, owned: &str, exemptible: &Exemptible) -> [usize; 2] {
        let text = format!(
            r#"{{"apiVersion": "ray.io/v1", "kind": "{kind}", "metadata": {{"name": "a", "namespace": "b",
                "ownerReferences": {owned}, "annotations": {{"rayguard.dev/ignore-missing-redis-password": "a test"}}}},
                "spec": {spec}}}"#
        );
        let object: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let policy = Policy::default();
        let object = RayObject::read(&object).expect("KubeRay's");
        let context = Context::new(&object, &policy.settings);
        let (findings, exempted) = owners.review(&policy, &context, exemptible);
        let of_rule = |finding: &&Finding| finding.rule.name == "missing-redis-password";
        [findings.iter().filter(of_rule).count(), exempted.len()]
    }

    #[test]
    fn a_finding_is_reported_once_for_an_owner_and_its_objects() {
        let cluster = r#"{"gcsFaultToleranceOptions": {"redisAddress": "redis:6379"}, "headGroupSpec":
            {"template": {"spec": {"containers": [{"name": "ray-head"}]}}}}"#;
        let service = format!(r#"{{"rayClusterConfig": {cluster}}}"#);
        let rule = rules::find("missing-redis-password").expect("a rule").name;
        for (exemptible, expected) in
            [(Exemptible::None, [1, 0]), (Exemptible::Rules(vec![rule]), [0, 1]), (Exemptible::All, [0, 1])]
        {
            let mut owners = OwnerFindings::default();
            assert_eq!(review(&mut owners, "RayCluster", cluster, OWNED, &exemptible), expected, "not reported yet");
            assert_eq!(review(&mut owners, "RayService", &service, "[]", &exemptible), expected);
            assert_eq!(review(&mut owners, "RayCluster", cluster, OWNED, &exemptible), [0, 0], "reported already");
            assert_eq!(review(&mut owners, "RayCluster", cluster, "[]", &exemptible), expected, "without an owner");
        }
    }
}
