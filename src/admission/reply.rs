//! What goes over the wire: the answer to an `AdmissionReview`.

use std::collections::BTreeMap;
use std::iter::once;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use json_patch::Patch;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Status, StatusCause, StatusDetails};
use serde::Serialize;

use super::request::{API_VERSION, KIND, Request};
use crate::rule::{Finding, Level};

/// What HTTP and Kubernetes alike call an object that cannot be processed for what it says.
const INVALID: i32 = 422;
/// More causes than a person would read are counted and not listed.
const MOST_CAUSES: usize = 100;
/// The API server drops warnings past 4096 characters in all, and other webhooks warn too.
const MOST_WARNINGS: usize = 8;
/// To this length the API server cuts each warning once there are too many.
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
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
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

/// The answer that lets an object through as it is: nearly every one.
pub(super) fn allowed(uid: &str) -> Vec<u8> {
    Response { uid, allowed: true, ..Response::default() }.encode()
}

/// The answer that lets an object through once it is patched.
pub(super) fn patched(uid: &str, patch: &Patch) -> Vec<u8> {
    let patch = serde_json::to_vec(patch).expect("a patch is always JSON");
    let (patch, patch_type) = (Some(STANDARD.encode(patch)), Some("JSONPatch"));
    Response { uid, allowed: true, patch, patch_type, ..Response::default() }.encode()
}

/// The answer that says what was found: a refusal if anything is to be denied.
pub(super) fn judged(request: &Request<'_>, findings: &[Finding]) -> Vec<u8> {
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
        ..Response::default()
    }
    .encode()
}

/// The refusal as the API server itself words one for an invalid object: kubectl lists the causes line by line, and
/// what knows nothing of causes shows the message.
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
    causes.extend(and_more.map(|message| StatusCause { message: Some(message), ..StatusCause::default() }));
    Status {
        status: Some("Failure".to_owned()),
        code: Some(INVALID),
        reason: Some("Invalid".to_owned()),
        message: Some(message),
        details: Some(StatusDetails {
            name: Some(request.name.to_string()).filter(|name| !name.is_empty()),
            group: Some(request.kind.group.to_string()),
            kind: Some(kind.to_string()),
            causes: Some(causes),
            ..StatusDetails::default()
        }),
        ..Status::default()
    }
}

fn cause(finding: &Finding) -> StatusCause {
    StatusCause {
        field: Some(finding.path.to_string()),
        message: Some(format!("{}; {} ({})", finding.message, finding.help, finding.rule.name)),
        reason: Some(finding.reason.as_str().to_owned()),
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

/// A warning as long as the API server will leave it: first the advice goes, and a word is cut only if even the fault
/// alone is too long.
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
