//! A PolicyReport on one object, as defined by `wgpolicyk8s.io/v1alpha2`.
//!
//! Its fields are those of the CRD of the Kubernetes policy working group (kubernetes-sigs/wg-policy-prototypes,
//! `policy-report/crd/v1alpha2`), as Kyverno installs it too.

use std::cmp::Reverse;
use std::time::{SystemTime, UNIX_EPOCH};

use rayguard_manifest::json::Json;
use rayguard_policy::rule::{Finding, Level};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(super) const API_VERSION: &str = "wgpolicyk8s.io/v1alpha2";

/// The label of the reports that rayguard owns.
pub(super) const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "rayguard");

/// The prefix of the name of a report, before the UID of the object. Other programs use the UID alone.
const PREFIX: &str = "rayguard-";

/// The largest number of results in a report, which is not too large even if all results are long.
const MAX_RESULTS: usize = 500;

/// A report to write.
pub(super) struct PolicyReport {
    pub(super) key: ReportKey,
    pub(super) digest: ContentDigest,
    object: Value,
}

/// A report in the API server.
pub(super) struct StoredReport {
    pub(super) uid: String,
    pub(super) digest: ContentDigest,
}

/// The namespace and the name of a report.
pub(super) type ReportKey = (String, String);

/// A digest of the content that rayguard writes, without times. Fields that other programs add do not change it.
pub(super) type ContentDigest = [u8; 32];

impl PolicyReport {
    /// Creates the report on an object. Returns `None` without findings.
    pub(super) fn new(object: &Json<'_>, mut findings: Vec<Finding>) -> Option<Self> {
        if findings.is_empty() {
            return None;
        }
        let metadata = object.field("metadata");
        let [namespace, name, uid] = ["namespace", "name", "uid"].map(|field| metadata.field(field).as_nonempty_str());
        let (namespace, name, uid) = (namespace?, name?, uid?);
        let [api_version, kind] = ["apiVersion", "kind"].map(|field| object.field(field).as_str());
        let count = |wanted: &str| findings.iter().filter(|finding| outcome(finding.level) == wanted).count();
        let summary = json!({"pass": 0, "fail": count("fail"), "warn": count("warn"), "error": 0, "skip": 0});
        if findings.len() > MAX_RESULTS {
            findings.sort_by_key(|finding| Reverse(finding.level));
            findings.truncate(MAX_RESULTS);
        }
        let results: Vec<_> = findings.iter().map(result).collect();
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

    /// Returns the report as JSON, with the time of the audit in each result.
    pub(super) fn with_time(mut self, time: SystemTime) -> Value {
        let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        for result in self.object["results"].as_array_mut().into_iter().flatten() {
            result["timestamp"] = json!({"seconds": seconds, "nanos": 0});
        }
        self.object
    }
}

impl StoredReport {
    /// Parses a report. Returns `None` if its name is not one that rayguard uses.
    pub(super) fn parse(report: &str) -> Option<(ReportKey, Self)> {
        let report: Value = serde_json::from_str(report).ok()?;
        let text = |field: &str| Some(report["metadata"][field].as_str()?.to_owned());
        let name = text("name").filter(|name| name.starts_with(PREFIX))?;
        Some(((text("namespace")?, name), Self { uid: text("uid")?, digest: digest(&report) }))
    }
}

/// Returns the result of a report for a finding.
fn result(finding: &Finding) -> Value {
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
        "result": outcome(finding.level),
        // A finding that the user does not see does not count.
        "scored": finding.level > Level::Audit,
        "message": finding.to_string(),
    })
}

fn outcome(level: Level) -> &'static str {
    if level == Level::Deny { "fail" } else { "warn" }
}

/// Returns the digest of the content that rayguard writes, without times.
fn digest(report: &Value) -> ContentDigest {
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
    use rayguard_policy::policy::Policy;
    use rayguard_policy::ray::RayObject;

    use super::*;

    fn report(containers: &str) -> Option<PolicyReport> {
        let object = format!(
            r#"{{"apiVersion": "ray.io/v1", "kind": "RayCluster",
                "metadata": {{"name": "a", "namespace": "b", "uid": "c"}},
                "spec": {{"headGroupSpec": {{"template": {{"spec": {{"containers": {containers}}}}}}}}}}}"#
        );
        let object: Json<'_> = serde_json::from_str(&object).expect("JSON");
        let findings = Policy::default().validate(&RayObject::read(&object).expect("a RayCluster"), None);
        PolicyReport::new(&object, findings)
    }

    #[test]
    fn times_and_fields_of_others_do_not_change_the_digest() {
        let report = report("[]").expect("findings");
        let (key, digest) = (report.key.clone(), report.digest);
        assert_eq!(key, ("b".to_owned(), "rayguard-c".to_owned()));
        let mut stored = report.with_time(UNIX_EPOCH);
        stored["metadata"]["namespace"] = "b".into();
        stored["metadata"]["uid"] = "d".into();
        stored["metadata"]["labels"]["added"] = "by others".into();
        let others = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "e", "uid": "f"});
        stored["metadata"]["ownerReferences"].as_array_mut().expect("owners").insert(0, others);
        let (stored_key, known) = StoredReport::parse(&stored.to_string()).expect("one of ours");
        assert!(stored_key == key && known.digest == digest && known.uid == "d");

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
            let (_, known) = StoredReport::parse(&changed.to_string()).expect("one of ours");
            assert_ne!(known.digest, digest, "{pointer}");
        }
        stored["metadata"]["name"] = "c".into();
        assert!(StoredReport::parse(&stored.to_string()).is_none(), "other programs use such names");
    }

    #[test]
    fn an_object_without_findings_has_no_report_and_one_with_many_a_truncated_report() {
        assert!(report(r#"[{"name": "ray-head", "image": "ray"}]"#).is_none());
        let variable = r#"{"name": "RAY_gcs_rpc_server_reconnect_timeout_S", "value": "1"}"#;
        let many =
            report(&format!(r#"[{{"name": "ray-head", "image": "ray", "env": [{}]}}]"#, [variable; 600].join(",")));
        let many = many.expect("findings").with_time(UNIX_EPOCH);
        assert_eq!(many["results"].as_array().map(Vec::len), Some(MAX_RESULTS));
        assert!(many["summary"]["warn"].as_u64() >= Some(600), "{}", many["summary"]);
    }
}
