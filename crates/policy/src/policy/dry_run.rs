//! The dry run: what a cluster with rayguard would do with an object, computed without a cluster.

use std::collections::HashSet;

use json_patch::Patch;
use json_patch::jsonptr::Pointer;
use rayguard_manifest::fix::{Fix, additions};
use rayguard_manifest::json::Json;
use rayguard_manifest::patch::{apply, index};
use rayguard_manifest::path::{FieldPath, Step};

use super::{Exempted, Exemptible, Policy, Webhook, partial};
use crate::context::{Context, Environment};
use crate::placeholder;
use crate::ray::RayObject;
use crate::reason::Reason;
use crate::rule::{Finding, Level, Scope};
use crate::rules::{self, RULES};
use crate::schema::Schema;

/// The result of a dry run.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// The object as the API server would store it.
    pub object: Json<'a>,
    /// The defaults that rayguard would add to it.
    pub patch: Patch,
    /// The findings, in the order of [`RULES`], then of paths. The paths are those of `object`, unless
    /// [`Finding::in_manifest`] is set.
    pub findings: Vec<Finding>,
    /// The findings that the object exempts itself from. The webhook still reports them, unless its policy allows the
    /// exemption.
    pub exempted: Vec<Exempted>,
    /// Whether the manifest contains only a part of an object, such as a patch for kustomize.
    pub is_partial: bool,
}

impl Policy {
    /// Processes a new object as the API server does: drops unknown fields, adds the defaults of KubeRay's schema and
    /// then those of rayguard, and runs the rules. `namespace` is the namespace of an object that names none. Returns
    /// `None` for an object that is not one of KubeRay's.
    ///
    /// Without rayguard's webhook, the defaults of rayguard are left out. If the policy does not say whether the webhook
    /// is installed, there are additional warnings: the denials that the object would get without the defaults.
    pub fn dry_run<'a>(&self, written: &Json<'a>, namespace: Option<&str>) -> Option<Outcome<'a>> {
        self.dry_run_within(written, namespace, Environment::EMPTY)
    }

    /// Processes a new object as [`Policy::dry_run`] does, with the knowledge of an environment.
    pub fn dry_run_within<'a>(
        &self,
        written: &Json<'a>,
        namespace: Option<&str>,
        environment: Environment<'_>,
    ) -> Option<Outcome<'a>> {
        let as_written = read(written, namespace)?;
        let written_context = Context::new(&as_written, &self.settings).within(environment);
        let mut findings = self.findings(&written_context, Scope::Offline);
        let mut object = written.clone();
        Schema::of(self.settings.kuberay.version).conform(&mut object);
        let patch = match self.webhook {
            Some(Webhook::Absent) => Patch::default(),
            Some(Webhook::Installed) | None => self.mutate(&read(&object, namespace)?, None),
        };
        let without_defaults = match self.webhook {
            None if !patch.0.is_empty() => self.findings(
                &Context::new(&read(&object, namespace)?, &self.settings).within(environment),
                Scope::Admission,
            ),
            _ => Vec::new(),
        };
        let applied = apply(&mut object, &patch);
        debug_assert_eq!(applied, Ok(()), "a patch fits the object that it is made for");
        let with_status = with_status_of(written, &object);
        let stored = read(with_status.as_ref().unwrap_or(&object), namespace)?;
        let context = Context::new(&stored, &self.settings).within(environment);
        let mut in_object = self.findings(&context, Scope::Admission);
        // A status cannot deny a new object, because the API server drops it.
        let of_status = in_object.iter_mut().filter(|finding| *finding.rule == rules::CONTRADICTORY_STATUS);
        of_status.for_each(Finding::at_most_warn);
        findings.extend(averted(without_defaults, &in_object, written, &patch));
        findings.extend(in_object);
        let scopes = [Scope::Offline, Scope::Admission];
        let exempted = self.exempt(&context, &mut findings, &scopes, &Exemptible::All);
        drop_repeated(&mut findings, &exempted);
        join_serve_config(&mut findings);
        findings.sort_by_cached_key(|finding| (position(finding), finding.path.clone()));
        let is_partial = partial::is_partial(&as_written);
        let mut outcome = Outcome { object, patch, findings: Vec::new(), exempted, is_partial };
        for finding in &mut findings {
            placeholder::add_help(finding, &outcome.written_path(finding), written);
            if is_partial && finding.reason == Reason::Required {
                finding.help = format!("{}; {}", finding.help, partial::HELP);
            }
        }
        outcome.findings = findings;
        Some(outcome)
    }
}

