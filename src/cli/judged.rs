//! The verdict on one object of a text, whether it is written as itself or in a review.

use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{Document, YamlError};
use rayguard_policy::policy::Outcome;
#[cfg(feature = "server")]
use rayguard_policy::policy::Exempted;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::ray::storage_key::StorageKey;
use rayguard_policy::rule::Finding;
use rayguard_policy::cluster_context::Conflict;
use rayguard_policy::context::Environment;

use super::object::{self, ObjectName};

/// What was found in an object.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) name: ObjectName,
    /// The findings, each with the path at which the document says what it is about.
    pub(super) findings: Vec<(Finding, FieldPath)>,
    /// The same for those that the object exempts itself from, with its reasons.
    pub(super) exempted: Vec<(Finding, FieldPath, String)>,
    /// What its cluster claims for itself, and where.
    pub(super) claim: Option<(StorageKey, Conflict)>,
}

impl Judged {
    /// Judges the object of a document, beside what is known of others; `None` if it is not KubeRay's. `file` is what the
    /// document is in.
    pub(super) fn of(
        policy: &Policy,
        environment: Environment<'_>,
        (file, document): (&str, &Document<'_>),
        namespace: &str,
    ) -> Result<Option<Self>, YamlError> {
        if review::is_one(&document.json) {
            return review::judge(policy, document, namespace);
        }
        let Some(outcome) = policy.dry_run_within(&document.json, Some(namespace), environment) else {
            return match object::unknown_version(&document.json) {
                Some((path, message)) => {
                    let help = Some("write apiVersion: ray.io/v1");
                    Err(YamlError { message, help, location: document.locate(&path), first: None })
                }
                None => Ok(None),
            };
        };
        let written = |finding: &Finding| outcome.as_written(&finding.path);
        let is_over = RayObject::read(&document.json).is_some_and(|object| object.is_over());
        let claim = RayObject::read(&outcome.object).filter(|_| !is_over).and_then(|mut object| {
            object.namespace = object.namespace.or(Some(namespace));
            let claim = object.storage_key(&policy.settings.cluster_domain)?;
            let start = document.locate(&outcome.as_written(&object.storage_namespace()?.path)).start;
            let place = format!("{file}:{}:{}", start.line, start.column);
            Some((claim, Conflict { owner: object.owner(), location: Some(place.into()) }))
        });
        let Outcome { findings, exempted, .. } = &outcome;
        let exempted =
            exempted.iter().map(|it| (it.finding.clone(), written(&it.finding), it.reason.clone())).collect();
        let findings = findings.iter().map(|finding| (finding.clone(), written(finding))).collect();
        Ok(Some(Self { name: ObjectName::of(&document.json, namespace), findings, exempted, claim }))
    }
}

#[cfg(feature = "server")]
impl Judged {
    /// What was found in an object as it is stored. That is what is shown, so each path is the one at which it is written.
    pub(super) fn stored(name: ObjectName, (findings, exempted): (Vec<Finding>, Vec<Exempted>)) -> Self {
        let findings = findings.into_iter().map(|finding| {
            let path = finding.path.clone();
            (finding, path)
        });
        let exempted = exempted.into_iter().map(|Exempted { finding, reason }| {
            let path = finding.path.clone();
            (finding, path, reason)
        });
        Self { name, findings: findings.collect(), exempted: exempted.collect(), claim: None }
    }
}

mod review {
    //! A call of the webhook that somebody has kept.

    use std::io;

    use rayguard_manifest::json::Json;
    use rayguard_policy::admission;
    use rayguard_policy::context::Environment;

    use super::{Document, FieldPath, Judged, ObjectName, Policy, YamlError};

    pub(super) fn is_one(json: &Json<'_>) -> bool {
        let is = |field: &str, value: &str| json.field(field).as_str() == Some(value);
        // An answer by itself asks nothing.
        is("kind", "AdmissionReview") && !(json.entry("request").is_none() && json.entry("response").is_some())
    }

    /// Judges as the validating webhook does: on an update, what the old object violated already is a warning.
    pub(super) fn judge(
        policy: &Policy,
        document: &Document<'_>,
        namespace: &str,
    ) -> Result<Option<Judged>, YamlError> {
        let fault = |message: String| YamlError { message, help: None, location: document.location(), first: None };
        let body = serde_json::to_vec(&document.json).map_err(|error| fault(io::Error::from(error).to_string()))?;
        let decision = admission::validate(policy, Environment::EMPTY, &body).map_err(|error| fault(error.to_string()))?;
        let request = document.json.field("request");
        let object = request.field("object");
        let kind = request.descend(["kind", "group"]);
        if kind.as_str() != Some("ray.io") {
            return Ok(None);
        }
        let namespace = request.field("namespace").as_nonempty_str().unwrap_or(namespace);
        let at = FieldPath::of(["request", "object"]);
        let findings = decision.findings.into_iter().map(|finding| {
            let written = at.clone().join(finding.path.steps());
            (finding, written)
        });
        let name = ObjectName::of(object, namespace);
        // What is asked for was there, or was to be, at some other time.
        Ok(Some(Judged { name, findings: findings.collect(), exempted: Vec::new(), claim: None }))
    }
}
