//! The name of a worker group, which KubeRay writes into a label and into the names of Pods.

use crate::kuberay::{KubeRay, Version};
use crate::kubernetes::{At, Subject, Violations};
use crate::name::{NameError, Syntax, sentence};
use crate::ray::{Group, Kind, RayObject};

/// The number of bytes of the names of cluster and group that KubeRay keeps in the name of a Pod (`PodName`,
/// ray-operator/controllers/ray/utils/util.go:200-217, v1.6.2).
const MAX_PREFIX: usize = 50;

/// The number of random characters that KubeRay and the API server append to a name.
const RANDOM: usize = 5;

/// Reports a name of a worker group with which Kubernetes refuses the Pods.
///
/// KubeRay writes it unchanged as the value of the label `ray.io/group` (`labelPod`), and in lower case into the name of
/// each Pod (`PodName`). The label allows `_`, two dots in a row and a dot next to `-`, but the name of a Pod does not.
pub(super) fn validate(object: &RayObject<'_>, group: &Group<'_>, kuberay: &KubeRay, violations: &mut Violations) {
    let Some(name) = group.name().filter(|_| !group.is_head()) else { return };
    // Such a name is valid in both, and most names are.
    let is_outer = |byte: &u8| byte.is_ascii_alphanumeric();
    let is_valid = |byte: &u8| is_outer(byte) || *byte == b'-';
    let bytes = name.as_bytes();
    if bytes.len() <= 63
        && bytes.first().is_some_and(is_outer)
        && bytes.last().is_some_and(is_outer)
        && bytes.iter().all(is_valid)
    {
        return;
    }
    let path = || group.path().field("groupName");
    let at = At::Root(&path);
    let help = format!("write {}", Syntax::Dns1123Label.form());
    let errors = Syntax::LabelValue.errors(name);
    if !errors.is_empty() {
        let message = format!("KubeRay makes the group's name a label of its Pods, and it {}", sentence(&errors));
        violations.invalid(Subject::GroupName, &at, message, help);
        return;
    }
    // KubeRay 1.1 makes the names otherwise.
    if kuberay.version < Version::v1(2) {
        return;
    }
    let Some(clusters) = cluster_name_lengths(object) else { return };
    let [first, second] = clusters.map(|length| pod_name_errors(length, name));
    if !first.is_empty() && !second.is_empty() {
        let message = format!("KubeRay makes the group's name a part of its Pods' names, which {}", would(&first));
        violations.invalid(Subject::GroupName, &at, message, help);
    }
}

/// Returns the errors in the name of a worker's Pod, for the length of its cluster's name. Another check validates that
/// name.
fn pod_name_errors(cluster: usize, group: &str) -> Vec<NameError> {
    let mut pod = format!("{}-{group}", "x".repeat(cluster));
    pod.truncate(MAX_PREFIX);
    pod.make_ascii_lowercase();
    pod.push_str("-worker-");
    pod.push_str(&"x".repeat(RANDOM));
    Syntax::Dns1123Subdomain.errors(&pod)
}

/// Returns the length of the name of the cluster of an object, twice where versions of KubeRay differ; `None` if the
/// object has no name.
fn cluster_name_lengths(object: &RayObject<'_>) -> Option<[usize; 2]> {
    let metadata = object.json.field("metadata");
    let name = match metadata.field("name").as_nonempty_str() {
        Some(name) => name.len(),
        // The API server keeps at most 58 bytes of the prefix (`SimpleNameGenerator`).
        None => metadata.field("generateName").as_nonempty_str()?.len().min(58) + RANDOM,
    };
    let suffix = 1 + RANDOM;
    Some(match object.kind {
        Kind::RayCluster => [name; 2],
        Kind::RayService | Kind::RayJob => [name + suffix; 2],
        // KubeRay 1.7 appends the minutes since 1970 instead of random characters: 8 digits.
        Kind::RayCronJob => [name + suffix + suffix, name + "-12345678".len() + suffix],
    })
}

/// Returns errors of names that are to be made, as a predicate.
fn would(errors: &[NameError]) -> String {
    let predicate = sentence(errors);
    match predicate.strip_prefix("contains ") {
        Some(what) => format!("would contain {what}"),
        None => format!("are not valid: each {predicate}"),
    }
}

#[cfg(test)]
mod tests {
    use rayguard_manifest::json::Json;

    use super::*;

    fn is_refused(kind: Kind, name: &str, group: &str) -> bool {
        let spec = kind.cluster_spec_fields().iter().rev().fold(
            serde_json::json!({"workerGroupSpecs": [{"groupName": group}]}),
            |inner, field| serde_json::json!({*field: inner}),
        );
        let mut object = spec;
        object["apiVersion"] = "ray.io/v1".into();
        object["kind"] = kind.as_str().into();
        object["metadata"] = serde_json::json!({"name": name});
        let text = object.to_string();
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let object = RayObject::read(&json).expect("an object");
        let mut violations = Violations::default();
        validate(&object, &object.cluster.workers[0], &KubeRay::default(), &mut violations);
        !violations.all().is_empty()
    }

    #[test]
    fn names_that_make_no_label_or_no_pod_name_are_refused() {
        let long = "a".repeat(63);
        for group in ["", "a", "GPU", "1", "a.b", "a-b", &long] {
            assert!(!is_refused(Kind::RayCluster, "c", group), "{group}");
        }
        for group in [" ", "a/b", "-a", "a-", "gpu_1", "a..b", "a.-b", "é", &format!("{long}a")] {
            assert!(is_refused(Kind::RayCluster, "c", group), "{group}");
        }
    }

    #[test]
    fn what_kuberay_cuts_from_a_pod_name_is_not_refused() {
        let long = "c".repeat(48);
        assert!(is_refused(Kind::RayCluster, &long, "_x"));
        assert!(is_refused(Kind::RayCluster, &"c".repeat(47), "g_x"));
        assert!(!is_refused(Kind::RayCluster, &long, "g_x"));
        // The name that KubeRay generates is longer.
        assert!(is_refused(Kind::RayCluster, &"c".repeat(41), "g_x"));
        assert!(!is_refused(Kind::RayService, &"c".repeat(42), "g_x"));
        assert!(is_refused(Kind::RayService, &"c".repeat(41), "g_x"));
        // A dot at the cut would be before a '-'.
        assert!(is_refused(Kind::RayCluster, &"c".repeat(47), "g.x"));
        assert!(!is_refused(Kind::RayCluster, &"c".repeat(46), "g.x"));
        // KubeRay 1.6 and 1.7 cut the name at different characters.
        assert!(!is_refused(Kind::RayCronJob, &"c".repeat(35), "g_x"));
        assert!(is_refused(Kind::RayCronJob, &"c".repeat(30), "g_x"));
    }
}