/// Returns the denials that only a default of rayguard prevents, as warnings. `without` are the findings without the
/// defaults, and `with` those with them.
fn averted(without: Vec<Finding>, with: &[Finding], written: &Json<'_>, patch: &Patch) -> Vec<Finding> {
    let remains = |finding: &Finding| {
        let stored = as_stored(&finding.path, patch);
        // With a default, the finding may be about the value, and without it about the list in which the value is missing.
        let is_same = |other: &FieldPath| other.starts_with(&stored) || stored.starts_with(other);
        with.iter().any(|other| other.rule == finding.rule && is_same(&other.path))
    };
    let is_averted = |finding: &Finding| finding.level == Level::Deny && !remains(finding);
    let mut averted: Vec<_> = without.into_iter().filter(is_averted).collect();
    for finding in &mut averted {
        finding.in_manifest = true;
        finding.at_most_warn();
        finding.help += "; rayguard's webhook does it where it is installed (--webhook installed)";
        if finding.fix.is_none() {
            finding.fix = additions(written, patch).map(|edits| Fix { edits });
        }
    }
    averted
}

/// Converts a path of the object without a patch to the path in the object with the patch. An item that the patch inserts
/// into a list shifts the items after it.
fn as_stored(path: &FieldPath, defaults: &Patch) -> FieldPath {
    let mut stored = path.clone();
    for (list, added) in defaults.0.iter().filter_map(|operation| inserted(operation.path())) {
        if let Some(here) = index_in(list, &stored)
            && here >= added
        {
            let depth = list.tokens().count();
            stored = stored.take(depth).index(here + 1).join(&stored.steps()[depth + 1..]);
        }
    }
    stored
}

/// Returns the list and the index of an item, if a pointer ends with an index.
fn inserted(pointer: &Pointer) -> Option<(&Pointer, usize)> {
    let (above, token) = pointer.split_back()?;
    Some((above, index(&token.decoded())?))
}

/// Returns the index that a path has in a list, if it leads into the list.
fn index_in(list: &Pointer, path: &FieldPath) -> Option<usize> {
    let Some(Step::Index(here)) = path.steps().get(list.tokens().count()) else { return None };
    let is_in_list = list.tokens().zip(path.steps()).all(|(token, step)| match step {
        Step::Index(index) => token.decoded() == index.to_string(),
        step => Some(&*token.decoded()) == step.name(),
    });
    is_in_list.then_some(*here)
}

/// Returns the object with the status of the written object; `None` without a status. An object that was read from a
/// cluster has one.
fn with_status_of<'a>(written: &Json<'a>, object: &Json<'a>) -> Option<Json<'a>> {
    let status = written.field("status");
    status.as_object()?;
    let mut object = object.clone();
    object.as_object_mut()?.insert("status", status.clone());
    Some(object)
}

fn read<'v>(json: &'v Json<'v>, namespace: Option<&'v str>) -> Option<RayObject<'v>> {
    let mut object = RayObject::read(json)?;
    object.namespace = object.namespace.or(namespace);
    Some(object)
}

/// Joins the two findings about a RayService whose only Serve configuration is `serveConfig`, which the API server drops.
fn join_serve_config(findings: &mut Vec<Finding>) {
    let old = FieldPath::of(["spec", "serveConfig"]);
    let unknown = findings.iter().position(|finding| *finding.rule == rules::UNKNOWN_FIELD && finding.path == old);
    let missing = findings.iter().position(|finding| *finding.rule == rules::MISSING_SERVE_CONFIG);
    let (Some(unknown), Some(missing)) = (unknown, missing) else { return };
    let help = std::mem::take(&mut findings[unknown].help);
    let missing = &mut findings[missing];
    (missing.help, missing.path) = (help, old);
    missing.in_manifest = true;
    missing.about_key();
    findings.remove(unknown);
}

