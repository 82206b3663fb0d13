//! The API server's response to a dry run.

use hyper::StatusCode;
use kube::api::{Patch, PatchParams};
use kube::core::request::Request;
use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rules;
use rayguard_webhook::kube_api::ApiClient;

use super::CheckApiError;
use super::advice::{self, CheckFailure};
use super::outcome::{self, Outcome};

/// The prefix with which the API server quotes the refusal of the webhook.
const DENIED_PREFIX: &str = "admission webhook \"validate.rayguard.dev\" denied the request: ";

/// The API server's response to the creation of an object in a dry run.
pub(super) struct DryRunResponse<'o> {
    object: &'o Json<'o>,
    status: StatusCode,
    /// The object as it would be stored, or the `Status` of a refusal; `null` if the response is not JSON
    body: Json<'static>,
    text: String,
    warnings: Vec<String>,
}

impl<'o> DryRunResponse<'o> {
    /// Creates an object in a namespace, as a dry run.
    ///
    /// It uses server-side apply, because RBAC can allow that for a single name. It cannot for `create`, where RBAC
    /// does not know the name.
    ///
    /// # Errors
    ///
    /// Returns [`CheckApiError::Api`] if there is no response.
    pub(super) async fn request(
        client: &ApiClient,
        namespace: &str,
        object: &'o Json<'o>,
    ) -> Result<Self, CheckApiError> {
        let path = format!("/apis/ray.io/v1/namespaces/{namespace}/rayclusters");
        let name = object.descend(["metadata", "name"]).as_str().unwrap_or_default();
        let params = PatchParams::apply("rayguard-check").dry_run();
        let response = client.send(Request::new(path).patch(name, &params, &Patch::Apply(object))).await?;
        let warnings = response.headers().get_all("warning").iter();
        let warnings = warnings.map(|warning| String::from_utf8_lossy(warning.as_bytes()).into_owned()).collect();
        let status = response.status();
        let text = String::from_utf8_lossy(response.body()).into_owned();
        let body = serde_json::from_str::<Json<'_>>(&text).map_or(Json::Null, Json::into_owned);
        Ok(Self { object, status, body, text, warnings })
    }

    /// Returns what rayguard did to the object.
    ///
    /// # Errors
    ///
    /// Returns a [`CheckFailure`] if the response is neither an admission nor a refusal of rayguard.
    pub(super) fn outcome(&self, namespace: &str) -> Result<Outcome, CheckFailure> {
        let warned = self.warnings.iter().filter_map(|warning| rule(warning.trim_end_matches('"'))).collect();
        if self.status.is_success() {
            let default = outcome::added_timeout(self.object, &self.body);
            return Ok(Outcome { warned, default, ..Outcome::default() });
        }
        if self.message().starts_with(DENIED_PREFIX) {
            let causes = self.body.descend(["details", "causes"]).items().iter();
            let denied = causes.filter_map(|cause| rule(cause.field("message").as_str()?)).collect();
            return Ok(Outcome { denied, warned, ..Outcome::default() });
        }
        let absent = self.body.descend(["details", "kind"]).as_str();
        Err(advice::for_failure(self.status, self.message(), absent, namespace))
    }

    /// Returns the JSON pointer of the first default of the policy that the admitted object lacks.
    pub(super) fn missing_default(&self, policy: &Policy) -> Option<String> {
        let stored = RayObject::read(&self.body)?;
        let patch = policy.mutate(&stored, None);
        Some(patch.0.first()?.path().to_string())
    }

    fn message(&self) -> &str {
        self.body.field("message").as_nonempty_str().unwrap_or(&self.text)
    }
}

/// Returns the rule at the end of a message of rayguard, as in `spec.a: what is wrong; what to write (rule)`.
fn rule(line: &str) -> Option<&'static str> {
    let (_, name) = line.strip_suffix(')')?.rsplit_once('(')?;
    rules::find(name).map(|rule| rule.name)
}
