//! A PolicyReport on one object, in the form of `wgpolicyk8s.io/v1alpha2`.
//!
//! Its fields are those of the CRD of the Kubernetes policy working group (kubernetes-sigs/wg-policy-prototypes,
//! `policy-report/crd/v1alpha2`), as Kyverno installs it too.

use std::cmp::Reverse;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use rayguard_manifest::json::Json;
use rayguard_policy::rule::{Finding, Level};

pub(super) const API_VERSION: &str = "wgpolicyk8s.io/v1alpha2";

/// The label that tells whose a report is.
pub(super) const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "rayguard");

/// What the name begins with, before the object's UID: other programs name their reports by the UID alone.
const PREFIX: &str = "rayguard-";

/// As many results fit into a report, however long they are.
const MOST_RESULTS: usize = 500;

/// A report as it is to be.
pub(super) struct Report {
    pub(super) key: Key,
    pub(super) digest: Digest,
    object: Value,
}

/// A report as it is.
pub(super) struct Known {
    pub(super) uid: String,
    pub(super) digest: Digest,
}

/// The namespace and the name of a report.
pub(super) type Key = (String, String);

/// What two reports have in common that differ in nothing but their times, and what others have added to them.
pub(super) type Digest = [u8; 32];

impl Report {
    /// The report on an object with these findings; none if there are none.
    pub(super) fn of(object: &Json<'_>, mut findings: Vec<Finding>) -> Option<Self> {
        if findings.is_empty() {
            return None;
        }
        let metadata = object.field("metadata");
        let [namespace, name, uid] = ["namespace", "name", "uid"].map(|field| metadata.field(field).as_nonempty_str());
        let (namespace, name, uid) = (namespace?, name?, uid?);
        let [api_version, kind] = ["apiVersion", "kind"].map(|field| object.field(field).as_str());
        let count = |wanted: &str| findings.iter().filter(|finding| result(finding.level) == wanted).count();
        let summary = json!({"pass": 0, "fail": count("fail"), "warn": count("warn"), "error": 0, "skip": 0});
        if findings.len() > MOST_RESULTS {
            findings.sort_by_key(|finding| Reverse(finding.level));
            findings.truncate(MOST_RESULTS);
        }
        let results: Vec<_> = findings.iter().map(row).collect();
        let report = json!({
            "apiVersion": API_VERSION,
            "kind": "PolicyReport",
            "metadata": {
                "name": format!("{PREFIX}{uid}"),
                "labels": {MANAGED_BY.0: MANAGED_BY.1},
                "ownerReferences": [{"apiVersion": api_version, "kind": kind, "name": name, "uid": uid}],
            },
            "scope": {"apiVersion": api_version, "kind": kind, "namespace": namespace, "name": name, "uid": uid},
            "summary": summary,
            "results": results,
        });
        let (key, digest) = ((namespace.to_owned(), format!("{PREFIX}{uid}")), digest(&report));
        Some(Self { key, digest, object: report })
    }

    /// The report with the time at which all this was found.
    pub(super) fn at(mut self, time: SystemTime) -> Value {
        let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        for result in self.object["results"].as_array_mut().into_iter().flatten() {
            result["timestamp"] = json!({"seconds": seconds, "nanos": 0});
        }
        self.object
    }
}

impl Known {
    /// A report with rayguard's label, if it is one of rayguard's.
    pub(super) fn read(report: &str) -> Option<(Key, Self)> {
        let report: Value = serde_json::from_str(report).ok()?;
        let text = |field: &str| Some(report["metadata"][field].as_str()?.to_owned());
        let name = text("name").filter(|name| name.starts_with(PREFIX))?;
        Some(((text("namespace")?, name), Self { uid: text("uid")?, digest: digest(&report) }))
    }
}

/// One finding as the row of a report.
fn row(finding: &Finding) -> Value {
    json!({
        "source": "rayguard",
        "policy": "rayguard",
        "rule": finding.rule.name,
        "category": finding.rule.category.to_string(),
        "severity": match finding.level {
            Level::Deny => "high",
            Level::Warn => "medium",
            Level::Audit | Level::Off => "info",
        },
        "result": result(finding.level),
        // What the user is not even warned of counts for nothing.
        "scored": finding.level > Level::Audit,
        "message": finding.to_string(),
    })
}