/// Drops the findings of other rules at or below a path whose value has the wrong type, and those about the same
/// duplicate, so that one error causes one finding. This includes errors that the object exempts itself from.
fn drop_repeated(findings: &mut Vec<Finding>, exempted: &[Exempted]) {
    let all = || findings.iter().chain(exempted.iter().map(|exempted| &exempted.finding));
    let malformed = || all().filter(|finding| *finding.rule == rules::MALFORMED_FIELD);
    let paths = |is_duplicate: bool| -> HashSet<_> {
        let found = malformed().filter(|finding| (finding.reason == Reason::Duplicate) == is_duplicate);
        found.map(|finding| finding.path.clone()).collect()
    };
    let (malformed, duplicate) = (paths(false), paths(true));
    if malformed.is_empty() && duplicate.is_empty() {
        return;
    }
    findings.retain(|Finding { rule, path, reason, .. }| {
        let is_below = || (0..=path.steps().len()).any(|steps| malformed.contains(&path.take(steps)));
        // The schema reports the item of a list, and the other rule the field that occurs twice.
        let is_in_item = || duplicate.contains(&path.take(path.steps().len().saturating_sub(1)));
        **rule == rules::MALFORMED_FIELD || !(is_below() || *reason == Reason::Duplicate && is_in_item())
    });
}

fn position(finding: &Finding) -> usize {
    RULES.iter().position(|rule| *rule == finding.rule).unwrap_or(RULES.len())
}

