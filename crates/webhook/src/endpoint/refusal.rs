//! Why a call gets no decision: as an HTTP response, and as the `reason` label of a metric.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rayguard_policy::admission::Malformed;

/// Why a call gets no decision. The message never quotes the request.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("the body must be application/json")]
    ContentType,
    #[error("the body is larger than {} MiB", .limit >> 20)]
    BodyTooLarge { limit: usize },
    #[error("the review has too many lists, maps and values")]
    TooManyValues,
    #[error("the body was not received in time")]
    BodyTimeout,
    #[error("the body is incomplete")]
    BrokenBody,
    #[error("too many large requests at the same time; try again")]
    Busy,
    #[error("rayguard failed on this request; its log shows the location")]
    Panic,
}

impl Refusal {
    /// The values of the metric's `reason` label.
    pub(super) const REASONS: [&'static str; 7] =
        ["decode", "content_type", "body_size", "deadline", "broken_body", "busy", "panic"];

    /// The `reason` label of the metric, which is one of [`Refusal::REASONS`].
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "decode",
            Self::ContentType => "content_type",
            Self::BodyTooLarge { .. } | Self::TooManyValues => "body_size",
            Self::BodyTimeout => "deadline",
            Self::BrokenBody => "broken_body",
            Self::Busy => "busy",
            Self::Panic => "panic",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Malformed(_) | Self::BrokenBody => StatusCode::BAD_REQUEST,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge { .. } | Self::TooManyValues => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, format!("{self}\n")).into_response()
    }
}
