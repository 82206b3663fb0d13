//! What a user can do about a response that does not show the decision of the policy.

use hyper::StatusCode;
use kube::core::request::Request;
use rayguard_manifest::json::Json;
use rayguard_webhook::kube_api::{ApiClient, ApiError};

use super::example::Example;

/// The label that excludes a namespace, with any value.
const IGNORE: &str = "rayguard.dev/ignore";

/// The length in characters to which a message of another component is truncated.
const MAX_MESSAGE: usize = 400;

/// Why a response does not show the decision of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CheckFailure {
    /// The request was rejected before admission, independently of what is installed.
    NotChecked(String),
    /// The API server answered, but not as with a working installation.
    Failed(String),
}

/// Parts of the API server's messages about a failed call of a webhook, and what to do. The messages are those of Go's
/// libraries, which have not changed for years.
const CALL_ERRORS: [(&str, &str); 15] = [
    ("no endpoints available", "no Pod of rayguard is ready: kubectl describe its Pods"),
    (
        "certificate signed by unknown authority",
        "the caBundle is not that of rayguard's certificate: see rayguard's log",
    ),
    ("certificate is valid for", "the certificate needs the DNS name SERVICE.NAMESPACE.svc"),
    ("certificate has expired", "nobody has renewed rayguard's certificate: see rayguard's log"),
    (
        "tls: certificate required",
        "rayguard asks for a client certificate, which the API server does not have (--client-ca)",
    ),
    ("remote error: tls", "rayguard does not trust the API server's client certificate (--client-ca, --client-name)"),
    ("connection refused", "no Pod of rayguard listens there: kubectl describe its Pods"),
    ("not found", "the Service is gone and the webhook configurations are not: delete them, or install rayguard again"),
    ("deadline exceeded", UNREACHABLE),
    ("i/o timeout", UNREACHABLE),
    // In TLS 1.3 the API server sends the request before rayguard has checked the client certificate. Whether its
    // client then reads the alert or sees a closed connection first is a race in Go's net/http.
    ("use of closed network connection", CLOSED),
    ("connection reset by peer", CLOSED),
    ("broken pipe", CLOSED),
    ("server closed idle connection", CLOSED),
    ("EOF", CLOSED),
];

const CLOSED: &str = "rayguard closed the connection: it does not trust the API server's client certificate (--client-ca, \
                      --client-name), or its Pod has stopped";

const UNREACHABLE: &str =
    "the API server's packets do not arrive: look at NetworkPolicies and firewalls, or set hostNetwork";

/// Returns what to do about a response that is neither an admission nor a refusal of rayguard. `absent` is the resource
/// that the API server did not find.
pub(super) fn for_failure(status: StatusCode, message: &str, absent: Option<&str>, namespace: &str) -> CheckFailure {
    let message = shortened(message);
    let not_checked = |help: &str| CheckFailure::NotChecked(format!("the API server returned: {message}; {help}"));
    if message.contains("failed calling webhook \"") {
        let help = if message.contains(".rayguard.dev\"") {
            CALL_ERRORS
                .iter()
                .find(|(words, _)| message.contains(words))
                .map_or("see rayguard's log", |(_, help)| *help)
        } else {
            "that webhook is not rayguard's: fix it first"
        };
        return CheckFailure::Failed(format!("{message}; {help}"));
    }
    if message.contains("field not declared in schema") {
        let help =
            "KubeRay's CRDs are older than kuberay.version in the policy (--config), which is the newest by default";
        return CheckFailure::Failed(format!("the API server returned: {message}; {help}"));
    }
    match status {
        StatusCode::UNAUTHORIZED => not_checked("log in, or use another KUBECONFIG"),
        StatusCode::FORBIDDEN
            if message.contains(" cannot patch resource ") || message.contains(" cannot create resource ") =>
        {
            not_checked(&format!("allow the user to patch and create rayclusters.ray.io in namespace {namespace}"))
        }
        StatusCode::NOT_FOUND if absent == Some("namespaces") => not_checked("use another --namespace"),
        StatusCode::NOT_FOUND => not_checked("there are no RayClusters of ray.io/v1: install KubeRay's CRDs first"),
        status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => CheckFailure::Failed(format!(
            "the API server returned: {message}; this is not a refusal of rayguard, try another --namespace"
        )),
        _ => not_checked("try again later"),
    }
}

/// Returns what to do if rayguard did nothing to an object.
pub(super) async fn for_untouched(client: &ApiClient, namespace: &str, example: Example) -> String {
    let configuration = match example {
        Example::Good => "mutatingwebhookconfigurations",
        Example::Bad => "validatingwebhookconfigurations",
    };
    let response =
        client.send(Request::new("/api/v1/namespaces").get(namespace, &kube::api::GetParams::default())).await;
    let text = response.map(|response| String::from_utf8_lossy(response.body()).into_owned()).unwrap_or_default();
    let object = serde_json::from_str::<Json<'_>>(&text).unwrap_or(Json::Null);
    if object.descend(["metadata", "labels"]).entry(IGNORE).is_some() {
        return format!(
            "namespace {namespace} is excluded by its label {IGNORE}: remove it, or use another --namespace"
        );
    }
    format!(
        "rayguard was not called, or the call failed and its failurePolicy is Ignore: see kubectl get {configuration} \
         --output yaml, whose selectors must match namespace {namespace} and an object without labels, and rayguard's log"
    )
}

/// Returns what to do if the API server cannot be reached.
pub(super) fn for_connection_error(error: &ApiError) -> &'static str {
    let text = rayguard_webhook::error::chain(error);
    let has = |words: &str| text.contains(words);
    if matches!(error, ApiError::Config(_)) {
        "; set KUBECONFIG, or run this in a Pod with a service account's token"
    } else if has("certificate") {
        "; its certificate is not of the CA in KUBECONFIG: take the kubeconfig of this cluster"
    } else if has("refused") || has("dns") || has("no response") || has("timed out") || has("deadline") {
        "; is it running, is KUBECONFIG that of this cluster, and does a NetworkPolicy let this Pod out?"
    } else {
        ""
    }
}

fn shortened(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_MESSAGE) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_the_same_messages() {
        let pages = [include_str!("../../docs/troubleshooting.md"), include_str!("../../docs/authentication.md")];
        for (words, _) in CALL_ERRORS {
            let words = words.trim_start_matches("tls: ");
            assert!(pages.iter().any(|page| page.contains(words)), "no page has {words}");
        }
        let rows = pages[0].split("| the message ends with |").nth(1).expect("the table").split("\n\n").next();
        let rows = rows.expect("its end").lines().skip(2).filter_map(|row| row.split('`').nth(1));
        for ending in rows.filter(|ending| *ending != "the server is currently unable to handle the request") {
            let message = format!("failed calling webhook \"validate.rayguard.dev\": {ending}");
            let failure = for_failure(StatusCode::INTERNAL_SERVER_ERROR, &message, None, "default");
            assert!(
                matches!(&failure, CheckFailure::Failed(why) if !why.ends_with("see rayguard's log")
                || ending.contains("x509")),
                "{ending}: {failure:?}"
            );
        }
    }

    #[test]
    fn a_message_of_another_component_is_one_line_and_truncated() {
        let CheckFailure::NotChecked(line) =
            for_failure(StatusCode::BAD_GATEWAY, &"é \n".repeat(1000), None, "default")
        else {
            panic!("a proxy is not an answer")
        };
        assert!(line.lines().count() == 1 && line.len() < 1000 && line.ends_with("…; try again later"), "{line}");
    }
}