impl Outcome<'_> {
    /// Returns the path of a finding in the object as the user wrote it.
    pub fn written_path(&self, finding: &Finding) -> FieldPath {
        if finding.in_manifest { finding.path.clone() } else { self.as_written(&finding.path) }
    }

    /// Converts a path of the stored object to the path in the object as the user wrote it. An item that the patch
    /// inserts into a list shifts the items after it. For an inserted item itself, the result is the path of the list.
    pub fn as_written(&self, path: &FieldPath) -> FieldPath {
        let mut path = path.clone();
        for (list, added) in self.patch.0.iter().rev().filter_map(|operation| inserted(operation.path())) {
            let Some(here) = index_in(list, &path) else { continue };
            let depth = list.tokens().count();
            if here == added {
                path = path.take(depth);
            } else if here > added {
                path = path.take(depth).index(here - 1).join(&path.steps()[depth + 1..]);
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rule::Level;

    fn cluster(fields: &serde_json::Value) -> Json<'static> {
        let cluster =
            json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"}, "spec": fields});
        serde_json::from_str::<Json<'_>>(&cluster.to_string()).expect("JSON").into_owned()
    }

    fn outcome(json: &Json<'static>) -> Outcome<'static> {
        Policy::default().dry_run(json, Some("default")).expect("a RayCluster")
    }

    #[test]
    fn a_value_that_is_not_an_object_has_no_outcome() {
        assert!(Policy::default().dry_run(&Json::from("text"), None).is_none());
        assert!(Policy::default().dry_run(&Json::Null, None).is_none());
    }

    #[test]
    fn defaults_are_written_before_the_rules_run() {
        let timeout = json!([{"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "900"}]);
        let json = cluster(&json!({
            "gcsFaultToleranceOptions": {"redisAddress": "redis:6379"},
            "headGroupSpec": {"template": {"spec": {"containers": [{"name": "h", "env": timeout}]}}},
            "workerGroupSpecs": [{"groupName": "w", "template": {"spec": {"containers": [{"name": "w"}]}}}],
        }));
        let levels = |webhook| {
            let policy = Policy { webhook, ..Policy::default() };
            let outcome = policy.dry_run(&json, Some("default")).expect("a RayCluster");
            let level = |rule: &str| outcome.findings.iter().find(|it| it.rule.name == rule).map(|it| it.level);
            [level("worker-reconnect-timeout"), level("missing-redis-password")]
        };
        assert_eq!(levels(Some(Webhook::Installed)), [None, Some(Level::Deny)]);
        assert_eq!(levels(None), [Some(Level::Warn), Some(Level::Deny)], "only the default prevents the denial");
        assert_eq!(levels(Some(Webhook::Absent)), [Some(Level::Deny); 2]);
        let outcome = outcome(&json);
        assert!(!outcome.patch.0.is_empty());
        let again = Policy::default().dry_run(&outcome.object, None).expect("a RayCluster");
        assert!(again.patch.0.is_empty(), "a stored object needs no defaults");
    }

    #[test]
    fn the_schemas_defaults_are_added_and_unknown_fields_are_dropped() {
        let template = json!({"spec": {"containers": [{"name": "c"}]}});
        let outcome = outcome(&cluster(&json!({
            "headGroupSpec": {"template": template},
            "workerGroupSpecs": [{"groupName": "w", "replicas": null, "unheardOf": 1, "template": template}],
        })));
        let group = &outcome.object.descend(["spec", "workerGroupSpecs"]).items()[0];
        assert_eq!(group.field("maxReplicas").as_i64(), Some(2_147_483_647));
        assert_eq!(group.field("replicas").as_i64(), Some(0));
        assert_eq!(group.entry("unheardOf"), None);
        let unknown = outcome.findings.iter().filter(|finding| finding.rule.scope == Scope::Offline);
        assert_eq!(unknown.map(|it| it.path.to_string()).collect::<Vec<_>>(), ["spec.workerGroupSpecs[0].unheardOf"]);
    }

    #[test]
    fn a_finding_on_a_status_is_only_a_warning() {
        let mut json = cluster(&json!({"headGroupSpec": {"template": {"spec": {"containers": [{"name": "h"}]}}}}));
        let status = r#"{"conditions":[{"type":"RayClusterSuspending","status":"True"},
            {"type":"RayClusterSuspended","status":"True"}]}"#;
        let status = serde_json::from_str(status).expect("JSON");
        json.as_object_mut().expect("a map").insert("status", status);
        let outcome = outcome(&json);
        let of_status = outcome.findings.iter().filter(|finding| *finding.rule == rules::CONTRADICTORY_STATUS);
        assert_eq!(of_status.map(|finding| finding.level).collect::<Vec<_>>(), [Level::Warn]);
        assert!(outcome.object.entry("status").is_none(), "the API server drops it");
    }

    #[test]
    fn findings_are_sorted_by_rule_and_path() {
        let group = json!({"groupName": "w", "template": {"spec": {"containers": [{"name": "w",
            "env": [{"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "x"}]}]}}});
        let groups: Vec<_> = (0..12).map(|_| group.clone()).collect();
        let findings = outcome(&cluster(&json!({
            "gcsFaultToleranceOptions": {},
            "headGroupSpec": {"template": {"spec": {"containers": [{"name": "h"}]}}},
            "workerGroupSpecs": groups,
        })))
        .findings;
        let keys: Vec<_> = findings.iter().map(|finding| (position(finding), finding.path.clone())).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        assert!(findings.len() > 12 && findings.iter().any(|finding| finding.level == Level::Warn));
    }

    #[test]
    fn paths_are_converted_to_those_of_the_written_object() {
        let patch = json!([
            {"op": "add", "path": "/spec/list/1", "value": "a"},
            {"op": "add", "path": "/spec/list/1", "value": "b"},
            {"op": "add", "path": "/spec/list/-", "value": "c"},
            {"op": "add", "path": "/spec/1", "value": "a key"},
        ]);
        let patch = serde_json::from_value(patch).expect("a patch");
        let outcome =
            Outcome { object: Json::Null, patch, findings: Vec::new(), exempted: Vec::new(), is_partial: false };
        let list = || FieldPath::of(["spec", "list"]);
        for (stored, written) in [
            (list().index(0).field("x"), list().index(0).field("x")),
            (list().index(1).field("x"), list()),
            (list().index(2), list()),
            (list().index(3).field("x"), list().index(1).field("x")),
            (list(), list()),
            (FieldPath::of(["spec", "other"]).index(3), FieldPath::of(["spec", "other"]).index(3)),
        ] {
            assert_eq!(outcome.as_written(&stored), written, "{stored}");
        }
    }
}
