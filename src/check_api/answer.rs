//! The API server's answer.

use hyper::StatusCode;
use kube::api::{Patch, PatchParams};
use kube::core::request::Request;

use super::CheckApiError;
use super::advice::{self, Trouble};
use super::said::{self, Said};
use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rules;
use rayguard_webhook::kube_api::ApiClient;

/// How the API server begins what it quotes from a webhook that refuses.
const DENIED: &str = "admission webhook \"validate.rayguard.dev\" denied the request: ";

/// What the API server says to the creation of an object, in a dry run.
pub(super) struct Answer<'o> {
    object: &'o Json<'o>,
    status: StatusCode,
    /// The object as it would be stored, or the `Status` that says why not; `null` if it is neither.
    body: Json<'static>,
    text: String,
    warnings: Vec<String>,
}

impl<'o> Answer<'o> {
    /// Asks what would become of an object in a namespace. By server-side apply, because that can be allowed for a single
    /// name: RBAC does not know the name of what is created in the ordinary way.
    pub(super) async fn to(api: &ApiClient, namespace: &str, object: &'o Json<'o>) -> Result<Self, CheckApiError> {
        let path = format!("/apis/ray.io/v1/namespaces/{namespace}/rayclusters");
        let name = object.descend(["metadata", "name"]).as_str().unwrap_or_default();
        let params = PatchParams::apply("rayguard-check").dry_run();
        let response = api.send(Request::new(path).patch(name, &params, &Patch::Apply(object))).await?;
        let warnings = response.headers().get_all("warning").iter();
        let warnings = warnings.map(|warning| String::from_utf8_lossy(warning.as_bytes()).into_owned()).collect();
        let status = response.status();
        let text = String::from_utf8_lossy(response.body()).into_owned();
        let body = serde_json::from_str::<Json<'_>>(&text).map_or(Json::Null, Json::into_owned);
        Ok(Self { object, status, body, text, warnings })
    }

    /// What it says, as far as rayguard says it.
    pub(super) fn said(&self, namespace: &str) -> Result<Said, Trouble> {
        let warned = self.warnings.iter().filter_map(|warning| rule(warning.trim_end_matches('"'))).collect();
        if self.status.is_success() {
            let default = said::default(self.object, &self.body);
            return Ok(Said { warned, default, ..Said::default() });
        }
        if self.message().starts_with(DENIED) {
            let causes = self.body.descend(["details", "causes"]).items().iter();
            let denied = causes.filter_map(|cause| rule(cause.field("message").as_str()?)).collect();
            return Ok(Said { denied, warned, ..Said::default() });
        }
        let absent = self.body.descend(["details", "kind"]).as_str();
        Err(advice::on_failure(self.status, self.message(), absent, namespace))
    }

    /// The place of a default of the policy that an admitted object lacks, as a JSON pointer.
    pub(super) fn lacking(&self, policy: &Policy) -> Option<String> {
        let stored = RayObject::read(&self.body)?;
        let patch = policy.mutate(&stored, None);
        Some(patch.0.first()?.path().to_string())
    }

    fn message(&self) -> &str {
        self.body.field("message").as_nonempty_str().unwrap_or(&self.text)
    }
}

/// The rule that a line of rayguard's ends with, as in `spec.a: what is wrong; what to write (rule)`.
fn rule(line: &str) -> Option<&'static str> {
    let (_, name) = line.strip_suffix(')')?.rsplit_once('(')?;
    rules::find(name).map(|rule| rule.name)
}
