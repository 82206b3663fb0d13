//! The two webhooks: from the bytes of an `AdmissionReview` to a decision and the bytes of the response.
//!
//! This module uses no sockets, clocks or logs. A denial is an `Ok`. An `Err` means that the request itself is
//! malformed: the server responds with a 4xx status, so that the webhook's `failurePolicy` decides.

mod previous;
mod reply;
mod request;
mod status;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;

use json_patch::Patch;
use rayguard_manifest::json::Json;

use crate::context::{Context, Environment};
use crate::defaults::is_unchanged;
use crate::kuberay::Kind;
use crate::policy::Policy;
use crate::ray::RayObject;
use crate::rule::{Finding, Level};
use previous::LazyPrevious;
pub use request::{GroupVersionKind, Malformed, Operation, Request};

/// One of the two webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Webhook {
    /// The mutating webhook, which writes defaults.
    Mutate,
    /// The validating webhook, which denies or warns.
    Validate,
}

impl Webhook {
    /// Returns the name, which is the path of the endpoint.
    pub fn as_str(self) -> &'static str {
        match self {
            Webhook::Mutate => "mutate",
            Webhook::Validate => "validate",
        }
    }
}

/// The verdict on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The object is admitted without changes.
    Allowed,
    /// The object is admitted with defaults.
    Patched,
    /// The object is denied.
    Denied,
}

impl Verdict {
    /// Returns the verdict as one word, for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allowed => "allow",
            Verdict::Patched => "patch",
            Verdict::Denied => "deny",
        }
    }
}

/// The decision on a request.
#[derive(Debug)]
pub struct Decision<'a> {
    /// The request.
    pub request: Request<'a>,
    /// The verdict on the object.
    pub verdict: Verdict,
    /// The findings of all levels; empty in the mutating webhook.
    pub findings: Vec<Finding>,
    /// The number of operations of the patch.
    pub operations: usize,
    /// The response, as JSON.
    pub reply: Vec<u8>,
}

impl<'a> Decision<'a> {
    fn allowed(request: Request<'a>) -> Self {
        let reply = reply::allowed(&request.uid);
        Self { request, verdict: Verdict::Allowed, findings: Vec::new(), operations: 0, reply }
    }
}

/// Processes a request to the mutating webhook.
///
/// # Errors
///
/// Returns [`Malformed`] if the body is not a valid `AdmissionReview`, or its object cannot be read.
pub fn mutate<'a>(policy: &Policy, body: &'a [u8]) -> Result<Decision<'a>, Malformed> {
    let mut request = Request::read(body)?;
    let Patch(operations) = patch(policy, &mut request)?;
    if operations.is_empty() {
        return Ok(Decision::allowed(request));
    }
    let count = operations.len();
    let reply = reply::patched(&request.uid, &Patch(operations));
    Ok(Decision { request, verdict: Verdict::Patched, findings: Vec::new(), operations: count, reply })
}

fn patch(policy: &Policy, request: &mut Request<'_>) -> Result<Patch, Malformed> {
    let Some(object) = request.subject(None)?.filter(|object| object.kind.gets_defaults()) else {
        return Ok(Patch::default());
    };
    // Removing this check costs 46 % of a /mutate of raycluster-scale (benches/instructions).
    if request.old_text().is_some_and(|old| is_unchanged(&object, old)) {
        return Ok(Patch::default());
    }
    let old = request.read_old_object()?;
    if let Some(old) = old.as_ref().and_then(RayObject::read) {
        return Ok(policy.mutate(&object, Some(&old)));
    }
    // The object is moved, because a copy costs 11 % of a /mutate of rayservice-create and 21 % of one of
    // raycluster-refused (benches/instructions).
    drop(object);
    Ok(request.take_object().map(|object| policy.mutate_new(object)).unwrap_or_default())
}

/// Processes a request to the validating webhook.
///
/// # Errors
///
/// Returns [`Malformed`] if the body is not a valid `AdmissionReview`, or its object or old object cannot be read.
pub fn validate<'a>(policy: &Policy, environment: Environment<'_>, body: &'a [u8]) -> Result<Decision<'a>, Malformed> {
    let request = Request::read(body)?;
    let findings = findings(policy, environment, &request)?;
    if findings.is_empty() {
        return Ok(Decision::allowed(request));
    }
    let denied = findings.iter().any(|finding| finding.level == Level::Deny);
    let verdict = if denied { Verdict::Denied } else { Verdict::Allowed };
    let reply = reply::with_findings(&request, &findings);
    Ok(Decision { request, verdict, findings, operations: 0, reply })
}

fn findings(policy: &Policy, environment: Environment<'_>, request: &Request<'_>) -> Result<Vec<Finding>, Malformed> {
    let version = request.version();
    let version = version.as_deref();
    let Some(object) = request.subject(version)? else { return Ok(Vec::new()) };
    let json = OnceCell::new();
    let previous = LazyPrevious::of(request, version, &json);
    let context = Context::new(&object, &policy.settings).within(environment);
    let findings = policy.review(&context.replacing(previous.as_ref().map(|previous| previous as _)));
    match previous.and_then(LazyPrevious::error) {
        Some(error) => Err(error),
        None => Ok(findings),
    }
}

impl Request<'_> {
    /// Returns the `apiVersion` in which the user wrote the object. The API server may have converted the object to
    /// another one.
    fn version(&self) -> Option<String> {
        self.request_kind.as_ref().map(|GroupVersionKind { group, version, .. }| format!("{group}/{version}"))
    }

    /// Returns the object to check; `None` if it is not one of KubeRay's or is being deleted.
    fn subject<'r>(&'r self, version: Option<&'r str>) -> Result<Option<RayObject<'r>>, Malformed> {
        let Some(json) = self.object() else { return Ok(None) };
        let object = self.read_as_subject(json, version);
        // If the request names a kind of KubeRay's, an object of another kind must not be admitted unchecked.
        let GroupVersionKind { group, version, kind } = &self.kind;
        let named = Kind::in_group(group, version, kind);
        if named.is_some() && named != object.as_ref().map(|object| object.kind) {
            return Err(Malformed::AnotherKind);
        }
        Ok(object.filter(|object| !object.is_being_deleted()))
    }

    /// Reads the new or old object, and adds the namespace and version from the request.
    fn read_as_subject<'r>(&'r self, json: &'r Json<'r>, version: Option<&'r str>) -> Option<RayObject<'r>> {
        let mut object = RayObject::read(json)?;
        object.api_version = version.unwrap_or(object.api_version);
        if object.namespace.is_none() && !self.namespace.is_empty() {
            object.namespace = Some(&self.namespace);
        }
        Some(object)
    }
}
