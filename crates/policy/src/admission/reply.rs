//! The response to an `AdmissionReview`, as JSON.

use std::collections::BTreeMap;
use std::iter::once;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use json_patch::Patch;
use serde::Serialize;

use super::request::{API_VERSION, KIND, Request};
use super::status::{Status, StatusCause, StatusDetails};
use crate::rule::{Finding, Level};

/// The status code of an object that is invalid: 422 Unprocessable Entity, as the API server uses it.
const INVALID: u16 = 422;
/// The maximum number of listed causes. The others are only counted.
const MOST_CAUSES: usize = 100;
/// The maximum number of warnings. The API server drops warnings above 4096 characters in total, and other webhooks
/// warn too.
const MOST_WARNINGS: usize = 8;
/// The length in characters to which the API server shortens each warning if there are too many.
const LONGEST_WARNING: usize = 256;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<&'static str, String>,
}

impl Response<'_> {
    fn encode(self) -> Vec<u8> {
        let review = Review { api_version: API_VERSION, kind: KIND, response: self };
        serde_json::to_vec(&review).expect("strings, maps and numbers are always JSON")
    }
}

/// Returns the response that admits an object without changes. Nearly every response is of this kind.
pub(super) fn allowed(uid: &str) -> Vec<u8> {
    Response { uid, allowed: true, ..Response::default() }.encode()
}

