#![doc = include_str!("changed_immutable_field.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::gcs::OPTIONS;
use crate::ray::{Kind, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use crate::spelling::quote;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

pub(super) static RULE: Rule = Rule {
    name: "changed-immutable-field",
    summary: "an update of a field that is fixed once the object exists",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("changed_immutable_field.md"),
    check: Check::Update { fields: &[MANAGED_BY, BACKEND], compare },
};

const MANAGED_BY: &str = "managedBy";
const BACKEND: &str = "backend";

/// Who reconciles an object that does not say it (ray-operator/controllers/ray/utils/util.go,
/// `ManagedByExternalController`).
const OPERATOR: &str = "ray.io/kuberay-operator";

fn compare(old: &RayObject<'_>, new: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let version = settings.kuberay.version;
    if old.kind != new.kind {
        return; // the API server replaces nothing by another thing
    }
    let own = new.kind.job_spec_fields().unwrap_or(&["spec"]);
    let cluster = new.kind.cluster_spec_fields();
    if version >= Version::v1(if new.kind == Kind::RayService { 6 } else { 3 }) {
        // The API server compares only what both objects have. Of an object that somebody reconciles, to say nothing
        // is to say that it is the operator.
        let unset = if new.kind == Kind::RayCronJob { None } else { Some(OPERATOR) };
        compare_field(old, new, own, MANAGED_BY, unset, findings);
    }
    if version >= Version::v1(3) && cluster != own {
        compare_field(old, new, cluster, MANAGED_BY, None, findings);
    }
    if version >= Version::v1(7) {
        let options: Vec<_> = cluster.iter().copied().chain([OPTIONS]).collect();
        compare_field(old, new, &options, BACKEND, Some("redis"), findings);
    }
}

/// Reports a field of a map that both objects have, if its value is another one. What the value is where none is written
/// may not be known, and then nothing can be compared with it.
fn compare_field(
    old: &RayObject<'_>,
    new: &RayObject<'_>,
    map: &[&'static str],
    field: &'static str,
    unset: Option<&'static str>,
    findings: &mut Findings,
) {
    fn at<'a>(object: &RayObject<'a>, map: &[&'static str]) -> Option<&'a Json<'a>> {
        Some(object.json.descend(map.iter().copied())).filter(|value| value.as_object().is_some())
    }
    let (Some(old), Some(new)) = (at(old, map), at(new, map)) else { return };
    let [was, is] = [old, new].map(|map| map.field(field).as_nonempty_str().or(unset));
    if let (Some(was), Some(is)) = (was, is)
        && was != is
    {
        let now = if new.field(field).is_null() { "be left out".to_owned() } else { format!("become {}", quote(is)) };
        findings.invalid(
            FieldPath::of(map.iter().copied()).field(field),
            format!("it is {} since the object was created, and cannot {now}", quote(was)),
            format!("write {field}: {was:.60}, or delete the object and create it anew"),
        );
    }
}
