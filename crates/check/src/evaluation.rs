//! The evaluation of one object by the policy: a manifest, or the object of a saved AdmissionReview.

use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{Document, YamlError};
use rayguard_policy::cluster_context::Conflict;
use rayguard_policy::context::Environment;
use rayguard_policy::policy::{Outcome, Policy};
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Level};
use rayguard_policy::rules::SHARED_STORAGE_NAMESPACE;

use crate::object::{self, ObjectName, UnknownObject};
use crate::storage::WrittenKey;

/// The findings of one object.
#[derive(Debug)]
pub struct Evaluation {
    /// The identity of the object.
    pub name: ObjectName,
    /// The findings, each with the path of its field in the document.
    pub findings: Vec<(Finding, FieldPath)>,
    /// The findings that the object exempts itself from, each with its path and the reason that the object gives.
    pub exempted: Vec<(Finding, FieldPath, String)>,
    /// Whether the manifest contains only a part of the object.
    pub is_partial: bool,
    /// The storage key of its cluster.
    pub storage_key: Option<WrittenKey>,
}

impl Evaluation {
    /// Evaluates the object of a document in a file; `None` if it is not KubeRay's. `namespace` is that of objects that
    /// name none.
    ///
    /// # Errors
    ///
    /// The object is KubeRay's by its kind or its group, but there is no such version; or the document is an
    /// AdmissionReview that the webhook rejects.
    pub fn of(
        policy: &Policy,
        environment: Environment<'_>,
        (file, document): (&str, &Document<'_>),
        namespace: &str,
    ) -> Result<Option<Self>, YamlError> {
        if review::is_review(&document.json) {
            return review::evaluate(policy, document, namespace);
        }
        let environment = Environment { notes: &document.notes, ..environment };
        let Some(outcome) = policy.dry_run_within(&document.json, Some(namespace), environment) else {
            return match object::unknown_version(&document.json) {
                Some(UnknownObject { path, message, help }) => {
                    Err(YamlError { message, help: Some(help), location: document.locate(&path), first: None })
                }
                None => Ok(None),
            };
        };
        let written = |finding: &Finding| outcome.written_path(finding);
        let is_over = RayObject::read(&document.json).is_some_and(|object| object.has_ended());
        let stored = RayObject::read(&outcome.object).filter(|_| !is_over).map(|mut object| {
            object.namespace = object.namespace.or(Some(namespace));
            object
        });
        // Without the rule, no finding depends on the DNS domain.
        let is_compared = policy.level(&SHARED_STORAGE_NAMESPACE) > Level::Off;
        let storage_key = stored.as_ref().and_then(|object| {
            let key = object.storage_key(&policy.settings.cluster_domain)?;
            let location = document.locate(&outcome.as_written(&object.storage_namespace()?.path));
            let place = format!("{file}:{}:{}", location.start.line, location.start.column);
            let conflict = Conflict { owner: object.owner(), location: Some(place.into()) };
            let relative = if is_compared { object.relative_storage_key() } else { None };
            Some(WrittenKey { key, conflict, relative, location })
        });
        let Outcome { findings, exempted, .. } = &outcome;
        let exempted =
            exempted.iter().map(|it| (it.finding.clone(), written(&it.finding), it.reason.clone())).collect();
        let findings = findings.iter().map(|finding| (finding.clone(), written(finding))).collect();
        Ok(Some(Self {
            name: ObjectName::of(&document.json, namespace),
            findings,
            exempted,
            is_partial: outcome.is_partial,
            storage_key,
        }))
    }
}

mod review {
    //! A saved AdmissionReview: a call of the webhook.

    use std::io;

    use rayguard_manifest::json::Json;
    use rayguard_policy::admission;
    use rayguard_policy::context::Environment;

    use super::{Document, Evaluation, FieldPath, ObjectName, Policy, YamlError};

    /// Reports whether a document is an AdmissionReview with a request. A response alone has nothing to check.
    pub(super) fn is_review(json: &Json<'_>) -> bool {
        let is = |field: &str, value: &str| json.field(field).as_str() == Some(value);
        is("kind", "AdmissionReview") && !(json.entry("request").is_none() && json.entry("response").is_some())
    }

    /// Evaluates the object as the validating webhook does. In an update, a violation that the old object already has
    /// is only a warning.
    ///
    /// The review is serialized because the webhook reads bytes: it keeps the old object as text until a rule needs it,
    /// and a review that it rejects must be rejected here with the same message.
    pub(super) fn evaluate(
        policy: &Policy,
        document: &Document<'_>,
        namespace: &str,
    ) -> Result<Option<Evaluation>, YamlError> {
        let error = |message: String| YamlError { message, help: None, location: document.location(), first: None };
        let body = serde_json::to_vec(&document.json).map_err(|it| error(io::Error::from(it).to_string()))?;
        let decision = admission::validate(policy, Environment::EMPTY, &body).map_err(|it| error(it.to_string()))?;
        let request = document.json.field("request");
        if request.descend(["kind", "group"]).as_str() != Some("ray.io") {
            return Ok(None);
        }
        let namespace = request.field("namespace").as_nonempty_str().unwrap_or(namespace);
        let object_path = FieldPath::of(["request", "object"]);
        let findings = decision.findings.into_iter().map(|finding| {
            let path = object_path.clone().join(finding.path.steps());
            (finding, path)
        });
        let name = ObjectName::of(request.field("object"), namespace);
        // The other objects of the run are not those that existed at the time of the request, so there is no storage
        // key to compare.
        Ok(Some(Evaluation {
            name,
            findings: findings.collect(),
            exempted: Vec::new(),
            is_partial: false,
            storage_key: None,
        }))
    }
}
