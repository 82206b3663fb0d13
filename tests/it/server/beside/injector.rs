//! Another mutating webhook, like those of service meshes and log collectors.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::server::apiserver::Namespace;
use crate::server::apiserver::webhooks::PROBE;
use crate::server::process::eventually;
use crate::server::tls::Authority;

/// The patch of an injector for an object: the operations of a JSON Patch.
pub(super) type Injection = fn(&Value) -> Vec<Value>;

/// A webhook that injects something into each RayCluster. It stops when it is dropped.
pub(super) struct Injector {
    address: SocketAddr,
    ca: String,
    calls: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Injector {
    pub(super) fn start(inject: Injection) -> Self {
        let authority = Authority::new();
        let (certificate, key) = authority.issue_valid();
        let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).map(|it| it.expect("PEM")).collect();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("TLS 1.2 and 1.3").with_no_client_auth();
        let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).expect("a pair")));

        let calls = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&calls);
        let router = Router::new().route(
            "/",
            post(async move |body: Bytes| {
                counter.fetch_add(1, Ordering::Relaxed);
                let review = serde_json::from_slice(&body).expect("kube-apiserver sends JSON");
                ([(CONTENT_TYPE, "application/json")], answer(&review, inject).to_string())
            }),
        );
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        #[expect(clippy::disallowed_methods, reason = "the runtime ends with the injector, and its tasks with it")]
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                    }
                });
            }
        });
        Self { address, ca: authority.0.pem(), calls, _runtime: runtime }
    }

    /// Registers it for a namespace, in a configuration whose name has this prefix, and waits until kube-apiserver
    /// calls it. kube-apiserver calls configurations in the order of their names.
    pub(super) fn register(&self, namespace: &Namespace<'_>, name: &str) {
        let configuration = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": format!("{name}-{}", namespace.name)},
            "webhooks": [{
                "name": "injector.example.com",
                "clientConfig": {
                    "url": format!("https://{}/", self.address),
                    "caBundle": BASE64_STANDARD.encode(&self.ca),
                },
                "rules": [{
                    "apiGroups": ["ray.io"], "apiVersions": ["v1"], "resources": ["rayclusters"],
                    "operations": ["CREATE", "UPDATE"],
                }],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}},
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "reinvocationPolicy": "IfNeeded",
            }],
        });
        namespace.send("create -f -", &configuration.to_string()).passes();
        eventually("kube-apiserver to call the injector", || {
            namespace.send("create --dry-run=server -f -", PROBE);
            (self.calls.load(Ordering::Relaxed) > 0).then_some(())
        });
    }
}

fn answer(review: &Value, inject: Injection) -> Value {
    let request = &review["request"];
    let mut response = json!({"uid": request["uid"], "allowed": true});
    let patch = inject(&request["object"]);
    if !patch.is_empty() {
        response["patchType"] = "JSONPatch".into();
        response["patch"] = BASE64_STANDARD.encode(Value::from(patch).to_string()).into();
    }
    json!({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response})
}