fn result(level: Level) -> &'static str {
    if level == Level::Deny { "fail" } else { "warn" }
}

/// The digest of what rayguard writes into a report, times apart.
fn digest(report: &Value) -> Digest {
    let metadata = &report["metadata"];
    let mut results = report["results"].clone();
    for result in results.as_array_mut().into_iter().flatten() {
        if let Some(result) = result.as_object_mut() {
            result.remove("timestamp");
        }
    }
    let uid = metadata["name"].as_str().and_then(|name| name.strip_prefix(PREFIX));
    let mut owners = metadata["ownerReferences"].as_array().into_iter().flatten();
    let owner = owners.find(|owner| owner["uid"].as_str() == uid);
    let label = &metadata["labels"][MANAGED_BY.0];
    let content = json!([label, owner, report["scope"], report["summary"], results]);
    Sha256::digest(content.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayguard_policy::policy::Policy;
    use rayguard_policy::ray::RayObject;

    fn report(containers: &str) -> Option<Report> {
        let object = format!(
            r#"{{"apiVersion": "ray.io/v1", "kind": "RayCluster",
                "metadata": {{"name": "a", "namespace": "b", "uid": "c"}},
                "spec": {{"headGroupSpec": {{"template": {{"spec": {{"containers": {containers}}}}}}}}}}}"#
        );
        let object: Json<'_> = serde_json::from_str(&object).expect("JSON");
        let findings = Policy::default().validate(&RayObject::read(&object).expect("a RayCluster"), None);
        Report::of(&object, findings)
    }

    #[test]
    fn a_report_is_known_again_whatever_its_times_and_what_others_have_added() {
        let report = report("[]").expect("findings");
        let (key, digest) = (report.key.clone(), report.digest);
        assert_eq!(key, ("b".to_owned(), "rayguard-c".to_owned()));
        let mut stored = report.at(UNIX_EPOCH);
        stored["metadata"]["namespace"] = "b".into();
        stored["metadata"]["uid"] = "d".into();
        stored["metadata"]["labels"]["added"] = "by others".into();
        let others = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "e", "uid": "f"});
        stored["metadata"]["ownerReferences"].as_array_mut().expect("owners").insert(0, others);
        let (known_key, known) = Known::read(&stored.to_string()).expect("one of ours");
        assert!(known_key == key && known.digest == digest && known.uid == "d");

        for (pointer, value) in [
            ("/metadata/ownerReferences/1/name", json!("z")),
            ("/metadata/labels/app.kubernetes.io~1managed-by", json!("z")),
            ("/scope/uid", json!("z")),
            ("/summary/fail", json!(99)),
            ("/results/0/message", json!("z")),
            ("/results", json!([])),
        ] {
            let mut changed = stored.clone();
            *changed.pointer_mut(pointer).expect(pointer) = value;
            let (_, known) = Known::read(&changed.to_string()).expect("one of ours");
            assert_ne!(known.digest, digest, "{pointer}");
        }
        stored["metadata"]["name"] = "c".into();
        assert!(Known::read(&stored.to_string()).is_none(), "other programs name theirs so");
    }

    #[test]
    fn what_is_good_has_no_report_and_what_is_very_bad_one_that_fits() {
        assert!(report(r#"[{"name": "ray-head"}]"#).is_none());
        let variable = r#"{"name": "RAY_gcs_rpc_server_reconnect_timeout_S", "value": "1"}"#;
        let many = report(&format!(r#"[{{"name": "ray-head", "env": [{}]}}]"#, [variable; 600].join(",")));
        let many = many.expect("findings").at(UNIX_EPOCH);
        assert_eq!(many["results"].as_array().map(Vec::len), Some(MOST_RESULTS));
        assert!(many["summary"]["warn"].as_u64() >= Some(600), "{}", many["summary"]);
    }
}