/// Returns the response that admits an object with a patch.
pub(super) fn patched(uid: &str, patch: &Patch) -> Vec<u8> {
    let uid = serde_json::to_string(uid).expect("a string is always JSON");
    let patch = STANDARD.encode(serde_json::to_vec(patch).expect("a patch is always JSON"));
    // Base64 needs no escaping, but serde_json looks at each byte of it: with `Response`, a /mutate of rayservice-create
    // costs 10 % more, and one of raycluster-refused 7 % (benches/instructions).
    let start = format!(
        r#"{{"apiVersion":"{API_VERSION}","kind":"{KIND}","response":{{"uid":{uid},"allowed":true,"patchType":"JSONPatch","#
    );
    [&start, r#""patch":""#, &patch, r#""}}"#].concat().into_bytes()
}

/// Returns the response with findings. It denies the object if a finding is a denial.
pub(super) fn with_findings(request: &Request<'_>, findings: &[Finding]) -> Vec<u8> {
    let at = |level| findings.iter().filter(move |finding| finding.level == level);
    let denials: Vec<&Finding> = at(Level::Deny).collect();
    let mut audit_annotations = BTreeMap::new();
    for (name, level) in [("deny", Level::Deny), ("warn", Level::Warn), ("audit", Level::Audit)] {
        let mut rules: Vec<&str> = at(level).map(|finding| finding.rule.name).collect();
        rules.dedup();
        if !rules.is_empty() {
            audit_annotations.insert(name, rules.join(","));
        }
    }
    Response {
        uid: &request.uid,
        allowed: denials.is_empty(),
        status: (!denials.is_empty()).then(|| status(request, &denials)),
        warnings: warnings(at(Level::Warn)),
        audit_annotations,
    }
    .encode()
}

/// Returns the status of a denial in the format that the API server uses for an invalid object. kubectl prints the
/// causes line by line. Clients that do not read causes print the message.
fn status(request: &Request<'_>, denials: &[&Finding]) -> Status {
    let (listed, unlisted) = denials.split_at(denials.len().min(MOST_CAUSES));
    let and_more = (!unlisted.is_empty()).then(|| format!("and {} more", unlisted.len()));

    let kind = &request.kind.kind;
    let heading = match &*request.name {
        "" => format!("{kind} is invalid:"),
        name => format!("{kind} {name:?} is invalid:"),
    };
    let message = if let [only] = denials {
        format!("{heading} {only}")
    } else {
        let lines = listed.iter().map(ToString::to_string).chain(and_more.clone());
        once(heading).chain(lines.map(|line| format!("* {line}"))).collect::<Vec<_>>().join("\n")
    };

    let mut causes: Vec<StatusCause> = listed.iter().copied().map(cause).collect();
    causes.extend(and_more.map(|message| StatusCause { message, ..StatusCause::default() }));
    Status {
        api_version: "v1",
        kind: "Status",
        code: INVALID,
        details: StatusDetails {
            causes,
            group: request.kind.group.to_string(),
            kind: kind.to_string(),
            name: Some(request.name.to_string()).filter(|name| !name.is_empty()),
        },
        message,
        reason: "Invalid",
        status: "Failure",
    }
}

fn cause(finding: &Finding) -> StatusCause {
    StatusCause {
        field: Some(finding.path.to_string()),
        message: format!("{}; {} ({})", finding.message, finding.help, finding.rule.name),
        reason: Some(finding.reason.as_str()),
    }
}

fn warnings<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<String> {
    let mut warnings: Vec<String> = findings.map(warning).collect();
    if warnings.len() > MOST_WARNINGS {
        let unlisted = warnings.len() - (MOST_WARNINGS - 1);
        warnings.truncate(MOST_WARNINGS - 1);
        warnings.push(format!("+{unlisted} more; rayguard check lists them all"));
    }
    warnings
}

/// Returns a warning that the API server does not shorten. If the warning is too long, the help is left out. If it is
/// still too long, it is cut.
fn warning(finding: &Finding) -> String {
    let fits = |text: &String| text.chars().nth(LONGEST_WARNING).is_none();
    let Finding { rule, path, message, .. } = finding;
    let whole = finding.to_string();
    if fits(&whole) {
        return whole;
    }
    let short = format!("{path}: {message} ({})", rule.name);
    if fits(&short) {
        return short;
    }
    short.chars().take(LONGEST_WARNING - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use rayguard_manifest::path::FieldPath;

    use super::*;
    use crate::reason::Reason;
    use crate::rules::RULES;

    fn finding(level: Level, path: FieldPath, message: &str) -> Finding {
        let (message, help) = (message.to_owned(), "write something else".to_owned());
        Finding {
            rule: RULES[0],
            level,
            reason: Reason::Invalid,
            path,
            is_about_key: false,
            within: None,
            message,
            help,
            in_manifest: false,
            fix: None,
            subject: None,
        }
    }

    fn answer(findings: &[Finding]) -> serde_json::Value {
        let body = br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{
            "uid":"u\"1","name":"x","kind":{"kind":"RayCluster"},"operation":"DELETE"}}"#;
        let request = Request::read(body).expect("a review");
        let answer: serde_json::Value = serde_json::from_slice(&with_findings(&request, findings)).expect("JSON");
        assert_eq!(answer["response"]["uid"], "u\"1");
        answer["response"].clone()
    }

    #[test]
    fn one_denial_is_one_line_and_many_are_a_list_with_an_end() {
        let findings: Vec<_> =
            (0..250).map(|index| finding(Level::Deny, FieldPath::of(["spec"]).index(index), "is wrong")).collect();
        let rule = RULES[0].name;
        let status = &answer(&findings[..1])["status"];
        let line = format!("is wrong; write something else ({rule})");
        assert_eq!(status["message"], format!("RayCluster \"x\" is invalid: spec[0]: {line}"));
        assert_eq!(status["details"]["causes"][0]["message"], line);

        let status = &answer(&findings)["status"];
        let causes = status["details"]["causes"].as_array().expect("causes");
        assert_eq!(causes.len(), MOST_CAUSES + 1);
        assert_eq!(causes[MOST_CAUSES], serde_json::json!({"message": "and 150 more"}));
        let message = status["message"].as_str().expect("a message");
        assert_eq!(message.lines().count(), MOST_CAUSES + 2);
        assert!(message.ends_with("\n* and 150 more"), "{message}");
    }

    #[test]
    fn responses_are_json_with_any_uid() {
        let patch: Patch =
            serde_json::from_value(serde_json::json!([{"op": "add", "path": "/a", "value": "é\""}])).expect("a patch");
        let encoded = STANDARD.encode(serde_json::to_vec(&patch).expect("JSON"));
        let parsed = |reply: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&reply).expect("JSON");
        for uid in ["978058b0-1492-46e9-889c-819f1cf9b6ae", "u\"1"] {
            let review = |response| serde_json::json!({"apiVersion": API_VERSION, "kind": KIND, "response": response});
            assert_eq!(parsed(allowed(uid)), review(serde_json::json!({"uid": uid, "allowed": true})));
            let response = serde_json::json!({"uid": uid, "allowed": true, "patchType": "JSONPatch", "patch": encoded});
            assert_eq!(parsed(patched(uid, &patch)), review(response));
        }
    }

    #[test]
    fn warnings_fit_into_what_the_api_server_shows() {
        let long = FieldPath::of(["spec"]).key("k".repeat(150));
        let findings: Vec<_> =
            (0..20).map(|index| finding(Level::Warn, long.clone().index(index), &"m".repeat(index * 10))).collect();
        let answer = answer(&findings);
        assert_eq!(answer["allowed"], true);
        let warnings: Vec<_> = answer["warnings"].as_array().expect("warnings").iter().collect();
        assert_eq!(warnings.len(), MOST_WARNINGS);
        assert_eq!(warnings[MOST_WARNINGS - 1], "+13 more; rayguard check lists them all");
        assert!(warnings.iter().all(|text| text.as_str().expect("text").chars().count() <= LONGEST_WARNING));
    }

    #[test]
    fn a_warning_loses_its_advice_before_it_loses_its_end() {
        let rule = RULES[0].name;
        let at = |length| warning(&finding(Level::Warn, FieldPath::of(["é"]), &"m".repeat(length)));
        assert!(at(100).ends_with(&format!("; write something else ({rule})")));
        assert!(at(215).ends_with(&format!("m ({rule})")), "{}", at(215));
        assert!(at(300).ends_with("m…"));
        assert_eq!(at(300).chars().count(), LONGEST_WARNING);
    }

    #[test]
    fn what_is_only_audited_is_not_shown() {
        let findings = [finding(Level::Audit, FieldPath::of(["spec"]), "is odd")];
        let rule = RULES[0].name;
        let expected = serde_json::json!({"uid": "u\"1", "allowed": true, "auditAnnotations": {"audit": rule}});
        assert_eq!(answer(&findings), expected);
    }
}
