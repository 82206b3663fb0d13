//! Objects as they are stored, and what a controller made of what somebody wrote.

use std::collections::{HashMap, HashSet};

use super::{Exempted, Exemptible, Policy};
use crate::context::Context;
use crate::kuberay::Kind;
use crate::rule::Finding;
use rayguard_manifest::json::Json;

/// The kinds, owners first: what is found in a cluster that somebody owns is mostly its owner's fault.
pub const KINDS: [Kind; 4] = [Kind::RayCronJob, Kind::RayService, Kind::RayJob, Kind::RayCluster];

/// Kind, namespace and name.
type Owner = (String, String, String);

/// The rule, and the path in what is owned.
type Said = (&'static str, String);

/// What has been said of owners, so that it is not said again of what they own.
#[derive(Debug, Default)]
pub struct Owners(HashMap<Owner, HashSet<Said>>);

impl Owners {
    /// Judges an object as it is stored, owners before what they own; gives what is wrong with it, and what it exempts
    /// itself from of that which it may.
    pub fn judge(
        &mut self,
        policy: &Policy,
        context: &Context<'_, '_>,
        exemptible: &Exemptible,
    ) -> (Vec<Finding>, Vec<Exempted>) {
        let (mut findings, mut exempted) = policy.review_stored(context, exemptible);
        let object = context.object.json;
        // Nothing is made of a RayCluster that would repeat it.
        let is_owner = text(object, "kind") != Kind::RayCluster.as_str();
        let said: Option<HashSet<_>> = is_owner.then(|| {
            let said = findings.iter().chain(exempted.iter().map(|exempted| &exempted.finding));
            said.map(|finding| (finding.rule.name, of_owned(object, finding))).collect()
        });
        if let Some(of_owner) = owner(object).and_then(|owner| self.0.get(&owner)) {
            let is_new = |finding: &Finding| !of_owner.contains(&(finding.rule.name, finding.path.to_string()));
            findings.retain(is_new);
            exempted.retain(|exempted| is_new(&exempted.finding));
        }
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            let metadata = object.field("metadata");
            self.0.insert((text(object, "kind"), text(metadata, "namespace"), text(metadata, "name")), said);
        }
        (findings, exempted)
    }
}

fn text(json: &Json<'_>, field: &str) -> String {
    json.field(field).as_str().unwrap_or_default().to_owned()
}

/// The controller that made an object, if one has.
fn owner(object: &Json<'_>) -> Option<Owner> {
    let metadata = object.field("metadata");
    let references = metadata.field("ownerReferences").items();
    let owner = references.iter().find(|reference| reference.field("controller").as_bool() == Some(true))?;
    Some((text(owner, "kind"), text(metadata, "namespace"), text(owner, "name")))
}

/// Where an object that is made of this one has what a finding is about; the spec of a RayCluster, or that of a RayJob.
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

    fn judge(owners: &mut Owners, kind: &str, spec: &str, owned_by: &str, exemptible: &Exemptible) -> [usize; 2] {
        let text = format!(
            r#"{{"apiVersion": "ray.io/v1", "kind": "{kind}", "metadata": {{"name": "a", "namespace": "b",
                "ownerReferences": {owned_by}, "annotations": {{"rayguard.dev/ignore-missing-redis-password": "a test"}}}},
                "spec": {spec}}}"#
        );
        let object: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let policy = Policy::default();
        let object = RayObject::read(&object).expect("KubeRay's");
        let context = Context::new(&object, &policy.settings);
        let (findings, exempted) = owners.judge(&policy, &context, exemptible);
        let of_rule = |finding: &&Finding| finding.rule.name == "missing-redis-password";
        [findings.iter().filter(of_rule).count(), exempted.len()]
    }

    #[test]
    fn what_an_object_is_exempt_from_is_up_to_who_asks_and_is_said_once() {
        let cluster = r#"{"gcsFaultToleranceOptions": {"redisAddress": "redis:6379"}, "headGroupSpec":
            {"template": {"spec": {"containers": [{"name": "ray-head"}]}}}}"#;
        let service = format!(r#"{{"rayClusterConfig": {cluster}}}"#);
        let rule = rules::find("missing-redis-password").expect("a rule").name;
        for (exemptible, expected) in
            [(Exemptible::None, [1, 0]), (Exemptible::Rules(vec![rule]), [0, 1]), (Exemptible::All, [0, 1])]
        {
            let mut owners = Owners::default();
            assert_eq!(judge(&mut owners, "RayCluster", cluster, OWNED, &exemptible), expected, "nothing was said");
            assert_eq!(judge(&mut owners, "RayService", &service, "[]", &exemptible), expected);
            assert_eq!(judge(&mut owners, "RayCluster", cluster, OWNED, &exemptible), [0, 0], "it was said");
            assert_eq!(judge(&mut owners, "RayCluster", cluster, "[]", &exemptible), expected, "of another one");
        }
    }
}
