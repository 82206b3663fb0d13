//! The API server's complete response with its warnings, which the `kube` client does not expose.

use kube::Client;
use kube::api::PostParams;
use kube::client::Body;
use kube::core::Request;
use serde_json::Value;

/// The API server's response to the creation of an object.
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The object as it would be stored, or the `Status` with the reason of a refusal.
    pub(crate) body: Value,
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    /// Creates a manifest of this version and kind, in YAML or JSON, as a dry run.
    pub(crate) async fn to(client: &Client, namespace: &str, [version, kind]: [&str; 2], manifest: String) -> Self {
        let path = format!("/apis/{version}/namespaces/{namespace}/{}s", kind.to_lowercase());
        // JSON is valid YAML, but as YAML the API server reads the number 2.0 as 2.
        let media_type = if manifest.starts_with('{') { "application/json" } else { "application/yaml" };
        let dry_run = PostParams { dry_run: true, ..PostParams::default() };
        let mut request = Request::new(path).create(&dry_run, manifest.into_bytes()).expect("a request");
        request.headers_mut().insert("content-type", media_type.parse().expect("a media type"));
        let response = client.send(request.map(Body::from)).await.expect("the API server answers");

        let status = response.status().as_u16();
        let warnings = response.headers().get_all("warning").iter().map(|warning| {
            // 299 - "text", in which quotation marks and backslashes are escaped.
            let text = str::from_utf8(warning.as_bytes()).expect("text").strip_prefix("299 - \"");
            let text = text.and_then(|text| text.strip_suffix('"')).expect("a warning in quotation marks");
            text.replace("\\\"", "\"").replace("\\\\", "\\")
        });
        let warnings = warnings.collect();
        let body = response.into_body().collect_bytes().await.expect("a whole body");
        Self { status, body: serde_json::from_slice(&body).expect("JSON"), warnings }
    }
}
