//! The two webhooks as HTTP endpoints.

mod body;
mod refusal;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, post};
use rayguard_policy::admission::{Decision, Malformed, Operation, Verdict, Webhook, mutate, validate};
use rayguard_policy::cluster_context::ClusterContext;
use rayguard_policy::context::Environment;
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::serve::ServeConfigCache;
use rayguard_policy::rule::Level;

use crate::metrics::{Metrics, RequestLabels};
use body::MemoryBudget;
use refusal::Refusal;

/// The length of the longest name that Kubernetes allows for an object.
const MAX_NAME_LENGTH: usize = 253;

/// The state that the webhooks share.
pub struct Endpoint {
    policy: Policy,
    cluster: Arc<dyn ClusterContext>,
    serve_configs: ServeConfigCache,
    metrics: Arc<Metrics>,
    memory: MemoryBudget,
}

/// The review of a webhook: the body of a request in, a decision out.
type ReviewFn = for<'a> fn(&Endpoint, &'a [u8]) -> Result<Decision<'a>, Malformed>;

/// Returns a router with the webhooks of a policy at `/mutate` and `/validate`.
pub fn router(policy: Policy, cluster: Arc<dyn ClusterContext>, metrics: Arc<Metrics>) -> Router {
    metrics.declare_admission_errors(Refusal::REASONS);
    let endpoint = Arc::new(Endpoint {
        policy,
        cluster,
        serve_configs: ServeConfigCache::default(),
        metrics,
        memory: MemoryBudget::new(),
    });
    Router::new()
        .route("/mutate", webhook(Webhook::Mutate, |endpoint, body| mutate(&endpoint.policy, body)))
        .route("/validate", webhook(Webhook::Validate, Endpoint::validate))
        .fallback(|| async { (StatusCode::NOT_FOUND, "the paths are /mutate and /validate\n") })
        .method_not_allowed_fallback(|| async { (StatusCode::METHOD_NOT_ALLOWED, "only POST is allowed\n") })
        .with_state(endpoint)
}

fn webhook(webhook: Webhook, review: ReviewFn) -> MethodRouter<Arc<Endpoint>> {
    post(move |State(endpoint): State<Arc<Endpoint>>, request: Request<Body>| async move {
        let _in_flight = endpoint.metrics.in_flight();
        match endpoint.answer(webhook, review, request).await {
            Ok(reply) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], reply).into_response(),
            Err(refusal) => {
                count_refusal(&endpoint.metrics, webhook, &refusal);
                tracing::warn!(webhook = webhook.as_str(), error = %refusal, "refused a request");
                refusal.into_response()
            }
        }
    })
}

impl Endpoint {
    fn validate<'a>(&self, body: &'a [u8]) -> Result<Decision<'a>, Malformed> {
        let environment =
            Environment { cluster: &*self.cluster, serve_configs: Some(&self.serve_configs), ..Environment::EMPTY };
        validate(&self.policy, environment, body)
    }

    async fn answer(&self, webhook: Webhook, review: ReviewFn, request: Request<Body>) -> Result<Vec<u8>, Refusal> {
        if !is_json(&request) {
            return Err(Refusal::ContentType);
        }
        let body = self.memory.read(request).await?;
        let start = Instant::now();
        // The policy is immutable, so a panic leaves no inconsistent state behind.
        let decision = catch_unwind(AssertUnwindSafe(|| review(self, &body.bytes))).map_err(|_| Refusal::Panic)??;
        count_decision(&self.metrics, webhook, &decision, start.elapsed());
        log(webhook, &decision, start);
        Ok(decision.reply)
    }
}

fn is_json(request: &Request<Body>) -> bool {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split_once(';').map_or(value, |(essence, _)| essence);
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn count_decision(metrics: &Metrics, webhook: Webhook, decision: &Decision<'_>, duration: Duration) {
    let request = &decision.request;
    let labels = RequestLabels {
        webhook: webhook.as_str(),
        kind: Kind::ALL.into_iter().map(Kind::as_str).find(|kind| *kind == request.kind.kind).unwrap_or("other"),
        operation: request.operation.map_or("unknown", Operation::as_str),
        verdict: decision.verdict.as_str(),
        dry_run: request.dry_run,
    };
    metrics.request_decided(&labels, duration);
    for finding in &decision.findings {
        metrics.rule_finding(finding.rule.name, finding.level);
    }
}

fn count_refusal(metrics: &Metrics, webhook: Webhook, refusal: &Refusal) {
    let unknown = "unknown";
    let labels = RequestLabels {
        webhook: webhook.as_str(),
        kind: unknown,
        operation: unknown,
        verdict: "error",
        dry_run: false,
    };
    metrics.request_failed(&labels, refusal.reason());
}

/// Logs a decision: the rules that found something, but never their findings, because values may be secrets.
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

/// Truncates a name to the length that Kubernetes allows. The mutating webhook receives names that are not validated
/// yet, and such a name may be as long as the body.
fn short(name: &str) -> &str {
    &name[..name.floor_char_boundary(MAX_NAME_LENGTH)]
}

fn rules(decision: &Decision<'_>, level: Level) -> Option<String> {
    let found = decision.findings.iter().filter(|finding| finding.level == level);
    let mut rules: Vec<&str> = found.map(|finding| finding.rule.name).collect();
    rules.dedup();
    (!rules.is_empty()).then(|| rules.join(","))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use http_body_util::BodyExt;
    use rayguard_policy::cluster_context::NoContext;
    use tower::Service as _;

    use super::*;

    fn panics<'a>(_: &Endpoint, body: &'a [u8]) -> Result<Decision<'a>, Malformed> {
        let nothing: Option<usize> = body.iter().position(|byte| *byte == 0);
        panic!("{}: {nothing:?}", String::from_utf8_lossy(body));
    }

    #[tokio::test]
    async fn a_panic_is_a_500_that_is_counted_and_the_next_call_is_answered() {
        let metrics = Arc::new(Metrics::default());
        let endpoint = Arc::new(Endpoint {
            policy: Policy::default(),
            cluster: Arc::new(NoContext),
            serve_configs: ServeConfigCache::default(),
            metrics: Arc::clone(&metrics),
            memory: MemoryBudget::new(),
        });
        let mut router = Router::new()
            .route("/broken", webhook(Webhook::Validate, panics))
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
