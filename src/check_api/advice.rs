//! What to do about an answer that tells nothing of the policy.

use hyper::StatusCode;
use kube::core::request::Request;

use super::example::Example;
use rayguard_manifest::json::Json;
use rayguard_webhook::kube_api::{ApiClient, ApiError};

/// A label with which a namespace is left out, whatever its value.
const IGNORE: &str = "rayguard.dev/ignore";

/// The longest part of a foreign message that is shown.
const LONGEST: usize = 400;

/// Why an answer tells nothing of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The question was not answered, whatever is installed.
    Unasked(String),
    /// The question was answered, and not as a working installation answers it.
    Failed(String),
}

/// What the API server says when it could not call a webhook, and what to do about it. Go's words, and so the same for
/// years.
const CALLS: [(&str, &str); 15] = [
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
    ("deadline exceeded", UNHEARD),
    ("i/o timeout", UNHEARD),
    // In TLS 1.3 the API server sends the request before rayguard has checked the client certificate. Whether its client
    // then reads the alert or sees a closed connection first is a race in Go's net/http.
    ("use of closed network connection", CLOSED),
    ("connection reset by peer", CLOSED),
    ("broken pipe", CLOSED),
    ("server closed idle connection", CLOSED),
    ("EOF", CLOSED),
];

const CLOSED: &str = "rayguard closed the connection: it does not trust the API server's client certificate (--client-ca, \
                      --client-name), or its Pod has stopped";

const UNHEARD: &str =
    "the API server's packets do not arrive: look at NetworkPolicies and firewalls, or set hostNetwork";

/// What to do about an answer that neither admits nor is rayguard's refusal. `absent` is the resource that was not found.
pub(super) fn on_failure(status: StatusCode, message: &str, absent: Option<&str>, namespace: &str) -> Trouble {
    let message = shortened(message);
    let unasked = |help: &str| Trouble::Unasked(format!("the API server says: {message}; {help}"));
    if message.contains("failed calling webhook \"") {
        let help = if message.contains(".rayguard.dev\"") {
            CALLS.iter().find(|(words, _)| message.contains(words)).map_or("see rayguard's log", |(_, help)| *help)
        } else {
            "that webhook is not rayguard's: mend it first"
        };
        return Trouble::Failed(format!("{message}; {help}"));
    }
    if message.contains("field not declared in schema") {
        let help =
            "KubeRay's CRDs are older than kuberay.version in the policy (--config), which is the newest by default";
        return Trouble::Failed(format!("the API server says: {message}; {help}"));
    }
    match status {
        StatusCode::UNAUTHORIZED => unasked("log in, or use another KUBECONFIG"),
        StatusCode::FORBIDDEN
            if message.contains(" cannot patch resource ") || message.contains(" cannot create resource ") =>
        {
            unasked(&format!("allow the user to patch and create rayclusters.ray.io in namespace {namespace}"))
        }
        StatusCode::NOT_FOUND if absent == Some("namespaces") => unasked("name another by --namespace"),
        StatusCode::NOT_FOUND => unasked("there are no RayClusters of ray.io/v1: install KubeRay's CRDs first"),
        status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => Trouble::Failed(format!(
            "the API server says: {message}; that is not rayguard's refusal, try another --namespace"
        )),
        _ => unasked("try again later"),
    }
}

/// What to do where rayguard seems to have had no part in an answer.
pub(super) async fn on_silence(api: &ApiClient, namespace: &str, example: Example) -> String {
    let configuration = match example {
        Example::Good => "mutatingwebhookconfigurations",
        Example::Bad => "validatingwebhookconfigurations",
    };
    let asked = api.send(Request::new("/api/v1/namespaces").get(namespace, &kube::api::GetParams::default())).await;
    let text = asked.map(|response| String::from_utf8_lossy(response.body()).into_owned()).unwrap_or_default();
    let object = serde_json::from_str::<Json<'_>>(&text).unwrap_or(Json::Null);
    if object.descend(["metadata", "labels"]).entry(IGNORE).is_some() {
        return format!(
            "namespace {namespace} is left out by its label {IGNORE}: take it off, or name another by --namespace"
        );
    }
    format!(
        "rayguard was not asked, or could not be and its failurePolicy is Ignore: see kubectl get {configuration} \
         --output yaml, whose selectors have to match namespace {namespace} and an object without labels, and rayguard's log"
    )
}

/// What to do where the API server cannot be reached.
pub(super) fn on_reaching(error: &ApiError) -> &'static str {
    let text = rayguard_webhook::error::chain(error);
    let has = |words: &str| text.contains(words);
    if matches!(error, ApiError::Config(_)) {
        "; set KUBECONFIG, or run this in a Pod with a service account's token"
    } else if has("certificate") {
        "; its certificate is not of the CA in KUBECONFIG: take the kubeconfig of this cluster"
    } else if has("refused") || has("dns") || has("answer within") || has("timed out") || has("deadline") {
        "; is it running, is KUBECONFIG that of this cluster, and does a NetworkPolicy let this Pod out?"
    } else {
        ""
    }
}

fn shortened(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_documentation_is_known_here_and_the_other_way_round() {
        let pages = [include_str!("../../docs/troubleshooting.md"), include_str!("../../docs/authentication.md")];
        for (words, _) in CALLS {
            let words = words.trim_start_matches("tls: ");
            assert!(pages.iter().any(|page| page.contains(words)), "no page tells of {words}");
        }
        let rows = pages[0].split("| the message ends with |").nth(1).expect("the table").split("\n\n").next();
        let rows = rows.expect("its end").lines().skip(2).filter_map(|row| row.split('`').nth(1));
        for ending in rows.filter(|ending| *ending != "the server is currently unable to handle the request") {
            let message = format!("failed calling webhook \"validate.rayguard.dev\": {ending}");
            let trouble = on_failure(StatusCode::INTERNAL_SERVER_ERROR, &message, None, "default");
            assert!(
                matches!(&trouble, Trouble::Failed(why) if !why.ends_with("see rayguard's log")
                || ending.contains("x509")),
                "{ending}: {trouble:?}"
            );
        }
    }

    #[test]
    fn a_foreign_message_is_one_line_and_has_an_end() {
        let Trouble::Unasked(line) = on_failure(StatusCode::BAD_GATEWAY, &"é \n".repeat(1000), None, "default") else {
            panic!("a proxy is not an answer")
        };
        assert!(line.lines().count() == 1 && line.len() < 1000 && line.ends_with("…; try again later"), "{line}");
    }
}
