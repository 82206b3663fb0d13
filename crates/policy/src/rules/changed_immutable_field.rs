#![doc = include_str!("changed_immutable_field.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Kind;
use crate::kuberay::Version;
use crate::ray::gcs::OPTIONS;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::spelling::quote;

pub(super) static RULE: Rule = Rule {
    name: "changed-immutable-field",
    summary: "an update that changes an immutable field",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Previous,
    since: "0.1.0",
    docs: include_str!("changed_immutable_field.md"),
    cel: Cel::Yes(include_str!("changed_immutable_field.cel.yaml")),
    check,
};

const MANAGED_BY: &str = "managedBy";
const BACKEND: &str = "backend";

/// The controller of an object without `managedBy` (ray-operator/controllers/ray/utils/util.go,
/// `ManagedByExternalController`).
const OPERATOR: &str = "ray.io/kuberay-operator";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let version = context.settings.kuberay.version;
    let kind = context.object.kind;
    let own = kind.job_spec_fields().unwrap_or(&["spec"]);
    let cluster = kind.cluster_spec_fields();
    if version >= Version::v1(if kind == Kind::RayService { 6 } else { 3 }) {
        // The API server compares the field only if both objects have it. Without the field, the operator is the
        // controller, except in the template of a RayCronJob.
        let unset = if kind == Kind::RayCronJob { None } else { Some(OPERATOR) };
        compare_field(context, own, MANAGED_BY, unset, findings);
    }
    if version >= Version::v1(3) && cluster != own {
        compare_field(context, cluster, MANAGED_BY, None, findings);
    }
    if version >= Version::v1(7) {
        let options: Vec<_> = cluster.iter().copied().chain([OPTIONS]).collect();
        compare_field(context, &options, BACKEND, Some("redis"), findings);
    }
}

/// Reports a field of a map that both objects have, if its value differs. `unset` is the value of a missing field; with
/// `None`, a missing field is not compared.
fn compare_field(
    context: &Context<'_, '_>,
    map: &[&'static str],
    field: &'static str,
    unset: Option<&'static str>,
    findings: &mut Findings,
) {
    let new = context.object.json.descend(map.iter().copied());
    let Some(previous) = context.previous.filter(|_| new.as_object().is_some()) else { return };
    if new.field(field).is_null() && !previous.may_have(field) {
        return;
    }
    // No update changes the kind of an object.
    let Some(old) = previous.object().filter(|old| old.kind == context.object.kind) else { return };
    let old = old.json.descend(map.iter().copied());
    if old.as_object().is_none() {
        return;
    }
    let [was, is] = [old, new].map(|map| map.field(field)).map(|value| value.as_nonempty_str().or(unset));
    if let (Some(was), Some(is)) = (was, is)
        && was != is
    {
        let now = if new.field(field).is_null() { "be removed".to_owned() } else { format!("become {}", quote(is)) };
        findings.invalid(
            FieldPath::of(map.iter().copied()).field(field),
            format!("{field} is immutable: it is {} and cannot {now}", quote(was)),
            format!("write {field}: {was:.60}, or delete the object and create it again"),
        );
    }
}
