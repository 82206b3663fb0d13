//! The two webhooks as HTTP endpoints.

mod body;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};

use crate::metrics::{Fault, Metrics};
use body::Memory;
use rayguard_policy::admission::{Decision, Malformed, Operation, Verdict, Webhook, mutate, validate};
use rayguard_policy::policy::Policy;
use rayguard_policy::rule::Level;
use rayguard_policy::view::View;

/// The longest name that an object may have.
const LONGEST_NAME: usize = 253;

/// The webhooks, with all that they share.
pub struct Endpoint {
    policy: Policy,
    view: Arc<dyn View>,
    metrics: Arc<Metrics>,
    memory: Memory,
}

/// A webhook without its surroundings.
type Review = for<'a> fn(&Endpoint, &'a [u8]) -> Result<Decision<'a>, Malformed>;

/// The webhooks of a policy, at `/mutate` and `/validate`.
pub fn router(policy: Policy, view: Arc<dyn View>, metrics: Arc<Metrics>) -> Router {
    let endpoint = Arc::new(Endpoint { policy, view, metrics, memory: Memory::new() });
    Router::new()
        .route("/mutate", webhook(Webhook::Mutate, |endpoint, body| mutate(&endpoint.policy, body)))
        .route("/validate", webhook(Webhook::Validate, Endpoint::validate))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is /mutate and /validate\n") })
        .method_not_allowed_fallback(|| async { (StatusCode::METHOD_NOT_ALLOWED, "only POST is answered here\n") })
        .with_state(endpoint)
}

fn webhook(webhook: Webhook, review: Review) -> MethodRouter<Arc<Endpoint>> {
    post(move |State(endpoint): State<Arc<Endpoint>>, request: Request<Body>| async move {
        let _in_flight = endpoint.metrics.in_flight();
        match endpoint.answer(webhook, review, request).await {
            Ok(reply) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], reply).into_response(),
            Err(refusal) => {
                endpoint.metrics.refused(webhook, refusal.fault());
                tracing::warn!(webhook = webhook.as_str(), error = %refusal, "refused a call");
                refusal.into_response()
            }
        }
    })
}

impl Endpoint {
    fn validate<'a>(&self, body: &'a [u8]) -> Result<Decision<'a>, Malformed> {
        validate(&self.policy, &*self.view, body)
    }

    async fn answer(&self, webhook: Webhook, review: Review, request: Request<Body>) -> Result<Vec<u8>, Refusal> {
        if !is_json(&request) {
            return Err(Refusal::ContentType);
        }
        let body = self.memory.read(request).await?;
        let start = Instant::now();
        // The policy is never changed, so a panic leaves nothing half done.
        let decision = catch_unwind(AssertUnwindSafe(|| review(self, &body.bytes))).map_err(|_| Refusal::Panic)??;
        self.metrics.decided(webhook, &decision, start.elapsed());
        log(webhook, &decision, start);
        Ok(decision.reply)
    }
}

fn is_json(request: &Request<Body>) -> bool {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split_once(';').map_or(value, |(essence, _)| essence);
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// One line a decision. It says which rules found something, and never what: values may be secrets.
fn log(webhook: Webhook, decision: &Decision<'_>, start: Instant) {
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                webhook = webhook.as_str(),
                verdict = decision.verdict.as_str(),
                uid = short(&decision.request.uid),
                kind = short(&decision.request.kind.kind),
                namespace = short(&decision.request.namespace),
                name = short(&decision.request.name),
                operation = decision.request.operation.map(Operation::as_str),
                dry_run = decision.request.dry_run,
                denied_by = rules(decision, Level::Deny),
                warned_by = rules(decision, Level::Warn),
                patch_operations = decision.operations,
                duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
                "decided"
            )
        };
    }
    match decision.verdict {
        Verdict::Allowed => line!(debug),
        Verdict::Patched | Verdict::Denied => line!(info),
    }
}

/// As much of a name as Kubernetes allows: the mutating webhook sees names before they are checked, and a name may be as
/// long as a body.
fn short(name: &str) -> &str {
    &name[..name.floor_char_boundary(LONGEST_NAME)]
}

fn rules(decision: &Decision<'_>, level: Level) -> Option<String> {
    let found = decision.findings.iter().filter(|finding| finding.level == level);
    let mut rules: Vec<&str> = found.map(|finding| finding.rule.name).collect();
    rules.dedup();
    (!rules.is_empty()).then(|| rules.join(","))
}

/// Why a call gets no decision. None of it repeats what came.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("the body has to be application/json")]
    ContentType,
    #[error("the body is larger than {} MiB", body::LARGEST >> 20)]
    TooLarge,
    #[error("the review has too many lists, maps and values")]
    TooHeavy,
    #[error("the body did not come in time")]
    TooSlow,
    #[error("the body broke off")]
    BrokenBody,
    #[error("too many large calls at a time; try again")]
    Busy,
    #[error("rayguard failed on this call; its log says where")]
    Panic,
}

impl Refusal {
    fn fault(&self) -> Fault {
        match self {
            Refusal::Malformed(_) => Fault::Decode,
            Refusal::ContentType => Fault::ContentType,
            Refusal::TooLarge | Refusal::TooHeavy => Fault::BodySize,
            Refusal::TooSlow => Fault::Deadline,
            Refusal::BrokenBody => Fault::BrokenBody,
            Refusal::Busy => Fault::Busy,
            Refusal::Panic => Fault::Panic,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Refusal::Malformed(_) | Refusal::BrokenBody => StatusCode::BAD_REQUEST,
            Refusal::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::TooLarge | Refusal::TooHeavy => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Refusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Panic => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, format!("{self}\n")).into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use http_body_util::BodyExt;
    use tower::Service as _;

    use super::*;
    use rayguard_policy::view::Blind;

    fn broken<'a>(_: &Endpoint, body: &'a [u8]) -> Result<Decision<'a>, Malformed> {
        let nothing: Option<usize> = body.iter().position(|byte| *byte == 0);
        panic!("{}: {nothing:?}", String::from_utf8_lossy(body));
    }

    #[tokio::test]
    async fn a_panic_is_a_500_that_is_counted_and_the_next_call_is_answered() {
        let metrics = Arc::new(Metrics::default());
        let endpoint = Arc::new(Endpoint {
            policy: Policy::default(),
            view: Arc::new(Blind),
            metrics: Arc::clone(&metrics),
            memory: Memory::new(),
        });
        let mut router = Router::new()
            .route("/broken", webhook(Webhook::Validate, broken))
            .route("/validate", webhook(Webhook::Validate, Endpoint::validate))
            .with_state(endpoint);
        let secret = "hunter2";
        for (path, status) in [("/broken", 500), ("/validate", 400), ("/broken", 500)] {
            let request = Request::builder().method(Method::POST).uri(path).header(CONTENT_TYPE, "application/json");
            let response = router.call(request.body(Body::from(secret)).expect("a request")).await.expect("infallible");
            assert_eq!(response.status(), status, "{path}");
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            assert!(!String::from_utf8_lossy(&body).contains(secret));
        }
        let counted = metrics.encode();
        assert!(counted.contains(r#"rayguard_admission_errors_total{reason="panic"} 2"#), "{counted}");
        assert!(counted.contains("rayguard_admission_in_flight 0"), "{counted}");
    }
}
