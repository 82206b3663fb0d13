//! `Status` of Kubernetes (`k8s.io/apimachinery/pkg/apis/meta/v1`), with the fields that a denial sets.
//!
//! k8s-openapi has these types too, with all other types of Kubernetes: it takes longer to compile than this whole crate.

use serde::Serialize;

/// The result of a request that failed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the field is called so in Kubernetes")]
pub(super) struct Status {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) code: u16,
    pub(super) details: StatusDetails,
    pub(super) message: String,
    pub(super) reason: &'static str,
    pub(super) status: &'static str,
}

/// The object that the request is about, and the reasons of the failure.
#[derive(Debug, Serialize)]
pub(super) struct StatusDetails {
    pub(super) causes: Vec<StatusCause>,
    pub(super) group: String,
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

/// One reason of a failure.
#[derive(Debug, Default, Serialize)]
pub(super) struct StatusCause {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<String>,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
}
